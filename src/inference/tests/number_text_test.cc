#include "inference/number_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "base/numbers.h"
#include "inference/english_order.h"

namespace bl::inference {
namespace {

TEST(NumberText, ecma_numbers_are_plain_between_1e_6_and_1e21) {
  EXPECT_EQ(ecma_number(0.1), "0.1");
  EXPECT_EQ(ecma_number(-0.0), "0");
  EXPECT_EQ(ecma_number(1e-6), "0.000001");
  EXPECT_EQ(ecma_number(1.5e-7), "1.5e-7");
  EXPECT_EQ(ecma_number(123456789012345680000.0), "123456789012345680000");
  EXPECT_EQ(ecma_number(1e21), "1e+21");
  EXPECT_EQ(ecma_number(-2.5e300), "-2.5e+300");
  EXPECT_EQ(ecma_number(std::nan("")), "NaN");
  EXPECT_EQ(ecma_number(-std::numeric_limits<double>::infinity()), "-Infinity");
}

TEST(NumberText, fixed_rounds_exact_halves_away_from_zero) {
  EXPECT_EQ(ecma_fixed(2.5, 0), "3");
  EXPECT_EQ(ecma_fixed(-2.5, 0), "-3");
  EXPECT_EQ(ecma_fixed(0.125, 2), "0.13");
  EXPECT_EQ(ecma_fixed(1.005, 2), "1.00");  // is less than it looks
  EXPECT_EQ(ecma_fixed(0.05, 3), "0.050");
  EXPECT_EQ(ecma_fixed(1e21, 2), "1e+21");
}

TEST(NumberText, large_numbers_are_grouped) {
  EXPECT_EQ(format_number(9999.99), "9999.99");
  EXPECT_EQ(format_number(10000.5), "10,000.5");
  EXPECT_EQ(format_number(1234567.8916), "1,234,567.892");
  EXPECT_EQ(format_number(999999.9999), "1,000,000");
  EXPECT_EQ(format_number(-12345), "-12345");
  EXPECT_EQ(format_number(std::numeric_limits<double>::infinity()), "∞");
  EXPECT_EQ(format_large_number(1500), "1.5k");
  EXPECT_EQ(format_large_number(2e6), "2M");
}

RC_GTEST_PROP(NumberText, an_ecma_number_reads_back_to_itself, (double n)) {
  RC_PRE(std::isfinite(n));
  RC_ASSERT(parse_double(ecma_number(n)) == n);
}

RC_GTEST_PROP(NumberText, a_fixed_number_is_within_half_a_unit, ()) {
  const int units = *rc::gen::inRange(-1000000, 1000000);
  const int digits = *rc::gen::inRange(0, 4);
  const double n = units / 1024.0;
  const auto back = parse_double(ecma_fixed(n, digits));
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::abs(*back - n) <= 0.5 * std::pow(10, -digits) * (1 + 1e-9));
}

TEST(EnglishOrder, signs_before_digits_before_letters_whatever_their_case) {
  EXPECT_TRUE(english_before("b200_trt", "b200-trt"));
  EXPECT_TRUE(english_before("b200-trt", "b2000"));
  EXPECT_TRUE(english_before("b200", "B300"));
  EXPECT_TRUE(english_before("B200", "b300"));
  EXPECT_TRUE(english_before("b200", "B200"));
  EXPECT_FALSE(english_before("b200", "b200"));
  EXPECT_TRUE(english_before("zzz", "\u00e9"));
}

}  // namespace
}  // namespace bl::inference
