// What the lake relies on: the official DuckLake extension, a catalog in SQLite, files of ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temporary_folder.h"
#include "duck/database.h"
#include "duck/parquet.h"

namespace bl::duck {
namespace {

class DuckLake : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  std::unique_ptr<Disk> disk_ = make_real_disk();
  std::unique_ptr<Database> database_;
  std::unique_ptr<Connection> connection_;

  void SetUp() override {
    DatabaseOptions options;
    options.extensions = {"sqlite_scanner", "ducklake"};
    auto opened = Database::open(options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    database_ = std::move(*opened);
    connection_ = database_->connect().value();
    ASSERT_TRUE(disk_->make_folder(folder_.at("data")).ok());
    run("ATTACH 'ducklake:sqlite:" + folder_.at("catalog.sqlite") + "' AS lake (DATA_PATH '" +
        folder_.at("data/") + "')");
    run("CREATE TABLE lake.results(result_no BIGINT, repo INTEGER, ts TIMESTAMPTZ, mean DOUBLE)");
  }
  void run(const std::string& sql) {
    const auto done = connection_->run(sql);
    ASSERT_TRUE(done.ok()) << sql << ": " << done.error().message;
  }
  std::int64_t number(std::string_view sql) {
    return connection_->query(sql).value().all()->column(0).as<std::int64_t>().value()[0];
  }
  ParquetFile month(int month, const std::string& name, const std::string& where) {
    const std::string m = std::to_string(month);
    return write_parquet(
               *connection_, *disk_,
               "SELECT " + m +
                   "*1000 + range AS result_no, (range % 4)::INTEGER AS repo, "
                   "TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_months(" +
                   m + ") + to_seconds(range) AS ts, 0.5::DOUBLE AS mean FROM range(1000) WHERE " +
                   where,
               {}, folder_.at("data/" + name), {.field_ids = true})
        .value();
  }
  void add(const ParquetFile& file) {
    run("CALL ducklake_add_data_files('lake', 'results', '" + file.path + "')");
  }
};

TEST_F(DuckLake, takes_files_of_ours_in_one_transaction_with_a_watermark) {
  const auto published = connection_->transaction([&]() -> Result<void> {
    for (int m = 0; m < 3; ++m) add(month(m, "m" + std::to_string(m) + ".parquet", "true"));
    run("CALL lake.set_commit_message('replicator', 'export', extra_info => '{\"watermark\": 7}')");
    return {};
  });
  ASSERT_TRUE(published.ok()) << published.error().message;
  EXPECT_EQ(number("SELECT count(*) FROM lake.results"), 3000);
  EXPECT_EQ(number("SELECT count(*) FROM lake.results WHERE result_no BETWEEN 1500 AND 2499"),
            1000);
  auto answer = connection_
                    ->query(
                        "SELECT commit_extra_info FROM ducklake_snapshots('lake') ORDER "
                        "BY snapshot_id DESC LIMIT 1")
                    .value();
  EXPECT_EQ(answer.all()->column(0).as<std::string_view>().value()[0], "{\"watermark\": 7}");
}

TEST_F(DuckLake, replaces_a_month_without_delete_files_and_still_shows_the_past) {
  for (int m = 0; m < 3; ++m) add(month(m, "m" + std::to_string(m) + ".parquet", "true"));
  const ParquetFile shorter = month(1, "m1b.parquet", "range % 10 <> 0");
  const auto replaced = connection_->transaction([&]() -> Result<void> {
    run("DELETE FROM lake.results WHERE ts >= TIMESTAMPTZ '2024-02-01 00:00:00+00' AND "
        "ts < TIMESTAMPTZ '2024-03-01 00:00:00+00'");
    add(shorter);
    return {};
  });
  ASSERT_TRUE(replaced.ok()) << replaced.error().message;
  EXPECT_EQ(number("SELECT count(*) FROM lake.results"), 2900);
  EXPECT_EQ(
      number("SELECT count(*) FROM ducklake_list_files('lake', 'results') WHERE delete_file IS "
             "NOT NULL"),
      0);
  const auto before = number("SELECT max(snapshot_id) - 1 FROM ducklake_snapshots('lake')");
  EXPECT_EQ(
      number("SELECT count(*) FROM lake.results AT (VERSION => " + std::to_string(before) + ")"),
      3000);
}

TEST_F(DuckLake, a_failed_transaction_publishes_nothing) {
  const ParquetFile file = month(0, "m0.parquet", "true");
  const auto failed = connection_->transaction([&]() -> Result<void> {
    add(file);
    return Error{Code::io, "the disk failed"};
  });
  EXPECT_EQ(failed.error().code, Code::io);
  EXPECT_EQ(number("SELECT count(*) FROM lake.results"), 0);
}

TEST_F(DuckLake, a_file_that_does_not_fit_the_table_is_refused) {
  const auto file =
      write_parquet(*connection_, *disk_, "SELECT 1 AS other", {}, folder_.at("data/x.parquet"));
  const auto added =
      connection_->run("CALL ducklake_add_data_files('lake', 'results', '" + file->path + "')");
  EXPECT_FALSE(added.ok());
}

}  // namespace
}  // namespace bl::duck
