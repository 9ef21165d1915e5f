#include "results/store_verdicts.h"

#include <gtest/gtest.h>

#include <random>

#include "results/store_editor.h"
#include "results/store_verdict_refresh.h"
#include "results/tests/store_fixture.h"
#include "results/verdict_encode.h"
#include "store/both_dialects.h"

/// Verdicts beside their series: made in the background, kept, switched, taught. Over both stores.
namespace bl::results::testing {
namespace {

constexpr int k_next_version = verdict::k_detector_version + 1;

struct Verdicts : ::testing::Test {
  StoreFixture store;
  VerdictRefresher refresher{*store.database, store.clock, store.metrics};
  StoreVerdictReader reader{*store.database};
  StoreVerdictSwitches switches{*store.database};
  const Change change{"u1", "ann", k_start};

  /// Results of one percent of noise on successive commits; gives the ids.
  std::vector<std::string> add(const std::string& name,
                               const std::vector<std::pair<int, double>>& stretches,
                               int first_commit = 0, const std::string& unit = "s") {
    std::mt19937 random(3);
    std::normal_distribution<double> noise(0, 0.01);
    std::vector<std::string> ids;
    int commit = first_commit;
    for (const auto& [count, level] : stretches) {
      for (int i = 0; i < count; ++i) {
        Draft draft = on_commit(commit++);
        draft.name = name;
        draft.unit = unit;
        draft.data = {level * (1 + noise(random))};
        const Submitted submitted = store.submit(submission_of(draft));
        fingerprints[name] = submitted.history_fingerprint;
        ids.push_back(submitted.id);
      }
    }
    return ids;
  }
  /// Until nothing waits; gives how many were judged.
  std::int64_t judge_all() { return judge_all(refresher); }
  std::int64_t judge_all(VerdictRefresher& with) {
    store.refresh_all();
    std::int64_t judged = 0;
    for (int steps = 0; steps < 1'000; ++steps) {
      const auto work = with.judge_some(3);
      if (!work.ok()) ADD_FAILURE() << work.error().message;
      BL_CHECK(work.ok());
      judged += work->judged;
      if (!work->more) return judged;
    }
    ADD_FAILURE() << "there is always more";
    return judged;
  }
  std::optional<json::Value> verdict(const std::string& name) {
    const std::string_view fingerprint = fingerprints.at(name);
    auto found = reader.verdicts(std::span(&fingerprint, 1)).value();
    if (found.empty()) return std::nullopt;
    EXPECT_EQ(found.size(), 1u);
    return json::parse(found.begin()->second.json).value();
  }
  std::string decision(const std::string& name) {
    const auto found = verdict(name);
    return found ? found->find("decision")->as_string() : "none";
  }
  std::string waiting() { return store.value("select count(*) from @verdict_due"); }
  void annotate(const std::string& id, const std::string& changes) {
    StoreResultEditor editor{*store.database, store.clock};
    const auto changed = editor.annotate(id, json::parse(changes).value(), {"u1", "ann"});
    ASSERT_TRUE(changed.ok()) << changed.error().message;
  }

