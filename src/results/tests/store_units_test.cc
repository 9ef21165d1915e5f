#include <gtest/gtest.h>

#include "results/comparison.h"
#include "results/decode.h"
#include "results/legacy/decode.h"
#include "results/store_ci_report.h"
#include "results/store_settings.h"
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

// What a server leaves that had the units the other way round.
void make_rows_by(StoreFixture& store, const std::string& setting, const char* unit, double best) {
  store.run_sql("insert into @results_setting (name, value) values ('units', '" + setting +
                "') on conflict (name) do update set value = excluded.value");
  const std::string value = std::to_string(best);
  store.run_sql("update @series set latest_best = " + value + " where unit = '" + unit + "'");
  if (store.database->dialect() == store::Dialect::sqlite) {
    store.run_sql("update bl_history set best = " + value);
  }
  store.refresh_all();
}

TEST(StoreUnits, a_direction_that_changed_is_applied_to_what_is_stored) {
  StoreFixture store;
  const std::string id = add_jump(store, "score");
  store.refresh_all();
  make_rows_by(store, "score=less,gap/s=less", "score", 10);
  EXPECT_EQ(*changed_units(*store.database), std::vector<std::string>{"score"});
  EXPECT_EQ(*apply_changed_units(*store.database), 1);
  store.refresh_all();
  const auto page = store.health.series({});
  EXPECT_EQ(page->series.at(0).status, SeriesStatus::improved);
  EXPECT_EQ(page->series.at(0).sparkline.back(), 31);
  EXPECT_EQ(page->series.at(0).latest_summary.value, 31);
  const auto history = store.history.history(*store.history.fingerprint_of(id));
  EXPECT_EQ(history->points.front().summary.value, 11);
  EXPECT_EQ(history->points.back().summary.value, 31);
  EXPECT_EQ(store.value("select value from @results_setting where name = 'units'"),
            "score=more,gap/s=less,tok/s=more");
  EXPECT_TRUE(changed_units(*store.database)->empty());
}

TEST(StoreUnits, a_unit_that_is_known_no_more_goes_by_its_ending) {
  StoreFixture store;
  add_jump(store, "kg/s");
  store.refresh_all();
  make_rows_by(store, "kg/s=less", "kg/s", 10);
  EXPECT_EQ(*apply_changed_units(*store.database), 1);
  store.refresh_all();
  EXPECT_EQ(store.health.series({})->series.at(0).status, SeriesStatus::improved);
}

TEST(StoreUnits, without_a_change_nothing_is_touched) {
  StoreFixture store;
  add_jump(store, "ns");
  add_jump(store, "tok/s");
  store.refresh_all();
  EXPECT_EQ(*apply_changed_units(*store.database), 0) << "its ending says the same";
  EXPECT_EQ(store.refresher.refresh_some(100).value(), 0) << "no series is stale";
  EXPECT_EQ(*apply_changed_units(*store.database), 0);
}

TEST(StoreUnits, what_was_stored_before_units_were_remembered_is_chosen_once) {
  StoreFixture store;
  add_jump(store, "score");  // by these units, which no setting says
  EXPECT_EQ(*changed_units(*store.database), (std::vector<std::string>{"gap/s", "score"}));
  EXPECT_EQ(*apply_changed_units(*store.database), 1);
  EXPECT_EQ(*apply_changed_units(*store.database), 0);
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
