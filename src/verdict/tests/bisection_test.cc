#include "verdict/bisection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "verdict/tests/bisection_simulation.h"

namespace bl::verdict {
namespace {

using State = Bisection::State;

/// A range in which the level is `levels[i]` from commit `from[i]` on; noise of one percent.
struct Range {
  std::size_t commits = 64;
  std::vector<std::pair<std::size_t, double>> levels;
  double noise = 0.01;
  std::mt19937_64 random{7};

  double run(std::size_t commit) {
    double level = 1;
    for (const auto& [from, value] : levels) {
      if (commit >= from) level = value;
    }
    std::normal_distribution<double> normal(0, noise);
    return level * std::exp(normal(random));
  }
};

/// Runs what is proposed, until the answer is known or `runs_max` are made.
Bisection drive(Range& range, BisectionQuestion& question, std::size_t runs_max = 400) {
  question.commits = range.commits;
  while (true) {
    const Bisection answer = bisect(question).value();
    if (answer.state != State::unknown || answer.next.empty() || question.runs.size() >= runs_max)
      return answer;
    for (const BisectionNext& next : answer.next)
      question.runs.push_back({next.commit, range.run(next.commit)});
  }
}

TEST(Bisection, names_the_guilty_commit_its_size_and_how_sure) {
  Range range{.levels = {{37, 1.08}}};
  BisectionQuestion question;
  const Bisection answer = drive(range, question);
  ASSERT_EQ(answer.state, State::found);
  ASSERT_EQ(answer.changes.size(), 1u);
  EXPECT_EQ(answer.changes[0].first, 37u);
  EXPECT_EQ(answer.changes[0].last, 37u);
  EXPECT_GE(answer.confidence, 0.95);
  EXPECT_LT(answer.changes[0].low, 0.08);
  EXPECT_GT(answer.changes[0].high, 0.08);
  EXPECT_NEAR(answer.noise, 0.01, 0.007);
  EXPECT_LT(question.runs.size(), 25u);
  EXPECT_TRUE(answer.next.empty());
}

TEST(Bisection, begins_with_two_runs_of_each_end) {
  const Bisection answer = bisect({.commits = 9, .next_max = 9}).value();
  EXPECT_EQ(answer.state, State::unknown);
  ASSERT_EQ(answer.next.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(answer.next[i].commit, i % 2 == 0 ? 0u : 8u);
}

TEST(Bisection, goes_for_the_middle_of_what_is_left) {
  BisectionQuestion question{.commits = 65};
  for (const double value : {1.00, 1.01, 0.99}) {
    question.runs.push_back({0, value});
    question.runs.push_back({64, value * 1.3});
  }
  const Bisection answer = bisect(question).value();
  ASSERT_EQ(answer.next.size(), 1u);
  EXPECT_NEAR(static_cast<double>(answer.next[0].commit), 32, 3);
  EXPECT_GT(answer.next[0].bits, 0.5);
  EXPECT_LT(answer.next[0].bits, 1.2);
}

TEST(Bisection, a_batch_is_spread_over_the_range) {
  BisectionQuestion question{.commits = 65, .next_max = 3};
  for (const double value : {1.00, 1.01, 0.99}) {
    question.runs.push_back({0, value});
    question.runs.push_back({64, value * 1.3});
  }
  const Bisection answer = bisect(question).value();
  ASSERT_EQ(answer.next.size(), 3u);
  std::vector<double> commits;
  for (const BisectionNext& run : answer.next) {
    EXPECT_GT(run.bits, 0.3);
    commits.push_back(static_cast<double>(run.commit));
  }
  std::ranges::sort(commits);
  EXPECT_NEAR(commits[0], 16, 4);
  EXPECT_NEAR(commits[1], 32, 4);
  EXPECT_NEAR(commits[2], 48, 4);
}

TEST(Bisection, commits_that_do_not_build_make_the_answer_a_set) {
  Range range{.levels = {{31, 1.2}}};
  BisectionQuestion question{.cannot_run = {30, 31, 32}};
  const Bisection answer = drive(range, question);
  ASSERT_EQ(answer.state, State::found);
  EXPECT_EQ(answer.changes[0].first, 30u);
  EXPECT_EQ(answer.changes[0].last, 33u);
  for (const BisectionRun& run : question.runs) EXPECT_TRUE(run.commit < 30 || run.commit > 32);
}

TEST(Bisection, a_slowdown_that_is_not_there_is_not_found) {
  Range range{.levels = {}, .noise = 0.005};
  BisectionQuestion question{.change_min = 0.05};
  const Bisection answer = drive(range, question, 600);
  EXPECT_EQ(answer.state, State::no_change);
  EXPECT_TRUE(answer.changes.empty());
}

TEST(Bisection, a_slowdown_that_is_taken_back_within_the_range_is_told_as_two_changes) {
  // Equal ends would be no change at all: the level comes back only in part.
  Range range{.commits = 32, .levels = {{9, 1.2}, {20, 1.05}}};
  BisectionQuestion question;
  const Bisection answer = drive(range, question, 150);
  ASSERT_EQ(answer.state, State::two_changes);
  EXPECT_EQ(answer.changes[0].first, 9u);
  EXPECT_EQ(answer.changes[1].first, 20u);
  EXPECT_GT(answer.changes[0].change, 0);
  EXPECT_LT(answer.changes[1].change, 0);
}

TEST(Bisection, one_outlier_names_nobody) {
  BisectionQuestion question{.commits = 5};
  for (int i = 0; i < 6; ++i) {
    question.runs.push_back({0, 1 + 0.001 * (i % 3)});
    question.runs.push_back({4, 1.1 + 0.001 * (i % 3)});
    question.runs.push_back({3, 1.1 + 0.001 * (i % 3)});
  }
  for (int i = 0; i < 5; ++i) question.runs.push_back({2, 1 + 0.001 * (i % 2)});
  question.runs.push_back({2, 1.1});
  const Bisection answer = bisect(question).value();
  EXPECT_EQ(answer.changes[0].first, 3u);
}

TEST(Bisection, runs_that_drift_together_count_for_less) {
  // The machine becomes slower while it measures: first all of one side, then all of the other.
  BisectionQuestion drifting{.commits = 3}, still{.commits = 3};
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0, 0.002);
  double wander = 0;
  for (int i = 0; i < 60; ++i) {
    const std::size_t commit = i < 20 ? 0 : i < 40 ? 1 : 2;
    const double noise = normal(random);
    wander = 0.95 * wander + noise;
    drifting.runs.push_back({commit, std::exp(wander)});
    still.runs.push_back({commit, std::exp(noise)});
  }
  EXPECT_LT(bisect(drifting)->confidence, 0.95);
  EXPECT_EQ(bisect(still)->changes.size(), 0u);
}

TEST(Bisection, refuses_what_is_no_question_by_name) {
  const auto error_of = [](const BisectionQuestion& question) {
    const auto refused = bisect(question, {.commits_max = 100, .runs_max = 3});
    return refused.ok() ? "" : refused.error().message;
  };
  EXPECT_EQ(error_of({.commits = 1}), "a range has at least two commits: 1");
  EXPECT_EQ(error_of({.commits = 101}), "a range has at most 100 commits: 101");
  EXPECT_EQ(error_of({.commits = 4, .runs = {{4, 1.0}}}),
            "a run of a commit beyond the range of 4: 4");
  EXPECT_EQ(error_of({.commits = 4, .runs = {{3, NAN}}}),
            "a run of commit 3 without a finite value: nan");
  EXPECT_EQ(error_of({.commits = 4, .runs = std::vector<BisectionRun>(4)}), "at most 3 runs: 4");
  EXPECT_EQ(error_of({.commits = 4, .cannot_run = {9}}),
            "a commit that cannot be run, beyond the range of 4: 9");
  EXPECT_EQ(error_of({.commits = 4, .confidence = 1}),
            "the confidence must be above 0.5 and below 1: 1");
  EXPECT_EQ(error_of({.commits = 4, .change_min = 0}),
            "the least change must be above 0 and below 0.5: 0");
}

TEST(Bisection, values_of_zero_and_below_and_all_alike_are_taken) {
  const Bisection alike =
      bisect({.commits = 4, .runs = {{0, 0.0}, {3, 0.0}, {0, 0.0}, {3, 0.0}}}).value();
  EXPECT_EQ(alike.state == State::found || alike.state == State::two_changes, false);
  Range range{.commits = 16, .levels = {{5, 1.5}}};
  BisectionQuestion question{.commits = 16};
  for (int i = 0; i < 40; ++i) {
    const auto commit = static_cast<std::size_t>(i % 16);
    question.runs.push_back({commit, range.run(commit) - 1.2});
  }
  const Bisection answer = bisect(question).value();
  ASSERT_FALSE(answer.changes.empty());
  EXPECT_EQ(answer.changes[0].first, 5u);
}

// --- What holds of every question ---------------------------------------------------------------

class BisectionProperty : public testing::TestWithParam<unsigned> {
 protected:
  BisectionProperty() {
    std::mt19937_64 random(GetParam());
    range_.commits = 2 + random() % 40;
    range_.noise = std::pow(10, -3.5 + static_cast<double>(random() % 200) / 100);
    range_.levels = {{1 + random() % (range_.commits - 1), 1.01 + 0.002 * (random() % 100)}};
    range_.random.seed(GetParam());
    question_.commits = range_.commits;
    const std::size_t runs = 1 + random() % 30;
    for (std::size_t i = 0; i < runs; ++i) {
      const std::size_t commit = random() % range_.commits;
      question_.runs.push_back({commit, range_.run(commit)});
    }
    question_.next_max = 3;
  }
  Range range_;
  BisectionQuestion question_;
};

TEST_P(BisectionProperty, probabilities_add_up_to_one) {
  const Bisection answer = bisect(question_).value();
  EXPECT_NEAR(
      std::accumulate(answer.guilty.begin(), answer.guilty.end(), 0.0) + answer.none + answer.two,
      1, 1e-9);
  EXPECT_EQ(answer.guilty[0], 0);
  for (const double probability : answer.guilty) EXPECT_GE(probability, 0);
  for (const BisectionNext& next : answer.next) {
    EXPECT_LT(next.commit, question_.commits);
    EXPECT_GE(next.bits, 0);
    EXPECT_TRUE(std::isfinite(next.bits));
  }
}

TEST_P(BisectionProperty, a_change_of_unit_changes_nothing) {
  const Bisection plain = bisect(question_).value();
  for (const double factor : {1e-9, 0.37, 1e6}) {
    BisectionQuestion scaled = question_;
    for (BisectionRun& run : scaled.runs) run.value *= factor;
    const Bisection answer = bisect(scaled).value();
    EXPECT_EQ(answer.state, plain.state);
    for (std::size_t i = 0; i < plain.guilty.size(); ++i)
      EXPECT_NEAR(answer.guilty[i], plain.guilty[i], 1e-4);
    ASSERT_EQ(answer.changes.size(), plain.changes.size());
    for (std::size_t i = 0; i < plain.changes.size(); ++i)
      EXPECT_EQ(answer.changes[i].first, plain.changes[i].first);
  }
}

TEST_P(BisectionProperty, the_same_question_has_the_same_answer) {
  const Bisection one = bisect(question_).value(), other = bisect(question_).value();
  EXPECT_EQ(one.guilty, other.guilty);
  ASSERT_EQ(one.next.size(), other.next.size());
  for (std::size_t i = 0; i < one.next.size(); ++i)
    EXPECT_EQ(one.next[i].commit, other.next[i].commit);
}

TEST_P(BisectionProperty, commits_that_cannot_be_run_are_never_proposed) {
  std::mt19937_64 random(GetParam());
  for (std::size_t i = 1; i + 1 < question_.commits; ++i) {
    if (random() % 3 == 0) question_.cannot_run.push_back(i);
  }
  const Bisection answer = bisect(question_).value();
  for (const BisectionNext& next : answer.next)
    EXPECT_EQ(std::ranges::count(question_.cannot_run, next.commit), 0) << next.commit;
}

INSTANTIATE_TEST_SUITE_P(Questions, BisectionProperty, testing::Range(1u, 41u));

// --- Real noise ---------------------------------------------------------------------------------

/// A short form of bisection_bench.
TEST(Bisection, finds_slowdowns_in_real_noise_with_far_fewer_runs_than_plain_bisection) {
  const std::vector<NoisePool> pools = real_noise();
  if (pools.empty()) GTEST_SKIP() << "the accuracy benchmark is missing: BENCHLAKE_SHARED";
  constexpr std::size_t k_slowdowns = 40;
  std::size_t right = 0, wrong = 0;
  std::vector<double> runs, plain_runs;
  for (std::size_t i = 0; i < k_slowdowns; ++i) {
    const Planted planted(pools[i % pools.size()], 64, 1000 + i);
    const Outcome outcome = find_by_bisect(planted, 0.95, 0, 200);
    right += outcome.named == planted.guilty() ? 1 : 0;
    wrong += outcome.named && *outcome.named != planted.guilty() ? 1 : 0;
    runs.push_back(static_cast<double>(outcome.runs));
    const Outcome plain = find_by_plain_bisection(planted, 0.95, 0, 200);
    plain_runs.push_back(static_cast<double>(plain.runs));
  }
  EXPECT_GE(right, 34u) << "of 40, with at most 200 runs each";
  EXPECT_LE(wrong, 2u);
  EXPECT_LE(median(runs), 0.6 * median(plain_runs));
}

}  // namespace
}  // namespace bl::verdict
