// What NUMERIC is multiplied and divided with: the answers of long arithmetic, rounded half away
// from zero.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>

#include "duck/database.h"

namespace bl::duck {
namespace {

using ::testing::HasSubstr;
using Long = boost::multiprecision::cpp_int;

class DecimalFunctions : public ::testing::Test {
 protected:
  std::string value(const std::string& item, const std::string& rest = "") {
    auto answer = connection_->query(fmt::format("SELECT CAST({} AS VARCHAR) {}", item, rest));
    if (!answer.ok()) return answer.error().message;
    const auto batch = answer->all();
    if (!batch.ok()) return batch.error().message;
    if (batch->column(0).is_null(0)) return "NULL";
    return std::string(batch->column(0).as<std::string_view>().value()[0]);
  }

  std::unique_ptr<Database> database_ = Database::open({}).value();
  std::unique_ptr<Connection> connection_ = database_->connect().value();
};

TEST_F(DecimalFunctions, round_half_away_from_zero_at_the_last_digit) {
  EXPECT_EQ(value("bl_numeric_product(1.5, 2)"), "3.000000000");
  EXPECT_EQ(value("bl_numeric_product(0.000000001, 0.5)"), "0.000000001");
  EXPECT_EQ(value("bl_numeric_product(-0.000000001, 0.5)"), "-0.000000001");
  EXPECT_EQ(value("bl_numeric_product(0.000000001, 0.499999999)"), "0.000000000");
  EXPECT_EQ(value("bl_numeric_quotient(2, 3)"), "0.666666667");
  EXPECT_EQ(value("bl_numeric_quotient(-2, 3)"), "-0.666666667");
  EXPECT_EQ(value("bl_numeric_quotient(-1, -2)"), "0.500000000");
  EXPECT_EQ(value("bl_bignumeric_product(0.1, 0.1)"), "0.0100000000000000000");
  EXPECT_EQ(value("bl_bignumeric_quotient(1, 3)"), "0.3333333333333333333");
}

TEST_F(DecimalFunctions, take_whole_numbers_and_shorter_decimals) {
  EXPECT_EQ(value("bl_numeric_product(CAST(3 AS BIGINT), CAST(0.07 AS DECIMAL(12, 2)))"),
            "0.210000000");
  EXPECT_EQ(value("bl_numeric_quotient(sum(x), count(x))", "FROM (VALUES (1.00), (2.00)) v(x)"),
            "1.500000000");
}

TEST_F(DecimalFunctions, say_null_of_null_without_looking_further) {
  EXPECT_EQ(value("bl_numeric_product(NULL, 2)"), "NULL");
  EXPECT_EQ(value("bl_numeric_quotient(NULL, 0)"), "NULL");
  EXPECT_EQ(value("bl_numeric_quotient(sum(x), count(x))", "FROM (VALUES (1.0)) v(x) WHERE x > 1"),
            "NULL");
  EXPECT_EQ(value("string_agg(bl_numeric_product(CASE WHEN i % 2 = 0 THEN i END, 2), ' ' "
                  "ORDER BY i)",
                  "FROM range(5) r(i)"),
            "0.000000000 4.000000000 8.000000000");
}

TEST_F(DecimalFunctions, have_named_errors) {
  const std::string large = "CAST('99999999999999999999999999999' AS DECIMAL(38, 9))";
  EXPECT_EQ(value(fmt::format("bl_numeric_product({}, 1)", large)),
            "99999999999999999999999999999.000000000");
  EXPECT_THAT(value(fmt::format("bl_numeric_product({}, 2)", large)),
              HasSubstr("numeric overflow in a product"));
  EXPECT_THAT(value(fmt::format("bl_numeric_quotient({}, 0.1)", large)),
              HasSubstr("numeric overflow in a quotient"));
  EXPECT_THAT(value("bl_numeric_quotient(1, 0)"), HasSubstr("division by zero"));
}

/// In units of the last digit.
std::string text_of(const Long& units, int scale) {
  std::string digits = Long(abs(units)).str();
  const auto least = static_cast<std::size_t>(scale) + 1;
  if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
  digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
  return (units < 0 ? "-" : "") + digits;
}

Long rounded(const Long& dividend, const Long& divisor) {
  const Long twice = 2 * abs(dividend) + abs(divisor);
  const Long size = twice / (2 * abs(divisor));
  return (dividend < 0) == (divisor < 0) ? size : Long(-size);
}

TEST_F(DecimalFunctions, agree_with_long_arithmetic) {
  std::mt19937_64 random(20'261'123);
  const auto number = [&] {
    Long units = 0;
    const std::uint64_t digits = 1 + random() % 38;
    for (std::uint64_t i = 0; i < digits; ++i) units = units * 10 + random() % 10;
    return random() % 2 == 0 ? units : Long(-units);
  };
  const Long end = pow(Long(10), 38);
  for (int i = 0; i < 2'000; ++i) {
    const int scale = i % 2 == 0 ? 9 : 19;
    const std::string_view type = scale == 9 ? "numeric" : "bignumeric";
    const Long one = pow(Long(10), static_cast<unsigned>(scale));
    const Long a = number(), b = number();
    if (b == 0) continue;
    const auto wanted = [&](const Long& units, std::string_view operation) {
      return abs(units) < end ? text_of(units, scale)
                              : fmt::format("numeric overflow in a {}", operation);
    };
    const auto given = [&](std::string_view operation) {
      return value(
          fmt::format("bl_{0}_{1}(CAST('{2}' AS DECIMAL(38, {4})), "
                      "CAST('{3}' AS DECIMAL(38, {4})))",
                      type, operation, text_of(a, scale), text_of(b, scale), scale));
    };
    EXPECT_THAT(given("product"), HasSubstr(wanted(rounded(a * b, one), "product")))
        << a << " " << b;
    EXPECT_THAT(given("quotient"), HasSubstr(wanted(rounded(a * one, b), "quotient")))
        << a << " " << b;
  }
}

}  // namespace
}  // namespace bl::duck
