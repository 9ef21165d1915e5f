#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "gate/decision.h"
#include "gate/self_check.h"
#include "gate/tests/made_benchmarks.h"

namespace bl::gate {
namespace {

/// Any rounds: few or many, of few or many samples, over seven powers of ten.
rc::Gen<Rounds> any_rounds() {
  const auto sample =
      rc::gen::map(rc::gen::inRange(1, 10'000'000), [](int micros) { return micros * 1e-6; });
  return rc::gen::resize(12, rc::gen::nonEmpty(rc::gen::container<Rounds>(rc::gen::nonEmpty(
                                 rc::gen::container<std::vector<double>>(sample)))));
}

Judgement judged(const Rounds& before, const Rounds& now) {
  return judge({.baseline = {benchmark("b", before)},
                .measured = {benchmark("b", now)},
                .bounds_default = {.percentiles = {{95, 0.2}}}});
}

Rounds scaled(Rounds rounds, double by) {
  for (auto& round : rounds) {
    for (double& sample : round) sample *= by;
  }
  return rounds;
}

Rounds reversed(Rounds rounds) {
  std::ranges::reverse(rounds);
  for (auto& round : rounds) std::ranges::reverse(round);
  return rounds;
}

RC_GTEST_PROP(JudgeProperty, a_median_beyond_its_bound_never_passes, ()) {
  const Rounds before = *any_rounds(), now = *any_rounds();
  const Judgement found = judged(before, now);
  const double was = median(benchmark("b", before).main.samples());
  const double is = median(benchmark("b", now).main.samples());
  if (is > was * (1 + k_bound) * (1 + 1e-9)) RC_ASSERT(found.exit_code != ExitCode::ok);
}

RC_GTEST_PROP(JudgeProperty, the_unit_of_time_changes_nothing, ()) {
  const Rounds before = *any_rounds(), now = *any_rounds();
  const Judgement seconds = judged(before, now);
  const Judgement other = judged(scaled(before, 1024), scaled(now, 1024));
  RC_ASSERT(seconds.exit_code == other.exit_code);
  RC_ASSERT(seconds.rows[0].status == other.rows[0].status);
}

RC_GTEST_PROP(JudgeProperty, the_order_of_rounds_and_samples_changes_nothing, ()) {
  const Rounds before = *any_rounds(), now = *any_rounds();
  const Judgement one = judged(before, now), other = judged(reversed(before), reversed(now));
  RC_ASSERT(one.exit_code == other.exit_code);
  for (std::size_t i = 0; i < one.rows[0].criteria.size(); ++i) {
    const Criterion &a = one.rows[0].criteria[i], &b = other.rows[0].criteria[i];
    RC_ASSERT(a.status == b.status);
    RC_ASSERT(a.change == b.change);
    RC_ASSERT(a.p_value == b.p_value);
    RC_ASSERT(a.low == b.low);
  }
}

RC_GTEST_PROP(JudgeProperty, what_is_compared_with_itself_is_no_regression, ()) {
  const Rounds rounds = *any_rounds();
  RC_ASSERT(judged(rounds, rounds).exit_code == ExitCode::ok);
}

TEST(SelfCheck, the_gate_keeps_its_word) {
  const SelfCheck check = check_the_gate({.trials = 100, .seed = 1});
  for (const SelfCheckLine& line : check.lines) {
    EXPECT_EQ(line.passed_beyond.count, 0) << line.noise;
    if (line.slowdown == 0) {
      EXPECT_LE(line.regressions.low(), 0.05) << line.noise;
    }
  }
  EXPECT_TRUE(check.keeps_its_word()) << to_screen(check, {});
}

TEST(SelfCheck, the_same_seed_gives_the_same_figures) {
  EXPECT_EQ(to_json(check_the_gate({.trials = 10, .seed = 7})),
            to_json(check_the_gate({.trials = 10, .seed = 7})));
}

TEST(SelfCheck, recorded_rounds_are_tried_too) {
  const SelfCheck check =
      check_the_gate({.trials = 50, .seed = 1, .recorded = {noisy("b", 1, 0.02, 10, 3)}});
  const auto recorded = std::ranges::find_if(
      check.lines, [](const SelfCheckLine& line) { return line.noise == "recorded"; });
  ASSERT_NE(recorded, check.lines.end());
  EXPECT_EQ(recorded->regressions.trials, 50);
}

TEST(SelfCheck, a_gate_that_is_red_for_nothing_does_not_keep_its_word) {
  SelfCheck check;
  check.lines.push_back({.noise = "n", .regressions = {.count = 30, .trials = 100}});
  EXPECT_FALSE(check.keeps_its_word());
  check.lines = {{.noise = "n", .slowdown = 0.3, .passed_beyond = {.count = 1, .trials = 100}}};
  EXPECT_FALSE(check.keeps_its_word());
}

}  // namespace
}  // namespace bl::gate
