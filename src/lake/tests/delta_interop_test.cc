// Real programs at our tables, and we at theirs: delta-rs (PyPI deltalake), the official Delta
// extension of DuckDB, and chDB where it is installed. All must see the same rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "duck/extensions.h"
#include "lake/testing/chdb.h"
#include "lake/testing/delta_peer.h"
#include "lake/tests/delta_world.h"

namespace bl::lake {
namespace {

namespace fs = std::filesystem;
using columns::Kind;
using columns::Schema;
using columns::Type;
using namespace testing;

using Lines = std::vector<std::string>;

// One text a row, in words that all engines know.
constexpr const char* k_line =
    "coalesce(cast(id as varchar), '-') || '|' || coalesce(name, '-') || '|' || "
    "coalesce(cast(cast(mean * 8 as bigint) as varchar), '-') || '|' || "
    "coalesce(cast(cast(date_part('epoch', \"at\") as bigint) as varchar), '-') || '|' || "
    "coalesce(cast(pair['x'] as varchar), '-')";
constexpr const char* k_two = "coalesce(cast(id as varchar), '-') || '|' || coalesce(name, '-')";

Schema our_schema() {
  return Schema::make({{"id", Kind::int64, false},
                       {"name", Kind::text},
                       {"mean", Kind::float64},
                       {"at", Kind::timestamp},
                       {"pair", Type::structure({{"x", Kind::int32}, {"y", Kind::text}})}})
      .value();
}

class OtherPrograms : public ::testing::Test {
 protected:
  Lines lines_of(duck::Connection& connection, const std::string& sql,
                 const duck::Values& values = {}) {
    auto answer = connection.query(sql, values);
    EXPECT_TRUE(answer.ok()) << message_of(answer);
    if (!answer.ok()) return {};
    const auto batch = answer->all().value();
    const auto texts = batch.column(0).as<std::string_view>().value();
    Lines lines;
    for (std::int64_t i = 0; i < batch.rows(); ++i) lines.emplace_back(texts[i]);
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  Lines ours(const std::string& line, const std::string& condition = "true") {
    const auto log = DeltaLog::open(setting_.world(*store_), "t/");
    EXPECT_TRUE(log.ok()) << message_of(log);
    const auto rows = delta_rows(*(*log)->snapshot(), delta_place(*store_, "t/")).value();
    return lines_of(*setting_.connection,
                    fmt::format("SELECT {} AS line FROM ({}) WHERE {}", line, rows.sql, condition),
                    rows.values);
  }
  Lines of_delta_rs(const std::string& line, const std::string& condition = "true") {
    return split_lines(
        peer({"rows", table_, fmt::format("SELECT {} AS line FROM t WHERE {}", line, condition)}));
  }
  Lines of_duckdb(const std::string& line, const std::string& condition = "true") {
    return lines_of(*official().connect().value(),
                    fmt::format("SELECT {} AS line FROM delta_scan('file://{}') WHERE {}", line,
                                table_, condition));
  }
  static duck::Database& official() {
    static const auto database = [] {
      duck::DatabaseOptions options;
      options.extensions = {"delta"};
      return duck::Database::open(options).value();
    }();
    return *database;
  }

  void expect_same(const char* line, std::size_t rows, const std::string& condition = "true") {
    const Lines mine = ours(line, condition);
    EXPECT_EQ(mine.size(), rows);
    EXPECT_EQ(of_delta_rs(line, condition), mine);
    EXPECT_EQ(of_duckdb(line, condition), mine);
  }

  /// A real file of ours, in the table's folder.
  DeltaFile write(const std::string& name, int from, int count, const std::string& more = "") {
    const std::string path = fmt::format("{}/{}", setting_.folder.path(), name);
    const std::string select = fmt::format(
        "SELECT range AS id, CASE WHEN range % 7 = 0 THEN NULL ELSE 'né ' || range END AS name, "
        "range / 8.0 AS mean, TIMESTAMPTZ '2024-01-01 00:00:00.000123+00' + to_seconds(range) AS "
        "at, CASE WHEN range % 3 = 0 THEN NULL ELSE {{'x': range::INTEGER, 'y': 'y'}} END AS pair"
        "{} FROM range({}, {})",
        more, from, from + count);
    const auto written =
        duck::write_parquet(*setting_.connection, *setting_.disk, select, {}, path, {.version = 1})
            .value();
    BL_CHECK(store_->put_file_if_absent("t/" + name, path).ok());
    const auto log = DeltaLog::open(setting_.world(*store_), "t/").value();
    return delta_file(written, name, *log->snapshot()->metadata, setting_.clock.now()).value();
  }

  DeltaSetting setting_;
  std::unique_ptr<objects::ObjectStore> store_ = setting_.local(setting_.folder.at("lake"));
  std::string table_ = setting_.folder.at("lake/t");
};

TEST_F(OtherPrograms, read_what_we_write) {
  const DeltaTable table{our_schema(), {}, "ours", {{"delta.appendOnly", "false"}}};
  const auto log = DeltaLog::create(setting_.world(*store_), "t/", table).value();
  for (int i = 0; i < 3; ++i) {
    DeltaAppend append;
    append.files = {write(fmt::format("a {}.parquet", i), i * 100, 100)};
    append.transaction = DeltaTransaction{"us", i};
    ASSERT_TRUE(log->append(append).ok());
  }
  expect_same(k_line, 300);
  expect_same(k_line, 11, "id BETWEEN 95 AND 105");
  expect_same(k_line, 1, "name = 'né 250'");
  expect_same(k_line, 10, "\"at\" >= TIMESTAMP '2024-01-01 00:04:50'");

  DeltaReplace replace;
  replace.remove = {"a 0.parquet", "a 1.parquet"};
  replace.add = {write("compacted.parquet", 0, 200)};
  replace.read_version = 3;
  ASSERT_TRUE(log->replace(replace).ok());
  expect_same(k_line, 300);

  auto wider = our_schema().fields();
  wider.push_back({"more", Kind::text});
  ASSERT_TRUE(log->evolve(Schema::make(wider).value()).ok());
  DeltaAppend append;
  append.files = {write("wider.parquet", 300, 50, ", 'more' AS more")};
  ASSERT_TRUE(log->append(append).ok());
  expect_same("coalesce(more, '-') || cast(id as varchar)", 350);

  ASSERT_EQ(log->checkpoint().value(), 6);
  for (int v = 0; v < 6; ++v) fs::remove(fmt::format("{}/_delta_log/{:020}.json", table_, v));
  append.files = {write("last.parquet", 350, 10, ", NULL::VARCHAR AS more")};
  ASSERT_TRUE(log->append(append).ok());
  expect_same("coalesce(more, '-') || cast(id as varchar)", 360);
  expect_same(k_line, 5, "id >= 355");
}

TEST_F(OtherPrograms, tell_from_our_statistics_what_a_file_cannot_hold) {
  const auto log =
      DeltaLog::create(setting_.world(*store_), "t/", {our_schema(), {}, "", {}}).value();
  DeltaAppend append;
  append.files = {write("a.parquet", 0, 100), write("b.parquet", 100, 100)};
  ASSERT_TRUE(log->append(append).ok());
  // Whoever prunes by id opens one file: the other may be missing.
  fs::remove(table_ + "/a.parquet");
  EXPECT_EQ(of_delta_rs(k_line, "id >= 150").size(), 50u);
  EXPECT_EQ(of_duckdb(k_line, "id >= 150").size(), 50u);
}

TEST_F(OtherPrograms, write_what_we_read) {
  peer({"create", table_, "50"});
  peer({"append", table_, "50", "10", "3"});
  expect_same(k_two, 80);
  peer({"delete", table_, "id >= 75"});
  expect_same(k_two, 75);
  peer({"compact", table_});
  peer({"checkpoint", table_});
  expect_same(k_two, 75);
  peer({"append", table_, "1000", "5"});
  expect_same(k_two, 80);
}

TEST_F(OtherPrograms, and_we_write_one_table) {
  peer({"create", table_, "10"});
  const auto log = DeltaLog::open(setting_.world(*store_), "t/").value();
  const std::string extension =
      duck::checked_extension(duck::default_extension_folder(), "delta").value();
  for (int round = 0; round < 3; ++round) {
    const auto written = duck::write_parquet(
        *setting_.connection, *setting_.disk,
        fmt::format("SELECT {} + range AS id, 'ours' AS name FROM range(10)", round * 100 + 500),
        {}, fmt::format("{}/o{}.parquet", setting_.folder.path(), round), {.version = 1});
    ASSERT_TRUE(written.ok()) << message_of(written);
    const std::string name = fmt::format("o{}.parquet", round);
    ASSERT_TRUE(store_->put_file_if_absent("t/" + name, written->path).ok());
    DeltaAppend append;
    append.files = {
        delta_file(*written, name, *log->snapshot()->metadata, setting_.clock.now()).value()};
    ASSERT_TRUE(log->append(append).ok());
    peer({"duckdb", table_, extension,
          fmt::format("INSERT INTO t VALUES ({}, 'duck')", 9'000 + round)});
    peer({"append", table_, std::to_string(20'000 + round * 10), "10"});
    ASSERT_TRUE(log->update().ok());
  }
  EXPECT_EQ(log->snapshot()->version, 9);
  ASSERT_TRUE(log->checkpoint().ok());
  expect_same(k_two, 10 + 3 * 21);
}

TEST_F(OtherPrograms, race_with_us_and_nobody_loses) {
  peer({"create", table_, "1"});
  SystemClock clock;
  DeltaWorld world = {*store_,
                      *setting_.disk,
                      setting_.folder.at("scratch"),
                      setting_.engine,
                      clock,
                      setting_.random,
                      setting_.metrics,
                      setting_.log,
                      [](std::chrono::milliseconds pause) {
                        std::this_thread::sleep_for(pause);
                        return true;
                      }};
  const auto log = DeltaLog::open(world, "t/").value();
  std::atomic<bool> done{false};
  std::thread other([&] {
    peer({"append", table_, "100", "2", "20"});
    done = true;
  });
  int mine = 0;
  while (!done && mine < 2'000) {
    DeltaFile file = some_file(fmt::format("none-{}.parquet", mine));
    if (!log->append({{file}, nullptr, std::nullopt, {}}).ok()) break;
    ++mine;
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
  }
  other.join();
  const auto snapshot = log->update().value();
  EXPECT_EQ(snapshot->files.size(), static_cast<std::size_t>(1 + 20 + mine));
  EXPECT_EQ(snapshot->version, 20 + mine);
}

TEST_F(OtherPrograms, such_as_chdb_read_what_we_write) {
  const std::string chdb = chdb_python(source(""));
  BL_SKIP_WITHOUT_CHDB(chdb);
  const DeltaTable table{our_schema(), {}, "", {}};
  const auto log = DeltaLog::create(setting_.world(*store_), "t/", table).value();
  DeltaAppend append;
  append.files = {write("a.parquet", 0, 100)};
  ASSERT_TRUE(log->append(append).ok());
  ASSERT_TRUE(log->checkpoint().ok());
  append.files = {write("b c.parquet", 100, 100)};
  ASSERT_TRUE(log->append(append).ok());
  const std::string line = "concat(toString(id), '|', ifNull(name, '-'))";
  EXPECT_EQ(split_lines(run_peer(chdb, {"chdb", table_, "SELECT " + line + " FROM t"})),
            ours(k_two));
}

}  // namespace
}  // namespace bl::lake
