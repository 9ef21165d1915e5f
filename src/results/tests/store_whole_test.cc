#include <gtest/gtest.h>

#include <set>

#include "results/comparison.h"
#include "results/tests/store_fixture.h"
#include "verdict/comparison.h"

// What the legacy dialect asks of the store beyond the new one.

namespace bl::results::testing {
namespace {

std::vector<std::string> ids_of(const WholePage& page) {
  std::vector<std::string> ids;
  for (const StoredResult& result : page.results) ids.push_back(result.id);
  return ids;
}

TEST(WholeResults, a_page_holds_what_the_list_and_the_single_results_hold) {
  StoreFixture store;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.insert(ids.begin(), store.submit(submission_of(on_commit(i))).id);
  const WholePage page = store.runs.whole_results({}).value();
  EXPECT_EQ(ids_of(page), ids);
  EXPECT_FALSE(page.may_go_on);
  for (const StoredResult& result : page.results) {
    const StoredResult alone = store.runs.result(result.id).value();
    EXPECT_EQ(json::to_text(json::Value::array(result.stats.data)),
              json::to_text(json::Value::array(alone.stats.data)));
    EXPECT_EQ(result.stored_commit->sha, alone.stored_commit->sha);
    EXPECT_EQ(result.context_id, alone.context_id);
    EXPECT_EQ(result.hardware.identity(), alone.hardware.identity());
  }
}

TEST(WholeResults, a_full_page_may_go_on_after_its_last_id) {
  StoreFixture store;
  for (int i = 0; i < 4; ++i) store.submit(submission_of(on_commit(i)));
  ResultFilter filter;
  filter.page_size = 2;
  const WholePage first = store.runs.whole_results(filter).value();
  EXPECT_TRUE(first.may_go_on);
  filter.before_id = first.results.back().id;
  const WholePage second = store.runs.whole_results(filter).value();
  EXPECT_TRUE(second.may_go_on) << "exactly full: one empty page follows";
  filter.before_id = second.results.back().id;
  const WholePage third = store.runs.whole_results(filter).value();
  EXPECT_TRUE(third.results.empty());
  EXPECT_FALSE(third.may_go_on);
}

TEST(WholeResults, a_page_of_many_samples_is_cut_and_goes_on) {
  StoreFixture store;
  for (int i = 0; i < 3; ++i) store.submit(submission_of(on_commit(i)));
  StoreRunBrowser narrow(*store.database, SummaryMode::best, {.page_samples_bytes_max = 1});
  ResultFilter filter;
  std::vector<std::string> seen;
  for (bool more = true; more;) {
    const WholePage page = narrow.whole_results(filter).value();
    more = page.may_go_on;
    ASSERT_EQ(page.results.size(), 1u);
    seen.push_back(page.results[0].id);
    filter.before_id = seen.back();
  }
  EXPECT_EQ(seen, ids_of(store.runs.whole_results({}).value()));
}

TEST(WholeResults, numbers_that_no_double_holds_are_null) {
  StoreFixture store;
  const std::string id = store.submit(submission_of(on_commit(0))).id;
  static const store::Sql k_odd(
      "update benchmark_result set min = 9e999, max = -9e999, median = 0, data = '[1.50,null,2]'",
      "update benchmark_result set min = 'NaN', max = -1e400, median = 0, "
      "data = '[0:3]={1.50,NULL,NaN,1e400}'");
  ASSERT_TRUE(store.database
                  ->write([](store::Connection& connection) -> Result<void> {
                    BL_RETURN_IF_ERROR(connection.execute(k_odd, {}));
                    return {};
                  })
                  .ok());
  const StoredResult result = store.runs.result(id).value();
  EXPECT_EQ(result.stats.min, std::nullopt);
  EXPECT_EQ(result.stats.max, std::nullopt);
  EXPECT_EQ(result.stats.median, 0.0);
  EXPECT_TRUE(result.failed());
  const std::string data = json::to_text(json::Value::array(result.stats.data));
  EXPECT_EQ(data.substr(0, 10), "[1.50,null");
  EXPECT_TRUE(data == "[1.50,null,2]" || data == "[1.50,null,null,null]") << data;
}

TEST(WholeResults, numbers_closer_to_0_than_any_double_are_0) {
  StoreFixture store;
  const std::string before = store.submit(submission_of(on_commit(0))).id;
  const std::string id = store.submit(submission_of(on_commit(1))).id;
  static const store::Sql k_odd(
      "update benchmark_result set min = 1e-400, mean = 1e-400, max = -1e-400, median = 2e-324, "
      "data = '[1e-400,2,3]'",
      "update benchmark_result set min = 1e-400, mean = 1e-400, max = -1e-400, median = 2e-324, "
      "data = '{1e-400,2,3}'");
  ASSERT_TRUE(store.database
                  ->write([](store::Connection& connection) -> Result<void> {
                    BL_RETURN_IF_ERROR(connection.execute(k_odd, {}));
                    return {};
                  })
                  .ok());
  const StoredResult result = store.runs.result(id).value();
  EXPECT_EQ(result.stats.min, 0);
  EXPECT_EQ(result.stats.mean, 0);
  EXPECT_EQ(result.stats.max, 0);
  EXPECT_EQ(result.stats.median, 0);
  EXPECT_FALSE(result.failed());
  EXPECT_EQ(result.stats.data.at(0).as_double(), 0);
  EXPECT_EQ(store.runs.whole_results({})->results.size(), 2u);
  const auto rows = store.runs.results({});
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_TRUE(store.history.history(result.history_fingerprint).ok());
  const auto compared = store.compare.compare(before, id);
  ASSERT_TRUE(compared.ok()) << compared.error().message;
  EXPECT_EQ(compared->contender.summary.value, 0);
  store.run_sql("update @series set change_count = change_count + 1");
  store.refresh_all();
}

TEST(WholeResults, no_names_of_gpus_and_an_empty_list_of_them_are_two_machines) {
  StoreFixture store;
  std::vector<std::string> hardware;
  using Names = std::vector<std::string>;
  const std::optional<Names> known[] = {std::nullopt, Names{}, Names{"b", "a"}};
  for (const auto& names : known) {
    Submission submission = submission_of(on_commit(1));
    submission.result.hardware.gpu_product_names = names;
    const StoredResult stored = store.runs.result(store.submit(submission).id).value();
    EXPECT_EQ(stored.hardware.gpu_product_names, names);
    EXPECT_EQ(store.runs.result(store.submit(submission).id)->hardware_id, stored.hardware_id);
    hardware.push_back(stored.hardware_id);
  }
  EXPECT_EQ(std::set<std::string>(hardware.begin(), hardware.end()).size(), 3u);
}

TEST(HistoryDetails, every_point_has_its_times_and_the_series_its_case_and_context) {
  StoreFixture store;
  Submission timed = submission_of(on_commit(1));
  timed.result.stats.times = {json::Value::number(0.5), json::Value()};
  const Submitted first = store.submit(timed);
  const Submitted second = store.submit(submission_of(on_commit(2)));
  const HistoryDetails details = store.history.details(first.history_fingerprint).value();
  EXPECT_EQ(details.times_jsons.at(first.id), "[0.5,null]");
  EXPECT_EQ(details.times_jsons.at(second.id), "[]");
  const StoredResult stored = store.runs.result(first.id).value();
  EXPECT_EQ(details.case_id, stored.case_id);
  EXPECT_EQ(details.context_id, stored.context_id);
  EXPECT_TRUE(store.history.details("nobody's")->case_id.empty());
}

TEST(AnyDistribution, it_is_that_of_the_series_over_the_baselines_ancestry) {
  StoreFixture store;
  const double values[] = {10, 10.1, 10.2, 10.05};
  std::string baseline, other_series, fingerprint;
  for (int i = 0; i < 4; ++i) {
    Draft draft = on_commit(i);
    draft.data = {values[i]};
    baseline = store.submit(submission_of(draft)).id;
    draft.name = "another";
    draft.data = {100 + values[i]};
    const Submitted other = store.submit(submission_of(draft));
    other_series = other.id;
    fingerprint = other.history_fingerprint;
  }
  const auto own = store.compare.distribution(other_series, fingerprint).value();
  const auto across = store.compare.distribution(baseline, fingerprint).value();
  ASSERT_TRUE(own.mean && across.mean);
  EXPECT_EQ(*own.mean, *across.mean);
  EXPECT_GT(*across.mean, 100);
  EXPECT_EQ(store.compare.distribution("nope", fingerprint).error().code, Code::not_found);
  EXPECT_FALSE(store.compare.distribution(baseline, "nobody's")->mean);
}

TEST(SideOf, a_whole_result_gives_the_side_that_a_comparison_reads) {
  StoreFixture store;
  Draft draft = on_commit(1);
  const std::string good = store.submit(submission_of(draft)).id;
  draft.errored = true;
  const std::string failed = store.submit(submission_of(draft)).id;
  const CompareInput input = store.compare.compare(good, failed).value();
  for (const CompareSide& side : {input.baseline, input.contender}) {
    const CompareSide again = side_of(store.runs.result(side.result_id).value(), SummaryMode::best);
    EXPECT_EQ(again.run_id, side.run_id);
    EXPECT_EQ(again.history_fingerprint, side.history_fingerprint);
    EXPECT_EQ(again.unit, side.unit);
    EXPECT_EQ(again.summary.value, side.summary.value);
    EXPECT_EQ(again.summary.type, side.summary.type);
    EXPECT_EQ(again.failed, side.failed);
  }
}

}  // namespace
}  // namespace bl::results::testing
