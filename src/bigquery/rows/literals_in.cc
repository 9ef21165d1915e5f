#include <algorithm>
#include <cmath>

#include "base/numbers.h"
#include "bigquery/literals.h"
#include "bigquery/model/names.h"
#include "bigquery/rows/wide.h"

namespace bl::bigquery {
namespace {

constexpr std::int64_t k_second_micros = 1'000'000;

/// Eats a text from its front.
class Eater {
 public:
  explicit Eater(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  bool sees_digit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }
  std::string_view rest() const { return rest_; }
  /// The character when it is one of `choice`; else 0.
  char any_of(std::string_view choice) {
    if (rest_.empty() || choice.find(rest_.front()) == std::string_view::npos) return 0;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  /// From `least` to `most` digits, at most 18.
  bool number(int least, int most, std::int64_t& value) {
    value = 0;
    int count = 0;
    for (; count < most && sees_digit(); ++count) {
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return count >= least;
  }
  /// `.` and up to 6 digits, or nothing.
  bool fraction(std::int64_t& micros) {
    micros = 0;
    if (any_of(".") == 0) return true;
    const std::size_t before = rest_.size();
    if (!number(0, 6, micros)) return false;
    for (std::size_t i = before - rest_.size(); i < 6; ++i) micros *= 10;
    return true;
  }
  bool date(std::int64_t& days) {
    std::int64_t year = 0;
    std::int64_t month = 0;
    std::int64_t day = 0;
    if (!number(4, 4, year) || any_of("-") == 0 || !number(1, 2, month) || any_of("-") == 0 ||
        !number(1, 2, day) || year == 0) {
      return false;
    }
    const std::chrono::year_month_day civil{std::chrono::year{static_cast<int>(year)},
                                            std::chrono::month{static_cast<unsigned>(month)},
                                            std::chrono::day{static_cast<unsigned>(day)}};
    if (!civil.ok()) return false;
    days = std::chrono::sys_days{civil}.time_since_epoch().count();
    return true;
  }
  bool time(std::int64_t& micros) {
    std::int64_t hour = 0;
    std::int64_t minute = 0;
    std::int64_t second = 0;
    std::int64_t fraction_micros = 0;
    if (!number(1, 2, hour) || any_of(":") == 0 || !number(1, 2, minute) || any_of(":") == 0 ||
        !number(1, 2, second) || !fraction(fraction_micros) || hour > 23 || minute > 59 ||
        second > 59) {
      return false;
    }
    micros = ((hour * 60 + minute) * 60 + second) * k_second_micros + fraction_micros;
    return true;
  }
  /// A date and perhaps a time.
  bool date_and_time(std::int64_t& micros) {
    std::int64_t days = 0;
    std::int64_t of_day = 0;
    if (!date(days)) return false;
    const bool has_time = !rest_.empty() && any_of("Tt") != 0;
    const bool may_have = !has_time && rest_.size() > 1 && rest_[0] == ' ' && rest_[1] >= '0' &&
                          rest_[1] <= '9' && any_of(" ") != 0;
    if ((has_time || may_have) && !time(of_day)) return false;
    micros = days * k_day_micros + of_day;
    return true;
  }

 private:
  std::string_view rest_;
};

/// Behind a time: `Z`, ` UTC`, `+02:00`.
bool read_zone(Eater& eater, std::int64_t& offset_micros) {
  offset_micros = 0;
  if (eater.done()) return true;
  const std::string zone = lower(eater.rest());
  if (zone == "z" || zone == "utc" || zone == " utc" || zone == " z") return true;
  eater.any_of(" ");
  const char sign = eater.any_of("+-");
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  if (sign == 0 || !eater.number(1, 2, hours)) return false;
  if (!eater.done()) {
    eater.any_of(":");
    if (!eater.number(2, 2, minutes)) return false;
  }
  if (!eater.done() || hours > 14 || minutes > 59) return false;
  offset_micros = (hours * 60 + minutes) * 60 * k_second_micros * (sign == '-' ? -1 : 1);
  return true;
}

/// `[-]H:M:S[.F]`
bool read_clock(std::string_view text, std::int64_t& micros) {
  Eater eater(text);
  const char sign = eater.any_of("+-");
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  std::int64_t seconds = 0;
  std::int64_t fraction = 0;
  if (!eater.number(1, 8, hours) || eater.any_of(":") == 0 || !eater.number(1, 2, minutes) ||
      eater.any_of(":") == 0 || !eater.number(1, 2, seconds) || !eater.fraction(fraction) ||
      !eater.done() || minutes > 59 || seconds > 59) {
    return false;
  }
  micros = ((hours * 60 + minutes) * 60 + seconds) * k_second_micros + fraction;
  if (sign == '-') micros = -micros;
  return true;
}

/// `[-]Y-M`
bool read_months(std::string_view text, std::int64_t& months) {
  Eater eater(text);
  const char sign = eater.any_of("+-");
  std::int64_t years = 0;
  if (!eater.number(1, 5, years) || eater.any_of("-") == 0 || !eater.number(1, 2, months) ||
      !eater.done() || months > 11) {
    return false;
  }
  months += years * 12;
  if (sign == '-') months = -months;
  return true;
}

bool read_days(std::string_view text, std::int64_t& days) {
  Eater eater(text);
  const char sign = eater.any_of("+-");
  if (!eater.number(1, 7, days) || !eater.done()) return false;
  if (sign == '-') days = -days;
  return true;
}

constexpr int k_iso_parts_max = 16;  // of at most 8 digits, so that no sum overflows

/// `P1Y2M3W4DT5H6M7.8S`, each number with a sign of its own.
bool read_iso_interval(std::string_view text, std::int64_t& months, std::int64_t& days,
                       std::int64_t& micros) {
  Eater eater(text);
  if (eater.any_of("P") == 0 || eater.done()) return false;
  bool in_time = false;
  for (int parts = 0; !eater.done(); ++parts) {
    if (parts == k_iso_parts_max) return false;
    if (!in_time && eater.any_of("T") != 0) {
      in_time = true;
      if (eater.done()) return false;
    }
    const std::int64_t sign = eater.any_of("+-") == '-' ? -1 : 1;
    std::int64_t number = 0;
    std::int64_t fraction = 0;
    if (!eater.number(1, 8, number) || (in_time && !eater.fraction(fraction))) return false;
    const char unit = eater.any_of(in_time ? "HMS" : "YMWD");
    if (unit == 0 || (fraction != 0 && unit != 'S')) return false;
    number *= sign;
    if (unit == 'Y') months += number * 12;
    if (unit == 'M' && !in_time) months += number;
    if (unit == 'W') days += number * 7;
    if (unit == 'D') days += number;
    if (unit == 'H') micros += number * 3600 * k_second_micros;
    if (unit == 'M' && in_time) micros += number * 60 * k_second_micros;
    if (unit == 'S') micros += number * k_second_micros + sign * fraction;
  }
  return true;
}

std::optional<Interval> checked(std::int64_t months, std::int64_t days, std::int64_t micros) {
  if (std::abs(months) > 120'000 || std::abs(days) > 3'660'000) return std::nullopt;
  const Interval out{static_cast<std::int32_t>(months), static_cast<std::int32_t>(days), micros};
  if (!is_in_range(out)) return std::nullopt;
  return out;
}

/// Rounds away the last `digits` digits, half away from zero.
WideUnsigned without_digits(WideUnsigned value, int digits) {
  if (digits <= 0) return value;
  if (digits > 38) return 0;
  const WideUnsigned by = k_powers_of_ten[static_cast<std::size_t>(digits)];
  const WideUnsigned half = by / 2;
  return value / by + (value % by >= half ? 1 : 0);
}

columns::Decimal signed_decimal(WideUnsigned value, bool is_negative) {
  return decimal_of(is_negative ? -static_cast<Wide>(value) : static_cast<Wide>(value));
}

}  // namespace

bool is_in_range(const Interval& interval) {
  constexpr std::int64_t k_micros_max = 87'840'000 * 3600ll * k_second_micros;
  return std::abs(std::int64_t{interval.months}) <= 120'000 &&
         std::abs(std::int64_t{interval.days}) <= 3'660'000 && interval.micros <= k_micros_max &&
         interval.micros >= -k_micros_max;
}

std::optional<columns::Date> parse_date(std::string_view text) {
  Eater eater(text);
  std::int64_t days = 0;
  if (!eater.date(days) || !eater.done()) return std::nullopt;
  return columns::Date{static_cast<std::int32_t>(days)};
}

std::optional<columns::TimeOfDay> parse_time(std::string_view text) {
  Eater eater(text);
  std::int64_t micros = 0;
  if (!eater.time(micros) || !eater.done()) return std::nullopt;
  return columns::TimeOfDay{micros};
}

std::optional<columns::NaiveTimestamp> parse_datetime(std::string_view text) {
  Eater eater(text);
  std::int64_t micros = 0;
  if (!eater.date_and_time(micros) || !eater.done()) return std::nullopt;
  return columns::NaiveTimestamp{micros};
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  Eater eater(text);
  std::int64_t micros = 0;
  std::int64_t offset = 0;
  if (!eater.date_and_time(micros) || !read_zone(eater, offset)) return std::nullopt;
  const Timestamp out{micros - offset};
  if (out < k_timestamp_min || out > k_timestamp_max) return std::nullopt;
  return out;
}

std::optional<Interval> parse_interval(std::string_view text) {
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::int64_t micros = 0;
  if (text.starts_with('P')) {
    if (!read_iso_interval(text, months, days, micros)) return std::nullopt;
    return checked(months, days, micros);
  }
  // Parts in order: Y-M, D, H:M:S.
  int next = 0;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::string_view part = text.substr(0, blank);
    text = blank == std::string_view::npos ? "" : text.substr(blank + 1);
    if (blank != std::string_view::npos && text.empty()) return std::nullopt;
    if (next == 0 && read_months(part, months)) {
      next = 1;
    } else if (next <= 1 && (next == 1 || !text.empty()) && read_days(part, days)) {
      next = 2;
    } else if (next <= 2 && read_clock(part, micros)) {
      next = 3;
    } else {
      return std::nullopt;
    }
  }
  if (next == 0) return std::nullopt;
  return checked(months, days, micros);
}

std::optional<columns::Decimal> parse_decimal(std::string_view text, int scale) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t exponent = 0;
  const std::size_t mark = text.find_first_of("eE");
  if (mark != std::string_view::npos) {
    const auto read = parse_int64(text.substr(mark + 1));
    if (!read || std::abs(*read) > 1'000'000) return std::nullopt;
    exponent = *read;
    text = text.substr(0, mark);
  }
  const std::size_t point = text.find('.');
  const std::size_t behind = point == std::string_view::npos ? 0 : text.size() - point - 1;
  if (text.size() == (point == std::string_view::npos ? 0u : 1u)) return std::nullopt;
  // The digits as a whole number times 10^shift of the scale; what is cut off only decides a half.
  std::int64_t shift = exponent - static_cast<std::int64_t>(behind) + scale;
  std::size_t digits_left = text.size() - (point == std::string_view::npos ? 0 : 1);
  WideUnsigned value = 0;
  bool half_up = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == point) continue;
    const char c = text[i];
    if (c < '0' || c > '9') return std::nullopt;
    const auto behind_this = static_cast<std::int64_t>(--digits_left) + shift;
    if (behind_this >= 0) {
      if (value >= k_powers_of_ten[37]) return std::nullopt;
      value = value * 10 + static_cast<unsigned>(c - '0');
    } else if (behind_this == -1) {
      half_up = c >= '5';
    }
  }
  for (; shift > 0 && value > 0; --shift) {
    if (value >= k_powers_of_ten[37]) return std::nullopt;
    value *= 10;
  }
  if (half_up) ++value;
  if (value >= k_powers_of_ten[38]) return std::nullopt;
  return signed_decimal(value, is_negative);
}

