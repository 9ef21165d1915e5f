#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "verdict/online.h"
#include "verdict/segmentation.h"

namespace bl::verdict {
namespace {

using Values = std::vector<double>;
using Call = Decision::Call;

/// Noise of one percent around 100, and a fifth more from `change` on.
Values with_step(std::size_t count, std::size_t change, unsigned seed, double factor = 1.2) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.01);
  Values values;
  for (std::size_t i = 0; i < count; ++i)
    values.push_back(100 * (i >= change ? factor : 1) * std::exp(noise(random)));
  return values;
}

std::vector<Observation> observations(const Values& values) {
  std::vector<Observation> series;
  for (const double v : values) series.push_back({.value = v});
  return series;
}

std::vector<Decision> decide(const std::vector<Observation>& series) {
  OnlineDetector detector;
  std::vector<Decision> decisions;
  for (const Observation& o : series) decisions.push_back(detector.push(o));
  return decisions;
}

std::vector<Decision> changes(const std::vector<Observation>& series) {
  std::vector<Decision> found;
  for (const Decision& d : decide(series))
    if (d.is_change()) found.push_back(d);
  return found;
}

TEST(Online, says_a_clear_step_within_three_results_and_names_its_commit) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const auto found = changes(observations(with_step(200, 120, seed)));
    ASSERT_EQ(found.size(), 1u) << "seed " << seed;
    EXPECT_EQ(found[0].call, Call::larger);
    EXPECT_EQ(found[0].since, 120);
    EXPECT_LE(found[0].newest, 122);
    EXPECT_GT(found[0].confidence, 0.7);
    EXPECT_NEAR(found[0].change, 0.2, 0.04);
  }
}

TEST(Online, a_scaled_series_has_the_same_verdicts) {
  for (const double factor : {1e-9, 0.37, 3.0, 1e6, 1024.0}) {
    Values values = with_step(200, 90, 5, 1.04);
    const auto plain = decide(observations(values));
    for (double& v : values) v *= factor;
    const auto scaled = decide(observations(values));
    for (std::size_t i = 0; i < plain.size(); ++i) {
      EXPECT_EQ(plain[i].call, scaled[i].call) << i << " times " << factor;
      EXPECT_EQ(plain[i].since, scaled[i].since);
    }
  }
}

TEST(Online, the_inverse_of_a_series_has_mirrored_verdicts) {
  Values values = with_step(200, 90, 8, 1.05);
  const auto plain = changes(observations(values));
  for (double& v : values) v = 1 / v;
  const auto mirrored = changes(observations(values));
  ASSERT_EQ(plain.size(), mirrored.size());
  ASSERT_EQ(plain.size(), 1u);
  EXPECT_EQ(plain[0].since, mirrored[0].since);
  EXPECT_EQ(plain[0].call, Call::larger);
  EXPECT_EQ(mirrored[0].call, Call::smaller);
}

TEST(Online, what_comes_later_changes_no_decision) {
  const Values values = with_step(300, 150, 11);
  const auto whole = decide(observations(values));
  for (const std::size_t cut : {10u, 149u, 151u, 200u}) {
    const auto part = decide(observations(Values(values.begin(), values.begin() + cut)));
    for (std::size_t i = 0; i < cut; ++i) {
      EXPECT_EQ(part[i].call, whole[i].call);
      EXPECT_EQ(part[i].log_odds, whole[i].log_odds);
    }
  }
}

TEST(Online, a_later_value_below_zero_changes_no_decision_before_it) {
  Values values = with_step(120, 80, 2);
  const auto before = decide(observations(values));
  values.push_back(-3);
  const auto after = decide(observations(values));
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(before[i].call, after[i].call);
}

TEST(Online, outliers_of_one_commit_raise_no_alarm) {
  Values values = with_step(300, 300, 3);
  for (const std::size_t i : {80u, 120u, 121u, 200u, 260u}) values[i] *= 1.6;
  EXPECT_TRUE(changes(observations(values)).empty());
}

TEST(Online, another_machine_is_no_change_of_code) {
  auto series = observations(with_step(200, 100, 4, 1.4));
  for (std::size_t i = 100; i < 200; ++i) series[i].machine = 1;
  EXPECT_TRUE(changes(series).empty());
}

TEST(Online, machines_that_take_turns_show_one_change_once) {
  auto series = observations(with_step(300, 200, 6, 1.15));
  for (std::size_t i = 1; i < 300; i += 2) {
    series[i].machine = 1;
    series[i].value *= 3;
  }
  const auto found = changes(series);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(static_cast<double>(found[0].since), 200, 1);
}

