#include "results/store_ci_report.h"

#include <gtest/gtest.h>

#include "results/store_snapshots.h"
#include "results/store_thresholds.h"
#include "results/tests/store_fixture.h"

namespace bl::results::testing {
namespace {

const Change k_nobody{};

struct CiFixture : StoreFixture {
  StoreCiReporter reporter{*database};
  StoreThresholds thresholds{*database};
  StoreSnapshots snapshots{*database, ids};

  std::string add(const Draft& draft) {
    Submission submission = submission_of(draft);
    if (!parent.empty()) submission.result.commit.parent = parent;
    return submit(submission).id;
  }
  /// Default-branch commits 0..count-1, each with a run of the named benchmarks near ten.
  void add_history(int count, const std::vector<std::string>& names) {
    for (int i = 0; i < count; ++i) {
      for (const std::string& name : names) {
        Draft draft = on_commit(i);
        draft.name = name;
        draft.data = {10.0 + 0.1 * (i % 3)};
        parent = i > 0 ? sha_of(i - 1) : "";
        add(draft);
      }
    }
    parent.clear();
  }
  /// A result of a branch that left the default branch at commit `from`.
  Draft on_branch(int from, const std::string& name, double value) {
    Draft draft = on_commit(from + 1);
    draft.sha = "b" + sha_of(from + 1).substr(1);
    draft.branch = "org:topic";
    draft.fork_point = sha_of(from);
    draft.run_id = "pr";
    draft.name = name;
    draft.data = {value};
    return draft;
  }
  CiReport report(const CiQuery& query) {
    auto made = reporter.report(query);
    if (!made.ok()) ADD_FAILURE() << made.error().message;
    BL_CHECK(made.ok());
    return std::move(*made);
  }
  static CiQuery of_run(const char* run_id) {
    CiQuery query;
    query.run_ids = {run_id};
    return query;
  }
  static std::map<std::string, std::string> statuses(const CiReport& report) {
    std::map<std::string, std::string> found;
    for (const CiRun& run : report.runs) {
      for (const CiRow& row : run.rows) found[row.name] = name_of(row.status);
    }
    return found;
  }
  std::string parent;
};

TEST(StoreCiReport, every_result_of_a_branch_stands_beside_its_fork_point) {
  CiFixture store;
  store.add_history(15, {"slower", "faster", "steady", "broken", "renamed_unit"});
  store.add(store.on_branch(14, "slower", 50));
  store.add(store.on_branch(14, "faster", 1));
  store.add(store.on_branch(14, "steady", 10.1));
  store.add(store.on_branch(14, "new", 10));
  Draft other_unit = store.on_branch(14, "renamed_unit", 10);
  other_unit.unit = "ns";
  store.add(other_unit);

  const CiReport report = store.report(store.of_run("pr"));

  EXPECT_EQ(CiFixture::statuses(report),
            (std::map<std::string, std::string>{{"slower", "regressed"},
                                                {"faster", "improved"},
                                                {"steady", "stable"},
                                                {"new", "missing_baseline"},
                                                {"renamed_unit", "not_comparable"}}));
  EXPECT_STREQ(name_of(report.status), "failure");
  EXPECT_EQ(report.status_reason, "1 of 3 analyzed results regressed");
  EXPECT_EQ(report.repository, k_repository);
  EXPECT_EQ(report.commit_sha, store.on_branch(14, "", 0).sha);
  ASSERT_EQ(report.runs.size(), 1u);
  const CiRun& run = report.runs[0];
  EXPECT_EQ(run.baseline_run_id, "run-14");
  EXPECT_EQ(run.baseline_commit->sha, sha_of(14));
  EXPECT_TRUE(run.commits_skipped.empty());
  EXPECT_FALSE(run.baseline_fault);
  const CiSummary& counts = report.summary;
  EXPECT_EQ(counts.contender_results, 5);
  EXPECT_EQ(counts.compared, 4);
  EXPECT_EQ(counts.analyzed, 3);
  EXPECT_EQ(counts.improvements, 1);
  EXPECT_EQ(counts.missing_baseline, 1);
  EXPECT_EQ(counts.not_comparable, 1);
}

TEST(StoreCiReport, one_failed_result_calls_for_somebody) {
  CiFixture store;
  store.add_history(15, {"slower", "broken"});
  store.add(store.on_branch(14, "slower", 50));
  Draft failed = store.on_branch(14, "broken", 1);
  failed.errored = true;
  store.add(failed);
  const CiReport report = store.report(store.of_run("pr"));
  EXPECT_STREQ(name_of(report.status), "action_required");
  EXPECT_EQ(report.status_reason, "1 result of 2 failed; 1 of 1 analyzed result regressed");
  EXPECT_EQ(report.runs[0].rows[0].contender.error_json, R"({"stack_trace":"boom"})");
}

// Whatever way the results behind it were read.
int expect_rows_like_comparisons(StoreCompareReader& comparer, const CiReport& report) {
  int compared = 0;
  for (const CiRow& row : report.runs.at(0).rows) {
    if (!row.baseline) continue;
    ++compared;
    const auto input = comparer.compare(row.baseline->result_id, row.contender.result_id);
    if (!input.ok()) ADD_FAILURE() << input.error().message;
    BL_CHECK(input.ok());
    const Comparison alone = compare(*input, {});
    EXPECT_EQ(row.lookback.has_value(), alone.lookback.has_value());
    if (row.lookback && alone.lookback) {
      EXPECT_EQ(row.lookback->score, alone.lookback->score)
          << row.lookback->score - alone.lookback->score;
    }
    EXPECT_EQ(row.pairwise.has_value(), alone.pairwise.has_value());
    if (row.pairwise && alone.pairwise) {
      EXPECT_EQ(row.pairwise->score, alone.pairwise->score);
    }
  }
  return compared;
}

TEST(StoreCiReport, a_row_equals_the_comparison_of_its_two_results) {
  CiFixture store;
  SeededRandom random(11);
  const auto value = [&] { return 5.0 + static_cast<double>(random.below(1000)) / 100; };
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  for (int i = 0; i < 30; ++i) {
    for (const std::string& name : names) {
      for (std::uint64_t n = random.below(3); n > 0; --n) {  // none, one or two
        Draft draft = on_commit(i);
        draft.name = name;
        if (name == "d") draft.unit = "i/s";
        draft.data.assign(1 + random.below(4), 0);
        for (double& sample : draft.data) sample = value();
        draft.begins_change = random.below(20) == 0;
        draft.errored = random.below(10) == 0;
        draft.timestamp.micros += static_cast<std::int64_t>(random.below(1000));
        store.add(draft);
      }
    }
  }
  for (const std::string& name : names) {
    for (std::uint64_t n = 1 + random.below(2); n > 0; --n) {
      Draft draft = store.on_branch(28, name, value() * 2);
      if (name == "d") draft.unit = "i/s";
      store.add(draft);
    }
  }
  Draft one_of_many = store.on_branch(28, "b", value());
  one_of_many.run_id = "one";
  store.add(one_of_many);

  for (const std::size_t large_run_series : {std::size_t{1'000}, std::size_t{1}}) {
    for (const SummaryMode mode : {SummaryMode::best, SummaryMode::mean}) {
      StoreCompareReader comparer(*store.database, mode);
      StoreCiReporter reporter(*store.database,
                               {.mode = mode, .large_run_series = large_run_series});
      for (const char* run_id : {"pr", "one"}) {
        CiQuery query = CiFixture::of_run(run_id);
        query.baseline = BaselineChoice::latest_default;
        const auto report = reporter.report(query);
        ASSERT_TRUE(report.ok()) << report.error().message;
        EXPECT_GT(expect_rows_like_comparisons(comparer, *report), 0) << run_id;
      }
    }
  }
}

// Golden B of spec/results-conbench.md 4.5.
TEST(StoreCiReport, judges_golden_b_as_conbench_does) {
  CiFixture store;
  const double values[] = {10.0, 10.2, 9.9,  10.1, 10.0, 9.8,  10.3, 10.1, 9.9,  10.0, 30.0, 10.1,
                           10.2, 9.9,  10.0, 10.1, 20.0, 20.1, 19.9, 20.2, 20.0, 20.1, 19.8, 20.0};
  for (int i = 0; i < 24; ++i) {
    Draft draft = on_commit(i);
    draft.data = {values[i]};
    draft.begins_change = i == 16;
    store.add(draft);
  }
  store.add(store.on_branch(23, "sort", 21.0));
  const CiReport report = store.report(store.of_run("pr"));
  const CiRow& row = report.runs.at(0).rows.at(0);
  ASSERT_TRUE(row.lookback);
  EXPECT_NEAR(row.lookback->score, -6.811, 0.0005);
  EXPECT_EQ(row.status, RowStatus::regressed);
}

TEST(StoreCiReport, the_runs_of_a_commit_are_all_of_it) {
  CiFixture store;
  store.add_history(12, {"sort"});
  for (const char* machine : {"m1", "m2"}) {
    Draft draft = store.on_branch(11, "sort", 10.1);
    draft.machine = machine;
    draft.run_id = std::string("pr-") + machine;
    store.add(draft);
  }
  CiQuery query;
  query.repository = std::string(k_repository) + "/";
  query.commit_sha = store.on_branch(11, "", 0).sha;

  const CiReport both = store.report(query);
  EXPECT_EQ(both.selected_run_ids, (std::vector<std::string>{"pr-m1", "pr-m2"}));
  EXPECT_EQ(both.runs.at(0).baseline_run_id, "run-11");
  EXPECT_FALSE(both.runs.at(1).baseline_run_id);
  EXPECT_EQ(both.runs.at(1).baseline_fault->code, "no_matching_run");
  EXPECT_EQ(both.runs.at(1).baseline_fault->searched_commit_shas.size(), 12u);
  EXPECT_EQ(both.runs.at(1).rows.at(0).reason, "no matching baseline run was found");
  EXPECT_STREQ(name_of(both.status), "success") << "nobody can help the new machine";

  query.run_ids = {"pr-m2", "gone"};
  const CiReport narrowed = store.report(query);
  EXPECT_EQ(narrowed.runs.size(), 1u);
  EXPECT_EQ(narrowed.missing_run_ids, std::vector<std::string>{"gone"});
  EXPECT_STREQ(name_of(narrowed.status), "action_required");

  query.commit_sha = "nowhere";
  EXPECT_EQ(store.report(query).missing_run_ids, query.run_ids);
  query.run_ids.clear();
  EXPECT_EQ(store.report(query).status_reason, "there are no results to report on");
}

TEST(StoreCiReport, a_run_of_the_default_branch_is_compared_with_its_parent) {
  CiFixture store;
  store.add_history(12, {"sort"});
  const CiReport by_default = store.report(store.of_run("run-11"));
  EXPECT_STREQ(name_of(by_default.status), "skipped");
  EXPECT_EQ(by_default.runs.at(0).baseline_fault->code, "on_default_branch");
  CiQuery query = store.of_run("run-11");
  for (const BaselineChoice choice : {BaselineChoice::parent, BaselineChoice::automatic}) {
    query.baseline = choice;
    const CiReport report = store.report(query);
    EXPECT_EQ(report.runs.at(0).baseline_run_id, "run-10");
    EXPECT_STREQ(name_of(report.status), "success") << report.status_reason;
  }
}

TEST(StoreCiReport, a_parent_that_nobody_knows_is_stood_in_for_by_the_newest_run) {
  CiFixture store;
  for (int i = 0; i < 12; ++i) {
    Draft draft = on_commit(i);
    draft.data = {10.0 + 0.1 * (i % 3)};
    store.add(draft);  // no commit says its parent
  }
  CiQuery query = store.of_run("run-11");
  query.baseline = BaselineChoice::parent;
  EXPECT_EQ(store.report(query).runs.at(0).baseline_fault->code, "commit_unknown");
  query.baseline = BaselineChoice::automatic;
  const CiReport report = store.report(query);
  EXPECT_EQ(report.runs.at(0).baseline_run_id, "run-10");
  EXPECT_EQ(report.runs.at(0).baseline, BaselineKind::latest_default);
  EXPECT_FALSE(report.runs.at(0).baseline_fault);
  EXPECT_STREQ(name_of(report.status), "success") << report.status_reason;

  // The newest run is later than that of an old commit: nothing to be compared with.
  query.run_ids = {"run-5"};
  const CiReport old = store.report(query);
  EXPECT_FALSE(old.runs.at(0).baseline_run_id);
  EXPECT_EQ(old.runs.at(0).baseline, BaselineKind::parent);
  EXPECT_EQ(old.runs.at(0).baseline_fault->code, "commit_unknown");
}

TEST(StoreCiReport, pairs_are_compared_as_they_are_named) {
  CiFixture store;
  store.add_history(12, {"sort"});
  CiQuery query;
  query.run_ids = {"run-11", "run-10"};
  query.baseline_run_ids = {"run-5", "nothing"};
  const CiReport report = store.report(query);
  EXPECT_FALSE(report.baseline);
  EXPECT_EQ(report.runs.at(0).rows.at(0).baseline->run_id, "run-5");
  EXPECT_EQ(report.runs.at(0).baseline_commit->sha, sha_of(5));
  EXPECT_EQ(report.runs.at(1).baseline_fault->code, "baseline_run_missing");
  EXPECT_STREQ(name_of(report.status), "action_required");
}

TEST(StoreCiReport, a_commit_of_which_nothing_is_known_calls_for_somebody) {
  CiFixture store;
  Draft draft;
  draft.run_id = "unknown";
  draft.sha = "abc";
  store.add(draft);
  const CiReport report = store.report(store.of_run("unknown"));
  EXPECT_STREQ(name_of(report.status), "action_required");
  EXPECT_EQ(report.runs.at(0).baseline_fault->code, "commit_unknown");
  Draft without;
  without.run_id = "without";
  store.add(without);
  EXPECT_EQ(store.report(store.of_run("without")).runs.at(0).baseline_fault->code, "no_commit");
}

TEST(StoreCiReport, thresholds_of_project_and_series_are_used_and_named) {
  CiFixture store;
  store.add_history(15, {"sort", "noisy"});
  store.add(store.on_branch(14, "sort", 10.9));
  store.add(store.on_branch(14, "noisy", 50));
  CiReport report = store.report(store.of_run("pr"));
  EXPECT_EQ(CiFixture::statuses(report)["sort"], "regressed");
  const std::string noisy = report.runs[0].rows[0].history_fingerprint;
  ThresholdRule project;
  project.repository = k_repository;
  project.z = 20;
  project.notify_improvements = true;
  ASSERT_TRUE(store.thresholds.set(project, k_nobody).ok());
  ThresholdRule series = project;
  series.history_fingerprint = noisy;
  series.notify_improvements = false;
  series.z = 1'000;
  ASSERT_TRUE(store.thresholds.set(series, k_nobody).ok());

  report = store.report(store.of_run("pr"));
  EXPECT_EQ(CiFixture::statuses(report),
            (std::map<std::string, std::string>{{"sort", "stable"}, {"noisy", "stable"}}));
  EXPECT_EQ(report.thresholds.values.z, 20);
  EXPECT_EQ(report.thresholds.source, ThresholdSource::project);
  EXPECT_TRUE(report.notify_improvements);
  EXPECT_EQ(report.runs[0].rows[0].thresholds.source, ThresholdSource::series);

  CiQuery strict = store.of_run("pr");
  strict.z = 5;
  EXPECT_EQ(store.report(strict).summary.regressions, 2);

  series.history_fingerprint = "unknown";
  EXPECT_EQ(store.thresholds.set(series, k_nobody).error().code, Code::not_found);
  EXPECT_EQ(store.thresholds.rules(k_repository)->size(), 2u);
  EXPECT_TRUE(*store.thresholds.remove(k_repository, noisy, k_nobody));
  EXPECT_FALSE(*store.thresholds.remove(k_repository, noisy, k_nobody));
  EXPECT_EQ(store.thresholds.rules_of_series(noisy)->of_series(noisy, {}, {}).values.z, 20);
  EXPECT_EQ(store.value("select count(*) from bl_audit where action like 'threshold.%'"), "3");
}

TEST(StoreCiReport, is_refused_when_it_would_be_too_large) {
  CiFixture store;
  store.add_history(3, {"a", "b", "c"});
  StoreCiReporter small(*store.database, {}, {.rows_max = 2});
  const auto refused = small.report(CiFixture::of_run("run-2"));
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_EQ(refused.error().message,
            "a report has at most 2 rows, and there are more with the run run-2");
}

TEST(StoreSnapshots, what_was_regressed_stays_and_the_same_is_kept_once) {
  CiFixture store;
  store.add_history(15, {"sort", "steady"});
  store.add(store.on_branch(14, "sort", 50));
  store.add(store.on_branch(14, "steady", 10));
  const CiReport report = store.report(store.of_run("pr"));
  const Change change{"u1", "ada", k_start};
  ASSERT_TRUE(store.snapshots.keep(report, change).ok());
  ASSERT_TRUE(store.snapshots.keep(report, change).ok());
  const auto kept = store.snapshots.snapshots({.run_id = "pr"});
  ASSERT_TRUE(kept.ok()) << kept.error().message;
  ASSERT_EQ(kept->size(), 1u);
  EXPECT_EQ(kept->at(0).status, "failure");
  EXPECT_EQ(kept->at(0).made_by, "ada");
  EXPECT_EQ(kept->at(0).baseline_run_id, "run-14");
  const auto regressions = json::parse(kept->at(0).regressions_json).value();
  ASSERT_EQ(regressions.items().size(), 1u);
  EXPECT_EQ(regressions.items()[0].find("name")->as_string(), "sort");

  CiQuery tolerant = store.of_run("pr");
  tolerant.z = 1e9;
  ASSERT_TRUE(store.snapshots.keep(store.report(tolerant), change).ok());
  const auto newest_first = *store.snapshots.snapshots({.repository = k_repository});
  ASSERT_EQ(newest_first.size(), 2u);
  EXPECT_EQ(newest_first[0].status, "success");
  EXPECT_EQ(store.snapshots.snapshots({.before_id = newest_first[0].id})->size(), 1u);
}

TEST(StoreSnapshots, a_run_has_a_bounded_number_of_them) {
  CiFixture store;
  StoreSnapshots few(*store.database, store.ids, {.per_run_max = 2});
  store.add_history(15, {"sort"});
  store.add(store.on_branch(14, "sort", 50));
  for (int i = 0; i < 4; ++i) {
    CiReport report = store.report(store.of_run("pr"));
    report.runs[0].baseline_run_id = "b" + std::to_string(i);
    ASSERT_TRUE(few.keep(report, {}).ok());
  }
  const auto kept = *few.snapshots({.run_id = "pr"});
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0].baseline_run_id, "b3");
  EXPECT_EQ(kept[1].baseline_run_id, "b2");
}

}  // namespace
}  // namespace bl::results::testing
