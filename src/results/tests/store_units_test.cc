#include <gtest/gtest.h>

#include "results/comparison.h"
#include "results/decode.h"
#include "results/legacy/decode.h"
#include "results/store_ci_report.h"
#include "results/tests/legacy_documents.h"
#include "results/tests/store_fixture.h"
#include "results/units.h"

/// Units of the operator, over both stores. They are set once for the process, as a server does at
/// its start: these have symbols that no other test of this program uses.
namespace bl::results::testing {
namespace {

class Units : public ::testing::Environment {
 public:
  void SetUp() override {
    const auto units = parse_user_units("score=more, gap/s=less:gaps per second, tok/s=more");
    ASSERT_TRUE(units.ok() && set_user_units(*units).ok());
  }
};
[[maybe_unused]] const auto* const k_units = ::testing::AddGlobalTestEnvironment(new Units);

/// A history of twelve commits near ten that ends at thirty; each result has two samples, so that
/// its best is chosen from them.
std::string add_jump(StoreFixture& store, const std::string& unit) {
  std::string last;
  for (int i = 0; i < 12; ++i) {
    Draft draft = on_commit(i);
    draft.name = unit;
    draft.unit = unit;
    const double value = i == 11 ? 30.0 : 10.0 + 0.1 * (i % 4);
    draft.data = {value, value + 1};
    Submission submission = submission_of(draft);
    if (i > 0) submission.result.commit.parent = sha_of(i - 1);
    last = store.submit(submission).id;
  }
  return last;
}

struct Expectation {
  const char* unit;
  SeriesStatus status;
  const char* row;
  bool less_is_better;
};
constexpr Expectation k_expectations[] = {
    {"gap/s", SeriesStatus::regressed, "regressed", true},
    {"i/s", SeriesStatus::improved, "improved", false},
    {"kg/s", SeriesStatus::improved, "improved", false},  // unknown: by its ending, as ever
    {"ns", SeriesStatus::regressed, "regressed", true},
    {"score", SeriesStatus::improved, "improved", false},
    {"tok/s", SeriesStatus::improved, "improved", false},
};

TEST(StoreUnits, a_series_moves_in_the_direction_of_its_unit) {
  StoreFixture store;
  for (const Expectation& expected : k_expectations) add_jump(store, expected.unit);
  store.refresh_all();
  SeriesFilter filter;
  filter.sort = SeriesFilter::Sort::name;
  const auto page = store.health.series(filter);
  ASSERT_EQ(page->series.size(), std::size(k_expectations));
  for (std::size_t i = 0; i < page->series.size(); ++i) {
    const Expectation& expected = k_expectations[i];
    EXPECT_EQ(page->series[i].name, expected.unit);
    EXPECT_EQ(page->series[i].status, expected.status) << expected.unit;
    EXPECT_EQ(page->series[i].sparkline.back(), expected.less_is_better ? 30.0 : 31.0)
        << expected.unit;
  }
}

TEST(StoreUnits, a_history_takes_the_best_sample_in_the_direction_of_its_unit) {
  StoreFixture store;
  for (const Expectation& expected : k_expectations) {
    const std::string id = add_jump(store, expected.unit);
    const auto history = store.history.history(*store.history.fingerprint_of(id));
    ASSERT_TRUE(history.ok()) << expected.unit;
    EXPECT_EQ(history->points.back().summary.value, expected.less_is_better ? 30.0 : 31.0)
        << expected.unit;
    EXPECT_EQ(history->points.back().summary.type, expected.less_is_better ? "min" : "max");
  }
}

TEST(StoreUnits, a_comparison_and_a_report_judge_in_the_direction_of_the_unit) {
  StoreFixture store;
  StoreCiReporter reporter{*store.database};
  for (const Expectation& expected : k_expectations) add_jump(store, expected.unit);
  CiQuery query;
  query.run_ids = {"run-11"};
  query.baseline = BaselineChoice::parent;
  const auto report = reporter.report(query);
  ASSERT_TRUE(report.ok() && report->runs.at(0).rows.size() == std::size(k_expectations));
  for (std::size_t i = 0; i < std::size(k_expectations); ++i) {
    const Expectation& expected = k_expectations[i];
    const CiRow& row = report->runs[0].rows[i];
    EXPECT_EQ(row.name, expected.unit);
    EXPECT_STREQ(name_of(row.status), expected.row) << expected.unit;
    EXPECT_EQ(row.less_is_better, expected.less_is_better);
    const auto input = store.compare.compare(row.baseline->result_id, row.contender.result_id);
    ASSERT_TRUE(input.ok());
    const Comparison comparison = compare(*input, {});
    EXPECT_EQ(comparison.less_is_better, expected.less_is_better) << expected.unit;
    EXPECT_EQ(comparison.pairwise->improvement, !expected.less_is_better);
    EXPECT_EQ(comparison.lookback->improvement, !expected.less_is_better);
  }
}

TEST(StoreUnits, both_dialects_accept_them_and_list_them_after_the_built_in_ones) {
  const auto accepted = decode_legacy_submission(legacy_body("stats/unit", R"("tok/s")"));
  ASSERT_TRUE(accepted.ok()) << accepted.error().message;
  EXPECT_EQ(accepted->result.stats.unit, "tok/s");
  EXPECT_EQ(accepted->result.stats.max, 3);
  EXPECT_TRUE(decode_submission(legacy_body("stats/unit", R"("tok/s")")).ok());
  for (const auto& refused : {decode_legacy_submission(legacy_body("stats/unit", R"("kg")")),
                              decode_submission(legacy_body("stats/unit", R"("kg")"))}) {
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("B, B/s, s, ns, i/s, score, gap/s, tok/s"),
              std::string::npos)
        << refused.error().message;
  }
}

TEST(StoreUnits, they_are_set_once) {
  EXPECT_TRUE(set_user_units({}).ok()) << "a service without units, in the same process";
  EXPECT_EQ(find_unit("gap/s")->long_name, "gaps per second");
  const auto other = set_user_units(*parse_user_units("score=less"));
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message,
            "results.units: units are set once, at the start of a process: 'score'");
  EXPECT_EQ(direction_of("score"), verdict::Direction::more_is_better);
  EXPECT_EQ(sql_of_more_is_better("u"),
            "(right(u, 2) = '/s' and u not in ('gap/s') or u in ('score'))");
}

}  // namespace
}  // namespace bl::results::testing
