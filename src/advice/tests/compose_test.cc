// What is told of a commit, each rule of compose.h by an example.
#include <gmock/gmock.h>

#include "advice/encode.h"
#include "advice/sentences.h"
#include "advice/tests/made_reports.h"

namespace bl::advice {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

std::vector<JudgedRow> with_steady(std::vector<JudgedRow> rows, int more) {
  for (int i = 0; i < more; ++i) rows.push_back(steady("quiet" + std::to_string(i)));
  return rows;
}

TEST(Compose, a_slowdown_is_told_with_its_commit_and_how_sure_it_is) {
  const Comment comment = comment_of(report_of(with_steady({slower("parse", 6.1, 0.997)}, 4)));
  EXPECT_EQ(comment.status, Status::slower);
  EXPECT_EQ(comment.headline, "parse is slower by 6.1 % since a1b2c3d, 99.7 % sure");
  ASSERT_EQ(comment.findings.size(), 1u);
  EXPECT_EQ(comment.findings[0].since->subject, "parse: read twice");
  EXPECT_EQ(comment.counts.steady, 4);
}

TEST(Compose, the_interval_comes_from_the_noise_and_the_runs_on_both_sides) {
  const Comment comment = comment_of(report_of({slower("parse", 6, 0.999)}));
  // 1.96 * 1 % * sqrt(1/40 + 1/1)
  EXPECT_NEAR(*comment.findings[0].percent_low, 6 - 1.984, 0.01);
  EXPECT_NEAR(*comment.findings[0].percent_high, 6 + 1.984, 0.01);
}

TEST(Compose, an_interval_that_was_measured_goes_before_one_from_noise) {
  JudgedRow row = slower("parse", 6, 0.999);
  row.percent_low = 5;
  row.percent_high = 7.5;
  EXPECT_EQ(comment_of(report_of({row})).findings[0].percent_high, 7.5);
}

TEST(Compose, one_surprise_among_many_benchmarks_must_be_surer_than_one_alone) {
  EXPECT_EQ(comment_of(report_of({slower("parse", 6, 0.9)})).status, Status::slower);
  const Comment among = comment_of(report_of(with_steady({slower("parse", 6, 0.9)}, 99)));
  EXPECT_EQ(among.status, Status::unsure);
  EXPECT_EQ(among.findings[0].kind, Kind::unsure);
}

TEST(Compose, benchmarks_that_changed_together_support_each_other) {
  std::vector<JudgedRow> rows;
  for (const char* name : {"a", "b", "c", "d"}) rows.push_back(slower(name, 6, 0.9));
  EXPECT_EQ(comment_of(report_of(with_steady(rows, 96))).counts.slower, 4);
}

TEST(Compose, what_was_corrected_by_whoever_judged_is_not_corrected_again) {
  JudgedRow row = slower("parse", 12, 0.96);
  row.is_corrected = true;
  EXPECT_EQ(comment_of(report_of(with_steady({row}, 99))).status, Status::slower);
}

TEST(Compose, what_its_history_waits_for_is_never_called_slower) {
  JudgedRow row = waiting("parse", 4, 0.7);
  row.repeats = 2;
  const Comment comment = comment_of(report_of(with_steady({row}, 3)));
  EXPECT_EQ(comment.status, Status::unsure);
  EXPECT_EQ(comment.headline,
            "1 of 4 benchmarks may be slower, which is not sure: 2 more runs of parse would tell");
  ASSERT_EQ(comment.repeats.size(), 1u);
  EXPECT_EQ(comment.repeats[0].sentence, "2 more runs to be sure of parse");
}

TEST(Compose, without_a_word_of_the_history_power_says_how_many_runs_are_needed) {
  JudgedRow row = waiting("parse", 2, 0.6);
  row.noise_percent = 2;
  const Comment comment = comment_of(report_of({row}));
  ASSERT_TRUE(comment.findings[0].repeats);
  EXPECT_GE(*comment.findings[0].repeats, 8);  // a change of one sigma needs about eight in all
}

TEST(Compose, more_runs_than_anybody_would_want_are_not_counted) {
  JudgedRow row = waiting("parse", 0.6, 0.6);
  row.noise_percent = 9;
  const Comment comment = comment_of(report_of({row}));
  EXPECT_FALSE(comment.findings[0].repeats);
  EXPECT_EQ(comment.repeats[0].sentence, "more runs than are worth it to be sure of parse");
}

TEST(Compose, a_faint_suspicion_is_not_told) {
  EXPECT_EQ(comment_of(report_of({waiting("parse", 4, 0.3)})).status, Status::steady);
}

TEST(Compose, a_jump_from_one_unit_to_another_is_no_slowdown) {
  JudgedRow row = slower("parse", 99'900, 0.999);
  row.is_of_unit = true;
  const Comment comment = comment_of(report_of({row}));
  EXPECT_EQ(comment.status, Status::unknown);
  EXPECT_THAT(comment.unknown, Contains(Field(&Unknown::code, Unknown::Code::not_comparable)));
}

TEST(Compose, what_began_before_the_branch_is_not_its_doing) {
  JudgedRow row = slower("parse", 6, 0.999);
  row.began_before = true;
  EXPECT_EQ(comment_of(report_of({row})).status, Status::steady);
}

TEST(Compose, a_failure_is_told_where_the_baseline_did_not_fail) {
  const Comment comment = comment_of(report_of({failed("parse", "exit code 3"), steady("b")}));
  EXPECT_EQ(comment.status, Status::failed);
  EXPECT_EQ(comment.findings[0].sentence, "exit code 3");
  JudgedRow known = failed("parse", "exit code 3");
  known.baseline_failed = true;
  const Comment before = comment_of(report_of({known, steady("b")}));
  EXPECT_EQ(before.status, Status::steady);
  EXPECT_EQ(before.counts.unknown, 1);
}

TEST(Compose, slower_stands_before_failed_unsure_and_faster) {
  JudgedRow faster = slower("d", -30, 0.999);
  faster.call = Call::faster;
  faster.is_worse = false;
  const Comment comment = comment_of(report_of({faster, waiting("c", 3, 0.8), failed("b", "x"),
                                                slower("a", 5, 0.999), slower("e", 50, 0.999)}));
  std::vector<std::string> names;
  for (const Finding& finding : comment.findings) names.push_back(finding.name);
  EXPECT_THAT(names, ElementsAre("e", "a", "b", "c", "d"));
  EXPECT_EQ(comment.headline,
            "2 of 5 benchmarks are slower, most e by 50.0 % since a1b2c3d, 99.9 % sure; 1 of 5 "
            "benchmarks failed; 1 not sure yet");
}

TEST(Compose, a_verdict_and_a_direction_that_contradict_are_not_told) {
  JudgedRow row = slower("parse", 6, 0.999);
  row.is_worse = false;
  EXPECT_EQ(comment_of(report_of({row})).status, Status::steady);
}

TEST(Groups, the_same_commit_and_about_the_same_size_are_probably_one_cause) {
  const Comment comment =
      comment_of(report_of({slower("a", 6, 0.999), slower("b", 7, 0.999), slower("c", 60, 0.999)}));
  ASSERT_EQ(comment.groups.size(), 1u);
  EXPECT_EQ(comment.groups[0].cause, Group::Cause::same_change);
  EXPECT_THAT(comment.groups[0].findings, ElementsAre(1, 2));  // c is first, and not among them
  EXPECT_EQ(comment.groups[0].sentence,
            "2 benchmarks became slower by about 6.5 % at a1b2c3d: probably one cause");
  EXPECT_FALSE(comment.findings[0].group);
}

TEST(Groups, another_commit_is_another_cause) {
  JudgedRow other = slower("b", 6, 0.999);
  other.since_sha = k_base;
  EXPECT_TRUE(comment_of(report_of({slower("a", 6, 0.999), other})).groups.empty());
}

TracedFinding traced(std::size_t finding, const std::string& span, double share) {
  TraceComparison comparison{
      .state = TraceComparison::State::compared, .base_count = 8, .compare_count = 8};
  comparison.grown.push_back({.service = "svc",
                              .name = span,
                              .path = {"bench", span},
                              .before_ns = 1e6,
                              .after_ns = 2e6,
                              .shift_ns = 1e6,
                              .share = share});
  return {finding, comparison};
}

TEST(Groups, the_same_span_is_one_cause_whatever_the_sizes) {
  const Comment comment = comment_of(report_of({slower("a", 60, 0.999), slower("b", 6, 0.999)}),
                                     {traced(0, "decode", 0.9), traced(1, "decode", 0.7)});
  ASSERT_EQ(comment.groups.size(), 1u);
  EXPECT_EQ(comment.groups[0].cause, Group::Cause::same_span);
  EXPECT_EQ(comment.groups[0].sentence, "The same span grew most in 2 benchmarks: decode");
}

TEST(Compose, the_span_that_grew_stands_with_its_finding) {
  const Comment comment =
      comment_of(report_of({slower("a", 60, 0.999)}), {traced(0, "decode", 0.9)});
  ASSERT_EQ(comment.spans.size(), 1u);
  EXPECT_EQ(comment.spans[0].name, "decode");
  EXPECT_EQ(comment.spans[0].share, 0.9);
}

TEST(Compose, traces_that_cannot_be_compared_are_said_to_be_so) {
  for (const auto& [state, words] :
       {std::pair(TraceComparison::State::not_linked, "no traces are linked with a"),
        std::pair(TraceComparison::State::gone, "traces of a are kept no more"),
        std::pair(TraceComparison::State::too_few, "1 traces before and 2 after are too few")}) {
    const TraceComparison none{.state = state, .base_count = 1, .compare_count = 2};
    const Comment comment = comment_of(report_of({slower("a", 60, 0.999)}), {{0, none}});
    EXPECT_TRUE(comment.spans.empty());
    EXPECT_THAT(comment.unknown, Contains(Field(&Unknown::sentence, HasSubstr(words))));
  }
}

TEST(Compose, a_recorded_command_reproduces_against_the_base) {
  ChangeReport report = report_of({slower("a", 6, 0.999)});
  report.rows[0].command = "./bench --benchmark_format=json";
  const Comment comment = comment_of(report);
  EXPECT_EQ(comment.reproduce.source, Reproduction::Source::recorded);
  EXPECT_EQ(*comment.reproduce.command,
            "benchlake check --against " + k_base + " -- ./bench --benchmark_format=json");
}

TEST(Compose, without_a_recorded_command_it_says_so) {
  const Comment comment = comment_of(report_of({slower("a", 6, 0.999)}));
  EXPECT_EQ(comment.reproduce.source, Reproduction::Source::suggested);
  EXPECT_THAT(comment.reproduce.sentence, HasSubstr("Nothing recorded"));
}

TEST(Compose, commits_that_nobody_measured_lead_to_a_bisection) {
  ChangeReport report = report_of({slower("a", 6, 0.999)});
  EXPECT_FALSE(comment_of(report).next);
  report.commits_between = 5;
  EXPECT_THAT(
      *comment_of(report).next->command,
      HasSubstr("benchlake bisect --good " + k_base + " --bad " + k_head + " --benchmark a -- "));
}

TEST(Compose, a_bisection_follows_the_benchmark_by_the_name_that_its_tool_gives) {
  const auto name = [](const char* tool_name, const char* tags) {
    return measured_name_of({.name = tool_name, .tags = json::parse(tags).value()});
  };
  EXPECT_EQ(name("parse", "{}"), "parse");
  EXPECT_EQ(name("BM_Sort", R"({"params":"8/2"})"), "BM_Sort/8/2");
  EXPECT_EQ(name("BM_Sort", R"({"params":"<int>/8"})"), "BM_Sort<int>/8");
  EXPECT_EQ(name("sort", R"({"n":8,"fast":true})"), "sort[n=8,fast=true]");
  EXPECT_EQ(name("a.py::test", R"({"n":8,"kind":"fast"})"), "a.py::test[8-fast]");
}

TEST(Compose, a_commit_without_results_is_told_as_that) {
  const Comment comment = comment_of(report_of({}));
  EXPECT_EQ(comment.status, Status::unknown);
  EXPECT_EQ(comment.headline, "Nothing was measured of this commit yet");
}

TEST(Compose, what_was_not_judged_is_counted_and_named) {
  JudgedRow fresh = steady("fresh");
  fresh.call = Call::unknown;
  const Comment comment = comment_of(report_of({fresh, steady("b")}));
  EXPECT_EQ(comment.headline, "No change seen in 1 of 2 benchmarks; 1 could not be judged");
  EXPECT_THAT(comment.unknown, ElementsAre(Unknown{Unknown::Code::too_little_history,
                                                   "1 benchmark not judged, too little history: "
                                                   "fresh"}));
}

TEST(Compose, a_failed_build_is_told) {
  const ChangeReport report = report_of({steady("a")});
  const Question question{"https://github.com/org/repo", k_head, {}};
  const Comment comment = compose({.question = question,
                                   .report = report,
                                   .builds = {{"run-1", "failed", "Build run-1 failed"}}});
  EXPECT_THAT(comment.unknown, Contains(Field(&Unknown::code, Unknown::Code::build_failed)));
}

TEST(Compose, the_json_is_well_formed) {
  const auto parsed = json::parse(encode_comment(
      comment_of(report_of({slower("a", 60, 0.999), waiting("c", 3, 0.8), failed("b", "x")}),
                 {traced(0, "decode", 0.9)})));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->find("status")->as_string(), "slower");
  EXPECT_EQ(parsed->find("findings")->items().size(), 3u);
}

}  // namespace
}  // namespace bl::advice
