#include "base/numbers.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

namespace bl {
namespace {

double of_bits(const std::string& hex) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(std::stoull(hex, nullptr, 16)));
}

/// The lines of a golden table beside this test, split at the tabs.
std::vector<std::vector<std::string>> golden_rows(const std::string& name) {
  const char* source = std::getenv("BL_TEST_SOURCE");
  std::ifstream file(std::string(source ? source : ".") + "/src/base/tests/" + name);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    auto& row = rows.emplace_back();
    for (std::string field; std::getline(fields, field, '\t');) row.push_back(field);
  }
  return rows;
}

TEST(PythonRepr, is_what_python_prints) {
  const auto rows = golden_rows("python_repr.tsv");
  ASSERT_GT(rows.size(), 500u);
  for (const auto& row : rows) EXPECT_EQ(python_repr(of_bits(row[0])), row[1]) << row[0];
}

TEST(PythonRepr, tag_values_of_the_contract) {
  EXPECT_EQ(python_repr(2.0), "2.0");
  EXPECT_EQ(python_repr(1.5), "1.5");
  EXPECT_EQ(python_repr(1e-05), "1e-05");
  EXPECT_EQ(python_repr(1e16), "1e+16");
  EXPECT_EQ(python_repr(0.0001), "0.0001");
  EXPECT_EQ(python_repr(-0.0), "-0.0");
  EXPECT_EQ(python_repr(std::nan("")), "nan");
}

TEST(RoundSignificant, is_what_python_formats) {
  const auto rows = golden_rows("python_repr.tsv");
  ASSERT_GT(rows.size(), 500u);
  for (const auto& row : rows) {
    EXPECT_EQ(round_significant(of_bits(row[0]), std::stoi(row[2])), of_bits(row[3])) << row[1];
  }
}

TEST(RoundSignificant, examples_of_the_contract) {
  EXPECT_EQ(round_significant(12.34567, 4), 12.35);
  EXPECT_EQ(round_significant(0.00012345, 4), 0.0001234);
  EXPECT_EQ(round_significant(0.0, 4), 0.0);
  EXPECT_EQ(round_significant(-1.7976931348623157e308, 2),
            -std::numeric_limits<double>::infinity());
}

TEST(JsonNumber, prints_the_shortest_text) {
  EXPECT_EQ(json_number(1), "1");
  EXPECT_EQ(json_number(0.1), "0.1");
  EXPECT_EQ(json_number(1e300), "1e+300");
  EXPECT_EQ(json_number(-0.0), "-0");
  EXPECT_EQ(json_number(0), "0");
  EXPECT_EQ(json_number(100000), "100000");
  EXPECT_EQ(json_number(9007199254740992.0), "9007199254740992");
  EXPECT_EQ(json_number(-9007199254740991.0), "-9007199254740991");
  EXPECT_EQ(json_number(2.1666666666666665), "2.1666666666666665");
}

RC_GTEST_PROP(JsonNumber, reads_back_to_the_same_double, (std::uint64_t bits)) {
  const double value = std::bit_cast<double>(bits);
  RC_PRE(std::isfinite(value));
  const std::string text = json_number(value);
  RC_ASSERT(is_json_number(text));
  RC_ASSERT(std::bit_cast<std::uint64_t>(*parse_double(text)) == bits);
}

RC_GTEST_PROP(PythonRepr, reads_back_to_the_same_double, (std::uint64_t bits)) {
  const double value = std::bit_cast<double>(bits);
  RC_PRE(std::isfinite(value));
  const std::string text = python_repr(value);
  RC_ASSERT(is_json_number(text));
  RC_ASSERT(std::strtod(text.c_str(), nullptr) == value);
}

RC_GTEST_PROP(RoundSignificant, agrees_with_printf, (std::uint64_t bits)) {
  const double value = std::bit_cast<double>(bits);
  RC_PRE(std::isfinite(value));
  const int digits = *rc::gen::inRange(1, 20);
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  RC_ASSERT(round_significant(value, digits) == std::strtod(text, nullptr));
}

TEST(JsonNumberGrammar, accepts_numbers_only) {
  for (const char* good : {"0", "-0", "1", "10", "-12.5", "0.0", "1e5", "1E+5", "1e-5", "0e0",
                           "123456789012345678901234567890"}) {
    EXPECT_TRUE(is_json_number(good)) << good;
  }
  for (const char* bad : {"", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "1.e5", "0x1", "1 ",
                          " 1", "NaN", "Infinity", "1.5.5", "1e5.5", "--1", "1_0"}) {
    EXPECT_FALSE(is_json_number(bad)) << bad;
  }
}

std::string exact(std::string_view text) {
  std::string out;
  append_exact_decimal(out, text);
  return out;
}

