#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "store/database.h"

/// The state of background jobs that have a name, such as the evaluation of alert rules: who is at
/// one, when it began and ended last, and how. Of several servers over one store, one at a time
/// holds a job, for as long as its lease. The table is `bl_job` (PostgreSQL: `benchlake.job`),
/// number 9 of the migrations. Threads: any.
namespace bl::store {

struct JobState {
  std::string name;
  std::string owner;                     ///< who holds it or held it last
  std::optional<Timestamp> lease_until;  ///< absent: nobody is at it
  std::optional<Timestamp> started_at, ended_at;
  std::string outcome;  ///< of the last end: `ok`, `failed`; empty: it never ended
  std::string detail;   ///< one sentence of it, or of how far it is now
  /// Whoever was at it died, or lost the store: the lease ended, the job did not.
  bool abandoned = false;
  std::int64_t runs = 0, failures = 0;
};

class Jobs {
 public:
  /// `owner` tells this process from others on the same store.
  Jobs(Database& database, const Clock& clock, std::string owner)
      : database_(database), clock_(clock), owner_(std::move(owner)) {}

  /// False when another holds it. Whoever holds it makes its lease longer by claiming again. A
  /// lease of one that died ends by itself. Errors: those of the store.
  Result<bool> claim(std::string_view name, std::chrono::milliseconds lease);
  /// Gives it back. Nothing happens when the lease ended and another took it. `detail` is cut at
  /// detail_bytes_max.
  enum class Outcome : unsigned char { ok, failed };
  Result<void> finish(std::string_view name, Outcome outcome, std::string_view detail);
  /// Claims, and says how far it is. False when another holds it: then nothing is said.
  Result<bool> progress(std::string_view name, std::chrono::milliseconds lease,
                        std::string_view detail);
  /// By name.
  Result<std::vector<JobState>> list();

  static constexpr std::size_t detail_bytes_max = 500;

 private:
  Database& database_;
  const Clock& clock_;
  const std::string owner_;
};

/// Jobs whose lease ended before `before`, and which nobody has taken over or ended since.
Result<std::int64_t> abandoned_jobs(Database& database, Timestamp before);

}  // namespace bl::store
