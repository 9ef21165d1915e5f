#include <gtest/gtest.h>

#include <set>

#include "results/tests/store_fixture.h"
#include "verdict/comparison.h"

namespace bl::results::testing {
namespace {

// ---- runs and results

TEST(StoreRunBrowser, an_unknown_id_is_not_found) {
  StoreFixture store;
  EXPECT_EQ(store.runs.result("nope").error().code, Code::not_found);
  EXPECT_EQ(store.history.fingerprint_of("nope").error().code, Code::not_found);
  EXPECT_EQ(store.history.history("nope").error().code, Code::not_found);
}

TEST(StoreRunBrowser, filters_narrow_the_list) {
  StoreFixture store;
  for (int i = 0; i < 6; ++i) {
    Draft draft = on_commit(i);
    draft.run_id = i < 3 ? "a" : "b";
    draft.batch_id = i % 2 == 0 ? "even" : "odd";
    draft.run_reason = i == 5 ? "pull request" : "commit";
    store.submit(submission_of(draft));
  }
  const auto count = [&](const ResultFilter& filter) { return store.runs.results(filter)->size(); };
  ResultFilter by_run, by_batch, by_reason, by_time, all;
  by_run.run_id = "a";
  by_batch.batch_id = "odd";
  by_reason.run_reason = "pull request";
  by_time.earliest = on_commit(2).timestamp;
  by_time.latest = on_commit(4).timestamp;
  EXPECT_EQ(count(by_run), 3u);
  EXPECT_EQ(count(by_batch), 3u);
  EXPECT_EQ(count(by_reason), 1u);
  EXPECT_EQ(count(by_time), 3u) << "both bounds are inclusive";
  EXPECT_EQ(count(all), 6u);
  by_time.run_id = "a";
  EXPECT_EQ(count(by_time), 1u);
}

TEST(StoreRunBrowser, a_row_shows_case_commit_and_summary) {
  StoreFixture store;
  Draft draft = on_commit(1);
  draft.tags = {{"n", "5"}};
  store.submit(submission_of(draft));
  const ResultRow row = store.runs.results({})->at(0);
  EXPECT_EQ(row.case_name, "sort");
  EXPECT_EQ(json::to_text(row.case_tags), R"({"n":"5"})");
  EXPECT_EQ(row.summary.value, 1.0);
  EXPECT_EQ(row.summary.type, "min");
  EXPECT_EQ(row.unit, "s");
  EXPECT_FALSE(row.has_error);
  ASSERT_TRUE(row.commit);
  EXPECT_EQ(row.commit->sha, sha_of(1));
}

TEST(StoreRunBrowser, runs_are_counted_as_they_grow) {
  StoreFixture store;
  const auto add = [&](std::string name, std::string batch, bool errored, int minutes) {
    Draft draft = on_commit(3);
    draft.name = std::move(name);
    draft.batch_id = std::move(batch);
    draft.errored = errored;
    draft.timestamp = Timestamp{k_start.micros + minutes * 60'000'000};
    return store.submit(submission_of(draft)).id;
  };
  add("a", "b1", false, 10);
  const std::string newest = add("b", "b2", false, 30);
  add("a", "b1", true, 20);
  Draft other = on_commit(1);
  other.timestamp = k_start;
  store.submit(submission_of(other));

  const auto runs = store.runs.recent_runs(std::nullopt, 10);

  ASSERT_EQ(runs->size(), 2u);
  const RunRow& run = runs->at(0);
  EXPECT_EQ(run.run_id, "run-3");
  EXPECT_EQ(run.result_count, 3);
  EXPECT_EQ(run.error_count, 1);
  EXPECT_EQ(run.series_count, 2);
  EXPECT_EQ(run.batch_count, 2);
  EXPECT_EQ(run.latest_result_id, newest);
  EXPECT_EQ(run.latest_batch_id, "b2");
  EXPECT_EQ(run.first_result_at.micros, k_start.micros + 600'000'000);
  EXPECT_EQ(run.last_result_at.micros, k_start.micros + 1'800'000'000);
  EXPECT_EQ(run.commit_sha, sha_of(3));
  EXPECT_EQ(runs->at(1).run_id, "run-1");
  EXPECT_EQ(store.runs.recent_runs(std::nullopt, 1)->size(), 1u);
  EXPECT_EQ(store.runs.recent_runs("https://github.com/no/one", 10)->size(), 0u);
  EXPECT_EQ(store.runs.recent_runs(k_repository, 10)->size(), 2u);
  EXPECT_EQ(*store.runs.repositories(), std::vector<std::string>{k_repository});
}

TEST(StoreRunBrowser, a_run_counts_the_series_that_it_regressed) {
  StoreFixture store;
  for (int i = 0; i < 20; ++i) {
    Draft draft = on_commit(i);
    const double value = i == 19 ? 50.0 : 10.0 + 0.1 * (i % 3);
    draft.data = {value, value + 1, value + 2};
    store.submit(submission_of(draft));
    draft.name = "steady";
    draft.data = {10.0 + 0.1 * (i % 3), 11, 12};
    store.submit(submission_of(draft));
  }
  store.refresh_all();
  Draft only_now = on_commit(19);
  only_now.name = "new";
  store.submit(submission_of(only_now));
  const auto runs = store.runs.recent_runs(std::nullopt, 2);
  const RunRow& newest = runs->at(0);
  EXPECT_EQ(newest.regressed_count, 1);
  EXPECT_EQ(newest.stable_count, 1);
  EXPECT_EQ(newest.improved_count, 0);
  EXPECT_EQ(newest.insufficient_count, 1);
  const RunRow& older = runs->at(1);
  EXPECT_EQ(older.series_count, 2);
  EXPECT_EQ(older.stable_count + older.insufficient_count, 0) << "its series went on";
}

// ---- history

TEST(StoreHistory, only_good_results_on_the_default_branch_are_points) {
  StoreFixture store;
  const std::string good = store.submit(submission_of(on_commit(2))).history_fingerprint;
  store.submit(submission_of(on_commit(1)));
  Draft errored = on_commit(3);
  errored.errored = true;
  const std::string failed_id = store.submit(submission_of(errored)).id;
  Draft branch = on_commit(4);
  branch.branch = "org:feature";
  branch.fork_point = sha_of(2);
  store.submit(submission_of(branch));
  Draft no_commit;
  store.submit(submission_of(no_commit));
  Draft unknown = on_commit(6);
  unknown.commit_time.reset();
  store.submit(submission_of(unknown));

  const auto history = store.history.history(good);

  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->repository, k_repository);
  ASSERT_EQ(history->points.size(), 2u);
  EXPECT_EQ(history->points[0].commit_sha, sha_of(1));
  EXPECT_EQ(history->points[1].commit_sha, sha_of(2));
  EXPECT_EQ(history->points[1].data_json, "[1,2,3]");
  EXPECT_EQ(history->points[1].unit, "s");
  EXPECT_EQ(history->points[1].mean, 2.0);
  EXPECT_EQ(history->points[1].summary.value, 1.0);
  EXPECT_EQ(history->hardware_hash, "m1-0-2-0-0");
  EXPECT_EQ(*store.history.fingerprint_of(failed_id), good) << "a failed result is a valid key";
}

TEST(StoreHistory, every_point_has_its_info_and_equal_ones_are_kept_once) {
  StoreFixture store;
  std::string fingerprint;
  for (int i = 0; i < 3; ++i) {
    Submission submission = submission_of(on_commit(i));
    submission.result.info = *json::parse(i == 2 ? R"({"compiler":"gcc"})" : "{}");
    fingerprint = store.submit(submission).history_fingerprint;
  }
  const auto history = store.history.history(fingerprint);
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->points.size(), 3u);
  EXPECT_EQ(history->infos.size(), 2u);
  EXPECT_EQ(history->infos.find(history->points[0].info_id)->second, "{}");
  EXPECT_EQ(history->infos.find(history->points[2].info_id)->second, R"({"compiler":"gcc"})");
}

TEST(StoreHistory, golden_series_has_its_outlier_and_its_step) {
  // spec/results-conbench.md 4.5, golden A
  const double values[] = {10.0, 10.2, 9.9,  10.1, 10.0, 9.8,  10.3, 10.1, 9.9,  10.0, 30.0, 10.1,
                           10.2, 9.9,  10.0, 10.1, 20.0, 20.1, 19.9, 20.2, 20.0, 20.1, 19.8, 20.0};
  StoreFixture store;
  std::string fingerprint;
  for (int i = 0; i < 24; ++i) {
    Draft draft = on_commit(i);
    draft.data = {values[i]};
    fingerprint = store.submit(submission_of(draft)).history_fingerprint;
  }
  const auto history = store.history.history(fingerprint);
  ASSERT_EQ(history->points.size(), 24u);
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(history->points[i].lookback.is_outlier, i == 10) << i;
    EXPECT_EQ(history->points[i].lookback.is_step, i == 16) << i;
  }
  EXPECT_NEAR(*history->points[23].lookback.mean_excluding_this_commit, 13.21363636, 1e-8);
  EXPECT_NEAR(*history->points[23].lookback.stddev, 4.051323774, 1e-8);
}