TEST(ExactDecimal, equal_values_have_equal_texts) {
  for (const char* one : {"1", "1.0", "1e0", "10e-1", "0.1e1", "1000000e-6"}) {
    EXPECT_EQ(exact(one), "1") << one;
  }
  for (const char* zero : {"0", "-0", "0.0", "-0.000", "0e99999"}) EXPECT_EQ(exact(zero), "0");
  EXPECT_EQ(exact("1e21"), "1e21");
  EXPECT_EQ(exact("1000000000000000000000"), "1e21");
  EXPECT_EQ(exact("1e20"), "100000000000000000000");
  EXPECT_EQ(exact("0.0000015"), "0.0000015");
  EXPECT_EQ(exact("0.00000015"), "1.5e-7");
  EXPECT_EQ(exact("-12.50"), "-12.5");
}

TEST(ExactDecimal, different_values_stay_apart_beyond_a_double) {
  EXPECT_NE(exact("0.1"), exact("0.10000000000000000001"));
  EXPECT_NE(exact("9007199254740992"), exact("9007199254740993"));
  EXPECT_NE(exact("1e-400"), exact("2e-400"));
}

RC_GTEST_PROP(ExactDecimal, shifting_the_point_changes_nothing, (std::int64_t number)) {
  RC_PRE(number != 0);  // 00 is no JSON number
  const int zeros = *rc::gen::inRange(0, 30);
  const std::string plain = std::to_string(number);
  const std::string shifted =
      plain + std::string(static_cast<std::size_t>(zeros), '0') + "e-" + std::to_string(zeros);
  RC_ASSERT(exact(plain) == exact(shifted));
  RC_ASSERT(exact(exact(shifted)) == exact(shifted));
}

TEST(ParseDouble, reads_the_whole_text_or_nothing) {
  EXPECT_EQ(parse_double("2.5"), 2.5);
  EXPECT_EQ(parse_double("+2.5"), 2.5);
  EXPECT_EQ(parse_double("-1e3"), -1000);
  for (const char* bad : {"", " 1", "1 ", "+-1", "++1", "nan", "inf", "Infinity", "1,5", "0x10",
                          "1e400", "-1e400", "1e99999999999999999999"}) {
    EXPECT_FALSE(parse_double(bad).has_value()) << bad;
  }
  EXPECT_FALSE(parse_double(std::string_view("1\0", 2)).has_value());
  EXPECT_FALSE(parse_double("1" + std::string(309, '0')).has_value());
  EXPECT_TRUE(parse_double("1" + std::string(308, '0')).has_value());
}

TEST(ParseDouble, too_small_is_zero_with_its_sign) {
  EXPECT_EQ(parse_double("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(*parse_double("-1e-400")));
  EXPECT_EQ(parse_double("5e-324"), 5e-324);
  EXPECT_EQ(parse_double("0.0e400"), 0.0);
  EXPECT_EQ(parse_double("1e-99999999999999999999"), 0.0);
  EXPECT_EQ(parse_double("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(parse_double("0." + std::string(400, '0') + "1e401"), 1.0);
}

TEST(ParseInt64, reads_what_fits) {
  EXPECT_EQ(parse_int64("0"), 0);
  EXPECT_EQ(parse_int64("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_int64("+17"), 17);
  EXPECT_EQ(parse_int64("007"), 7);
  for (const char* bad : {"", "-", "+", "+-1", "1.0", "1e3", " 1", "1 ", "9223372036854775808"}) {
    EXPECT_FALSE(parse_int64(bad).has_value()) << bad;
  }
}

std::string plain(std::string_view text) {
  std::string out;
  append_plain_decimal(out, text);
  return out;
}

TEST(Numbers, a_plain_decimal_is_what_numeric_prints) {
  EXPECT_EQ(plain("0"), "0");
  EXPECT_EQ(plain("-0"), "0");
  EXPECT_EQ(plain("-0.0"), "0.0");
  EXPECT_EQ(plain("1.50"), "1.50");
  EXPECT_EQ(plain("1e2"), "100");
  EXPECT_EQ(plain("1.50e1"), "15.0");
  EXPECT_EQ(plain("1.5E-3"), "0.0015");
  EXPECT_EQ(plain("-12.5e-1"), "-1.25");
  EXPECT_EQ(plain("0e-3"), "0.000");
  EXPECT_EQ(plain("0.0e3"), "0");
  EXPECT_EQ(plain("1e22"), "10000000000000000000000");
  EXPECT_EQ(plain("1e-999999"), "0");
  EXPECT_EQ(plain("0.100000000000000000000001"), "0.100000000000000000000001");
}

}  // namespace
}  // namespace bl