TEST(Online, a_return_to_the_former_level_is_a_recovery) {
  Values values = with_step(200, 100, 7);
  for (std::size_t i = 112; i < 200; ++i) values[i] /= 1.2;
  const auto found = changes(observations(values));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_FALSE(found[0].recovers);
  EXPECT_EQ(found[1].since, 112);
  EXPECT_EQ(found[1].call, Call::smaller);
  EXPECT_TRUE(found[1].recovers);
}

TEST(Online, an_expected_change_is_not_said_and_makes_the_baseline) {
  auto series = observations(with_step(250, 100, 9));
  series[100].lesson = Lesson::expected;
  EXPECT_TRUE(changes(series).empty());
  for (std::size_t i = 200; i < 250; ++i) series[i].value *= 1.1;
  const auto found = changes(series);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].since, 200);
}

TEST(Online, another_benchmark_is_no_change_of_code_on_any_machine) {
  auto series = observations(with_step(240, 120, 16, 2.5));
  for (std::size_t i = 1; i < 240; i += 2) {
    series[i].machine = 1;
    series[i].value *= 3;
  }
  series[120].benchmark_changed = true;
  EXPECT_TRUE(changes(series).empty());
}

TEST(Online, a_jump_from_unit_to_unit_is_told_as_one) {
  for (const double factor : {1000.0, 1 / 1024.0, 60.0, 1e-6}) {
    const auto found = changes(observations(with_step(120, 80, 17, factor)));
    ASSERT_FALSE(found.empty()) << factor;
    EXPECT_TRUE(found[0].of_unit) << factor;
    const auto history = changes_of(observations(with_step(120, 80, 17, factor))).value();
    ASSERT_EQ(history.changes.size(), 1u);
    EXPECT_TRUE(history.changes[0].of_unit);
  }
  for (const double factor : {1.2, 2.0, 10.0, 0.3}) {
    for (const Decision& d : changes(observations(with_step(120, 80, 17, factor))))
      EXPECT_FALSE(d.of_unit) << factor;
  }
}

TEST(Online, a_slope_is_told_as_a_drift_and_noise_is_not) {
  int told = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    OnlineDetector still, sloping;
    double slope = 1;
    for (const double v : with_step(150, 150, seed)) {
      still.push({.value = v});
      sloping.push({.value = v * slope});
      slope *= 1.0005;
    }
    EXPECT_FALSE(still.drift().has_value()) << "seed " << seed;
    const auto drift = sloping.drift();
    if (!drift) continue;
    ++told;
    EXPECT_NEAR(drift->change, 0.077, 0.04);
    EXPECT_LT(drift->since, 105);
  }
  EXPECT_GE(told, 15) << "of 20";
}

TEST(Online, a_thin_change_waits_and_says_how_many_repeats_decide) {
  bool waited = false;
  for (unsigned seed = 1; seed <= 20 && !waited; ++seed) {
    OnlineDetector detector;
    const Values values = with_step(130, 120, seed, 1.03);
    for (const double v : values) {
      const Decision d = detector.push({.value = v});
      if (d.call != Call::wait) {
        EXPECT_EQ(detector.repeats_to_decide(), std::nullopt);
        continue;
      }
      const auto repeats = detector.repeats_to_decide();
      if (!repeats || d.newest < 120) continue;
      waited = true;
      EXPECT_GE(*repeats, 1);
      EXPECT_LE(*repeats, 10);
    }
  }
  EXPECT_TRUE(waited);
}

TEST(Online, pure_noise_raises_hardly_an_alarm) {
  std::size_t alarms = 0;
  for (unsigned seed = 1; seed <= 40; ++seed)
    alarms += changes(observations(with_step(500, 500, seed))).size();
  EXPECT_LE(alarms, 4u) << "in 20,000 results";
}

/// Noise of one percent; each result keeps the mode of the one before it with probability `stay`.
Values with_modes(unsigned seed, double stay) {
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.01);
  std::uniform_real_distribution<double> even(0, 1);
  Values values;
  bool slow = false;
  for (int i = 0; i < 500; ++i) {
    if (even(random) > stay) slow = even(random) < 0.4;
    values.push_back(100 * std::exp(noise(random) + (slow ? 0.08 : 0)));
  }
  return values;
}

TEST(Online, modes_that_come_back_are_learned_to_be_noise) {
  std::size_t alarms = 0;
  for (unsigned seed = 1; seed <= 20; ++seed)
    for (const double stay : {0.0, 0.5, 0.8})
      for (const Decision& d : changes(observations(with_modes(seed, stay))))
        alarms += d.newest >= 100;
  EXPECT_LE(alarms, 12u) << "in 24,000 results";
}