TEST(StoreHistory, units_may_be_mixed_inside_a_series) {
  StoreFixture store;
  const std::string fingerprint = store.submit(submission_of(on_commit(1))).history_fingerprint;
  Draft other = on_commit(2);
  other.unit = "ns";
  store.submit(submission_of(other));
  const auto history = store.history.history(fingerprint);
  EXPECT_EQ(history->points[0].unit, "s");
  EXPECT_EQ(history->points[1].unit, "ns");
  EXPECT_EQ(store.health.series({})->series.at(0).unit, "ns");
}

// ---- comparison

struct Eight {
  StoreFixture store;
  std::string baseline, contender;
  // Golden of spec/results-conbench.md 4.2.
  Eight() {
    const std::vector<std::pair<int, double>> known = {{0, 10.0},  {0, 10.05}, {1, 10.1},
                                                       {1, 10.15}, {2, 10.2},  {2, 10.25}};
    for (const auto& [commit, value] : known) baseline = submit(commit, value);
    contender = submit(3, 20.0);
  }
  std::string submit(int commit, double value) {
    Draft draft = on_commit(commit);
    draft.data = {value};
    return store.submit(submission_of(draft)).id;
  }
};

TEST(StoreCompare, golden_z_score) {
  Eight eight;
  const auto input = eight.store.compare.compare(eight.baseline, eight.contender);
  ASSERT_TRUE(input.ok()) << input.error().message;
  EXPECT_EQ(input->baseline.result_id, eight.baseline);
  EXPECT_EQ(input->baseline.summary.value, 10.25);
  EXPECT_EQ(input->contender.summary.value, 20.0);
  const auto z = verdict::z_score(input->distribution, input->contender.summary.value,
                                  verdict::Direction::less_is_better);
  ASSERT_TRUE(z);
  EXPECT_NEAR(z->score, -137.4, 0.05);
  EXPECT_TRUE(z->regression);
}

