#include "results/store_trends.h"

#include <gtest/gtest.h>

#include "results/tests/store_fixture.h"

/// Trend ranking [4.9]. Over both stores.
namespace bl::results::testing {
namespace {

constexpr std::int64_t k_day = 24 * k_hour;

struct TrendRanking : ::testing::Test {
  StoreFixture store;
  TrendWindow window{Timestamp{k_start.micros}, Timestamp{k_start.micros + 14 * k_day}};

  /// One result a day, the first at the window's begin, each on a commit of its own.
  void add(const std::string& size, const std::vector<double>& values, std::int64_t shift = 0,
           const std::string& unit = "s") {
    for (std::size_t i = 0; i < values.size(); ++i) {
      Draft draft = on_commit(static_cast<int>(i));
      draft.tags = {{"size", size}};
      draft.unit = unit;
      draft.data = {values[i]};
      draft.timestamp =
          Timestamp{k_start.micros + static_cast<std::int64_t>(i) * k_day + shift * k_day};
      store.submit(submission_of(draft));
    }
  }
  /// Twelve days from `first` on, each with `step` more.
  void add_line(const std::string& size, double first, double step, const char* unit = "s") {
    std::vector<double> values;
    for (int i = 0; i < 12; ++i) values.push_back(first + i * step);
    add(size, values, 0, unit);
  }
  Trends trends(std::size_t count = 15) {
    StoreTrendReader reader{*store.database};
    return reader.trends({.name = "sort", .repository = {}, .window = window, .count = count})
        .value();
  }
};

TEST_F(TrendRanking, those_that_rise_and_those_that_fall_most_first) {
  add_line("a", 100, 1);
  add_line("b", 100, 3);
  add_line("c", 100, -2);
  add_line("d", 100, 0);
  add_line("e", 100, 2, "i/s");
  const Trends found = trends();
  EXPECT_EQ(found.ranked, 5);
  EXPECT_EQ(found.not_ranked, 0);
  EXPECT_FALSE(found.truncated);
  ASSERT_EQ(found.increasing.size(), 3u) << "what stays as it is has no direction";
  const SeriesTrend& first = found.increasing[0];
  EXPECT_EQ(first.tags_json, R"({"name":"sort","size":"b"})");
  EXPECT_NEAR(first.trend.relative_change, 0.33, 1e-12);
  EXPECT_NEAR(first.trend.first_value, 100, 1e-9);
  EXPECT_NEAR(first.trend.last_value, 133, 1e-9);
  EXPECT_EQ(first.points.size(), 12u);
  EXPECT_EQ(first.hardware, "m1");
  EXPECT_EQ(first.context_json, R"({"benchmark_language":"C++"})");
  EXPECT_TRUE(first.less_is_better && first.is_worse());
  EXPECT_EQ(store.runs.result(first.latest_result_id)->history_fingerprint,
            first.history_fingerprint);
  EXPECT_EQ(found.increasing[1].unit, "i/s");
  EXPECT_FALSE(found.increasing[1].is_worse()) << "more is better";
  ASSERT_EQ(found.decreasing.size(), 1u);
  EXPECT_NEAR(found.decreasing[0].trend.relative_change, -0.22, 1e-12);
  EXPECT_FALSE(found.decreasing[0].is_worse());
  EXPECT_EQ(trends(1).increasing.size(), 1u);
  EXPECT_EQ(trends(1).increasing[0].history_fingerprint, first.history_fingerprint);
}

TEST_F(TrendRanking, ten_points_of_the_window_are_needed) {
  add("nine", std::vector<double>(9, 1.0));
  add("before", std::vector<double>(12, 1.0), -4);  // eight of them lie in the window
  add("ten", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  const Trends found = trends();
  EXPECT_EQ(found.ranked, 1);
  EXPECT_EQ(found.not_ranked, 2);
}

TEST_F(TrendRanking, a_series_that_ended_long_before_the_others_is_not_ranked) {
  window.until = Timestamp{k_start.micros + 100 * k_day};
  add("old", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  add("new", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 31);
  Trends found = trends();
  ASSERT_EQ(found.increasing.size(), 1u);
  EXPECT_EQ(found.increasing[0].tags_json, R"({"name":"sort","size":"new"})");
  add("next", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 29);
  found = trends();
  EXPECT_EQ(found.ranked, 2) << "30 days are allowed";
}

TEST_F(TrendRanking, only_good_results_of_the_default_branch_count) {
  add("a", {10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
  Draft stray = on_commit(3);
  stray.tags = {{"size", "a"}};
  stray.errored = true;
  store.submit(submission_of(stray));
  stray.errored = false;
  stray.sha = "f00";
  stray.branch = "someone:work";
  stray.fork_point = sha_of(2);
  stray.data = {1e6};
  stray.timestamp = Timestamp{k_start.micros + 5 * k_day};
  store.submit(submission_of(stray));
  const Trends found = trends();
  ASSERT_EQ(found.increasing.size(), 1u);
  EXPECT_EQ(found.increasing[0].points.size(), 10u);
  EXPECT_EQ(found.increasing[0].outliers, 0u);
}

TEST_F(TrendRanking, an_outlier_is_counted_and_left_out) {
  add("a", {10, 10.1, 10.2, 10, 10.1, 500, 10.2, 10, 10.1, 10.2, 10, 10.1});
  const Trends found = trends();
  ASSERT_EQ(found.increasing.size() + found.decreasing.size(), 1u);
  const SeriesTrend& one = found.increasing.empty() ? found.decreasing[0] : found.increasing[0];
  EXPECT_EQ(one.outliers, 1u);
  EXPECT_EQ(one.points.size(), 11u);
}

TEST_F(TrendRanking, a_line_goes_through_values_of_one_unit_that_of_the_newest_result) {
  add("a", {10, 11, 12, 13}, 0, "s");
  add("a", {100, 110, 120, 130, 140, 150, 160, 170, 180, 190}, 4, "ns");
  const Trends found = trends();
  ASSERT_EQ(found.increasing.size(), 1u);
  EXPECT_EQ(found.increasing[0].unit, "ns");
  EXPECT_EQ(found.increasing[0].points.size(), 10u);
  EXPECT_EQ(found.increasing[0].outliers, 0u);
  EXPECT_NEAR(found.increasing[0].trend.relative_change, 0.9, 1e-12);
}

TEST_F(TrendRanking, keys_that_nobody_uses_any_more_are_dead) {
  add("a", {1.0, 2.0});
  Draft old = on_commit(0);
  old.tags = {{"threads", "4"}, {"size", "b"}};
  old.timestamp = Timestamp{k_start.micros - 8 * k_day};
  store.submit(submission_of(old));
  const Trends found = trends();
  ASSERT_EQ(found.keys.size(), 2u);
  EXPECT_EQ(found.keys[0].key, "size");
  EXPECT_EQ(found.keys[0].value_count, 2);
  EXPECT_EQ(found.keys[0].series_count, 2);
  EXPECT_EQ(found.keys[0].latest_result_timestamp, Timestamp{k_start.micros + k_day});
  EXPECT_FALSE(found.keys[0].is_dead);
  EXPECT_EQ(found.keys[1].key, "threads");
  EXPECT_TRUE(found.keys[1].is_dead) << "22 days";
}

TEST_F(TrendRanking, a_repository_narrows_and_an_unknown_name_is_not_found) {
  add("a", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  StoreTrendReader reader{*store.database};
  TrendQuery asked{.name = "sort", .repository = k_repository, .window = window};
  EXPECT_EQ(reader.trends(asked)->ranked, 1);
  asked.repository = "https://github.com/org/other";
  EXPECT_EQ(reader.trends(asked).error().code, Code::not_found);
  asked = {.name = "sor", .repository = {}, .window = window};
  EXPECT_EQ(reader.trends(asked).error().message, "no series has the name sor");
}

TEST_F(TrendRanking, no_more_points_are_read_than_the_limit) {
  for (const char* size : {"a", "b", "c"}) add_line(size, 10, 1);
  StoreTrendReader reader{*store.database, SummaryMode::best, {.points_max = 30}};
  const auto found = reader.trends({.name = "sort", .repository = {}, .window = window});
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->truncated);
  EXPECT_EQ(found->ranked, 2) << "the third has not all of its points";
}

// Measured -----------------------------------------------------------------------------------

struct Measured : TrendRanking {
  MeasuredBenchmarks measured(MeasuredQuery asked) {
    StoreTrendReader reader{*store.database};
    asked.window = window;
    return reader.measured(asked).value();
  }
  void add_named(const std::string& name, const std::string& size, int count, std::int64_t shift) {
    for (int i = 0; i < count; ++i) {
      Draft draft = on_commit(i);
      draft.name = name;
      draft.tags = {{"size", size}};
      draft.timestamp = Timestamp{k_start.micros + (i + shift) * k_day};
      store.submit(submission_of(draft));
    }
  }
};

std::vector<std::string> names_of(const MeasuredBenchmarks& measured) {
  std::vector<std::string> names;
  for (const MeasuredBenchmark& one : measured.benchmarks) names.push_back(one.name);
  return names;
}

TEST_F(Measured, by_name_by_results_and_by_how_recent_they_are) {
  add_named("many", "1", 5, 0);
  add_named("many", "2", 5, 0);
  add_named("late", "1", 2, 12);  // one day before the window's end, and two
  add_named("Few", "1", 1, 0);
  const MeasuredBenchmarks by_name = measured({});
  EXPECT_EQ(names_of(by_name), (std::vector<std::string>{"Few", "late", "many"}));
  EXPECT_FALSE(by_name.more || by_name.truncated);
  const MeasuredBenchmark& many = by_name.benchmarks[2];
  EXPECT_EQ(many.case_count, 2);
  EXPECT_EQ(many.series_count, 2);
  EXPECT_EQ(many.result_count, 10);
  EXPECT_EQ(many.latest_result_timestamp, Timestamp{k_start.micros + 4 * k_day});
  EXPECT_NEAR(many.recent_results_per_case, 2 * 5.0 / 10, 1e-12);
  EXPECT_NEAR(by_name.benchmarks[1].recent_results_per_case, 2.0 / 1, 1e-12);
  using Sort = MeasuredQuery::Sort;
  EXPECT_EQ(names_of(measured({.sort = Sort::results})),
            (std::vector<std::string>{"many", "late", "Few"}));
  EXPECT_EQ(names_of(measured({.sort = Sort::recent})),
            (std::vector<std::string>{"late", "many", "Few"}));
}

TEST_F(Measured, the_newest_tenth_of_a_case_gives_its_age) {
  for (int i = 0; i < 20; ++i) {
    Draft draft = on_commit(0);
    draft.timestamp = Timestamp{k_start.micros + (i == 19 ? 13 : i == 18 ? 11 : 0) * k_day};
    store.submit(submission_of(draft));
  }
  EXPECT_NEAR(measured({}).benchmarks.at(0).recent_results_per_case, 20.0 / 2, 1e-12);
}

TEST_F(Measured, what_was_just_measured_is_one_hour_old) {
  add_named("now", "1", 1, 14);
  EXPECT_NEAR(measured({}).benchmarks.at(0).recent_results_per_case, 24, 1e-9);
}

TEST_F(Measured, only_the_window_the_repository_and_the_words) {
  add_named("many", "1", 3, -2);
  add_named("after", "1", 1, 15);
  add_named("More Than Many", "1", 1, 1);
  EXPECT_EQ(measured({}).benchmarks.size(), 2u);
  EXPECT_EQ(measured({}).benchmarks[1].result_count, 1) << "of three";
  EXPECT_EQ(names_of(measured({.text = "MANY than"})),
            (std::vector<std::string>{"More Than Many"}));
  EXPECT_TRUE(measured({.repository = "https://github.com/org/other"}).benchmarks.empty());
  EXPECT_EQ(measured({.repository = k_repository}).benchmarks.size(), 2u);
  const MeasuredBenchmarks cut = measured({.page_size = 1});
  EXPECT_TRUE(cut.more);
  EXPECT_EQ(cut.benchmarks.size(), 1u);
}

TEST_F(Measured, no_more_results_are_counted_than_the_limit) {
  add_named("many", "1", 5, 0);
  StoreTrendReader reader{*store.database, SummaryMode::best, {.listed_results_max = 3}};
  const auto found = reader.measured({.window = window});
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->truncated);
  EXPECT_EQ(found->benchmarks.at(0).result_count, 3);
  EXPECT_EQ(found->results_counted, 3);
  StoreTrendReader just_enough{*store.database, SummaryMode::best, {.listed_results_max = 5}};
  EXPECT_FALSE(just_enough.measured({.window = window})->truncated);
}

}  // namespace
}  // namespace bl::results::testing
