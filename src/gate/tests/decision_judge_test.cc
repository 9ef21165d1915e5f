#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/decision.h"
#include "gate/tests/made_benchmarks.h"

namespace bl::gate {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;

Judgement judged(const Benchmarks& baseline, const Benchmarks& measured, Bounds bounds = {}) {
  return judge({.baseline = baseline, .measured = measured, .bounds_default = std::move(bounds)});
}

const Criterion& figure(const Judgement& judgement, std::string_view what) {
  for (const Criterion& criterion : judgement.rows.front().criteria) {
    if (criterion.what == what) return criterion;
  }
  throw std::out_of_range(std::string(what));
}

Benchmark with_extra(Benchmark benchmark, const std::string& name, std::vector<double> values) {
  Series series;
  for (const double value : values) series.rounds.push_back({value});
  benchmark.extras[name] = std::move(series);
  return benchmark;
}

TEST(Judge, the_same_again_is_fine) {
  const auto found = judged({noisy("sort", 1, 0.01, 10, 1)}, {noisy("sort", 1, 0.01, 5, 2)});
  EXPECT_EQ(found.exit_code, ExitCode::ok);
  EXPECT_EQ(found.rows[0].status, Status::fine);
  EXPECT_LT(*found.rows[0].criteria[0].detectable, 0.05);
}

TEST(Judge, a_slowdown_beyond_the_bound_is_a_regression) {
  const auto found = judged({noisy("sort", 1, 0.01, 10, 1)}, {noisy("sort", 1.2, 0.01, 5, 2)});
  EXPECT_EQ(found.exit_code, ExitCode::regression);
  const Criterion& median = figure(found, "median");
  EXPECT_EQ(median.status, Status::regression);
  EXPECT_THAT(median.change, DoubleNear(0.2, 0.02));
  EXPECT_GT(*median.low, 0.15);
  EXPECT_LT(*median.p_adjusted, 0.01);
}

TEST(Judge, a_slowdown_within_the_bound_passes_and_is_told) {
  const auto found = judged({noisy("sort", 1, 0.005, 10, 1)}, {noisy("sort", 1.05, 0.005, 5, 2)});
  EXPECT_EQ(found.exit_code, ExitCode::ok);
  EXPECT_THAT(found.rows[0].criteria[0].reason, HasSubstr("worse, within the bound"));
}

TEST(Judge, beyond_the_bound_without_evidence_cannot_be_decided) {
  const auto found = judged({timed("sort", {1.0, 1.6, 0.8, 1.1, 0.9})},
                            {timed("sort", {1.2, 0.9, 1.3, 1.25, 0.8})});
  EXPECT_EQ(found.rows[0].status, Status::undecided);
  EXPECT_EQ(found.exit_code, ExitCode::undecided);
}

TEST(Judge, a_single_run_against_a_single_run_cannot_be_decided) {
  const auto found = judged({timed("sort", {1.0})}, {timed("sort", {2.0})});
  EXPECT_EQ(found.exit_code, ExitCode::undecided);
  EXPECT_THAT(found.rows[0].criteria[0].reason, HasSubstr("too few figures for a test"));
}

TEST(Judge, a_noisy_benchmark_passes_aloud) {
  const auto found = judged({noisy("sort", 1, 0.6, 5, 1)}, {noisy("sort", 1, 0.6, 5, 1)});
  EXPECT_EQ(found.rows[0].status, Status::noisy);
  EXPECT_EQ(found.exit_code, ExitCode::ok);
  EXPECT_THAT(found.rows[0].criteria[0].reason, HasSubstr("not ruled out"));
}

TEST(Judge, an_improvement_is_told) {
  const auto found = judged({noisy("sort", 1, 0.01, 10, 1)}, {noisy("sort", 0.7, 0.01, 5, 2)});
  EXPECT_EQ(found.rows[0].status, Status::improved);
  EXPECT_EQ(found.exit_code, ExitCode::ok);
}

TEST(Judge, each_benchmark_has_its_own_bound_and_none_is_averaged_away) {
  Benchmarks before, now;
  for (int i = 0; i < 9; ++i) {
    const std::string name = "fast" + std::to_string(i);
    before.push_back(noisy(name, 1, 0.01, 10, 1));
    now.push_back(noisy(name, 0.5, 0.01, 5, 2));
  }
  before.push_back(noisy("slow", 1, 0.01, 10, 1));
  now.push_back(noisy("slow", 1.2, 0.01, 5, 2));
  const auto found = judged(before, now);
  EXPECT_EQ(found.exit_code, ExitCode::regression);
  EXPECT_EQ(found.rows[0].name, "slow");  // the worst first
}

TEST(Judge, a_counter_is_judged_to_the_digit) {
  const Bounds bounds{.counters = {"files"}};
  const Benchmark before = with_extra(noisy("read", 1, 0.01, 10, 1), "files", {12, 12});
  const Benchmark same = with_extra(noisy("read", 1, 0.01, 5, 2), "files", {12});
  const Benchmark other = with_extra(noisy("read", 1, 0.01, 5, 2), "files", {12, 13});
  EXPECT_EQ(judged({before}, {same}, bounds).exit_code, ExitCode::ok);
  const auto found = judged({before}, {other}, bounds);
  EXPECT_EQ(found.exit_code, ExitCode::regression);
  EXPECT_THAT(figure(found, "counter files").reason, HasSubstr("was 12, is 13"));
  EXPECT_EQ(judged({before}, {noisy("read", 1, 0.01, 5, 2)}, bounds).exit_code,
            ExitCode::regression);  // it does not say it any more
}

TEST(Judge, on_another_machine_only_counters_count_when_that_is_asked_for) {
  const Benchmarks before = {with_extra(noisy("read", 1, 0.01, 10, 1), "files", {12})};
  const Benchmarks slower = {with_extra(noisy("read", 3, 0.01, 5, 2), "files", {12})};
  const Benchmarks more = {with_extra(noisy("read", 1, 0.01, 5, 2), "files", {13})};
  const auto judged_there = [&](const Benchmarks& now) {
    return judge({.baseline = before,
                  .measured = now,
                  .bounds_default = {.counters = {"files"}},
                  .judges_times = false});
  };
  EXPECT_EQ(judged_there(slower).exit_code, ExitCode::ok);
  EXPECT_EQ(figure(judged_there(slower), "median").status, Status::not_judged);
  EXPECT_EQ(judged_there(more).exit_code, ExitCode::regression);
}

TEST(Judge, a_rate_that_falls_is_worse) {
  const Bounds bounds{.median = 1, .rates = {{"rows_per_s", {.bound = 0.1}}}};
  const auto found = judged(
      {with_extra(noisy("load", 1, 0.01, 5, 1), "rows_per_s", {100, 101, 99, 100, 102})},
      {with_extra(noisy("load", 1, 0.01, 5, 2), "rows_per_s", {80, 81, 79, 80, 82})}, bounds);
  EXPECT_EQ(found.exit_code, ExitCode::regression);
  EXPECT_THAT(figure(found, "rate rows_per_s").change, DoubleNear(0.25, 0.001));
}

TEST(Judge, a_slower_tail_is_seen_where_the_median_stays) {
  Benchmark before = noisy("ask", 1, 0.01, 10, 1), now = noisy("ask", 1, 0.01, 10, 2);
  for (auto& round : now.main.rounds) round[0] *= 2;  // one in five
  const auto found = judged({before}, {now}, {.percentiles = {{95, 0.2}}});
  EXPECT_NE(figure(found, "median").status, Status::regression);
  EXPECT_EQ(figure(found, "p95").status, Status::regression);
}

TEST(Judge, a_percentile_of_too_few_samples_cannot_be_decided) {
  const auto found = judged({timed("ask", {1, 1, 1, 1, 1})}, {timed("ask", {1, 1, 1, 1, 9})},
                            {.percentiles = {{99, 0.2}}});
  EXPECT_EQ(figure(found, "p99").status, Status::undecided);
  EXPECT_THAT(figure(found, "p99").reason, HasSubstr("needs 100 samples"));
}

TEST(Judge, what_is_missing_fails_and_what_is_new_is_told) {
  const auto found = judged({noisy("gone", 1, 0.01, 5, 1), noisy("kept", 1, 0.01, 5, 1)},
                            {noisy("kept", 1, 0.01, 5, 2), noisy("new", 1, 0.01, 5, 2)});
  EXPECT_EQ(found.exit_code, ExitCode::regression);
  EXPECT_EQ(found.rows[0].name, "gone");
  EXPECT_EQ(found.rows[0].status, Status::failed);
  EXPECT_EQ(found.count(Status::added), 1u);
}

TEST(Judge, nothing_in_common_is_no_baseline) {
  EXPECT_EQ(judged({}, {noisy("new", 1, 0.01, 5, 2)}).exit_code, ExitCode::no_baseline);
}

TEST(Judge, a_flat_baseline_is_compared_by_its_median_and_deviation) {
  Benchmark flat{.name = "sort", .main = {.unit = "s"}};
  flat.summary = Summary{.median = 1, .stddev = 0.02, .samples = 50};
  EXPECT_EQ(judged({flat}, {noisy("sort", 1.01, 0.02, 5, 2)}).exit_code, ExitCode::ok);
  EXPECT_EQ(judged({flat}, {noisy("sort", 1.3, 0.02, 5, 2)}).exit_code, ExitCode::regression);
  flat.summary->stddev = 0;
  flat.summary->samples = 1;
  EXPECT_EQ(judged({flat}, {noisy("sort", 1.3, 0.02, 5, 2)}).exit_code, ExitCode::undecided);
}

TEST(Judge, a_single_run_is_believed_no_further_than_runs_agree) {
  // Within a run all is quiet, but runs differ by a tenth: one run that was 15 % faster says
  // little.
  const Benchmark lucky = benchmark("sort", {{0.88, 0.881, 0.879, 0.882, 0.878}});
  Benchmark now = benchmark("sort", {});
  for (const double of_run : {1.0, 1.1, 0.9, 1.05, 0.95, 1.0})
    now.main.rounds.push_back({of_run, of_run * 1.001, of_run * 0.999});
  EXPECT_EQ(judged({lucky}, {now}).rows[0].status, Status::undecided);
  Benchmark quiet = benchmark("sort", {});
  for (int i = 0; i < 6; ++i) quiet.main.rounds.push_back({1, 1.001 + i * 1e-5, 0.999});
  EXPECT_EQ(judged({lucky}, {quiet}).rows[0].status, Status::regression);
}

}  // namespace
}  // namespace bl::gate