TEST(StoreCompare, commits_without_results_count_towards_the_hundred) {
  StoreFixture store;
  Draft old = on_commit(0);
  old.data = {1000};
  store.submit(submission_of(old));
  std::string baseline;
  for (int i = 1; i <= 100; ++i) {
    Draft draft = on_commit(i);
    // Commits 1..98 have results of another series only.
    if (i < 99) draft.name = "another";
    draft.data = {i == 99 ? 10.0 : 11.0};
    baseline = store.submit(submission_of(draft)).id;
  }
  const auto input = store.compare.compare(baseline, baseline);
  ASSERT_TRUE(input->distribution.mean);
  EXPECT_NEAR(*input->distribution.mean, 10.5, 1e-9) << "commit 0 is the 101st: too far back";
}

TEST(StoreCompare, a_branch_is_judged_by_itself_and_by_what_it_grew_from) {
  StoreFixture store;
  const auto add = [&](int i, double value, bool branch) {
    Draft draft = on_commit(i);
    draft.data = {value};
    if (branch) {
      draft.branch = "org:feature";
      draft.fork_point = sha_of(2);
    }
    return store.submit(submission_of(draft)).id;
  };
  add(1, 10, false);
  add(2, 12, false);
  add(3, 500, false);  // on the default branch, after the fork point
  add(4, 14, true);
  const std::string baseline = add(5, 16, true);
  const auto input = store.compare.compare(baseline, baseline);
  ASSERT_TRUE(input->distribution.mean);
  EXPECT_NEAR(*input->distribution.mean, (10 + 12 + 14 + 16) / 4.0, 1e-9);
}

