#include "results/store_alert_history.h"

#include <random>

#include "results/store_editor.h"
#include "results/store_verdict_refresh.h"
#include "results/tests/alert_fixture.h"

/// What was told, and what tells whether it was right, read back. Over both stores.
namespace bl::results::testing {
namespace {

struct AlertHistories : Alerts {
  VerdictRefresher refresher{*fixture.database, fixture.clock, fixture.metrics};

  /// Results of one percent of noise on successive commits; gives the ids.
  std::vector<std::string> add(const std::string& name,
                               const std::vector<std::pair<int, double>>& stretches) {
    std::mt19937 random(3);
    std::normal_distribution<double> noise(0, 0.01);
    std::vector<std::string> ids;
    int commit = 0;
    for (const auto& [count, level] : stretches) {
      for (int i = 0; i < count; ++i) {
        Draft draft = on_commit(commit);
        draft.run_id = "run-" + std::to_string(commit++);
        draft.name = name;
        draft.unit = "s";
        draft.run_reason = "nightly";
        draft.data = {level * (1 + noise(random))};
        draft.timestamp = draft.timestamp + std::chrono::hours(commit);
        ids.push_back(fixture.submit(submission_of(draft)).id);
      }
    }
    return ids;
  }
  void judge_all() {
    fixture.refresh_all();
    for (bool more = true; more;) {
      const auto work = refresher.judge_some(64);
      BL_CHECK(work.ok());
      more = work->more;
    }
  }
  void annotate(const std::string& id, const std::string& changes) {
    StoreResultEditor editor{*fixture.database, fixture.clock};
    const auto changed = editor.annotate(id, json::parse(changes).value(), {"u1", "ann"});
    ASSERT_TRUE(changed.ok()) << changed.error().message;
  }
  AlertHistory history(Timestamp since = {}, const AlertHistoryLimits& limits = {}) {
    auto read = alert_history(*fixture.database, k_repository, since, SummaryMode::best, limits);
    BL_CHECK(read.ok());
    return std::move(read).value();
  }
};

std::vector<std::string> slower_since(const AlertHistorySeries& series) {
  std::vector<std::string> ids;
  for (const SaidVerdict& said : series.said) {
    if (said.is_worse) ids.push_back(said.since_result_id);
  }
  return ids;
}

TEST_F(AlertHistories, have_points_what_was_said_commits_and_opened_rules) {
  AlertRuleBody wanted = body("slower");
  wanted.kind = AlertRuleKind::verdict;
  create(wanted);
  const auto ids = add("sort", {{40, 10}, {5, 12}});
  judge_all();
  ASSERT_TRUE(evaluator.evaluate_all().ok());
  const AlertHistory read = history();
  EXPECT_TRUE(read.verdicts_enabled);
  EXPECT_FALSE(read.is_cut);
  ASSERT_EQ(read.series.size(), 1u);
  EXPECT_EQ(read.series[0].name, "sort");
  EXPECT_EQ(read.series[0].unit, "s");
  EXPECT_EQ(read.series[0].points.size(), 45u);
  EXPECT_EQ(slower_since(read.series[0]), std::vector{ids[40]});
  ASSERT_EQ(read.commits.size(), 45u);
  EXPECT_EQ(read.commits[40].sha, sha_of(40));
  EXPECT_LT(read.commits[0].timestamp, read.commits[44].timestamp);
  ASSERT_EQ(read.opened.size(), 1u);
  EXPECT_EQ(read.opened[0].rule_name, "slower");
  EXPECT_EQ(read.opened[0].commit_sha, sha_of(40));
}

TEST_F(AlertHistories, keep_what_was_said_before_somebody_called_it_noise) {
  const auto ids = add("sort", {{40, 10}, {5, 12}});
  annotate(ids[40], R"({"noise":true})");
  judge_all();
  const AlertHistory read = history();
  EXPECT_EQ(slower_since(read.series.at(0)), std::vector{ids[40]})
      << "the verdict says nothing of it any more";
  EXPECT_EQ(read.series[0].points[40].lesson, verdict::Lesson::noise);
}

TEST_F(AlertHistories, know_what_somebody_confirmed) {
  const auto ids = add("sort", {{45, 10}});
  annotate(ids[20], R"({"confirmed":true})");
  annotate(ids[21], R"({"confirmed":"maybe","note":"confirmed"})");
  judge_all();
  const AlertHistory read = history();
  EXPECT_TRUE(read.series.at(0).points[20].is_confirmed);
  EXPECT_FALSE(read.series[0].points[21].is_confirmed);
  EXPECT_EQ(read.series[0].points[20].lesson, verdict::Lesson::none) << "it teaches nothing";
}

TEST_F(AlertHistories, begin_a_little_before_the_time_asked_for) {
  add("sort", {{45, 10}});
  const AlertHistory all = history();
  const Timestamp since = all.series.at(0).points[30].result_timestamp;
  const AlertHistory some = history(since, {.points_before = 10});
  EXPECT_EQ(some.series.at(0).points.size(), 25u);
  EXPECT_EQ(some.series[0].points.front().result_id, all.series[0].points[20].result_id);
}

TEST_F(AlertHistories, say_when_there_is_more_than_they_read) {
  add("scan", {{5, 10}});
  add("sort", {{5, 10}});
  EXPECT_TRUE(history({}, {.series_max = 1}).is_cut);
  EXPECT_TRUE(history({}, {.commits_max = 3}).is_cut);
  EXPECT_TRUE(history({}, {.points_max = 7}).is_cut);
  EXPECT_FALSE(history({}, {.series_max = 2, .commits_max = 5, .points_max = 10}).is_cut);
}

TEST_F(AlertHistories, of_a_repository_without_series_are_not_found) {
  const auto read =
      alert_history(*fixture.database, "https://github.com/org/none", {}, SummaryMode::best);
  EXPECT_EQ(read.error().code, Code::not_found);
}

}  // namespace
}  // namespace bl::results::testing
