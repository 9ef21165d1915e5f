#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

/// Instants, clocks and their texts. Everything inside is UTC with microseconds; there are no local
/// times.
namespace bl {

/// Microseconds since 1970-01-01T00:00:00Z. Range: years 0001 to 9999.
struct Timestamp {
  std::int64_t micros = 0;
  auto operator<=>(const Timestamp&) const = default;

  static Timestamp from_seconds(std::int64_t seconds) { return {seconds * 1'000'000}; }
  static Timestamp from_millis(std::int64_t millis) { return {millis * 1'000}; }
  Timestamp operator+(std::chrono::microseconds d) const { return {micros + d.count()}; }
  Timestamp operator-(std::chrono::microseconds d) const { return {micros - d.count()}; }
  std::chrono::microseconds operator-(Timestamp other) const {
    return std::chrono::microseconds{micros - other.micros};
  }
};

/// The first and the last instant that the texts below can say.
inline constexpr Timestamp k_timestamp_min{-62'135'596'800'000'000};  // 0001-01-01T00:00:00Z
inline constexpr Timestamp k_timestamp_max{253'402'300'799'999'999};  // 9999-12-31T23:59:59.999999Z

/// `2024-08-01T10:00:00Z` (no fraction when it is zero), else six digits:
/// `2024-08-01T10:00:00.987654Z`. Own API.
std::string to_rfc3339(Timestamp time);
/// `2024-08-01T10:00:00Z`, the fraction cut off: result objects of both Conbench dialects.
std::string to_rfc3339_seconds(Timestamp time);
/// `2024-08-01T10:00:00` or `2024-08-01T10:00:00.987654`, without `Z`: commit and history times of
/// the legacy dialect.
std::string to_iso_naive(Timestamp time);

/// RFC 3339 with an offset or `Z`; `T`/`t`/blank between date and time; 1 to 9 digits of fraction,
/// cut to microseconds. Leap second 60 is read as 59.999999. Errors: invalid.
Result<Timestamp> parse_rfc3339(std::string_view text);
/// As above; also naive times, taken as UTC, times without seconds, and offsets `+0200` and `+02`
/// (spec/results-conbench.md 2.6, legacy). Date only, numbers and free text are invalid.
Result<Timestamp> parse_iso_datetime(std::string_view text);

/// Where the time comes from. Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall time; may jump.
  virtual Timestamp now() const = 0;
  /// Never goes back; for deadlines and durations only.
  virtual std::chrono::steady_clock::time_point steady_now() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
};

/// A clock that stands still until it is moved. For tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_(start) {}
  Timestamp now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  /// Moves both clocks forward; `by` is not negative.
  void advance(std::chrono::microseconds by);
  /// Moves the wall clock only, also back.
  void set(Timestamp to);

 private:
  mutable std::mutex mutex_;
  Timestamp now_;                        // guarded by mutex_
  std::chrono::microseconds steady_{0};  // guarded by mutex_; only grows
};

}  // namespace bl
