// Two samples: do the values of one tend to be larger, and by how much?
#include "verdict/rank_sum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace bl::verdict {
namespace {

using Values = std::vector<double>;

// p-values of R 4: wilcox.test(baseline, contender)
TEST(RankSum, AgreesWithR) {
  EXPECT_NEAR(*rank_sum_p_value(Values{1, 2, 3}, Values{4, 5, 6}), 0.1, 1e-12);
  EXPECT_NEAR(*rank_sum_p_value(Values{1, 2, 3, 4, 5}, Values{6, 7, 8, 9, 10}), 2.0 / 252, 1e-12);
  EXPECT_NEAR(*rank_sum_p_value(Values{1.1, 3.3, 5.5, 7.7}, Values{2.2, 4.4, 6.6, 8.8}),
              0.6857142857, 1e-9);
}

TEST(RankSum, EqualSamplesAreNoEvidence) {
  EXPECT_DOUBLE_EQ(*rank_sum_p_value(Values{5, 5, 5}, Values{5, 5, 5}), 1);
  EXPECT_DOUBLE_EQ(*rank_sum_p_value(Values(30, 5.0), Values(30, 5.0)), 1);
}

TEST(RankSum, NothingAndNanAreNoSamples) {
  EXPECT_FALSE(rank_sum_p_value(Values{}, Values{1}));
  EXPECT_FALSE(rank_sum_p_value(Values{1}, Values{}));
  EXPECT_FALSE(rank_sum_p_value(Values{1}, Values{std::numeric_limits<double>::quiet_NaN()}));
  EXPECT_FALSE(shift_between(Values{}, Values{1}));
}

// Counts pairs, and tries every way to part the values.
double slow_p_value(const Values& baseline, const Values& contender) {
  Values all = baseline;
  all.insert(all.end(), contender.begin(), contender.end());
  const auto wins = [&](unsigned chosen) {
    double count = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = 0; j < all.size(); ++j) {
        const bool is_pair = (chosen >> i & 1) != 0 && (chosen >> j & 1) == 0;
        if (is_pair) count += all[i] > all[j] ? 1 : all[i] == all[j] ? 0.5 : 0;
      }
    }
    return count;
  };
  const double middle = static_cast<double>(baseline.size() * contender.size()) / 2;
  const unsigned mine = ((1u << contender.size()) - 1) << baseline.size();
  const double distance = std::abs(wins(mine) - middle);
  int as_far = 0, ways = 0;
  for (unsigned chosen = 0; chosen < 1u << all.size(); ++chosen) {
    if (static_cast<std::size_t>(__builtin_popcount(chosen)) != contender.size()) continue;
    ++ways;
    as_far += std::abs(wins(chosen) - middle) >= distance - 1e-9;
  }
  return static_cast<double>(as_far) / ways;
}

TEST(RankSum, SmallSamplesWithTiesAgreeWithEveryWayToPartThem) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    Values baseline, contender;
    for (std::size_t i = 0; i < 1 + random() % 5; ++i) {
      baseline.push_back(static_cast<double>(random() % 5));
    }
    for (std::size_t i = 0; i < 1 + random() % 5; ++i) {
      contender.push_back(static_cast<double>(random() % 6));
    }
    EXPECT_NEAR(*rank_sum_p_value(baseline, contender), slow_p_value(baseline, contender), 1e-12)
        << "seed " << seed;
  }
}

TEST(RankSum, FalseAlarmsAreAsRareAsTheySay) {
  for (const std::size_t size : {10u, 30u}) {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> noise(0, 1);
    int alarms = 0;
    constexpr int trials = 1'000;
    for (int trial = 0; trial < trials; ++trial) {
      Values a(size), b(size);
      for (double& value : a) value = noise(random);
      for (double& value : b) value = noise(random);
      alarms += *rank_sum_p_value(a, b) <= 0.05;
    }
    EXPECT_LE(alarms, 75) << size;
    EXPECT_GE(alarms, 25) << size;
  }
}

TEST(Shift, IsTheMedianDifferenceWithItsInterval) {
  const auto shift = shift_between(Values{1, 2, 3, 4, 5}, Values{11, 12, 13, 14, 15});
  EXPECT_DOUBLE_EQ(shift->middle, 10);
  EXPECT_DOUBLE_EQ(shift->low, 7);  // as R's conf.int
  EXPECT_DOUBLE_EQ(shift->high, 13);
}

TEST(Shift, TheIntervalCoversTheTrueShiftAsOftenAsItSays) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> noise(0, 1);
  int covered = 0;
  constexpr int trials = 1'000;
  for (int trial = 0; trial < trials; ++trial) {
    Values a(12), b(15);
    for (double& value : a) value = noise(random);
    for (double& value : b) value = 0.7 + noise(random);
    const auto shift = shift_between(a, b);
    EXPECT_LE(shift->low, shift->middle);
    EXPECT_LE(shift->middle, shift->high);
    covered += shift->low <= 0.7 && 0.7 <= shift->high;
  }
  EXPECT_GE(covered, 930);
}

}  // namespace
}  // namespace bl::verdict
