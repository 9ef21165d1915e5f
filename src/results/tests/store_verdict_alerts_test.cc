#include <random>

#include "results/store_verdict_refresh.h"
#include "results/tests/alert_fixture.h"
#include "results/verdict_news.h"
#include "store/both_dialects.h"

/// Alert rules of kind verdict: what they look at, what opens them, and who is told of which
/// commit. Over both stores.
namespace bl::results::testing {
namespace {

struct VerdictAlerts : Alerts {
  VerdictRefresher refresher{*fixture.database, fixture.clock, fixture.metrics};

  static AlertRuleBody verdict_body(const std::string& name = "slower") {
    AlertRuleBody made = body(name);
    made.kind = AlertRuleKind::verdict;
    return made;
  }
  /// Results of one percent of noise on successive commits, each in a run of its own.
  void add(const std::string& name, const std::vector<std::pair<int, double>>& stretches,
           int first_commit = 0, const char* reason = "nightly") {
    std::mt19937 random(3);
    std::normal_distribution<double> noise(0, 0.01);
    int commit = first_commit;
    for (const auto& [count, level] : stretches) {
      for (int i = 0; i < count; ++i) {
        Draft draft = on_commit(commit);
        draft.run_id = "run-" + std::to_string(commit++);
        draft.name = name;
        draft.unit = "s";
        draft.run_reason = reason;
        draft.data = {level * (1 + noise(random))};
        draft.timestamp = draft.timestamp + std::chrono::hours(commit);
        fixture.submit(submission_of(draft));
      }
    }
  }
  void judge_all() {
    fixture.refresh_all();
    for (bool more = true; more;) {
      const auto work = refresher.judge_some(64);
      BL_CHECK(work.ok());
      more = work->more;
    }
  }
  std::vector<AlertEvent> evaluate() {
    auto outcome = evaluator.evaluate_all();
    BL_CHECK(outcome.ok());
    EXPECT_TRUE(outcome->failed_rules.empty()) << outcome->error;
    EXPECT_TRUE(reporter.queries.empty()) << "no report is made for a verdict";
    return outcome->events;
  }
};

TEST_F(VerdictAlerts, a_slower_series_opens_the_rule_at_its_commit) {
  const AlertRule made = create(verdict_body());
  add("sort", {{40, 10}, {5, 12}});
  add("scan", {{45, 10}});
  judge_all();
  const auto events = evaluate();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, "opened");
  EXPECT_EQ(events[0].status, "failure");
  EXPECT_EQ(events[0].commit_sha, sha_of(40)) << "the guilty commit, not the newest";
  EXPECT_EQ(events[0].run_id, "run-44");
  EXPECT_TRUE(events[0].status_reason.starts_with("1 of 2 series slower: sort by "))
      << events[0].status_reason;
  EXPECT_NE(events[0].status_reason.find(sha_of(40).substr(0, 10)), std::string::npos);
  EXPECT_NE(events[0].report_url.find(sha_of(40)), std::string::npos) << events[0].report_url;
  const auto summary = json::parse(events[0].summary_json).value();
  EXPECT_EQ(summary.find("regressions")->as_int64(), 1);
  EXPECT_EQ(summary.find("contender_results")->as_int64(), 2);
  EXPECT_EQ(rule(made).state, AlertState::open);
  EXPECT_EQ(statuses(), "pending ") << "told as any other event";
  EXPECT_TRUE(evaluate().empty()) << "once";
}

TEST_F(VerdictAlerts, the_rule_is_resolved_when_the_series_is_back) {
  const AlertRule made = create(verdict_body());
  add("sort", {{40, 10}, {5, 12}});
  judge_all();
  evaluate();
  add("sort", {{8, 10}}, 45);
  judge_all();
  const auto events = evaluate();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, "resolved");
  EXPECT_EQ(rule(made).state, AlertState::inactive);
}

TEST_F(VerdictAlerts, improvements_are_told_once_for_a_commit) {
  AlertRuleBody wanted = verdict_body();
  wanted.notify_improvements = true;
  create(wanted);
  add("sort", {{40, 10}, {5, 8}});
  judge_all();
  const auto events = evaluate();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].kind, "improved");
  EXPECT_EQ(events[0].commit_sha, sha_of(40));
  add("sort", {{1, 8}}, 45);
  judge_all();
  EXPECT_TRUE(evaluate().empty()) << "the same commit, in another run";
}

TEST_F(VerdictAlerts, confidence_muting_and_reason_keep_a_rule_quiet) {
  add("sort", {{40, 10}, {5, 12}});
  judge_all();
  AlertRuleBody sure = verdict_body("sure");
  sure.confidence = 1;
  AlertRuleBody muted = verdict_body("muted");
  muted.muted_benchmarks = {"sort"};
  AlertRuleBody other = verdict_body("other");
  other.run_reason = "weekly";
  for (const AlertRuleBody& one : {sure, muted, other}) create(one);
  EXPECT_TRUE(evaluate().empty());
}

TEST_F(VerdictAlerts, without_verdicts_nothing_changes) {
  const AlertRule made = create(verdict_body());
  add("sort", {{40, 10}, {5, 12}});
  EXPECT_TRUE(evaluate().empty());
  EXPECT_EQ(rule(made).state, AlertState::inactive);
}

TEST_F(VerdictAlerts, a_series_that_is_measured_no_more_keeps_no_rule_open) {
  add("gone", {{40, 10}, {5, 12}});
  add("sort", {{45, 10}});
  judge_all();
  const VerdictNews news = verdict_news(*fixture.database, k_repository, "").value();
  EXPECT_EQ(news.series, 2);
  EXPECT_EQ(news.series_with_news.size(), 1u);
  add("sort", {{1, 10}}, 2'000);  // months later
  judge_all();
  const VerdictNews later = verdict_news(*fixture.database, k_repository, "").value();
  EXPECT_EQ(later.series, 1);
  EXPECT_TRUE(later.series_with_news.empty());
}

TEST_F(VerdictAlerts, the_mark_changes_when_verdicts_that_waited_are_made) {
  const AlertRule made = create(verdict_body());
  const AlertRule report = create(body("report"));
  add("sort", {{40, 10}});
  fixture.refresh_all();
  const std::string waiting = alerts.latest_run(made)->value().mark;
  EXPECT_TRUE(waiting.ends_with(":waiting")) << waiting;
  EXPECT_FALSE(alerts.latest_run(report)->value().mark.ends_with(":waiting"));
  judge_all();
  EXPECT_FALSE(alerts.latest_run(made)->value().mark.ends_with(":waiting"));
}

TEST_F(VerdictAlerts, what_a_rule_says_is_kept) {
  AlertRuleBody wanted = verdict_body();
  wanted.confidence = 0.95;
  const AlertRule made = create(wanted);
  EXPECT_EQ(rule(made).kind, AlertRuleKind::verdict);
  EXPECT_EQ(rule(made).confidence, 0.95);
  ASSERT_TRUE(alerts.update(made.id, body("report again"), {}).ok());
  EXPECT_EQ(rule(made).kind, AlertRuleKind::report);
  EXPECT_EQ(rule(made).confidence, k_alert_confidence);
}

}  // namespace
}  // namespace bl::results::testing