TEST(Online, a_spread_that_grows_is_no_change_of_level) {
  std::size_t alarms = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Values values = with_step(300, 300, seed);
    for (std::size_t i = 150; i < 300; ++i) values[i] = 100 * std::pow(values[i] / 100, 3.0);
    alarms += changes(observations(values)).size();
  }
  EXPECT_LE(alarms, 4u) << "in 12,000 results";
}

TEST(BadInput, nothing_comes_out_of_nothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  const double huge = std::numeric_limits<double>::max();
  const double tiny = std::numeric_limits<double>::denorm_min();
  for (const Values& values : {Values{}, Values{1}, Values(500, 7.0), Values(500, 0.0),
                               Values(500, -2.0), Values(500, nan), Values(500, infinite),
                               Values(500, huge), Values(500, tiny), Values{1, 2, 3}}) {
    EXPECT_TRUE(changes(observations(values)).empty());
    const auto history = changes_of(observations(values));
    ASSERT_TRUE(history.ok());
    EXPECT_TRUE(history.value().changes.empty());
  }
  EXPECT_EQ(OnlineDetector().push({.value = nan}).call, Call::no_value);
}

TEST(BadInput, wild_mixtures_give_finite_answers) {
  std::mt19937 random(1);
  const Values wild = {
      0, -1, 1, 1e308, -1e308, 5e-324, 1e-3, 42, std::numeric_limits<double>::quiet_NaN()};
  for (int round = 0; round < 50; ++round) {
    Values values;
    for (int i = 0; i < 200; ++i) values.push_back(wild[random() % wild.size()]);
    for (const Decision& d : decide(observations(values))) {
      EXPECT_TRUE(std::isfinite(d.log_odds));
      EXPECT_TRUE(std::isfinite(d.confidence));
      EXPECT_FALSE(std::isnan(d.change));
    }
    EXPECT_TRUE(changes_of(observations(values)).ok());
  }
}

TEST(BadInput, results_without_a_value_move_no_index) {
  auto series = observations(with_step(200, 120, 12));
  series[30].value = std::numeric_limits<double>::quiet_NaN();
  series[119].value = std::numeric_limits<double>::infinity();
  const auto found = changes(series);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].since, 120);
  const auto history = changes_of(series);
  ASSERT_EQ(history.value().changes.size(), 1u);
  EXPECT_EQ(history.value().changes[0].first, 120u);
  EXPECT_EQ(history.value().without_value, 2u);
}

TEST(History, finds_every_step_at_its_commit) {
  Values values = with_step(300, 100, 13, 1.1);
  for (std::size_t i = 220; i < 300; ++i) values[i] *= 0.9;
  const auto history = changes_of(observations(values));
  ASSERT_EQ(history.value().changes.size(), 2u);
  EXPECT_EQ(history.value().changes[0].first, 100u);
  EXPECT_NEAR(history.value().changes[0].change, 0.1, 0.01);
  EXPECT_EQ(history.value().changes[1].first, 220u);
  EXPECT_NEAR(history.value().changes[1].change, -0.1, 0.01);
}

TEST(History, a_slope_is_a_drift_and_no_step) {
  Values values = with_step(300, 300, 14);
  for (std::size_t i = 0; i < 300; ++i) values[i] *= 1 + 0.0005 * static_cast<double>(i);
  const auto history = changes_of(observations(values));
  EXPECT_TRUE(history.value().changes.empty());
  ASSERT_EQ(history.value().drifts.size(), 1u);
  EXPECT_NEAR(history.value().drifts[0].change, 0.15, 0.03);
}

TEST(History, another_machine_is_no_change_of_code) {
  auto series = observations(with_step(200, 100, 15, 1.4));
  for (std::size_t i = 100; i < 200; ++i) series[i].machine = 1;
  EXPECT_TRUE(changes_of(series).value().changes.empty());
}

TEST(History, scaling_changes_nothing) {
  Values values = with_step(200, 90, 5, 1.04);
  const auto plain = changes_of(observations(values)).value();
  for (double& v : values) v *= 0.37e-6;
  const auto scaled = changes_of(observations(values)).value();
  ASSERT_EQ(plain.changes.size(), scaled.changes.size());
  for (std::size_t i = 0; i < plain.changes.size(); ++i)
    EXPECT_EQ(plain.changes[i].first, scaled.changes[i].first);
}

TEST(History, too_long_a_history_is_refused_by_name) {
  const auto refused = changes_of(std::vector<Observation>(1001), {.results_max = 1000});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::too_large);
}

}  // namespace
}  // namespace bl::verdict
