#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "results/store/rows.h"
#include "results/store_editor.h"
#include "results/tests/store_fixture.h"
#include "verdict/comparison.h"

// The store against slow twins: everything that submissions keep (series, history, runs, counters)
// is made again from a plain list of what was submitted.
namespace bl::results::testing {
namespace {

constexpr std::uint64_t k_seeds = 12;

// A small, unpleasant world: few series and commits, results out of order, unknown commits that
// become known, branches, errors, equal instants.
std::vector<Draft> random_drafts(std::uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  const auto below = [&](int bound) {
    return static_cast<int>(random() % static_cast<unsigned>(bound));
  };
  std::vector<Draft> drafts;
  for (int i = 0; i < count; ++i) {
    Draft draft = below(10) == 0 ? Draft{} : on_commit(below(12));
    draft.name = "series" + std::to_string(below(3));
    draft.timestamp = Timestamp{k_start.micros + below(20) * k_hour};
    draft.run_id = "run" + std::to_string(below(4));
    if (below(3) != 0) draft.batch_id = "batch" + std::to_string(below(3));
    draft.unit = below(8) == 0 ? "i/s" : "s";
    draft.data.assign(static_cast<std::size_t>(1 + below(4)), 0);
    for (double& value : draft.data) value = 10 + below(100) * 0.01;
    draft.errored = below(12) == 0;
    draft.begins_change = below(15) == 0;
    if (!draft.sha.empty() && below(6) == 0) draft.commit_time.reset();
    if (!draft.sha.empty() && draft.commit_time && below(6) == 0) {
      draft.sha += "b";
      draft.branch = "org:feature";
      draft.fork_point = sha_of(below(12));
    }
    drafts.push_back(std::move(draft));
  }
  return drafts;
}

struct NaivePoint {
  std::int64_t commit_time, result_time;
  int order;  // of submission
  std::string id;
  double value;
  bool begins_change;
  std::string unit;
  auto key() const { return std::tuple(commit_time, result_time, order); }
};

// The histories that a list of submissions must give: what is known of a commit is what its first
// submission with a time knew.
std::map<std::string, std::vector<NaivePoint>> naive_histories(
    const std::vector<Draft>& drafts, const std::vector<Submitted>& submitted) {
  std::map<std::string, Submission> known;
  for (const Draft& draft : drafts) {
    if (draft.commit_time) known.emplace(draft.sha, submission_of(draft));
  }
  std::map<std::string, std::vector<NaivePoint>> histories;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    auto& points = histories[submitted[i].history_fingerprint];
    const Draft& draft = drafts[i];
    const auto commit = known.find(draft.sha);
    if (draft.errored || commit == known.end()) continue;
    const Commit& facts = commit->second.result.commit;
    if (!facts.on_default_branch()) continue;
    const BenchmarkResult result = submission_of(draft).result;
    points.push_back({facts.timestamp->micros, draft.timestamp.micros, static_cast<int>(i),
                      submitted[i].id, *result.summary(SummaryMode::best).value,
                      draft.begins_change, draft.unit});
  }
  for (auto& [fingerprint, points] : histories) {
    std::sort(points.begin(), points.end(),
              [](const auto& a, const auto& b) { return a.key() < b.key(); });
  }
  return histories;
}

std::vector<Submitted> submit_all(StoreFixture& store, const std::vector<Draft>& drafts) {
  std::vector<Submitted> submitted;
  for (const Draft& draft : drafts) submitted.push_back(store.submit(submission_of(draft)));
  return submitted;
}

TEST(StoreProperties, a_history_equals_the_naive_one) {
  for (std::uint64_t seed = 1; seed <= k_seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StoreFixture store;
    const auto drafts = random_drafts(seed, 80);
    const auto submitted = submit_all(store, drafts);
    for (const auto& [fingerprint, expected] : naive_histories(drafts, submitted)) {
      const auto history = store.history.history(fingerprint);
      ASSERT_TRUE(history.ok());
      ASSERT_EQ(history->points.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(history->points[i].result_id, expected[i].id);
        EXPECT_EQ(history->points[i].summary.value, expected[i].value);
        EXPECT_EQ(history->points[i].lookback.begins_change, expected[i].begins_change);
      }
    }
  }
}

TEST(StoreProperties, a_series_row_equals_its_recomputation) {
  for (std::uint64_t seed = 1; seed <= k_seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StoreFixture store;
    const auto drafts = random_drafts(seed + 100, 80);
    const auto submitted = submit_all(store, drafts);
    if (seed % 2 == 0) store.refresh_all();  // the page judges stale rows itself
    const auto histories = naive_histories(drafts, submitted);
    const auto page = store.health.series({});
    ASSERT_TRUE(page.ok());
    ASSERT_EQ(page->series.size(), histories.size());
    for (const SeriesRow& row : page->series) {
      const auto& points = histories.at(row.history_fingerprint);
      EXPECT_EQ(row.point_count, static_cast<std::int64_t>(points.size()));
      if (points.empty()) continue;
      std::vector<verdict::LookbackRow> rows;
      std::vector<double> values;
      for (const NaivePoint& point : points) {
        rows.push_back({point.commit_time, point.result_time, point.value, point.begins_change});
        values.push_back(point.value);
      }
      if (values.size() > 32) values.erase(values.begin(), values.end() - 32);
      const auto stats = verdict::lookback(rows, {}).back();
      const auto direction = direction_of(points.back().unit);
      const auto z = verdict::z_score({stats.mean_excluding_this_commit, stats.stddev},
                                      points.back().value, direction);
      EXPECT_EQ(row.sparkline, values);
      EXPECT_EQ(row.latest_result_id, points.back().id);
      EXPECT_EQ(row.latest_summary.value, points.back().value);
      EXPECT_EQ(row.latest_commit_timestamp->micros, points.back().commit_time);
      EXPECT_EQ(row.z_score, z ? std::optional(z->score) : std::nullopt);
      EXPECT_EQ(row.status == SeriesStatus::insufficient, !z.has_value());
    }
  }
}

// Every derived row as text, without the numbers that only join the tables.
std::string derived_text(StoreFixture& store) {
  std::string text;
  const auto add = [&](const std::string& sql) {
    const auto read = store.database->read([&](store::Connection& connection) {
      return connection.query_text(store.in_dialect(sql), {}, [&](const store::Row& row) {
        text += row.text(0);
        text += '\n';
        return true;
      });
    });
    ASSERT_TRUE(read.ok()) << read.error().message;
  };
  const bool on_postgres = store.database->dialect() == store::Dialect::postgres;
  const auto add_rows = [&](const std::string& columns, const std::string& rest) {
    add((on_postgres ? "select json_build_array(" : "select json_array(") + columns + ") " + rest);
  };
  add_rows(
      "s.history_fingerprint, context_id, hardware_name, hardware_hash, "
      "s.repository, name, tags, search_text, s.result_count, s.error_count, point_count, "
      "s.latest_result_no, s.latest_result_id, u.run_id, latest_result_timestamp, "
      "latest_commit_timestamp, latest_commit_sha, latest_best, latest_mean, unit, status, "
      "z_score, change_percent, change_rank, sparkline",
      "from bl_series s join bl_run u on u.run_no = s.latest_run_no "
      "left join bl_series_sparkline l on l.series_no = s.series_no "
      "order by s.history_fingerprint");
  add_rows(
      "run_id, repository, run_reason, run_tags, commit_id, latest_batch_id, "
      "latest_result_id, latest_result_no, first_result_at, last_result_at, result_count, "
      "error_count, series_count, batch_count",
      "from bl_run order by run_id, repository");
  if (on_postgres) return text;  // histories and counts are read from the facts
  add("select json_array(s.history_fingerprint, h.place - (s.series_no << 37), commit_timestamp, "
      "result_timestamp, best, summary_mean, begins_change, mean, hex(details)) from bl_history h "
      "join bl_series s on s.series_no = h.place >> 37 order by 1");
  add("select json_array(name, value) from bl_counter order by name");
  add("select json_array(o.commit_id, s.history_fingerprint, o.result_no) from bl_commit_series o "
      "join bl_series s on s.series_no = o.series_no order by 1");
  return text;
}

TEST(StoreProperties, a_rebuild_from_the_facts_equals_what_submissions_kept) {
  for (std::uint64_t seed = 1; seed <= k_seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StoreFixture store;
    submit_all(store, random_drafts(seed + 200, 80));
    store.refresh_all();
    const std::string kept = derived_text(store);
    const auto rebuilt = rebuild_derived(*store.database);
    ASSERT_TRUE(rebuilt.ok()) << rebuilt.error().message;
    store.refresh_all();
    EXPECT_EQ(derived_text(store), kept);
  }
}

TEST(StoreProperties, what_removals_and_annotations_leave_equals_a_rebuild_from_the_facts) {
  for (std::uint64_t seed = 1; seed <= k_seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StoreFixture store;
    StoreResultEditor editor(*store.database, store.clock);
    const auto submitted = submit_all(store, random_drafts(seed + 300, 80));
    std::mt19937_64 random(seed);
    for (const Submitted& result : submitted) {
      const auto draw = random() % 10;
      if (draw < 6) {
        ASSERT_TRUE(editor.remove(result.id, {}).ok());
      }
      if (draw == 6) {
        ASSERT_TRUE(editor
                        .annotate(result.id,
                                  json::Value::object({{"begins_distribution_change",
                                                        json::Value::boolean(random() % 2 == 0)}}),
                                  {})
                        .ok());
      }
      if (draw == 7) store.refresh_all();
    }
    store.refresh_all();
    const std::string kept = derived_text(store);
    const auto rebuilt = rebuild_derived(*store.database);
    ASSERT_TRUE(rebuilt.ok()) << rebuilt.error().message;
    store.refresh_all();
    EXPECT_EQ(derived_text(store), kept);
  }
}

TEST(StoreProperties, pages_never_repeat_or_skip_while_others_submit) {
  StoreFixture store;
  std::set<std::string> before;
  for (int i = 0; i < 120; ++i) before.insert(store.submit(submission_of(on_commit(i % 7))).id);
  std::atomic<bool> stop = false;
  std::thread other([&] {
    for (int i = 0; !stop; ++i) store.submit(submission_of(on_commit(i % 7)));
  });
  for (int walk = 0; walk < 5; ++walk) {
    std::set<std::string> seen;
    ResultFilter filter;
    filter.page_size = 7;
    for (;;) {
      const auto page = store.runs.results(filter);
      ASSERT_TRUE(page.ok());
      for (const ResultRow& row : *page) EXPECT_TRUE(seen.insert(row.id).second) << row.id;
      if (page->size() < 7) break;
      filter.before_id = page->back().id;
    }
    for (const std::string& id : before) EXPECT_TRUE(seen.contains(id)) << id;
  }
  stop = true;
  other.join();
}

TEST(StoreProperties, a_refresh_never_hides_a_newer_point) {
  StoreFixture store;
  std::atomic<bool> stop = false;
  std::thread refreshing([&] {
    while (!stop) ASSERT_TRUE(store.refresher.refresh_some(3).ok());
  });
  for (int i = 0; i < 60; ++i) {
    Draft draft = on_commit(i);
    draft.data = {10.0 + i};
    store.submit(submission_of(draft));
    const auto page = store.health.series({});
    ASSERT_EQ(page->series.at(0).sparkline.back(), 10.0 + i);
    ASSERT_EQ(page->series.at(0).point_count, i + 1);
  }
  stop = true;
  refreshing.join();
  store.refresh_all();
  EXPECT_EQ(store.health.series({})->series.at(0).sparkline.back(), 69.0);
  EXPECT_EQ(*store.refresher.refresh_some(10), 0);
}

RC_GTEST_PROP(StoreProperties, a_summary_from_columns_equals_that_of_the_result, ()) {
  BenchmarkResult result;
  const auto samples = *rc::gen::container<std::vector<double>>(
      rc::gen::map(rc::gen::inRange(-1000, 1000), [](int i) { return i / 8.0; }));
  for (const double sample : samples) result.stats.data.push_back(json::Value::number(sample));
  if (!samples.empty()) set_aggregates(result.stats, samples);
  if (*rc::gen::weightedElement<bool>({{1, true}, {5, false}})) {
    result.stats.data.emplace_back();
  }
  if (*rc::gen::weightedElement<bool>({{1, true}, {5, false}})) {
    result.error = json::Value::object();
  }
  const char* units[] = {"s", "B/s", "i/s", "kg", "b/s", ""};
  if (*rc::gen::weightedElement<bool>({{6, true}, {1, false}})) {
    result.stats.unit = units[*rc::gen::inRange(0, 6)];
  }
  // Old rows lack aggregates.
  if (*rc::gen::arbitrary<bool>()) result.stats.mean.reset();
  if (*rc::gen::arbitrary<bool>()) result.stats.min.reset();
  if (*rc::gen::arbitrary<bool>()) result.stats.max.reset();

  const std::string data = json::to_text(json::Value::array(result.stats.data));
  const SummaryColumns columns{result.stats.unit, !result.error.is_null(), result.stats.min,
                               result.stats.max,  result.stats.mean,       data};
  RC_ASSERT(failed(columns) == result.failed());
  for (const SummaryMode mode : {SummaryMode::best, SummaryMode::mean}) {
    const Summary expected = result.summary(mode);
    const Summary actual = summary_of(columns, mode);
    RC_ASSERT(actual.value.has_value() == expected.value.has_value());
    if (expected.value) RC_ASSERT(std::abs(*actual.value - *expected.value) < 1e-9);
    RC_ASSERT(actual.type == expected.type);
  }
}

// ---- old shapes [1.3]

struct OldDatabase : StoreFixture {
  OldDatabase() {
    run_sql("insert into \"case\" values ('k1', 'old', '{}')");
    run_sql("insert into context values ('x1', '{}')");
    run_sql("insert into info values ('i1', 'null')");
    run_sql(
        "insert into hardware (id, name, type, hash) values ('h1', 'm', 'machine', 'm-0-0-0-0')");
    run_sql(
        "insert into \"commit\" (id, sha, repository, message, author_name, timestamp, branch, "
        "fork_point_sha) values ('c1', 'abc', '', 'old commit', '', @time{1600000000000000}, "
        "'o:m', 'abc')");
    add("f0e1d2c3b4a5968778695a4b3c2d1e0f", "'s'", "null", "'[3,2]'", "null", "null");
    add("0123456789abcdef0123456789abcdef", "null", "1.0", "'[1]'", "null", "'null'");
    add("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "''", "1.5", "'[1.5]'", "null", "'{}'");
    add("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "'b/s'", "null", "null", "null", "'{}'");
    add("cccccccccccccccccccccccccccccccc", "'s'", "null", "'[1,null]'", "'{\"x\":1}'", "'{}'");
    const auto rebuilt = rebuild_derived(*database);
    if (!rebuilt.ok()) ADD_FAILURE() << rebuilt.error().message;
  }
  void add(const std::string& id, const std::string& unit, const std::string& mean,
           const std::string& data, const std::string& error, const std::string& annotations) {
    run_sql(
        "insert into benchmark_result (id, case_id, context_id, run_id, unit, timestamp, mean, "
        "info_id, error, data, times, validation, optional_benchmark_info, change_annotations, "
        "run_tags, commit_id, hardware_id, commit_repo_url, history_fingerprint) values ('" +
        id + "', 'k1', 'x1', 'r1', " + unit + ", @time{1600000000000001}, " + mean + ", 'i1', " +
        error + ", @numeric{" + data + "}, null, 'null', null, " + annotations +
        ", '{\"name\":\"former run name\"}', 'c1', 'h1', '', 'fp')");
  }
};

TEST(StoreOldShapes, every_row_is_served) {
  OldDatabase store;
  const auto rows = store.runs.results({});
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_EQ(rows->size(), 5u);
  for (const ResultRow& row : *rows) {
    const auto result = store.runs.result(row.id);
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_TRUE(result->validation.is_null());
    EXPECT_TRUE(result->info.is_object());
    EXPECT_TRUE(result->change_annotations.is_object());
    EXPECT_EQ(result->summary(SummaryMode::best).value, row.summary.value);
    EXPECT_EQ(result->summary(SummaryMode::best).type, row.summary.type);
  }
  EXPECT_EQ(rows->at(0).summary.value, 2.0) << "no aggregates: the samples answer";
  EXPECT_EQ(store.runs.recent_runs(std::nullopt, 5)->at(0).error_count, 3);
}

TEST(StoreOldShapes, good_rows_are_history_and_failed_ones_are_not) {
  OldDatabase store;
  const auto history = store.history.history("fp");
  ASSERT_TRUE(history.ok());
  ASSERT_EQ(history->points.size(), 2u) << "an empty unit is a unit";
  const SeriesRow row = store.health.series({})->series.at(0);
  EXPECT_EQ(row.point_count, 2);
  EXPECT_TRUE(
      store.compare.compare("0123456789abcdef0123456789abcdef", "f0e1d2c3b4a5968778695a4b3c2d1e0f")
          .ok());
}

}  // namespace
}  // namespace bl::results::testing
