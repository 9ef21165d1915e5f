#include <gtest/gtest.h>

#include "results/store_history.h"
#include "results/tests/store_fixture.h"

// A SQLite store from before migration 12: its points were rows of texts.
namespace bl::results::testing {
namespace {

struct OldPoint {
  std::string unit, result_id, run_id, sha, message, data, run_tags, annotations, info_id;
};

constexpr std::string_view k_sha = "c9c27cff2272bed02e5f59796cccbef55feceb66";

std::vector<OldPoint> old_points() {
  const OldPoint usual = {
      "s",
      "06b02489804870948000e1cf7a3965de",
      "ci-1",
      std::string(k_sha),
      "Make it faster",
      "[3.5,1.25]",
      R"({"name":"commit: c9c27cff2272bed02e5f59796cccbef55feceb66"})",
      "{}",
      "06b02489807979c38000d2180e1b49d4",
  };
  std::vector<OldPoint> points(6, usual);
  points[1].result_id = "";
  points[1].sha = "unknown";
  points[1].info_id = "A0";
  points[2].message.assign(200, '\'').append("schneller: \xc3\xbc");
  points[2].run_id.assign(20'000, 'r');
  points[3].run_tags = R"({"name":"nightly"})";
  points[3].annotations = R"({"begins_distribution_change":true})";
  points[4].data = "[1.0,100000000000000000000000000000000]";
  points[4].unit = "\xc2\xb5s";
  points[5].run_id.assign(300'000, 'x');
  points[5].result_id.assign(70, 'a');
  return points;
}

class OldStore {
 public:
  explicit OldStore(StoreFixture& made) : store_(made) {
    std::vector<store::Migration> steps = StoreFixture::steps();
    while (steps.back().name != "history_packed") steps.pop_back();
    steps.pop_back();
    auto opened = store::open_database("sqlite://" + store_.folder.path + "/old.db", {}, store_.log,
                                       store_.metrics);
    BL_CHECK(opened.ok());
    database = std::move(*opened);
    const auto migrated = database->migrate(steps);
    EXPECT_TRUE(migrated.ok()) << migrated.error().message;
  }

  void execute(const char* sql, std::initializer_list<store::Param> params) {
    const auto done = database->write([&](store::Connection& connection) -> Result<void> {
      BL_TRY([[maybe_unused]] const auto changed, connection.execute(sql, params));
      return {};
    });
    ASSERT_TRUE(done.ok()) << done.error().message;
  }

  void add_series() {
    execute(
        "insert into bl_series (series_no, history_fingerprint, context_id, hardware_name, "
        "hardware_hash, repository, name, tags, search_text, result_count, error_count, "
        "point_count, latest_result_no, latest_result_id, latest_run_no, latest_result_timestamp, "
        "change_count, fresh_count, status, change_rank, sparkline) values (7, 'f', 'c', 'h', "
        "'hh', 'r', 'n', '{}', 'n', 6, 0, 6, 1, '', 1, 1, 1, 1, 1, 0, '[1,2.5]')",
        {});
  }

  void add(std::int64_t number, const OldPoint& point) {
    execute(
        "insert into bl_history (series_no, commit_timestamp, result_timestamp, result_no, best, "
        "summary_mean, begins_change, mean, unit, result_id, run_id, commit_sha, commit_message, "
        "data, run_tags, change_annotations, info_id) values (7, $1, $2, $3, $4, 2.5, 0, $5, $6, "
        "$7, $8, $9, $10, $11, $12, $13, $14)",
        {std::int64_t{1'000} - number, std::int64_t{5}, number, 0.5 * static_cast<double>(number),
         number == 3 ? store::Param(store::Null{}) : store::Param(number == 4 ? 2.0 : 2.5),
         std::string_view(point.unit), std::string_view(point.result_id),
         std::string_view(point.run_id), std::string_view(point.sha),
         std::string_view(point.message), std::string_view(point.data),
         std::string_view(point.run_tags), std::string_view(point.annotations),
         std::string_view(point.info_id)});
  }

  std::unique_ptr<store::Database> database;

 private:
  StoreFixture& store_;
};

TEST(HistoryMigration, every_point_of_an_older_store_is_kept_letter_for_letter) {
  StoreFixture fixture;
  OldStore old(fixture);
  old.add_series();
  const std::vector<OldPoint> points = old_points();
  for (std::size_t i = 0; i < points.size(); ++i) old.add(static_cast<std::int64_t>(i), points[i]);

  const auto migrated = old.database->migrate(StoreFixture::steps());
  ASSERT_TRUE(migrated.ok()) << migrated.error().message;

  StoreHistoryReader best(*old.database);
  StoreHistoryReader mean(*old.database, SummaryMode::mean);
  const auto history = best.history("f");
  const auto by_mean = mean.history("f");
  ASSERT_TRUE(history.ok()) << history.error().message;
  ASSERT_EQ(history->points.size(), points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    SCOPED_TRACE(i);
    const OldPoint& before = points[i];
    const std::size_t place = points.size() - 1 - i;  // a later result is of an earlier commit
    const HistoryPoint& after = history->points[place];
    EXPECT_EQ(after.commit_timestamp.micros, 1'000 - static_cast<std::int64_t>(i));
    EXPECT_EQ(after.result_timestamp.micros, 5);
    EXPECT_EQ(after.summary.value, 0.5 * static_cast<double>(i));
    EXPECT_EQ(by_mean->points[place].summary.value, 2.5);
    EXPECT_EQ(after.mean, i == 3 ? std::nullopt : std::optional(i == 4 ? 2.0 : 2.5));
    EXPECT_EQ(after.unit, before.unit);
    EXPECT_EQ(after.result_id, before.result_id);
    EXPECT_EQ(after.run_id, before.run_id);
    EXPECT_EQ(after.commit_sha, before.sha);
    EXPECT_EQ(after.commit_message, before.message);
    EXPECT_EQ(after.data_json, before.data);
    EXPECT_EQ(after.run_tags_json, before.run_tags);
    EXPECT_EQ(after.change_annotations_json, before.annotations);
    EXPECT_EQ(after.info_id, before.info_id);
  }
}

TEST(HistoryMigration, sparklines_stand_beside_their_series_and_go_with_them) {
  StoreFixture fixture;
  OldStore old(fixture);
  old.add_series();
  ASSERT_TRUE(old.database->migrate(StoreFixture::steps()).ok());
  const auto sparklines = [&] {
    std::string text;
    const auto read = old.database->read([&](store::Connection& connection) {
      return connection.query("select series_no || sparkline from bl_series_sparkline", {},
                              [&](const store::Row& row) {
                                text += row.text(0);
                                return true;
                              });
    });
    EXPECT_TRUE(read.ok());
    return text;
  };
  EXPECT_EQ(sparklines(), "7[1,2.5]");
  old.execute("delete from bl_series", {});
  EXPECT_EQ(sparklines(), "");
}

}  // namespace
}  // namespace bl::results::testing
