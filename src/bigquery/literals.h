#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "columns/batch.h"

/// Values as BigQuery's texts have them: read from what clients send, written for cells and casts.
/// Readers take the whole text and give nullopt for anything else. Writers write to room for
/// k_literal_chars_max characters and give the end. Pure; threads: any.
namespace bl::bigquery {

/// Months, days and microseconds do not turn into each other.
struct Interval {
  std::int32_t months = 0;  ///< at most 120,000 either way
  std::int32_t days = 0;    ///< at most 3,660,000 either way
  std::int64_t micros = 0;  ///< at most 87,840,000 hours either way
  bool operator==(const Interval&) const = default;
};
bool is_in_range(const Interval& interval);

inline constexpr std::size_t k_literal_chars_max = 96;
inline constexpr std::int32_t k_date_days_min = -719'162;   ///< 0001-01-01
inline constexpr std::int32_t k_date_days_max = 2'932'896;  ///< 9999-12-31
inline constexpr std::int64_t k_day_micros = 86'400'000'000;

/// `2024-8-1`, years 0001 to 9999.
std::optional<columns::Date> parse_date(std::string_view text);
/// `7:05:09.25`, fractions of up to 6 digits.
std::optional<columns::TimeOfDay> parse_time(std::string_view text);
/// A date, and after a blank or `T` perhaps a time.
std::optional<columns::NaiveTimestamp> parse_datetime(std::string_view text);
/// As parse_datetime, then `Z`, ` UTC` or an offset: `+2`, `-08:00`, `+0530`; none: UTC. Other
/// names of zones are not read.
std::optional<Timestamp> parse_timestamp(std::string_view text);
/// `1-2 3 4:5:6.789`, each of the three with a sign of its own; parts may be missing when what is
/// there is clear: `1-2`, `4:5:6`. Also ISO 8601: `P1Y2M3DT4H5M6.5S`.
std::optional<Interval> parse_interval(std::string_view text);
/// Digits with sign, point and exponent, rounded half away from zero to `scale` digits behind the
/// point; nullopt also when it has more than 38 digits then.
std::optional<columns::Decimal> parse_decimal(std::string_view text, int scale);
/// Rounds a decimal of `scale` to fewer digits behind the point, half away from zero; the scale
/// stays.
columns::Decimal rounded(columns::Decimal value, int scale, int digits);
/// True when it has at most that many digits before the point.
bool has_digits_before(columns::Decimal value, int scale, int digits);
/// A 256-bit value of one scale as 128 bits of another, rounded; nullopt when it has over 38
/// digits. `words`: least significant first, two's complement.
std::optional<columns::Decimal> rescaled(const std::uint64_t (&words)[4], int from_scale,
                                         int to_scale);
/// `NaN`, `Infinity`, `inf`, `+inf`, `-Infinity`, ... in any case, or a finite number.
std::optional<double> parse_float(std::string_view text);

/// `2024-08-01`
char* write_date(char* to, columns::Date date);
/// `07:05:09`, and `.250000` unless the fraction is zero.
char* write_time(char* to, columns::TimeOfDay time);
/// `2024-08-01T07:05:09.250000`
char* write_datetime(char* to, std::int64_t micros);
/// `1-2 3 4:5:6.789`
char* write_interval(char* to, const Interval& interval);
/// `-12.5`: no zeros at the end.
char* write_decimal(char* to, columns::Decimal value, int scale);
/// The shortest digits that read back, as Java prints them: `1.0`, `1.5E9`; `NaN`, `-Infinity`.
char* write_float(char* to, double value);
char* write_int64(char* to, std::int64_t value);

}  // namespace bl::bigquery