columns::Decimal rounded(columns::Decimal value, int scale, int digits) {
  if (digits >= scale) return value;
  const Wide whole = wide(value);
  const WideUnsigned kept = without_digits(magnitude(whole), scale - digits) *
                            k_powers_of_ten[static_cast<std::size_t>(scale - digits)];
  return signed_decimal(kept, whole < 0);
}

bool has_digits_before(columns::Decimal value, int scale, int digits) {
  const int all = scale + digits;
  return all > 38 || magnitude(wide(value)) < k_powers_of_ten[static_cast<std::size_t>(all)];
}

std::optional<columns::Decimal> rescaled(const std::uint64_t (&words)[4], int from_scale,
                                         int to_scale) {
  std::uint64_t rest[4];
  std::copy(std::begin(words), std::end(words), rest);
  const bool is_negative = (rest[3] >> 63) != 0;
  if (is_negative) {
    bool carry = true;
    for (std::uint64_t& word : rest) {
      word = ~word + (carry ? 1 : 0);
      carry = carry && word == 0;
    }
  }
  // Digit by digit down to the new scale: the last one that goes decides the half.
  unsigned last = 0;
  for (int at = from_scale; at > to_scale; --at) {
    WideUnsigned remainder = 0;
    for (int i = 3; i >= 0; --i) {
      const WideUnsigned part = (remainder << 64) | rest[i];
      rest[i] = static_cast<std::uint64_t>(part / 10);
      remainder = part % 10;
    }
    last = static_cast<unsigned>(remainder);
  }
  if (rest[3] != 0 || rest[2] != 0) return std::nullopt;
  WideUnsigned value = (static_cast<WideUnsigned>(rest[1]) << 64) | rest[0];
  if (value >= k_powers_of_ten[38]) return std::nullopt;
  if (last >= 5) ++value;
  for (int at = from_scale; at < to_scale && value > 0; ++at) {
    if (value >= k_powers_of_ten[37]) return std::nullopt;
    value *= 10;
  }
  if (value >= k_powers_of_ten[38]) return std::nullopt;
  return signed_decimal(value, is_negative);
}

std::optional<double> parse_float(std::string_view text) {
  if (const auto number = parse_double(text)) return number;
  const std::string low = lower(text);
  std::string_view word = low;
  const bool is_negative = word.starts_with('-');
  if (is_negative || word.starts_with('+')) word.remove_prefix(1);
  if (word == "nan") return std::nan("");
  if (word != "inf" && word != "infinity") return std::nullopt;
  return is_negative ? -HUGE_VAL : HUGE_VAL;
}

}  // namespace bl::bigquery
