#include "duck/parquet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/testing/faulty_disk.h"
#include "base/testing/temporary_folder.h"
#include "duck/database.h"

namespace bl::duck {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ParquetFiles : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  std::unique_ptr<Disk> disk_ = make_real_disk();
  std::unique_ptr<Database> database_ = Database::open({}).value();
  std::unique_ptr<Connection> connection_ = database_->connect().value();

  Result<ParquetFile> write(std::string_view select, const std::string& name,
                            const ParquetOptions& options = {}, const Values& values = {}) {
    return write_parquet(*connection_, *disk_, select, values, folder_.at(name), options);
  }
  columns::Batch all(std::string_view sql, const Values& values = {}) {
    return connection_->query(sql, values).value().all().value();
  }
};

constexpr const char* k_rows =
    "SELECT range AS id, nullif(range % 10, 3) AS small, range * 0.5 AS mean, "
    "'unit ' || (range % 3) AS unit, TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(range) AS "
    "at, [range, range + 1] AS pair, {'x': range, 'dot.ted': 'v'} AS s FROM range(100000)";

TEST_F(ParquetFiles, writing_returns_what_the_catalog_keeps) {
  const ParquetFile file = write(k_rows, "a.parquet").value();
  EXPECT_EQ(file.rows, 100'000);
  EXPECT_EQ(file.bytes, std::filesystem::file_size(folder_.at("a.parquet")));
  EXPECT_GT(file.footer_bytes, 100u);
  ASSERT_EQ(file.columns.size(), 8u);
  const auto of = [&](std::initializer_list<std::string> path) {
    for (const auto& column : file.columns) {
      if (std::equal(path.begin(), path.end(), column.path.begin(), column.path.end())) {
        return column;
      }
    }
    ADD_FAILURE() << "no such column: " << *path.begin();
    return ColumnStatistics{};
  };
  EXPECT_EQ(of({"id"}).values, 100'000);
  EXPECT_EQ(of({"id"}).nulls, 0);
  EXPECT_EQ(of({"id"}).min, "0");
  EXPECT_EQ(of({"id"}).max, "99999");
  EXPECT_GT(of({"id"}).bytes, 0u);
  EXPECT_EQ(of({"small"}).nulls, 10'000);
  EXPECT_EQ(of({"small"}).values, 90'000);
  EXPECT_EQ(of({"mean"}).max, "49999.5");
  EXPECT_EQ(of({"unit"}).min, "unit 0");
  EXPECT_EQ(of({"at"}).min, "2024-01-01 00:00:00+00");
  EXPECT_EQ(of({"s", "x"}).max, "99999");
  EXPECT_EQ(of({"s", "dot.ted"}).min, "v");
}

TEST_F(ParquetFiles, the_footer_says_what_the_writer_said) {
  const ParquetFile written = write(k_rows, "a.parquet").value();
  const ParquetFile read = read_footer(*connection_, folder_.at("a.parquet")).value();
  EXPECT_EQ(read.rows, written.rows);
  EXPECT_EQ(read.bytes, written.bytes);
  EXPECT_EQ(read.footer_bytes, written.footer_bytes);
  ASSERT_EQ(read.columns.size(), written.columns.size());
  for (std::size_t i = 0; i < read.columns.size(); ++i) {
    EXPECT_EQ(read.columns[i].path, written.columns[i].path);
    EXPECT_EQ(read.columns[i].bytes, written.columns[i].bytes) << i;
    EXPECT_EQ(read.columns[i].values, written.columns[i].values) << i;
    EXPECT_EQ(read.columns[i].nulls, written.columns[i].nulls) << i;
    EXPECT_EQ(read.columns[i].min, written.columns[i].min) << i;
    EXPECT_EQ(read.columns[i].max, written.columns[i].max) << i;
  }
}

TEST_F(ParquetFiles, row_groups_are_merged_by_their_values_not_their_texts) {
  // Each column runs through values whose texts sort in another way, one row group after the other.
  const ParquetFile written =
      write(
          "SELECT 9999 - range AS down, (range - 5000)::SMALLINT AS small, range - 9 AS around, "
          "((range - 5000) * 0.25)::DECIMAL(38, 9) AS money, (range - 5000) * 1.5e10::DOUBLE AS "
          "real, (range - 5000)::FLOAT AS half, DATE '1999-12-01' + range::INTEGER AS day, "
          "TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_milliseconds(range * 500) AS at, "
          "range % 5000 = 4999 AS flag, encode(chr((range % 100 + 33)::INTEGER)) AS bytes, "
          "'\\xFF\\x00'::BLOB AS odd, CASE WHEN range < 3000 THEN NULL ELSE range END AS late, "
          "NULL::BIGINT AS none, [range - 5000] AS list, MAP {'k' || range: range} AS map, "
          "{'in': {'deep, er': [range]}} AS s FROM range(10000)",
          "a.parquet", {.row_group_rows = 2'048})
          .value();
  const ParquetFile read = read_footer(*connection_, written.path).value();
  ASSERT_EQ(read.columns.size(), written.columns.size());
  for (std::size_t i = 0; i < read.columns.size(); ++i) {
    const std::string& name = written.columns[i].path[0];
    EXPECT_EQ(read.columns[i].path, written.columns[i].path);
    EXPECT_EQ(read.columns[i].values, written.columns[i].values) << name;
    EXPECT_EQ(read.columns[i].nulls, written.columns[i].nulls) << name;
    // Behind a row group of nulls the writer knows no bounds; the footer does.
    const bool late = name == "late";
    EXPECT_EQ(read.columns[i].min, late ? "3000" : written.columns[i].min) << name;
    EXPECT_EQ(read.columns[i].max, late ? "9999" : written.columns[i].max) << name;
  }
}

TEST_F(ParquetFiles, a_footer_that_does_not_know_a_bound_says_none) {
  const ParquetFile written =
      write(
          "SELECT CASE WHEN range = 5 THEN 'nan'::DOUBLE ELSE range END AS with_nan, "
          "CASE WHEN range = 5 THEN 'inf'::DOUBLE ELSE range END AS with_infinity, "
          "repeat('x', 3000) || range AS long FROM range(10000)",
          "a.parquet", {.row_group_rows = 2'048})
          .value();
  const ParquetFile read = read_footer(*connection_, written.path).value();
  ASSERT_EQ(read.columns.size(), 3u);
  for (const ColumnStatistics& column : read.columns) {
    EXPECT_EQ(column.values, 10'000);
    EXPECT_EQ(column.has_nan, std::nullopt);
    if (column.path[0] == "long") {
      // Wider than the rows, or not known.
      std::string first(3000, 'x'), last(3000, 'x');
      first += '0';
      last += "9999";
      EXPECT_LE(column.min.value_or(first), first);
      EXPECT_GE(column.max.value_or(last), last);
      continue;
    }
    EXPECT_EQ(column.min, std::nullopt) << column.path[0];
    EXPECT_EQ(column.max, std::nullopt) << column.path[0];
  }
}

TEST_F(ParquetFiles, options_shape_the_file) {
  ASSERT_TRUE(write(k_rows, "a.parquet",
                    {.row_group_rows = 20'480,
                     .metadata = {{"watermark", "it's 7"}, {"schema", "3"}},
                     .field_ids = true})
                  .ok());
  const std::string path = folder_.at("a.parquet");
  const auto count = [&](std::string_view sql) {
    return all(sql, {path}).column(0).as<std::int64_t>().value()[0];
  };
  EXPECT_EQ(count("SELECT count(DISTINCT row_group_id) FROM parquet_metadata($1)"), 5);
  EXPECT_EQ(count("SELECT count(*) FROM parquet_metadata($1) WHERE compression = 'ZSTD'"), 40);
  EXPECT_EQ(count("SELECT count(*) FROM parquet_kv_metadata($1) WHERE decode(key) = 'watermark' "
                  "AND decode(value) = 'it''s 7'"),
            1);
  EXPECT_EQ(count("SELECT max(field_id)::BIGINT FROM parquet_schema($1) WHERE name IN ('id', 's')"),
            7);
}

TEST_F(ParquetFiles, parameters_reach_the_select) {
  const Values values{std::int64_t{10}};
  EXPECT_EQ(
      write("SELECT range AS i FROM range(100) WHERE range < $1", "a.parquet", {}, values)->rows,
      10);
  EXPECT_EQ(write("SELECT range AS i FROM range(100) WHERE range < $1", "b.parquet",
                  {.field_ids = true}, values)
                ->rows,
            10);
}

TEST_F(ParquetFiles, a_list_of_files_is_one_parameter) {
  for (const char* name : {"a.parquet", "b.parquet", "c.parquet"}) {
    ASSERT_TRUE(write(k_rows, name).ok());
  }
  auto statement = connection_
                       ->prepare(
                           "SELECT count(*) FROM read_parquet($1) "
                           "WHERE id BETWEEN $2 AND $2 + 9")
                       .value();
  for (const std::int64_t from : {0, 50'000, 99'990}) {
    const std::vector<std::string> files{folder_.at("a.parquet"), folder_.at("c.parquet")};
    const auto row = statement.query({files, from})->all().value();
    EXPECT_EQ(row.column(0).as<std::int64_t>().value()[0], 20);
  }
}

TEST_F(ParquetFiles, no_rows_make_a_file_of_no_rows) {
  const ParquetFile file = write("SELECT 1 AS a WHERE false", "a.parquet").value();
  EXPECT_EQ(file.rows, 0);
  EXPECT_EQ(read_footer(*connection_, file.path)->rows, 0);
}

TEST_F(ParquetFiles, a_file_is_never_overwritten) {
  ASSERT_TRUE(write("SELECT 1 AS a", "a.parquet").ok());
  EXPECT_EQ(write("SELECT 2 AS a", "a.parquet").error().code, Code::conflict);
  EXPECT_EQ(all("SELECT a::BIGINT FROM read_parquet($1)", {folder_.at("a.parquet")})
                .column(0)
                .as<std::int64_t>()
                .value()[0],
            1);
}

TEST_F(ParquetFiles, a_failure_leaves_no_file) {
  EXPECT_EQ(write("SELECT 'x'::BIGINT AS a FROM range(10)", "a.parquet").error().code,
            Code::invalid);
  EXPECT_FALSE(std::filesystem::exists(folder_.at("a.parquet")));
  const auto late =
      write_parquet(*connection_, *disk_, "SELECT sin(range) AS a FROM range(100000000000)", {},
                    folder_.at("b.parquet"), {}, {.time_max = std::chrono::milliseconds(50)});
  EXPECT_EQ(late.error().code, Code::timeout);
  EXPECT_FALSE(std::filesystem::exists(folder_.at("b.parquet")));
  EXPECT_FALSE(write("DROP TABLE x", "c.parquet").ok());
  EXPECT_EQ(write("SELECT 1 AS a", "no/such/folder.parquet").error().code, Code::not_found);
}

TEST_F(ParquetFiles, a_disk_that_fails_leaves_no_file_that_counts) {
  std::uint64_t n = 1;
  for (;; ++n) {
    FaultyDisk disk(*disk_, {.fail_at = n});
    const std::string path = folder_.at("n" + std::to_string(n) + ".parquet");
    const auto file = write_parquet(*connection_, disk, "SELECT 1 AS a", {}, path);
    if (file.ok()) break;
    EXPECT_EQ(file.error().code, Code::io);
    EXPECT_FALSE(std::filesystem::exists(path)) << n;
  }
  EXPECT_EQ(n, 5u);  // exists, open, sync, sync of the folder
}

TEST_F(ParquetFiles, broken_files_have_names_for_it) {
  const std::string good = folder_.at("good.parquet");
  ASSERT_TRUE(write(k_rows, "good.parquet").ok());
  EXPECT_EQ(read_footer(*connection_, folder_.at("gone.parquet")).error().code, Code::not_found);
  std::ofstream(folder_.at("empty.parquet"));
  EXPECT_EQ(read_footer(*connection_, folder_.at("empty.parquet")).error().code, Code::corrupt);
  std::ofstream(folder_.at("text.parquet")) << std::string(1000, 'x');
  EXPECT_EQ(read_footer(*connection_, folder_.at("text.parquet")).error().code, Code::corrupt);
  std::string bytes = read_file(*disk_, good, 1u << 30).value();
  std::ofstream(folder_.at("cut.parquet")) << bytes.substr(0, bytes.size() / 2);
  const auto cut = read_footer(*connection_, folder_.at("cut.parquet"));
  EXPECT_EQ(cut.error().code, Code::corrupt);
  EXPECT_THAT(cut.error().message, HasSubstr("cut.parquet"));
}

}  // namespace
}  // namespace bl::duck
