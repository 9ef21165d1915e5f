#include "verdict/power.h"

#include <gmock/gmock.h>

#include "verdict/false_discovery.h"

namespace bl::verdict {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(Power, a_change_as_large_as_the_noise_needs_sixteen_runs_of_many_before) {
  // Textbook: 2 * (1.96 + 0.84)^2 = 15.7 on each side; with as good as endless ones before, 7.85.
  EXPECT_EQ(runs_to_decide({.change = 1, .noise = 1, .runs_before = 1'000'000}, 100), 8);
  EXPECT_EQ(runs_to_decide({.change = 1, .noise = 1, .runs_before = 16}, 100), 16);
}

TEST(Power, runs_that_are_there_count) {
  EXPECT_EQ(
      runs_to_decide({.change = -1, .noise = 1, .runs_before = 1'000'000, .runs_after = 5}, 100),
      3);
}

TEST(Power, at_least_one_more_run_is_asked_for) {
  EXPECT_EQ(runs_to_decide({.change = 50, .noise = 1, .runs_before = 10, .runs_after = 10}, 100),
            1);
}

TEST(Power, more_comparisons_need_more_runs) {
  const PowerQuestion alone{.change = 1, .noise = 1, .runs_before = 1'000'000};
  PowerQuestion many = alone;
  many.comparisons = 200;
  EXPECT_GT(*runs_to_decide(many, 100), *runs_to_decide(alone, 100));
}

TEST(Power, a_baseline_of_two_results_bounds_what_can_be_known) {
  EXPECT_EQ(runs_to_decide({.change = 1, .noise = 1, .runs_before = 2}, 1'000), std::nullopt);
}

TEST(Power, without_noise_or_a_baseline_nothing_is_promised) {
  EXPECT_EQ(runs_to_decide({.change = 1, .noise = 0, .runs_before = 5}, 10), std::nullopt);
  EXPECT_EQ(runs_to_decide({.change = 1, .noise = 1, .runs_before = 0}, 10), std::nullopt);
  EXPECT_EQ(interval_of_change(1, 0, 1), std::nullopt);
}

TEST(Power, the_interval_shrinks_with_the_runs_of_both_sides) {
  EXPECT_NEAR(*interval_of_change(1, 1, 1), 1.96 * 1.41421, 1e-3);
  EXPECT_NEAR(*interval_of_change(1, 100, 100), 0.277, 1e-3);
}

TEST(FalseDiscovery, one_lucky_figure_among_many_is_no_discovery) {
  // Of twenty p-values one near 0.03 is what chance gives.
  std::vector<double> p_values(20, 0.5);
  p_values[7] = 0.03;
  EXPECT_GT(adjusted_p_values(p_values)[7], 0.05);
  EXPECT_THAT(
      adjusted_p_values(std::vector{0.01, 0.04, 0.03}),
      ElementsAre(DoubleNear(0.03, 1e-12), DoubleNear(0.04, 1e-12), DoubleNear(0.04, 1e-12)));
}

}  // namespace
}  // namespace bl::verdict
