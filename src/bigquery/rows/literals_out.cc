#include <charconv>
#include <cmath>
#include <cstring>

#include "bigquery/literals.h"
#include "bigquery/rows/wide.h"

namespace bl::bigquery {
namespace {

constexpr std::int64_t k_second_micros = 1'000'000;

char* put(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

/// Exactly `width` digits.
char* put_digits(char* to, std::uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) {
    to[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return to + width;
}

char* put_fraction(char* to, std::int64_t micros) {
  if (micros == 0) return to;
  *to++ = '.';
  return put_digits(to, static_cast<std::uint64_t>(micros), 6);
}

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace

char* write_int64(char* to, std::int64_t value) {
  return std::to_chars(to, to + k_literal_chars_max, value).ptr;
}

char* write_date(char* to, columns::Date date) {
  const std::chrono::year_month_day civil{std::chrono::sys_days{std::chrono::days{date.days}}};
  const int year = static_cast<int>(civil.year());
  if (year < 0 || year > 9999) return write_int64(to, date.days);
  to = put_digits(to, static_cast<std::uint64_t>(year), 4);
  *to++ = '-';
  to = put_digits(to, static_cast<unsigned>(civil.month()), 2);
  *to++ = '-';
  return put_digits(to, static_cast<unsigned>(civil.day()), 2);
}

char* write_time(char* to, columns::TimeOfDay time) {
  const auto seconds = static_cast<std::uint64_t>(time.micros / k_second_micros);
  to = put_digits(to, seconds / 3600 % 100, 2);
  *to++ = ':';
  to = put_digits(to, seconds / 60 % 60, 2);
  *to++ = ':';
  to = put_digits(to, seconds % 60, 2);
  return put_fraction(to, time.micros % k_second_micros);
}

char* write_datetime(char* to, std::int64_t micros) {
  if (Timestamp{micros} < k_timestamp_min || Timestamp{micros} > k_timestamp_max) {
    return write_int64(to, micros);
  }
  const std::int64_t days = floor_div(micros, k_day_micros);
  to = write_date(to, {static_cast<std::int32_t>(days)});
  *to++ = 'T';
  return write_time(to, {micros - days * k_day_micros});
}

char* write_interval(char* to, const Interval& interval) {
  const auto sign = [&to](std::int64_t of) {
    if (of < 0) *to++ = '-';
  };
  const std::int64_t months = std::abs(std::int64_t{interval.months});
  sign(interval.months);
  to = write_int64(to, months / 12);
  *to++ = '-';
  to = write_int64(to, months % 12);
  *to++ = ' ';
  to = write_int64(to, interval.days);
  *to++ = ' ';
  sign(interval.micros);
  const std::uint64_t micros = interval.micros < 0 ? -static_cast<std::uint64_t>(interval.micros)
                                                   : static_cast<std::uint64_t>(interval.micros);
  const std::uint64_t seconds = micros / k_second_micros;
  const std::uint64_t fraction = micros % k_second_micros;
  to = write_int64(to, static_cast<std::int64_t>(seconds / 3600));
  *to++ = ':';
  to = write_int64(to, static_cast<std::int64_t>(seconds / 60 % 60));
  *to++ = ':';
  to = write_int64(to, static_cast<std::int64_t>(seconds % 60));
  if (fraction == 0) return to;
  *to++ = '.';
  if (fraction % 1000 == 0) return put_digits(to, fraction / 1000, 3);
  return put_digits(to, fraction, 6);
}

char* write_decimal(char* to, columns::Decimal decimal, int scale) {
  const Wide value = wide(decimal);
  WideUnsigned rest = magnitude(value);
  if (value < 0) *to++ = '-';
  int behind = scale;
  while (behind > 0 && rest % 10 == 0) {
    rest /= 10;
    --behind;
  }
  char digits[48];
  int count = 0;
  for (; rest > 0 || count <= behind; rest /= 10) {
    digits[count++] = static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  while (count > behind) *to++ = digits[--count];
  if (behind > 0) *to++ = '.';
  while (count > 0) *to++ = digits[--count];
  return to;
}

char* write_float(char* to, double value) {
  if (std::isnan(value)) return put(to, "NaN");
  if (std::isinf(value)) return put(to, value < 0 ? "-Infinity" : "Infinity");
  if (value == 0) return put(to, std::signbit(value) ? "-0.0" : "0.0");
  // d.ddde+XX: the shortest digits and their exponent.
  char text[40];
  const auto end =
      std::to_chars(text, text + sizeof text, std::abs(value), std::chars_format::scientific).ptr;
  const std::string_view whole(text, static_cast<std::size_t>(end - text));
  const std::size_t mark = whole.find('e');
  char digits[24];
  int count = 0;
  for (const char c : whole.substr(0, mark)) {
    if (c != '.') digits[count++] = c;
  }
  int exponent = 0;
  std::from_chars(whole.data() + mark + (whole[mark + 1] == '+' ? 2 : 1), end, exponent);

  if (value < 0) *to++ = '-';
  const bool is_plain = exponent >= -3 && exponent < 7;
  const int before = is_plain ? exponent + 1 : 1;
  for (int i = before; i <= 0; ++i) {  // 0.00ddd
    *to++ = '0';
    if (i == before) *to++ = '.';
  }
  for (int i = 0; i < count || i <= before; ++i) {
    if (i == before && i > 0) *to++ = '.';
    *to++ = i < count ? digits[i] : '0';
  }
  if (is_plain) return to;
  *to++ = 'E';
  return write_int64(to, exponent);
}

}  // namespace bl::bigquery