TEST(StoreCompare, without_an_ancestry_there_is_no_distribution) {
  StoreFixture store;
  store.submit(submission_of(on_commit(1)));
  Draft lost = on_commit(5);
  lost.branch = "org:feature";
  lost.fork_point = sha_of(99);  // not stored
  const std::string id = store.submit(submission_of(lost)).id;
  const std::string none = store.submit(submission_of(Draft{})).id;
  EXPECT_FALSE(store.compare.compare(id, id)->distribution.mean);
  EXPECT_FALSE(store.compare.compare(none, none)->distribution.mean);
}

TEST(StoreCompare, what_cannot_be_compared_is_refused) {
  Eight eight;
  Draft another = on_commit(3);
  another.name = "another";
  const std::string other_series = eight.store.submit(submission_of(another)).id;
  Draft nanoseconds = on_commit(3);
  nanoseconds.unit = "ns";
  const std::string other_unit = eight.store.submit(submission_of(nanoseconds)).id;
  auto& compare = eight.store.compare;

  const auto missing = compare.compare("gone", eight.contender);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_NE(missing.error().message.find("baseline"), std::string::npos);
  EXPECT_NE(compare.compare(eight.baseline, "gone").error().message.find("contender"),
            std::string::npos);
  EXPECT_EQ(compare.compare(eight.baseline, other_series).error().code, Code::invalid);
  EXPECT_EQ(compare.compare(eight.baseline, other_unit).error().code, Code::invalid);
}

TEST(StoreCompare, a_failed_side_is_said_to_have_failed) {
  Eight eight;
  Draft draft = on_commit(3);
  draft.errored = true;
  const std::string failed = eight.store.submit(submission_of(draft)).id;
  const auto input = eight.store.compare.compare(eight.baseline, failed);
  ASSERT_TRUE(input.ok());
  EXPECT_TRUE(input->contender.failed);
  EXPECT_FALSE(input->contender.summary.value);
}

TEST(StoreCompare, one_and_two_samples_give_their_best) {
  StoreFixture store;
  const auto summary = [&](std::vector<double> data, std::string unit) {
    Draft draft = on_commit(1);
    draft.data = std::move(data);
    draft.unit = std::move(unit);
    const std::string id = store.submit(submission_of(draft)).id;
    return store.compare.compare(id, id)->baseline.summary;
  };
  EXPECT_EQ(summary({7}, "s").value, 7.0);
  EXPECT_EQ(summary({7, 5}, "s").value, 5.0);
  EXPECT_EQ(summary({7, 5}, "i/s").value, 7.0);
  EXPECT_EQ(summary({7, 5}, "i/s").type, "max");
}

// ---- series

TEST(StoreSeries, status_follows_the_newest_point) {
  StoreFixture store;
  for (int i = 0; i < 12; ++i) {
    Draft draft = on_commit(i);
    const double value = i == 11 ? 30.0 : 10.0 + 0.1 * (i % 4);
    draft.data = {value, value + 1, value + 2};
    store.submit(submission_of(draft));
    draft.name = "throughput";
    draft.unit = "i/s";
    store.submit(submission_of(draft));
  }
  for (const bool refreshed : {false, true}) {
    if (refreshed) store.refresh_all();
    SeriesFilter filter;
    filter.sort = SeriesFilter::Sort::name;
    const auto page = store.health.series(filter);
    ASSERT_EQ(page->series.size(), 2u);
    const SeriesRow& slower = page->series[0];
    EXPECT_EQ(slower.name, "sort");
    EXPECT_EQ(slower.status, SeriesStatus::regressed) << "refreshed: " << refreshed;
    EXPECT_LT(*slower.z_score, -5);
    EXPECT_LT(*slower.change_percent, -100);
    EXPECT_EQ(slower.point_count, 12);
    EXPECT_EQ(slower.sparkline.size(), 12u);
    EXPECT_EQ(slower.sparkline.back(), 30.0);
    EXPECT_EQ(slower.latest_commit_sha, sha_of(11));
    EXPECT_EQ(page->series[1].status, SeriesStatus::improved);
    EXPECT_GT(*page->series[1].z_score, 5);
  }
}

