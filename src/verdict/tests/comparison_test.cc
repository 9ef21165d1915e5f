#include "verdict/comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bl::verdict {
namespace {

TEST(Pairwise, slower_seconds_are_a_regression) {
  const auto judged = pairwise(10.25, 20, Direction::less_is_better);
  ASSERT_TRUE(judged);
  EXPECT_NEAR(judged->score, -95.12, 0.005);
  EXPECT_TRUE(judged->regression);
  EXPECT_FALSE(judged->improvement);
}

TEST(Pairwise, more_per_second_is_an_improvement) {
  const auto judged = pairwise(10, 11, Direction::more_is_better);
  ASSERT_TRUE(judged);
  EXPECT_DOUBLE_EQ(judged->score, 10);
  EXPECT_TRUE(judged->improvement);
}

TEST(Pairwise, the_threshold_is_strict) {
  const auto judged = pairwise(100, 105, Direction::less_is_better, 5);
  ASSERT_TRUE(judged);
  EXPECT_EQ(judged->score, -5);
  EXPECT_FALSE(judged->regression);
  EXPECT_TRUE(pairwise(100, 105.001, Direction::less_is_better, 5)->regression);
  EXPECT_FALSE(pairwise(100, 95, Direction::less_is_better, 5)->improvement);
}

TEST(Pairwise, a_negative_baseline_is_judged_by_its_size) {
  EXPECT_EQ(pairwise(-10, -5, Direction::less_is_better)->score, -50);
  EXPECT_EQ(pairwise(-10, -5, Direction::more_is_better)->score, 50);
}

TEST(Pairwise, no_judgement_without_both_sides_or_with_a_zero_baseline) {
  EXPECT_FALSE(pairwise(std::nullopt, 1, Direction::less_is_better));
  EXPECT_FALSE(pairwise(1, std::nullopt, Direction::less_is_better));
  EXPECT_FALSE(pairwise(0, 1, Direction::less_is_better));
  EXPECT_FALSE(pairwise(0, 0, Direction::less_is_better));
}

TEST(Pairwise, no_infinite_score) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  EXPECT_FALSE(pairwise(tiny, 1e300, Direction::less_is_better));
}

TEST(Pairwise, equal_sides_score_a_plain_zero) {
  const auto judged = pairwise(3, 3, Direction::less_is_better);
  ASSERT_TRUE(judged);
  EXPECT_FALSE(std::signbit(judged->score));
}

TEST(ZScore, golden_of_four_commits_with_two_results_each) {
  const LookbackRow rows[] = {{0, 0, 10},    {0, 1, 10.05}, {1, 0, 10.1},
                              {1, 1, 10.15}, {2, 0, 10.2},  {2, 1, 10.25}};
  const auto judged = z_score(distribution(rows, {}), 20, Direction::less_is_better);
  ASSERT_TRUE(judged);
  EXPECT_NEAR(judged->score, -137.4, 0.05);
  EXPECT_TRUE(judged->regression);
}

TEST(ZScore, exactly_the_threshold_is_no_verdict) {
  const Distribution d{.mean = 10, .stddev = 1};
  EXPECT_FALSE(z_score(d, 15, Direction::less_is_better)->regression);
  EXPECT_FALSE(z_score(d, 5, Direction::less_is_better)->improvement);
  EXPECT_TRUE(z_score(d, 15.0001, Direction::less_is_better)->regression);
  EXPECT_TRUE(z_score(d, 15.0001, Direction::more_is_better)->improvement);
}

TEST(ZScore, needs_a_contender_a_mean_and_a_spread) {
  EXPECT_FALSE(z_score({.mean = 1, .stddev = 1}, std::nullopt, Direction::less_is_better));
  EXPECT_FALSE(z_score({.mean = std::nullopt, .stddev = 1}, 1, Direction::less_is_better));
  EXPECT_FALSE(z_score({.mean = 1, .stddev = std::nullopt}, 1, Direction::less_is_better));
  EXPECT_FALSE(z_score({.mean = 1, .stddev = 0}, 1, Direction::less_is_better));
}

TEST(ZScore, zero_keeps_its_sign) {
  const auto judged = z_score({.mean = 1, .stddev = 1}, 1, Direction::less_is_better);
  ASSERT_TRUE(judged);
  EXPECT_FALSE(std::signbit(judged->score));
}

}  // namespace
}  // namespace bl::verdict
