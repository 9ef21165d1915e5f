#include "base/result.h"

#include <gtest/gtest.h>

namespace bl {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{Code::invalid, "not even: " + std::to_string(number)};
  return number / 2;
}

Result<int> quarter(int number) {
  BL_TRY(int halved, half(number));
  return half(halved);
}

TEST(Result, try_hands_the_value_on) {
  EXPECT_EQ(quarter(12).value(), 3);
}

TEST(Result, try_returns_the_first_error) {
  auto result = quarter(6);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "not even: 3");
}

TEST(Result, context_stands_before_the_sentence) {
  auto error = half(3).error();
  EXPECT_EQ(std::move(error).with_context("reading x").message, "reading x: not even: 3");
}

TEST(ResultDeathTest, the_value_of_an_error_is_a_bug) {
  auto result = half(1);
  EXPECT_DEATH((void)result.value(), "check failed");
}

}  // namespace
}  // namespace bl