TEST(StoreSeries, a_pull_request_does_not_lead_a_series_that_has_a_history) {
  StoreFixture store;
  store.submit(submission_of(on_commit(1)));
  Draft branch = on_commit(9);
  branch.branch = "org:feature";
  branch.fork_point = sha_of(1);
  store.submit(submission_of(branch));
  const SeriesRow row = store.health.series({})->series.at(0);
  EXPECT_EQ(row.latest_commit_sha, sha_of(1));
  EXPECT_EQ(row.point_count, 1);
}

TEST(StoreSeries, a_series_without_history_shows_its_newest_result) {
  StoreFixture store;
  Draft first;
  store.submit(submission_of(first));
  Draft second;
  second.timestamp = Timestamp{k_start.micros + 1};
  second.errored = true;
  const std::string id = store.submit(submission_of(second)).id;
  const SeriesRow row = store.health.series({})->series.at(0);
  EXPECT_EQ(row.latest_result_id, id);
  EXPECT_EQ(row.status, SeriesStatus::insufficient);
  EXPECT_FALSE(row.latest_summary.value);
  EXPECT_TRUE(row.sparkline.empty());
}

TEST(StoreSeries, every_word_must_be_found_in_name_or_tags) {
  StoreFixture store;
  const auto add = [&](std::string name, std::string size, std::string machine) {
    Draft draft = on_commit(1);
    draft.name = std::move(name);
    draft.tags = {{"size", std::move(size)}};
    draft.machine = std::move(machine);
    store.submit(submission_of(draft));
  };
  add("Sort.Quick", "10", "m1");
  add("Sort.Merge", "100", "m1");
  add("hash", "10", "m2");
  const auto names = [&](std::string text) {
    SeriesFilter filter;
    filter.text = std::move(text);
    filter.sort = SeriesFilter::Sort::name;
    std::string found;
    const auto page = store.health.series(filter);
    for (const SeriesRow& row : page->series) found += row.name + " ";
    return found;
  };
  EXPECT_EQ(names("sort"), "Sort.Merge Sort.Quick ");
  EXPECT_EQ(names("MERGE sort"), "Sort.Merge ");
  EXPECT_EQ(names("size=10"), "Sort.Merge Sort.Quick hash ");
  EXPECT_EQ(names("  hash   10 "), "hash ");
  EXPECT_EQ(names("%"), "") << "no wildcards";
  EXPECT_EQ(names(""), "Sort.Merge Sort.Quick hash ");
}

TEST(StoreSeries, filters_narrow_the_page) {
  StoreFixture store;
  for (int i = 0; i < 4; ++i) {
    Draft draft = on_commit(i);
    draft.name = "b" + std::to_string(i);
    draft.machine = i < 2 ? "m1" : "m2";
    store.submit(submission_of(draft));
  }
  const auto count = [&](const SeriesFilter& filter) {
    return store.health.series(filter)->series.size();
  };
  SeriesFilter machine, repository, since, status, fingerprint;
  machine.hardware = "m2";
  repository.repository = "https://github.com/no/one";
  since.active_since = on_commit(1).timestamp;
  since.active_until = on_commit(2).timestamp;
  status.status = SeriesStatus::regressed;
  fingerprint.fingerprint = store.runs.results({})->at(0).history_fingerprint;
  EXPECT_EQ(count(machine), 2u);
  EXPECT_EQ(count(repository), 0u);
  EXPECT_EQ(count(since), 2u);
  EXPECT_EQ(count(status), 0u);
  EXPECT_EQ(count(fingerprint), 1u);
}

