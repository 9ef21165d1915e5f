#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

#include "verdict/online.h"
#include "verdict/segmentation.h"

// What holds of every series, whatever its noise: tried on many kinds of it.

namespace bl::verdict {
namespace {

using Series = std::vector<Observation>;
using Call = Decision::Call;

/// Quiet, coarse, hiccuping, bimodal and wandering noise; one or two steps; two machines now and
/// then.
Series some_series(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, 1);
  std::uniform_real_distribution<double> even(0, 1);
  const double size = std::pow(10, -3 + 1.5 * even(random));
  const double base = std::pow(10, -6 + 12 * even(random));
  double level = 0, wander = 0;
  Series series;
  for (int i = 0; i < 220; ++i) {
    if (i == 90 || (i == 160 && seed % 3 == 0)) level += (even(random) < 0.5 ? -1 : 1) * 0.08;
    double noise = normal(random);
    if (seed % 5 == 1) noise = std::round(noise * 2) / 2;
    if (seed % 5 == 2 && even(random) < 0.04) noise += 12;
    if (seed % 5 == 3 && even(random) < 0.3) noise += 8;
    if (seed % 5 == 4) noise += wander = 0.95 * wander + 0.3 * normal(random);
    const bool other = seed % 4 == 2 && i >= 120;
    series.push_back({.value = base * std::exp(level + size * noise + (other ? 0.3 : 0)),
                      .machine = other ? 1u : 0u});
  }
  return series;
}

std::vector<Decision> decide(const Series& series) {
  OnlineDetector detector;
  std::vector<Decision> decisions;
  for (const Observation& o : series) decisions.push_back(detector.push(o));
  return decisions;
}

std::vector<Change> history(const Series& series) {
  return changes_of(series).value().changes;
}

Call mirrored(Call call) {
  if (call == Call::larger) return Call::smaller;
  return call == Call::smaller ? Call::larger : call;
}

class Property : public testing::TestWithParam<unsigned> {
 protected:
  const Series series_ = some_series(GetParam());
};

TEST_P(Property, a_change_of_unit_changes_nothing) {
  const auto plain = decide(series_);
  const auto changes = history(series_);
  for (const double factor : {1e-9, 0.37, 3.0, 1e6}) {
    Series scaled = series_;
    for (Observation& o : scaled) o.value *= factor;
    const auto decisions = decide(scaled);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      EXPECT_EQ(plain[i].call, decisions[i].call) << i << " times " << factor;
      EXPECT_EQ(plain[i].since, decisions[i].since);
    }
    const auto scaled_changes = history(scaled);
    ASSERT_EQ(changes.size(), scaled_changes.size()) << "times " << factor;
    for (std::size_t k = 0; k < changes.size(); ++k)
      EXPECT_EQ(changes[k].first, scaled_changes[k].first);
  }
}

TEST_P(Property, the_inverse_mirrors_every_verdict) {
  Series inverse = series_;
  for (Observation& o : inverse) o.value = 1 / o.value;
  const auto plain = decide(series_), decisions = decide(inverse);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(mirrored(plain[i].call), decisions[i].call) << i;
    EXPECT_EQ(plain[i].since, decisions[i].since);
  }
}

TEST_P(Property, what_comes_later_changes_no_decision) {
  const auto whole = decide(series_);
  for (const std::size_t cut : {3u, 89u, 91u, 130u, 165u}) {
    const auto part = decide(Series(series_.begin(), series_.begin() + cut));
    for (std::size_t i = 0; i < cut; ++i) {
      EXPECT_EQ(part[i].call, whole[i].call) << i;
      EXPECT_EQ(part[i].log_odds, whole[i].log_odds);
    }
  }
}

TEST_P(Property, equal_results_may_change_places) {
  Series series = series_;
  for (Observation& o : series) o.value = std::exp(std::round(std::log(o.value) / 0.02) * 0.02);
  const auto before = decide(series);
  // Two equal results of one machine are told apart by nothing but their place.
  for (std::size_t i = 1; i < series.size(); ++i)
    if (series[i].value == series[i - 1].value && series[i].machine == series[i - 1].machine)
      std::swap(series[i], series[i - 1]);
  const auto after = decide(series);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(before[i].log_odds, after[i].log_odds);
}

TEST_P(Property, the_names_of_machines_mean_nothing) {
  Series renamed = series_;
  for (Observation& o : renamed) o.machine = 4'000'000'000u - o.machine;
  const auto plain = decide(series_), decisions = decide(renamed);
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(plain[i].call, decisions[i].call);
}

TEST_P(Property, a_result_without_a_value_is_passed_over) {
  Series holes;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    holes.push_back(series_[i]);
    if (i % 7 == 3) holes.push_back({.value = NAN, .machine = series_[i].machine});
  }
  const auto plain = decide(series_);
  std::size_t at = 0;
  for (const Decision& d : decide(holes)) {
    if (d.call == Call::no_value) continue;
    EXPECT_EQ(d.call, plain[at].call) << at;
    ++at;
  }
}

TEST_P(Property, a_machine_that_changed_is_no_change_of_code) {
  Series series = series_;
  for (std::size_t i = 70; i < series.size(); ++i) series[i].value *= 1.5;
  series[70].lesson = Lesson::machine_changed;
  for (const Decision& d : decide(series))
    EXPECT_FALSE(d.is_change() && std::abs(d.since - 70) < 5) << d.newest;
  for (const Change& c : history(series)) EXPECT_NE(c.first, 70u);
}

INSTANTIATE_TEST_SUITE_P(Noise, Property, testing::Range(1u, 21u));

TEST(Lessons, what_is_called_noise_gives_the_old_level_back) {
  Series series;
  std::mt19937 random(5);
  std::normal_distribution<double> noise(0, 0.004);
  for (int i = 0; i < 200; ++i) {
    const bool disturbed = i >= 100 && i < 130;
    series.push_back({.value = 10 * std::exp(noise(random) + (disturbed ? 0.1 : 0))});
  }
  series[129].lesson = Lesson::noise;
  bool said = false;
  for (const Decision& d : decide(series)) {
    said = said || (d.is_change() && d.newest < 129);
    EXPECT_FALSE(d.is_change() && d.newest >= 129) << "the way back is no news: " << d.newest;
  }
  EXPECT_TRUE(said) << "before anybody called it noise";
}

/// 10 million results cannot be judged as a whole, and each of them costs no more than the first.
TEST(Long, ten_million_results_are_refused_as_a_whole_by_name) {
  const Series series(10'000'000, Observation{.value = 1});
  const auto refused = changes_of(series);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::too_large);
  EXPECT_NE(refused.error().message.find("10000000"), std::string::npos);
}

TEST(Long, neither_time_nor_memory_grow_with_the_results_seen) {
  using Clock = std::chrono::steady_clock;
  OnlineDetector detector;
  std::mt19937 random(3);
  std::normal_distribution<double> noise(0, 0.01);
  const auto push = [&](int count) {
    const auto begin = Clock::now();
    for (int i = 0; i < count; ++i) detector.push({.value = 100 * std::exp(noise(random))});
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  const auto memory = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  push(5'000);
  const auto before = memory();
  double first = push(5'000), last = 0;
  for (int round = 0; round < 10; ++round) last = push(5'000);
  EXPECT_LT(last, 10 * first + 1) << "seconds for 5,000 results";
  EXPECT_LT(memory() - before, 16'000) << "kilobytes more after 55,000 results";
}

}  // namespace
}  // namespace bl::verdict
