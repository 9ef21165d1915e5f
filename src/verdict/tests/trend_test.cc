#include "verdict/trend.h"

#include <gtest/gtest.h>

#include <limits>

namespace bl::verdict {
namespace {

constexpr std::int64_t k_day = 86'400'000'000;

std::vector<TrendPoint> daily(const std::vector<double>& values) {
  std::vector<TrendPoint> points;
  for (const double value : values) {
    points.push_back({static_cast<std::int64_t>(points.size()) * k_day, value});
  }
  return points;
}

TEST(Trend, a_line_gives_its_change_over_the_whole_time) {
  const auto trend = trend_of(daily({10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}));
  ASSERT_TRUE(trend);
  EXPECT_NEAR(trend->relative_change, 1.0, 1e-12);
  EXPECT_NEAR(trend->first_value, 10, 1e-12);
  EXPECT_NEAR(trend->last_value, 20, 1e-12);
  EXPECT_EQ(trend->points.size(), 11u);
}

TEST(Trend, least_squares_over_times_that_are_not_even) {
  // By hand: times 0, 0.1, 1 about 1.1 / 3; covariance 1, variance 0.60666...
  std::vector<TrendPoint> points;
  for (const auto& [time, value] : {std::pair(0, 1.0), {1, 2.0}, {10, 3.0}}) {
    points.push_back({time * k_day, value});
  }
  const auto trend = trend_of(points, {.points_min = 3});
  ASSERT_TRUE(trend);
  EXPECT_NEAR(trend->last_value - trend->first_value, 1 / 0.606666666666667, 1e-12);
  EXPECT_NEAR(trend->first_value, 2 - 1 / 0.606666666666667 * 1.1 / 3, 1e-12);
}

TEST(Trend, ten_points_are_needed) {
  EXPECT_FALSE(trend_of(daily({1, 2, 3, 4, 5, 6, 7, 8, 9})));
  EXPECT_TRUE(trend_of(daily({1, 2, 3, 4, 5, 6, 7, 8, 9, 10})));
  EXPECT_FALSE(trend_of({}, {.points_min = 0}));
}

TEST(Trend, a_far_point_is_left_out_but_for_the_last_two) {
  const auto middle = trend_of(daily({10, 10.1, 10, 10.2, 900, 10, 10.1, 10, 10.2, 10, 10.1}));
  ASSERT_TRUE(middle);
  EXPECT_EQ(middle->points, (std::vector<std::size_t>{0, 1, 2, 3, 5, 6, 7, 8, 9, 10}));
  EXPECT_LT(std::abs(middle->relative_change), 0.02);
  const auto last = trend_of(daily({10, 10.1, 10, 10.2, 10, 10.1, 10, 10.2, 10, 900, 900}));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->points.size(), 11u);
  EXPECT_GT(last->relative_change, 1);
  const auto third = trend_of(daily({10, 10.1, 10, 10.2, 10, 10.1, 10, 10.2, 900, 10, 10.1}));
  EXPECT_EQ(third->points.size(), 10u) << "the last but two";
}

TEST(Trend, the_change_keeps_its_sign_where_the_line_begins_below_zero) {
  EXPECT_GT(trend_of(daily({-10, -9, -8, -7, -6, -5, -4, -3, -2, -1}))->relative_change, 0);
  EXPECT_LT(trend_of(daily({-1, -2, -3, -4, -5, -6, -7, -8, -9, -10}))->relative_change, 0);
}

TEST(Trend, none_where_none_can_be_told) {
  EXPECT_FALSE(trend_of(daily(std::vector<double>(12, 0.0)))) << "relative to nothing";
  EXPECT_EQ(trend_of(daily(std::vector<double>(12, 5.0)))->relative_change, 0);
  std::vector<TrendPoint> at_once(12, TrendPoint{k_day, 1});
  EXPECT_FALSE(trend_of(at_once));
  const double most = std::numeric_limits<double>::max();
  EXPECT_FALSE(trend_of(daily({-most, most, -most, most, -most, most, -most, most, -most, most})));
}

}  // namespace
}  // namespace bl::verdict