TEST(StoreSeries, pages_of_every_sort_show_each_series_once) {
  StoreFixture store;
  for (int series = 0; series < 23; ++series) {
    for (int i = 0; i < 6; ++i) {
      Draft draft = on_commit(i);
      draft.name = "s" + std::to_string(series / 3);
      draft.tags = {{"p", std::to_string(series)}};
      draft.data = {10.0 + i + series % 4};
      store.submit(submission_of(draft));
    }
  }
  store.refresh_all();
  for (const auto sort :
       {SeriesFilter::Sort::recent, SeriesFilter::Sort::name, SeriesFilter::Sort::change}) {
    SeriesFilter filter;
    filter.sort = sort;
    filter.page_size = 4;
    std::set<std::string> seen;
    std::vector<SeriesRow> rows;
    for (int pages = 0; pages < 10; ++pages) {
      auto page = store.health.series(filter);
      ASSERT_TRUE(page.ok());
      for (SeriesRow& row : page->series) {
        EXPECT_TRUE(seen.insert(row.history_fingerprint).second);
        rows.push_back(std::move(row));
      }
      if (!page->next_cursor) break;
      filter.cursor = *page->next_cursor;
    }
    EXPECT_EQ(seen.size(), 23u);
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (sort == SeriesFilter::Sort::name) {
        EXPECT_LE(rows[i - 1].name, rows[i].name);
      }
      if (sort == SeriesFilter::Sort::change) {
        EXPECT_LE(*rows[i - 1].change_percent, *rows[i].change_percent) << "worst first";
      }
      if (sort == SeriesFilter::Sort::recent) {
        EXPECT_GE(rows[i - 1].latest_result_timestamp, rows[i].latest_result_timestamp);
      }
    }
  }
}

TEST(StoreSeries, a_cursor_of_another_sort_or_rubbish_is_refused) {
  StoreFixture store;
  for (int i = 0; i < 3; ++i) {
    Draft draft = on_commit(i);
    draft.name = "b" + std::to_string(i);
    store.submit(submission_of(draft));
  }
  SeriesFilter filter;
  filter.page_size = 1;
  filter.cursor = *store.health.series(filter)->next_cursor;
  filter.sort = SeriesFilter::Sort::name;
  EXPECT_EQ(store.health.series(filter).error().code, Code::invalid);
  for (const char* rubbish : {"zz", "abc", "5b5d", "ff"}) {
    filter.cursor = rubbish;
    EXPECT_EQ(store.health.series(filter).error().code, Code::invalid) << rubbish;
  }
}

TEST(StoreSeries, another_summary_mode_makes_every_series_stale) {
  StoreFixture store;
  store.submit(submission_of(on_commit(1)));
  store.refresh_all();
  SeriesRefresher mean(*store.database, SummaryMode::mean);
  EXPECT_EQ(*mean.refresh_some(10), 1);
  EXPECT_EQ(*mean.refresh_some(10), 0);
  EXPECT_EQ(store.value("select sparkline from bl_series_sparkline"), "[2]");
  StoreHistoryReader history(*store.database, SummaryMode::mean);
  const auto fingerprint = store.runs.results({})->at(0).history_fingerprint;
  EXPECT_EQ(history.history(fingerprint)->points.at(0).summary.value, 2.0);
  EXPECT_EQ(history.history(fingerprint)->points.at(0).summary.type, "mean");
}

TEST(StoreSeries, facts_are_kept) {
  StoreFixture store;
  EXPECT_EQ(store.health.facts()->results, 0);
  for (int i = 0; i < 5; ++i) {
    Draft draft = on_commit(i / 2);
    draft.name = i == 4 ? "other" : "sort";
    store.submit(submission_of(draft));
  }
  const auto facts = store.health.facts();
  EXPECT_EQ(facts->results, 5);
  EXPECT_EQ(facts->series, 2);
  EXPECT_EQ(facts->runs, 3);
  EXPECT_EQ(facts->commits, 3);
  EXPECT_EQ(facts->repositories, std::vector<std::string>{k_repository});
}

TEST(StoreSeries, search_finds_series_by_text_and_the_rest_by_the_beginning_of_an_id) {
  StoreFixture store;
  const Submitted submitted = store.submit(submission_of(on_commit(1)));
  const auto hits = [&](std::string text) {
    std::string kinds;
    const auto found = store.health.search(text, 10);
    for (const SearchHit& hit : *found) kinds += hit.kind + " " + hit.href + ";";
    return kinds;
  };
  EXPECT_EQ(hits("sor"), "series /series/" + submitted.history_fingerprint + ";");
  EXPECT_EQ(hits(submitted.id.substr(0, 12)), "result /results/" + submitted.id + ";");
  EXPECT_EQ(hits("run-"), "run /runs/run-1;");
  EXPECT_EQ(hits(sha_of(1).substr(0, 7)), "commit /results/" + submitted.id + ";");
  EXPECT_EQ(hits("   "), "");
  EXPECT_EQ(hits("nothing like it"), "");
}

}  // namespace
}  // namespace bl::results::testing
