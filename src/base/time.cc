#include "base/time.h"

#include <array>

namespace bl {
namespace {

constexpr std::int64_t k_micros_per_second = 1'000'000;
constexpr std::int64_t k_seconds_per_day = 86'400;

/// Writes `value` with exactly `width` digits and returns the place behind them.
char* put_digits(char* at, std::int64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return at + width;
}

enum class Fraction { cut, micros_unless_zero };

/// `2024-08-01T10:00:00` with or without the fraction.
std::string date_time_text(Timestamp time, Fraction fraction, std::string_view suffix) {
  using namespace std::chrono;
  const sys_time<microseconds> instant{microseconds{time.micros}};
  const auto day = floor<days>(instant);
  const year_month_day date{day};
  const std::int64_t micros_of_day = (instant - day).count();
  const std::int64_t seconds_of_day = micros_of_day / k_micros_per_second;
  const std::int64_t micros = micros_of_day % k_micros_per_second;

  std::array<char, 40> buffer;
  char* at = put_digits(buffer.data(), static_cast<int>(date.year()), 4);
  *at++ = '-';
  at = put_digits(at, static_cast<unsigned>(date.month()), 2);
  *at++ = '-';
  at = put_digits(at, static_cast<unsigned>(date.day()), 2);
  *at++ = 'T';
  at = put_digits(at, seconds_of_day / 3600, 2);
  *at++ = ':';
  at = put_digits(at, seconds_of_day / 60 % 60, 2);
  *at++ = ':';
  at = put_digits(at, seconds_of_day % 60, 2);
  if (fraction == Fraction::micros_unless_zero && micros != 0) {
    *at++ = '.';
    at = put_digits(at, micros, 6);
  }
  std::string text(buffer.data(), at);
  return text.append(suffix);
}

/// Eats a text from its front; each step says whether it was there.
class Eater {
 public:
  explicit Eater(std::string_view text) : rest_(text) {}

  bool digits(int width, int& value) {
    if (rest_.size() < static_cast<std::size_t>(width)) return false;
    int sum = 0;
    for (int i = 0; i < width; ++i) {
      const char c = rest_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      sum = sum * 10 + (c - '0');
    }
    rest_.remove_prefix(static_cast<std::size_t>(width));
    value = sum;
    return true;
  }

  /// The character, when it is one of `choice`; else 0.
  char any_of(std::string_view choice) {
    if (rest_.empty() || choice.find(rest_.front()) == std::string_view::npos) return 0;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  /// `.` and 1 to 9 digits, cut to microseconds.
  bool fraction(std::int64_t& micros) {
    if (any_of(".") == 0) return true;
    int count = 0;
    int digit = 0;
    for (; digits(1, digit); ++count) {
      if (count < 6) micros = micros * 10 + digit;
    }
    for (int i = count; i < 6; ++i) micros *= 10;
    return count >= 1 && count <= 9;
  }

  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

enum class Dialect { rfc3339, iso };

/// `Z` or an offset from UTC in seconds. ISO may leave out the colon, the minutes, or all of it.
bool read_offset(Eater& eater, Dialect dialect, std::int64_t& offset_seconds) {
  if (dialect == Dialect::iso && eater.done()) return true;
  const char sign = eater.any_of("Zz+-");
  if (sign == 0) return false;
  if (sign == 'Z' || sign == 'z') return true;
  int hours = 0;
  int minutes = 0;
  if (!eater.digits(2, hours)) return false;
  if (dialect == Dialect::rfc3339) {
    if (eater.any_of(":") == 0 || !eater.digits(2, minutes)) return false;
  } else if (!eater.done()) {
    eater.any_of(":");
    if (!eater.digits(2, minutes)) return false;
  }
  if (hours > 23 || minutes > 59) return false;
  offset_seconds = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
  return true;
}

bool read_date_time(std::string_view text, Dialect dialect, Timestamp& out) {
  Eater eater(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::int64_t micros = 0;
  std::int64_t offset_seconds = 0;
  if (!eater.digits(4, year) || eater.any_of("-") == 0 || !eater.digits(2, month) ||
      eater.any_of("-") == 0 || !eater.digits(2, day) || eater.any_of("Tt ") == 0 ||
      !eater.digits(2, hour) || eater.any_of(":") == 0 || !eater.digits(2, minute)) {
    return false;
  }
  if (eater.any_of(":") != 0) {
    if (!eater.digits(2, second) || !eater.fraction(micros)) return false;
  } else if (dialect == Dialect::rfc3339) {
    return false;
  }
  if (!read_offset(eater, dialect, offset_seconds) || !eater.done()) return false;

  using std::chrono::year_month_day;
  const year_month_day date{std::chrono::year{year},
                            std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (year == 0 || !date.ok() || hour > 23 || minute > 59 || second > 60) return false;
  if (second == 60) {  // a leap second has no place of its own: the last instant before it ends
    second = 59;
    micros = k_micros_per_second - 1;
  }
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds =
      days * k_seconds_per_day + (hour * 60 + minute) * 60 + second - offset_seconds;
  out = Timestamp{seconds * k_micros_per_second + micros};
  return out >= k_timestamp_min && out <= k_timestamp_max;
}

Result<Timestamp> parse_as(std::string_view text, Dialect dialect, const char* wanted) {
  Timestamp time;
  if (read_date_time(text, dialect, time)) return time;
  constexpr std::size_t k_shown_max = 64;
  return Error{Code::invalid,
               std::string("not ") + wanted + ": " + std::string(text.substr(0, k_shown_max))};
}

}  // namespace

std::string to_rfc3339(Timestamp time) {
  return date_time_text(time, Fraction::micros_unless_zero, "Z");
}

std::string to_rfc3339_seconds(Timestamp time) {
  return date_time_text(time, Fraction::cut, "Z");
}

std::string to_iso_naive(Timestamp time) {
  return date_time_text(time, Fraction::micros_unless_zero, "");
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  return parse_as(text, Dialect::rfc3339, "an RFC 3339 time");
}

Result<Timestamp> parse_iso_datetime(std::string_view text) {
  return parse_as(text, Dialect::iso, "an ISO 8601 date and time");
}

Timestamp SystemClock::now() const {
  using namespace std::chrono;
  return {duration_cast<microseconds>(system_clock::now().time_since_epoch()).count()};
}

std::chrono::steady_clock::time_point SystemClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

Timestamp ManualClock::now() const {
  std::lock_guard lock(mutex_);
  return now_;
}

std::chrono::steady_clock::time_point ManualClock::steady_now() const {
  std::lock_guard lock(mutex_);
  return std::chrono::steady_clock::time_point{steady_};
}

void ManualClock::advance(std::chrono::microseconds by) {
  BL_CHECK(by.count() >= 0);
  std::lock_guard lock(mutex_);
  now_ = now_ + by;
  steady_ += by;
}

void ManualClock::set(Timestamp to) {
  std::lock_guard lock(mutex_);
  now_ = to;
}

}  // namespace bl