  std::map<std::string, std::string> fingerprints;
};

TEST_F(Verdicts, a_step_is_found_and_kept) {
  add("sort", {{40, 10}, {5, 12}});
  add("scan", {{45, 10}});
  EXPECT_EQ(decision("sort"), "none");
  EXPECT_EQ(judge_all(), 2);
  EXPECT_EQ(decision("sort"), "slower");
  EXPECT_EQ(decision("scan"), "steady");
  const auto found = verdict("sort");
  EXPECT_EQ(found->find("detector")->as_string(), "evidence");
  EXPECT_EQ(found->find("change")->find("commit_sha")->as_string(), sha_of(40));
  EXPECT_EQ(waiting(), "0");
  EXPECT_EQ(judge_all(), 0) << "nothing is judged twice";
}

TEST_F(Verdicts, a_new_result_makes_a_new_verdict) {
  add("sort", {{40, 10}});
  judge_all();
  EXPECT_EQ(decision("sort"), "steady");
  add("sort", {{5, 13}}, 40);
  store.refresh_all();
  EXPECT_EQ(waiting(), "1");
  EXPECT_EQ(decision("sort"), "steady") << "the stored one is read meanwhile";
  EXPECT_TRUE(reader.picture(fingerprints["sort"], 10)->is_stale);
  EXPECT_EQ(judge_all(), 1);
  EXPECT_EQ(decision("sort"), "slower");
  EXPECT_FALSE(reader.picture(fingerprints["sort"], 10)->is_stale);
}

TEST_F(Verdicts, a_kept_detector_goes_on_and_a_late_result_is_replayed) {
  const auto made_by = [&](const char* detector, int count) {
    std::string line = "bl_results_verdicts_detector_total{detector=\"";
    line += detector;
    line += "\"} ";
    line += std::to_string(count);
    return store.metrics.text().find(line) != std::string::npos;
  };
  add("sort", {{40, 10}}, 10);
  judge_all();
  EXPECT_TRUE(made_by("replayed", 1)) << store.metrics.text();
  add("sort", {{5, 13}}, 50);
  judge_all();
  EXPECT_TRUE(made_by("warm", 1)) << store.metrics.text();
  EXPECT_EQ(decision("sort"), "slower");
  const auto warm = verdict("sort");
  // A server that has just started says the same.
  store.run_sql(
      "insert into @verdict_due (series_no, kind, change_count) "
      "select series_no, 0, change_count from @series");
  VerdictRefresher fresh{*store.database, store.clock, store.metrics};
  judge_all(fresh);
  EXPECT_EQ(json::to_text(*verdict("sort")), json::to_text(*warm));
  add("sort", {{1, 10}}, 3);
  judge_all();
  EXPECT_TRUE(made_by("warm", 1)) << "an earlier commit";
  EXPECT_EQ(verdict("sort")->find("results")->as_int64(), 46);
}

TEST_F(Verdicts, one_point_a_constant_and_a_failed_series) {
  add("one", {{1, 10}});
  for (int i = 0; i < 20; ++i) {
    Draft draft = on_commit(i);
    draft.name = "constant";
    draft.data = {5};
    fingerprints["constant"] = store.submit(submission_of(draft)).history_fingerprint;
    draft.name = "failed";
    draft.errored = true;
    fingerprints["failed"] = store.submit(submission_of(draft)).history_fingerprint;
  }
  judge_all();
  EXPECT_EQ(decision("one"), "unknown");
  EXPECT_EQ(decision("constant"), "steady");
  EXPECT_EQ(decision("failed"), "none") << "it has no point";
}

TEST_F(Verdicts, another_version_judges_all_anew_in_slices) {
  for (const char* name : {"a", "b", "c", "d"}) add(name, {{10, 10}});
  judge_all();
  EXPECT_EQ(verdict("a")->find("version")->as_double(), verdict::k_detector_version);
  VerdictRefresher next{
      *store.database, store.clock, store.metrics, SummaryMode::best, {"evidence", k_next_version},
      {.noted_max = 3}};
  const auto first = next.judge_some(2);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->judged, 2);
  EXPECT_TRUE(first->more);
  EXPECT_FALSE(first->is_pressing);
  // Cut off here: another process goes on.
  VerdictRefresher other{
      *store.database, store.clock, store.metrics, SummaryMode::best, {"evidence", k_next_version},
      {.noted_max = 3}};
  EXPECT_EQ(judge_all(other), 2);
  for (const char* name : {"a", "b", "c", "d"}) {
    EXPECT_EQ(verdict(name)->find("version")->as_double(), k_next_version) << name;
  }
  EXPECT_EQ(judge_all(other), 0);
}

TEST_F(Verdicts, new_results_come_before_a_recomputation) {
  for (const char* name : {"a", "b", "c"}) add(name, {{10, 10}});
  judge_all();
  add("c", {{1, 10}}, 10);
  store.refresh_all();
  VerdictRefresher next{
      *store.database, store.clock, store.metrics, SummaryMode::best, {"evidence", k_next_version}};
  ASSERT_TRUE(next.judge_some(1).ok());
  EXPECT_EQ(verdict("c")->find("version")->as_double(), k_next_version);
  EXPECT_EQ(verdict("a")->find("version")->as_double(), verdict::k_detector_version);
  EXPECT_TRUE(reader.picture(fingerprints["c"], 1)->is_stale)
      << "this program's is the version before";
}

TEST_F(Verdicts, switched_off_there_is_none_and_nothing_is_judged) {
  add("sort", {{40, 10}, {5, 12}});
  judge_all();
  ASSERT_TRUE(switches.set(k_repository, false, change).ok());
  EXPECT_EQ(decision("sort"), "none");
  EXPECT_EQ(store.value("select count(*) from @series_change"), "0");
  add("sort", {{1, 12}}, 45);
  EXPECT_EQ(judge_all(), 0);
  EXPECT_EQ(waiting(), "0");
  EXPECT_EQ(decision("sort"), "none");
  const VerdictPicture picture = reader.picture(fingerprints["sort"], 100).value();
  EXPECT_TRUE(picture.verdict_json.empty());
  EXPECT_FALSE(picture.is_stale);
  EXPECT_EQ(picture.points.size(), 46u);
  const CommitVerdict off = reader.commit(k_repository, sha_of(40)).value();
  EXPECT_FALSE(off.enabled);
  EXPECT_EQ(off.sentence, "Verdicts are off for this project.");

  ASSERT_TRUE(switches.set(k_repository, true, change).ok());
  EXPECT_EQ(waiting(), "1");
  EXPECT_EQ(judge_all(), 1);
  EXPECT_EQ(decision("sort"), "slower");
  const VerdictProjects projects = switches.projects().value();
  EXPECT_TRUE(projects.enabled_by_default);
  ASSERT_EQ(projects.projects.size(), 1u);
  EXPECT_TRUE(projects.projects[0].enabled);
  EXPECT_EQ(projects.projects[0].updated_by, "ann");
  EXPECT_EQ(store.value("select count(*) from @audit where action = 'verdict.switch'"), "2");
}

TEST_F(Verdicts, where_the_default_is_off_only_a_project_that_is_on_has_them) {
  store.run_sql("update @results_setting set value = 'off' where name = 'verdicts_default'");
  add("sort", {{40, 10}, {5, 12}});
  EXPECT_EQ(judge_all(), 0);
  EXPECT_FALSE(switches.projects()->enabled_by_default);
  ASSERT_TRUE(switches.set(k_repository, true, change).ok());
  EXPECT_EQ(judge_all(), 1);
  EXPECT_EQ(decision("sort"), "slower");
}

TEST_F(Verdicts, an_annotation_teaches) {
  const auto ids = add("sort", {{40, 10}, {5, 12}});
  judge_all();
  ASSERT_EQ(decision("sort"), "slower");
  for (const char* kind : {"begins_distribution_change", "machine_changed"}) {
    std::string changes = "{\"";
    changes.append(kind).append("\":true}");
    annotate(ids[40], changes);
    EXPECT_EQ(judge_all(), 1) << kind;
    EXPECT_NE(decision("sort"), "slower") << kind;
    changes = "{\"";
    changes.append(kind).append("\":null}");
    annotate(ids[40], changes);
    EXPECT_EQ(judge_all(), 1);
    EXPECT_EQ(decision("sort"), "slower") << kind;
  }
  annotate(ids[40], R"({"noise":true})");
  judge_all();
  const VerdictPicture picture = reader.picture(fingerprints["sort"], 100).value();
  EXPECT_EQ(picture.points[40].lesson, verdict::Lesson::noise);
}

TEST_F(Verdicts, the_picture_has_points_and_segments) {
  const auto ids = add("sort", {{40, 10}, {40, 12}});
  judge_all();
  const VerdictPicture picture = reader.picture(fingerprints["sort"], 30).value();
  EXPECT_EQ(picture.repository, k_repository);
  EXPECT_EQ(picture.unit, "s");
  EXPECT_EQ(picture.points.size(), 30u);
  EXPECT_TRUE(picture.more_points);
  EXPECT_EQ(picture.points.back().result_id, ids.back());
  EXPECT_EQ(picture.points.back().commit_message, "change " + sha_of(79));
  ASSERT_EQ(picture.environments.size(), 1u);
  const auto body = json::parse(encode_picture(picture));
  ASSERT_TRUE(body.ok()) << body.error().message;
  ASSERT_EQ(body->find("segments")->items().size(), 2u);
  EXPECT_EQ(body->find("segments")->items()[1].find("first_result_id")->as_string(), ids[40]);
  EXPECT_EQ(body->find("changes")->items().size(), 1u);
  EXPECT_EQ(reader.picture("nobody", 10).error().code, Code::not_found);
}

TEST_F(Verdicts, results_of_another_unit_take_no_part) {
  add("sort", {{20, 10}}, 0, "s");
  add("sort", {{5, 10'000}}, 20, "s");
  add("scan", {{20, 10}});
  judge_all();
  EXPECT_EQ(decision("scan"), "steady");
  EXPECT_EQ(verdict("scan")->find("results")->as_double(), 20);
}

TEST_F(Verdicts, a_commit_in_one_statement) {
  for (const char* name : {"a", "b", "c", "d"}) add(name, {{40, 10}, {20, 12}});
  for (const char* name : {"e", "f"}) add(name, {{60, 10}});
  judge_all();
  const CommitVerdict found = reader.commit(k_repository, sha_of(40)).value();
  EXPECT_TRUE(found.enabled);
  EXPECT_EQ(found.series, 6);
  EXPECT_EQ(found.slower, 4);
  EXPECT_EQ(found.faster, 0);
  EXPECT_TRUE(found.common_cause);
  EXPECT_NEAR(*found.common_percent, 20, 3);
  EXPECT_LE(found.false_share, 0.1);
  ASSERT_EQ(found.changed.size(), 4u);
  EXPECT_FALSE(found.changed[0].name.empty());
  EXPECT_TRUE(json::parse(encode_commit_verdict(found)).ok());
  EXPECT_EQ(reader.commit(k_repository, sha_of(3))->changed.size(), 0u);
  EXPECT_EQ(reader.commit(k_repository, "nobody").error().code, Code::not_found);
  EXPECT_EQ(reader.commit("https://github.com/org/other", sha_of(40)).error().code,
            Code::not_found);
}

TEST_F(Verdicts, a_run_counts_those_whose_newest_result_is_its_own) {
  add("a", {{40, 10}, {5, 12}});
  add("b", {{40, 10}, {5, 15}});
  add("c", {{45, 10}});
  add("d", {{44, 10}});  // ends a run before
  judge_all();
  const std::vector<RunKey> keys = {
      {"run-44", k_repository}, {"run-43", k_repository}, {"run-7", k_repository}};
  const auto runs = reader.runs(keys).value();
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[0].slower, 2);
  EXPECT_EQ(runs[0].steady, 1);
  ASSERT_TRUE(runs[0].worst);
  EXPECT_EQ(runs[0].worst->name, "b");
  EXPECT_EQ(runs[0].worst->commit_sha, sha_of(40));
  EXPECT_EQ(runs[1].steady, 1);
  EXPECT_FALSE(runs[1].worst);
  EXPECT_FALSE(runs[2].any());
}

TEST_F(Verdicts, a_removed_result_takes_its_verdict_along) {
  const auto ids = add("one", {{1, 10}});
  judge_all();
  EXPECT_EQ(decision("one"), "unknown");
  StoreResultEditor editor{*store.database, store.clock};
  ASSERT_TRUE(editor.remove(ids[0], {"u1", "ann"}).ok());
  EXPECT_EQ(store.value("select count(*) from @series_verdict"), "0");
  EXPECT_EQ(judge_all(), 0);
}

TEST_F(Verdicts, the_gauge_says_how_many_wait) {
  for (const char* name : {"a", "b", "c"}) add(name, {{5, 10}});
  store.refresh_all();
  ASSERT_TRUE(refresher.judge_some(1).ok());
  EXPECT_NE(store.metrics.text().find("bl_results_verdicts_waiting 2"), std::string::npos);
}

/// What a branch that left after commit `from` measured of the series, once for each value.
struct BranchOf {
  BranchRun run;
  std::vector<std::string> ids;
  BranchOf(Verdicts& test, const std::string& name, int from, const std::vector<double>& values) {
    run.up_to = *on_commit(from).commit_time;
    ContenderSeries series{test.fingerprints.at(name), "s", {}};
    ids.reserve(values.size());
    for (const double value : values) {
      Draft draft = on_commit(from);
      draft.sha = "feature";
      draft.fork_point = sha_of(from);
      draft.branch = "fork:feature";
      draft.run_id = "branch";
      draft.name = name;
      draft.data = {value};
      draft.timestamp = draft.timestamp + std::chrono::hours(ids.size() + 1);
      ids.push_back(test.store.submit(submission_of(draft)).id);
      series.results.push_back({.result_id = ids.back(),
                                .commit_sha = "feature",
                                .result_timestamp = draft.timestamp,
                                .commit_timestamp = run.up_to,
                                .value = value});
    }
    run.series.push_back(std::move(series));
  }
};

TEST_F(Verdicts, a_branch_is_judged_by_the_history_that_it_left) {
  add("sort", {{40, 10}, {20, 14}});  // the default branch got slower after the branch had left
  judge_all();
  const auto decision_of = [&](const BranchRun& run) {
    const auto found = reader.contenders(run);
    EXPECT_TRUE(found.ok());
    return found->empty() ? std::string("none")
                          : std::string(name_of(found->begin()->second.decision));
  };
  const BranchOf slow(*this, "sort", 39, {13, 13.1, 12.9});
  EXPECT_EQ(decision_of(slow.run), "slower");
  const auto found = reader.contenders(slow.run).value();
  const auto shown = json::parse(found.begin()->second.json).value();
  EXPECT_EQ(shown.find("judged_result_id")->as_string(), slow.ids.back());
  EXPECT_EQ(shown.find("change")->find("result_id")->as_string(), slow.ids.front());
  EXPECT_EQ(decision_of(BranchOf(*this, "sort", 39, {10.02}).run), "steady");
  EXPECT_EQ(decision("sort"), "slower") << "the series' own is as it was";
}

TEST_F(Verdicts, without_a_verdict_of_its_own_a_series_has_no_contender) {
  add("sort", {{40, 10}});
  const BranchOf branch(*this, "sort", 39, {13, 13});
  EXPECT_TRUE(reader.contenders(branch.run)->empty());
  judge_all();
  EXPECT_EQ(reader.contenders(branch.run)->size(), 1u);
  BranchRun other_unit = branch.run;
  other_unit.series[0].unit = "ns";
  EXPECT_TRUE(reader.contenders(other_unit)->empty());
  BranchRun unknown = branch.run;
  unknown.series[0].history_fingerprint = "no such series";
  EXPECT_TRUE(reader.contenders(unknown)->empty());
  StoreVerdictReader few{*store.database, SummaryMode::best, {.contenders_max = 0}};
  EXPECT_TRUE(few.contenders(branch.run)->empty());
  ASSERT_TRUE(switches.set(k_repository, false, change).ok());
  EXPECT_TRUE(reader.contenders(branch.run)->empty()) << "verdicts are off";
}

}  // namespace
}  // namespace bl::results::testing
