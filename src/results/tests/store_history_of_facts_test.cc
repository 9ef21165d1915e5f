// What histories read of facts that others may have written. PostgreSQL; on SQLite the same
// histories come of its own rows.
#include <gtest/gtest.h>

#include "results/tests/store_fixture.h"

namespace bl::results::testing {
namespace {

TEST(HistoryOfFacts, a_commit_that_many_came_after_is_still_found) {
  StoreFixture store;
  const std::string series = store.submit(submission_of(on_commit(0))).history_fingerprint;
  std::vector<Submission> later;
  for (int i = 1; i <= 80; ++i) {
    Draft draft = on_commit(i);
    draft.name = "another series";
    later.push_back(submission_of(draft));
  }
  for (const auto& outcome : store.writer.submit_many(later)) ASSERT_TRUE(outcome.ok());
  const auto history = store.history.history(series);
  ASSERT_TRUE(history.ok()) << history.error().message;
  ASSERT_EQ(history->points.size(), 1u);
  EXPECT_EQ(history->points[0].commit_sha, sha_of(0));
}

TEST(HistoryOfFacts, points_of_one_time_are_in_the_order_of_their_ids) {
  StoreFixture store;
  std::vector<std::string> ids;
  std::string series;
  for (int i = 0; i < 4; ++i) {
    const Submitted submitted = store.submit(submission_of(on_commit(1)));
    series = submitted.history_fingerprint;
    ids.push_back(submitted.id);
  }
  std::vector<std::string> seen;
  const auto history = store.history.history(series);
  ASSERT_TRUE(history.ok());
  for (const HistoryPoint& point : history->points) seen.emplace_back(point.result_id);
  EXPECT_EQ(seen, ids);
}

TEST(HistoryOfFacts, annotations_and_tags_come_compact_and_sorted) {
  StoreFixture store;
  Draft draft = on_commit(1);
  draft.begins_change = true;
  Submission submission = submission_of(draft);
  submission.result.run_tags = *json::parse(R"({"name":"a \"b\" c"})");
  submission.result.change_annotations.set("about", json::Value::string("x"));
  const std::string series = store.submit(submission).history_fingerprint;
  const auto history = store.history.history(series);
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->points[0].run_tags_json, R"({"name":"a \"b\" c"})");
  EXPECT_EQ(history->points[0].change_annotations_json,
            R"({"about":"x","begins_distribution_change":true})");
  EXPECT_TRUE(history->points[0].lookback.begins_change);
}

TEST(HistoryOfFacts, samples_of_any_array_are_json) {
  StoreFixture store;
  if (store.database->dialect() != store::Dialect::postgres) return;
  const std::string series = store.submit(submission_of(on_commit(1))).history_fingerprint;
  for (const auto& [array, json] :
       {std::pair{"{1.50,2}", "[1.50,2]"}, std::pair{"[0:1]={1.50,NaN}", "[1.50,\"NaN\"]"},
        std::pair{"{{1,2},{3,4}}", "[[1,2],[3,4]]"}}) {
    store.run_sql(std::string("update benchmark_result set min = 1, data = '") + array + "'");
    const auto history = store.history.history(series);
    ASSERT_TRUE(history.ok()) << history.error().message;
    ASSERT_EQ(history->points.size(), 1u) << array;
    EXPECT_EQ(history->points[0].data_json, json);
  }
}

TEST(HistoryOfFacts, an_old_row_without_aggregates_has_its_samples) {
  StoreFixture store;
  if (store.database->dialect() != store::Dialect::postgres) return;
  const std::string series = store.submit(submission_of(on_commit(1))).history_fingerprint;
  store.run_sql("update benchmark_result set min = null, mean = null");
  const auto history = store.history.history(series);
  ASSERT_TRUE(history.ok()) << history.error().message;
  ASSERT_EQ(history->points.size(), 1u);
  EXPECT_EQ(history->points[0].summary.value, 1.0);
  EXPECT_EQ(history->points[0].mean, std::nullopt);
  StoreHistoryReader by_mean(*store.database, SummaryMode::mean);
  const auto means = by_mean.history(series);
  ASSERT_TRUE(means.ok()) << means.error().message;
  EXPECT_EQ(means->points[0].summary.value, 2.0);
}

TEST(HistoryOfFacts, a_value_that_no_double_holds_is_no_point) {
  StoreFixture store;
  if (store.database->dialect() != store::Dialect::postgres) return;
  const std::string series = store.submit(submission_of(on_commit(1))).history_fingerprint;
  for (const char* value : {"'NaN'", "1e400"}) {
    store.run_sql(std::string("update benchmark_result set min = ") + value);
    const auto history = store.history.history(series);
    ASSERT_TRUE(history.ok()) << history.error().message;
    EXPECT_TRUE(history->points.empty()) << value;
  }
}

TEST(HistoryOfFacts, an_infinite_time_is_refused) {
  StoreFixture store;
  if (store.database->dialect() != store::Dialect::postgres) return;
  const std::string series = store.submit(submission_of(on_commit(1))).history_fingerprint;
  store.run_sql("update benchmark_result set timestamp = 'infinity'");
  const auto history = store.history.history(series);
  ASSERT_FALSE(history.ok());
  EXPECT_EQ(history.error().code, Code::corrupt);
}

// Lists by time -----------------------------------------------------------------------------

TEST(ResultsOfATime, whatever_the_way_to_them_the_page_is_the_same) {
  StoreFixture store;
  for (int i = 0; i < 12; ++i) {
    Draft draft = on_commit(i);
    draft.timestamp = Timestamp{k_start.micros + (i * 7 % 12) * 1'000'000};
    store.submit(submission_of(draft));
  }
  ResultFilter filter;
  filter.page_size = 3;
  filter.earliest = Timestamp{k_start.micros + 2'000'000};
  filter.latest = Timestamp{k_start.micros + 8'000'000};
  const auto ids_by = [&](std::int64_t sorted, std::int64_t walked) {
    StoreRunBrowser runs(*store.database, SummaryMode::best,
                         {.sorted_results_max = sorted, .walked_results_max = walked});
    std::vector<std::string> ids;
    filter.before_id.reset();
    for (;;) {
      const auto page = runs.results(filter);
      EXPECT_TRUE(page.ok());
      if (!page.ok() || page->empty()) return ids;
      for (const ResultRow& row : *page) ids.push_back(row.id);
      filter.before_id = ids.back();
    }
  };
  const auto all = ids_by(1'000, 1'000);
  EXPECT_EQ(all.size(), 7u);
  EXPECT_TRUE(std::ranges::is_sorted(all, std::ranges::greater()));
  EXPECT_EQ(ids_by(1, 1'000), all) << "met by walking the ids";
  EXPECT_EQ(ids_by(1, 1), all) << "not met soon enough";
}

}  // namespace
}  // namespace bl::results::testing
