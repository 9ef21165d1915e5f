#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

/// Primary keys: 32 lower-case hex digits of a draft-02 UUIDv7 (spec/results-conbench.md 1.4).
/// Whole Unix seconds (36 bits), fraction of the second in 1/2^24 (split 12 bits, version nibble 7,
/// 12 bits), variant 10 with a 14-bit counter, 48 random bits. They sort by time, after every id
/// that Conbench ever made.
namespace bl {

/// Makes ids that strictly increase within this object, also when the clock stands still or goes
/// back (then the newest instant is kept and the counter grows; a full counter moves the instant by
/// one tick). Threads: any.
class IdSource {
 public:
  IdSource(const Clock& clock, Random& random) : clock_(clock), random_(random) {}
  /// 32 hex digits. Cost: under a microsecond.
  std::string next();

 private:
  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::uint64_t ticks_ = 0;    // seconds << 24 | fraction; guarded by mutex_
  std::uint32_t counter_ = 0;  // guarded by mutex_
};

/// The smallest id that an instant can have: `id >= id_floor(t)` means "not older than t". Golden:
/// second 1696118400 exactly gives 06518b6800007000 8000 000000000000 (without the blanks).
std::string id_floor(Timestamp time);

/// True for exactly 32 lower-case hex digits.
bool is_id(std::string_view text);

}  // namespace bl
