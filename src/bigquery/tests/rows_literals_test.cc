#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "bigquery/literals.h"

namespace bl::bigquery {
namespace {

__extension__ using WideUnsigned = unsigned __int128;

template <class Value, class... Rest>
std::string text(char* (*write)(char*, Value, Rest...), std::type_identity_t<Value> value,
                 std::type_identity_t<Rest>... rest) {
  char room[k_literal_chars_max];
  return {room, write(room, value, rest...)};
}
std::string interval_text(std::string_view from) {
  const auto interval = parse_interval(from);
  if (!interval) return "none";
  char room[k_literal_chars_max];
  return {room, write_interval(room, *interval)};
}
std::string decimal_text(std::string_view from, int scale = 9) {
  const auto value = parse_decimal(from, scale);
  return value ? text(write_decimal, *value, scale) : "none";
}

TEST(Literals, dates) {
  EXPECT_EQ(parse_date("1970-01-02")->days, 1);
  EXPECT_EQ(parse_date("2024-2-9")->days, parse_date("2024-02-09")->days);
  EXPECT_EQ(parse_date("0001-01-01")->days, k_date_days_min);
  EXPECT_EQ(parse_date("9999-12-31")->days, k_date_days_max);
  EXPECT_EQ(text(write_date, {k_date_days_min}), "0001-01-01");
  EXPECT_EQ(text(write_date, {k_date_days_max}), "9999-12-31");
  for (const char* wrong :
       {"", "2024-02-30", "24-01-01", "0000-01-01", "2024-01-01 ", "2024/01/01"}) {
    EXPECT_FALSE(parse_date(wrong)) << wrong;
  }
}

TEST(Literals, times_and_datetimes) {
  EXPECT_EQ(text(write_time, {parse_time("7:5:9.25")->micros}), "07:05:09.250000");
  EXPECT_EQ(text(write_time, {parse_time("23:59:59")->micros}), "23:59:59");
  EXPECT_FALSE(parse_time("24:00:00"));
  EXPECT_FALSE(parse_time("1:00:00.1234567"));
  for (const char* same : {"1965-08-01 07:05:09.5", "1965-8-1T7:05:09.500000"}) {
    EXPECT_EQ(text(write_datetime, parse_datetime(same)->micros), "1965-08-01T07:05:09.500000");
  }
  EXPECT_EQ(text(write_datetime, parse_datetime("2024-08-01")->micros), "2024-08-01T00:00:00");
  EXPECT_FALSE(parse_datetime("2024-08-01T"));
  EXPECT_FALSE(parse_datetime("2024-08-01 00:00:00Z"));
}

TEST(Literals, timestamps_with_and_without_a_zone) {
  const std::int64_t micros = parse_timestamp("2024-08-01T10:00:00Z")->micros;
  for (const char* same :
       {"2024-08-01 10:00:00", "2024-08-01 10:00:00 UTC", "2024-08-01 12:00:00+02:00",
        "2024-08-01 12:00:00 +2", "2024-08-01T04:30:00-0530", "2024-08-01 10:00:00.000000+00"}) {
    ASSERT_TRUE(parse_timestamp(same)) << same;
    EXPECT_EQ(parse_timestamp(same)->micros, micros) << same;
  }
  for (const char* wrong : {"2024-08-01 10:00:00 Europe/Berlin", "2024-08-01 10:00:00+15",
                            "0001-01-01 00:00:00+01", "9999-12-31 23:59:59-01", "now"}) {
    EXPECT_FALSE(parse_timestamp(wrong)) << wrong;
  }
}

TEST(Literals, intervals) {
  EXPECT_EQ(interval_text("1-2 3 4:5:6.789"), "1-2 3 4:5:6.789");
  EXPECT_EQ(interval_text("-1-2 -3 -4:5:6.789012"), "-1-2 -3 -4:5:6.789012");
  EXPECT_EQ(interval_text("1-2"), "1-2 0 0:0:0");
  EXPECT_EQ(interval_text("4:5:6"), "0-0 0 4:5:6");
  EXPECT_EQ(interval_text("0-0 5"), "0-0 5 0:0:0");
  EXPECT_EQ(interval_text("P1Y2M3W4DT5H6M7.8S"), "1-2 25 5:6:7.800");
  EXPECT_EQ(interval_text("PT-36H"), "0-0 0 -36:0:0");
  EXPECT_EQ(interval_text("10000-0 3660000 87840000:0:0"), "10000-0 3660000 87840000:0:0");
  for (const char* wrong : {"", "P", "PT", "P1.5Y", "1-13", "5", "1-2 3 ", "10000-1", "0-0 3660001",
                            "0-0 0 87840000:0:1", "1-2 3 4:5", "P1Y2"}) {
    EXPECT_EQ(interval_text(wrong), "none") << wrong;
  }
}

TEST(Literals, decimals_round_half_away_from_zero) {
  EXPECT_EQ(decimal_text("12.50"), "12.5");
  EXPECT_EQ(decimal_text("-0.000000001"), "-0.000000001");
  EXPECT_EQ(decimal_text("0.0000000005"), "0.000000001");
  EXPECT_EQ(decimal_text("-0.0000000005"), "-0.000000001");
  EXPECT_EQ(decimal_text("0.00000000049999"), "0");
  EXPECT_EQ(decimal_text("1.5e3"), "1500");
  EXPECT_EQ(decimal_text("15E-1"), "1.5");
  EXPECT_EQ(decimal_text("+.5"), "0.5");
  EXPECT_EQ(decimal_text("5."), "5");
  EXPECT_EQ(decimal_text("99999999999999999999999999999.999999999"),
            "99999999999999999999999999999.999999999");
  for (const char* wrong : {"99999999999999999999999999999.9999999995", "1e29", "", ".", "-", "1e",
                            "1..2", "0x1", "NaN", "1e99999999999", " 1"}) {
    EXPECT_EQ(decimal_text(wrong), "none") << wrong;
  }
  EXPECT_EQ(decimal_text("1e-1000000"), "0");
  EXPECT_EQ(decimal_text("0e1000000"), "0");
}

TEST(Literals, decimals_of_256_bits_become_ours) {
  // 1.5 of scale 38: 15 * 10^37.
  const auto scaled = [](int digits, std::uint64_t of, bool negative) {
    std::array<std::uint64_t, 4> words{of, 0, 0, 0};
    for (int i = 0; i < digits; ++i) {
      WideUnsigned carry = 0;
      for (auto& word : words) {
        carry += static_cast<WideUnsigned>(word) * 10;
        word = static_cast<std::uint64_t>(carry);
        carry >>= 64;
      }
    }
    if (negative) {
      bool carry = true;
      for (auto& word : words) {
        word = ~word + (carry ? 1 : 0);
        carry = carry && word == 0;
      }
    }
    return words;
  };
  const auto shown = [](const std::array<std::uint64_t, 4>& words, int from,
                        int to) -> std::string {
    const std::uint64_t plain[4] = {words[0], words[1], words[2], words[3]};
    const auto value = rescaled(plain, from, to);
    return value ? text(write_decimal, *value, to) : "none";
  };
  EXPECT_EQ(shown(scaled(37, 15, false), 38, 19), "1.5");
  EXPECT_EQ(shown(scaled(37, 15, true), 38, 19), "-1.5");
  EXPECT_EQ(shown(scaled(18, 5, false), 38, 19), "0.0000000000000000001");  // half of the last one
  EXPECT_EQ(shown(scaled(18, 4, true), 38, 19), "0");
  EXPECT_EQ(shown(scaled(56, 99, false), 38, 19), "none");
  EXPECT_EQ(shown(scaled(0, 7, true), 0, 9), "-7");
}

TEST(Literals, floats_as_java_prints_them) {
  EXPECT_EQ(text(write_float, 1.0), "1.0");
  EXPECT_EQ(text(write_float, 1.5e9), "1.5E9");
  EXPECT_EQ(text(write_float, 1e7), "1.0E7");
  EXPECT_EQ(text(write_float, 9999999.0), "9999999.0");
  EXPECT_EQ(text(write_float, 0.001), "0.001");
  EXPECT_EQ(text(write_float, 0.00099), "9.9E-4");
  EXPECT_EQ(text(write_float, -123.45), "-123.45");
  EXPECT_EQ(text(write_float, 0.0), "0.0");
  EXPECT_EQ(text(write_float, 5e-324), "5.0E-324");
  EXPECT_EQ(text(write_float, std::nan("")), "NaN");
  EXPECT_EQ(text(write_float, -HUGE_VAL), "-Infinity");
  EXPECT_EQ(parse_float("-inf"), -HUGE_VAL);
  EXPECT_EQ(parse_float("Infinity"), HUGE_VAL);
  EXPECT_TRUE(std::isnan(*parse_float("nan")));
  EXPECT_FALSE(parse_float("infinit"));
}

}  // namespace
}  // namespace bl::bigquery
