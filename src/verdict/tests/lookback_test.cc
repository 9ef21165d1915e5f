#include "verdict/lookback.h"

#include <gtest/gtest.h>

#include <cmath>

#include "verdict/comparison.h"

// Golden A, B and C are those of spec/results-conbench.md 4.5.
namespace bl::verdict {
namespace {

constexpr double k_golden_values[] = {10.0, 10.2, 9.9,  10.1, 10.0, 9.8,  10.3, 10.1,
                                      9.9,  10.0, 30.0, 10.1, 10.2, 9.9,  10.0, 10.1,
                                      20.0, 20.1, 19.9, 20.2, 20.0, 20.1, 19.8, 20.0};

std::vector<LookbackRow> golden_rows() {
  std::vector<LookbackRow> rows;
  for (const double value : k_golden_values) {
    rows.push_back({.commit_time = static_cast<std::int64_t>(rows.size()), .value = value});
  }
  return rows;
}

std::vector<LookbackRow> golden_c_rows() {
  std::vector<LookbackRow> rows;
  const std::pair<int, double> values[] = {{0, 10}, {0, 10.4}, {1, 10.1}, {1, 9.9}, {2, 10.2},
                                           {3, 10}, {3, 10.6}, {3, 9.8},  {4, 10.1}};
  for (const auto& [commit, value] : values) {
    rows.push_back({.commit_time = commit,
                    .result_time = static_cast<std::int64_t>(rows.size()),
                    .value = value});
  }
  rows[6].begins_change = true;
  return rows;
}

/// Agrees to 10 significant digits.
void expect_digits(const std::optional<double>& actual, double expected, std::size_t row) {
  ASSERT_TRUE(actual) << "row " << row;
  EXPECT_NEAR(*actual, expected, std::abs(expected) * 5e-10 + 1e-14) << "row " << row;
}

struct Expected {
  std::size_t row;
  double mean, residual;
  std::optional<double> stddev;
};

void expect_rows(const std::vector<LookbackStats>& stats, const std::vector<Expected>& expected) {
  for (const Expected& e : expected) {
    const LookbackStats& s = stats[e.row];
    expect_digits(s.mean_excluding_this_commit, e.mean, e.row);
    expect_digits(s.rolling_mean, e.mean, e.row);
    expect_digits(s.residual, e.residual, e.row);
    ASSERT_EQ(s.stddev.has_value(), e.stddev.has_value()) << "row " << e.row;
    if (e.stddev) expect_digits(s.stddev, *e.stddev, e.row);
  }
}

TEST(Lookback, golden_a_spike_is_an_outlier_and_jump_is_a_step) {
  const auto stats = lookback(golden_rows(), {});
  for (std::size_t i = 0; i < stats.size(); ++i) {
    EXPECT_EQ(stats[i].is_outlier, i == 10) << i;
    EXPECT_EQ(stats[i].is_step, i == 16) << i;
    EXPECT_EQ(stats[i].segment, 0) << i;
  }
  expect_rows(stats, {{0, 10, 0, std::nullopt},
                      {1, 10, 0.2, std::nullopt},
                      {2, 10.1, -0.2, 0.1414213562},
                      {3, 10.03333333, 0.06666666667, 0.2},
                      {4, 10.05, -0.05, 0.1666666667},
                      {8, 10.05, -0.15, 0.1834477843},
                      {11, 10.03, 0.07, 0.1703511409},
                      {16, 10.04, 9.96, 0.1514147969}});
}

TEST(Lookback, golden_a_rounded_rows) {
  const auto stats = lookback(golden_rows(), {});
  const auto near = [](const std::optional<double>& v, double e) {
    return v && std::abs(*v - e) <= 5e-10 * std::max(1.0, std::abs(e)) * 10;
  };
  EXPECT_TRUE(near(stats[9].mean_excluding_this_commit, 10.03333333));
  EXPECT_TRUE(near(stats[9].residual, -0.03333333333));
  EXPECT_TRUE(near(stats[9].stddev, 0.1803748267));
  EXPECT_TRUE(near(stats[15].mean_excluding_this_commit, 10.03571429));
  EXPECT_TRUE(near(stats[15].residual, 0.06428571429));
  EXPECT_TRUE(near(stats[15].stddev, 0.156174375));
  EXPECT_TRUE(near(stats[23].mean_excluding_this_commit, 13.21363636));
  EXPECT_TRUE(near(stats[23].residual, 6.786363636));
  EXPECT_TRUE(near(stats[23].stddev, 4.051323774));
}

TEST(Lookback, an_outlier_has_no_statistics) {
  const LookbackStats outlier = lookback(golden_rows(), {})[10];
  EXPECT_FALSE(outlier.mean_excluding_this_commit);
  EXPECT_FALSE(outlier.rolling_mean);
  EXPECT_FALSE(outlier.residual);
  EXPECT_FALSE(outlier.stddev);
}

TEST(Lookback, golden_b_an_annotation_begins_a_segment_and_keeps_the_spread) {
  auto rows = golden_rows();
  rows[16].begins_change = true;
  const auto stats = lookback(rows, {});
  for (std::size_t i = 0; i < stats.size(); ++i) EXPECT_EQ(stats[i].segment, i < 16 ? 0 : 1) << i;
  EXPECT_TRUE(stats[16].begins_change);
  EXPECT_FALSE(stats[17].begins_change);
  expect_rows(stats, {{16, 20, 0, 0.1514147969}, {17, 20, 0.1, 0.146284002}});
  EXPECT_NEAR(*stats[23].mean_excluding_this_commit, 20.01428571, 5e-9);
  EXPECT_NEAR(*stats[23].residual, -0.01428571429, 5e-12);
  EXPECT_NEAR(*stats[23].stddev, 0.1483670773, 5e-11);
}

TEST(Lookback, golden_b_inclusive_distribution_and_its_z_score) {
  auto rows = golden_rows();
  rows[16].begins_change = true;
  const Distribution d = distribution(rows, {});
  EXPECT_NEAR(d.mean.value(), 20.0125, 5e-10);
  EXPECT_NEAR(d.stddev.value(), 0.14498091275062774, 1e-15);  // in exact rational arithmetic
  EXPECT_NEAR(z_score(d, 21.0, Direction::less_is_better)->score, -6.811, 5e-4);
}

TEST(Lookback, golden_c_exclusive_window_leaves_out_the_whole_commit) {
  const auto stats = lookback(golden_c_rows(), {.commits = 2});
  expect_rows(stats, {{0, 10, 0, std::nullopt},
                      {1, 10.4, 0, std::nullopt},
                      {2, 10.2, -0.1, 0},
                      {3, 10.2, -0.3, 0},
                      {4, 10.1, 0.1, 0.1414213562},
                      {5, 10, 0, 0.2},
                      {6, 10.6, 0, 0.2},
                      {7, 9.8, 0, 0.2}});
  EXPECT_NEAR(*stats[8].mean_excluding_this_commit, 10.13333333, 5e-9);
  EXPECT_NEAR(*stats[8].residual, -0.03333333333, 5e-12);
  EXPECT_NEAR(*stats[8].stddev, 0.05, 5e-12);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(stats[i].segment, i < 5 ? 0 : 1) << i;
}

TEST(Lookback, golden_c_inclusive_window_ends_with_the_commit) {
  const auto stats =
      lookback(golden_c_rows(), {.window = LookbackOptions::Window::inclusive, .commits = 2});
  const double means[] = {10.2,        10.2,        10.1,        10.1,  10.06666667,
                          10.13333333, 10.13333333, 10.13333333, 10.125};
  const double spreads[] = {0, 0, 0.1414213562, 0.1414213562, 0.2, 0.05, 0.05, 0.05, 0.01666666667};
  for (std::size_t i = 0; i < stats.size(); ++i) {
    EXPECT_NEAR(stats[i].rolling_mean.value(), means[i], 5e-9) << i;
    EXPECT_NEAR(stats[i].stddev.value(), spreads[i], 5e-11) << i;
  }
}

TEST(Lookback, answers_in_the_order_given) {
  auto rows = golden_rows();
  const auto forward = lookback(rows, {});
  std::reverse(rows.begin(), rows.end());
  std::vector<std::size_t> order;
  const auto backward = lookback(rows, {}, &order);
  ASSERT_EQ(order.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(order[i], rows.size() - 1 - i);
    EXPECT_EQ(backward[rows.size() - 1 - i].mean_excluding_this_commit,
              forward[i].mean_excluding_this_commit);
    EXPECT_EQ(backward[rows.size() - 1 - i].is_outlier, forward[i].is_outlier);
  }
}

TEST(Lookback, nothing_from_nothing) {
  EXPECT_TRUE(lookback({}, {}).empty());
  EXPECT_FALSE(distribution({}, {}).mean);
}

TEST(Lookback, one_row_has_a_mean_and_no_spread) {
  const LookbackRow row{.value = 3};
  const auto stats = lookback({&row, 1}, {});
  EXPECT_EQ(stats[0].mean_excluding_this_commit, 3);
  EXPECT_EQ(stats[0].residual, 0);
  EXPECT_FALSE(stats[0].stddev);
}

TEST(Lookback, the_newest_row_being_an_outlier_leaves_no_distribution_mean) {
  // Two results of the newest commit: up and back again, so that the first is the outlier; sorted
  // by result time the second is the newest row, and it has a mean.
  auto rows = golden_rows();
  rows.resize(12);
  rows[11].commit_time = rows[10].commit_time;
  rows[11].result_time = 1;
  EXPECT_TRUE(distribution(rows, {}).mean);
  // With only the spike's commit there, nothing reverts: it is a step and takes part.
  rows.resize(11);
  EXPECT_TRUE(distribution(rows, {}).mean);
}

TEST(Lookback, equal_values_have_exactly_no_spread) {
  std::vector<LookbackRow> rows;
  for (int i = 0; i < 300; ++i) rows.push_back({.commit_time = i, .value = 0.1});
  for (const auto& s : lookback(rows, {.commits = 7})) {
    EXPECT_EQ(s.mean_excluding_this_commit, 0.1);
    EXPECT_EQ(s.residual, 0);
    EXPECT_FALSE(s.is_step);
  }
}

TEST(Lookback, a_jump_after_perfect_stillness_is_a_step) {
  std::vector<LookbackRow> rows;
  for (int i = 0; i < 60; ++i) rows.push_back({.commit_time = i, .value = i < 40 ? 1.0 : 1.1});
  const auto stats = lookback(rows, {});
  for (int i = 0; i < 60; ++i) EXPECT_EQ(stats[static_cast<std::size_t>(i)].is_step, i == 40) << i;
}

TEST(Lookback, the_window_forgets_a_huge_value_without_a_trace) {
  std::vector<LookbackRow> rows;
  for (int i = 0; i < 50; ++i)
    rows.push_back({.commit_time = i, .value = i < 5 ? 1e12 : 1.0 + i % 2});
  const auto stats = lookback(rows, {.commits = 4});
  EXPECT_EQ(stats[49].mean_excluding_this_commit, 1.5);
  EXPECT_NEAR(stats[49].stddev.value(), std::sqrt(1.0 / 3), 1e-15);
}

TEST(Lookback, values_near_the_end_of_the_range_give_no_nan) {
  std::vector<LookbackRow> rows;
  for (int i = 0; i < 30; ++i)
    rows.push_back({.commit_time = i, .value = i % 3 ? 1.7e308 : -1.7e308});
  for (const auto& s : lookback(rows, {})) {
    for (const auto& v : {s.mean_excluding_this_commit, s.rolling_mean, s.residual, s.stddev}) {
      EXPECT_TRUE(!v || std::isfinite(*v));
    }
  }
}

}  // namespace
}  // namespace bl::verdict
