#include "duck/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/testing/temporary_folder.h"
#include "duck/extensions.h"

namespace bl::duck {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

Error error_of(Connection& connection, std::string_view sql) {
  auto run = connection.run(sql);
  return run.ok() ? Error{Code::internal, "no error"} : run.error();
}

std::string setting(Connection& connection, const std::string& name) {
  auto answer = connection.query("SELECT current_setting($1)::VARCHAR", {name}).value();
  return std::string(answer.all()->column(0).as<std::string_view>().value()[0]);
}

TEST(Databases, set_every_limit_and_fetch_nothing) {
  DatabaseOptions options;
  options.limits = {.memory_bytes_max = 256u << 20, .threads = 3, .temp_bytes_max = 1u << 30};
  const auto database = Database::open(options).value();
  const auto connection = database->connect().value();
  EXPECT_EQ(setting(*connection, "threads"), "3");
  EXPECT_EQ(setting(*connection, "memory_limit"), "256.0 MiB");
  EXPECT_EQ(setting(*connection, "TimeZone"), "UTC");
  EXPECT_EQ(setting(*connection, "temp_directory"), "");
  for (const char* off : {"autoinstall_known_extensions", "autoload_known_extensions",
                          "allow_community_extensions", "allow_unsigned_extensions"}) {
    EXPECT_EQ(setting(*connection, off), "false") << off;
  }
}

TEST(Databases, refuse_limits_that_make_no_sense) {
  DatabaseOptions options;
  options.limits.threads = 0;
  EXPECT_EQ(Database::open(options).error().message, "the engine has 1 to 1024 threads, not: 0");
}

TEST(Databases, say_overloaded_when_memory_is_used_up_and_go_on) {
  DatabaseOptions options;
  options.limits.memory_bytes_max = 64u << 20;
  const auto database = Database::open(options).value();
  const auto connection = database->connect().value();
  const Error error = error_of(*connection, "SELECT list(range) FROM range(50000000)");
  EXPECT_EQ(error.code, Code::overloaded) << error.message;
  EXPECT_TRUE(connection->run("SELECT 1").ok());
}

TEST(Databases, spill_into_their_folder_up_to_their_limit) {
  const TemporaryFolder folder;
  DatabaseOptions options;
  options.limits = {.memory_bytes_max = 32u << 20, .temp_folder = folder.at("spill")};
  const std::string sort =
      "SELECT max(t.s) FROM (SELECT md5(range::VARCHAR) AS s FROM range(4000000) ORDER BY s) t";
  const std::string spilling =
      "CREATE OR REPLACE TEMP TABLE big AS SELECT md5(range::VARCHAR) AS s FROM range(1500000)";
  {
    const auto database = Database::open(options).value();
    const auto connection = database->connect().value();
    const auto run = connection->run(spilling);
    EXPECT_TRUE(run.ok()) << run.error().message;
    EXPECT_GT(database->usage().value().temp_bytes, 0u);
  }
  options.limits.temp_bytes_max = 1u << 20;
  const auto database = Database::open(options).value();
  const auto connection = database->connect().value();
  EXPECT_EQ(error_of(*connection, spilling).code, Code::overloaded);
}

TEST(Databases, without_access_no_sql_touches_a_file) {
  const TemporaryFolder folder;
  std::ofstream(folder.at("a.csv")) << "x\n1\n";
  DatabaseOptions options;
  options.access = Access::nothing;
  const auto database = Database::open(options).value();
  const auto connection = database->connect().value();
  const std::string file = quoted_text(folder.at("a.csv")).value();
  for (const std::string& sql :
       {"SELECT * FROM read_csv(" + file + ")", "COPY (SELECT 1) TO '" + folder.at("b") + "'",
        "ATTACH '" + folder.at("c.db") + "'", std::string("LOAD httpfs"),
        std::string("SET enable_external_access = true"), "SELECT * FROM read_text(" + file + ")",
        std::string("SELECT * FROM glob('/*')")}) {
    const Error error = error_of(*connection, sql);
    EXPECT_THAT(error.code, testing::AnyOf(Code::forbidden, Code::invalid)) << sql << error.message;
  }
  EXPECT_FALSE(std::filesystem::exists(folder.at("b")));
}

TEST(Databases, with_folders_only_files_below_them_are_read) {
  const TemporaryFolder open, closed;
  std::ofstream(open.at("a.csv")) << "x\n1\n";
  std::ofstream(closed.at("a.csv")) << "x\n1\n";
  DatabaseOptions options;
  options.access = Access::folders;
  options.folders = {open.path()};
  const auto database = Database::open(options).value();
  const auto connection = database->connect().value();
  const auto read = [&](const std::string& path) {
    return connection->run("SELECT * FROM read_csv($1)", {path});
  };
  EXPECT_TRUE(read(open.at("a.csv")).ok());
  EXPECT_EQ(read(closed.at("a.csv")).error().code, Code::forbidden);
  EXPECT_FALSE(read(open.path() + "/../" + closed.path().substr(5) + "/a.csv").ok());
}

TEST(Databases, locked_settings_stay) {
  const auto database = Database::open({}).value();
  const auto connection = database->connect().value();
  ASSERT_TRUE(connection->lock_settings().ok());
  EXPECT_FALSE(connection->run("SET memory_limit = '10GB'").ok());
  EXPECT_FALSE(connection->run("SET lock_configuration = false").ok());
  EXPECT_TRUE(connection->run("SELECT 1").ok());
  EXPECT_FALSE(database->connect().ok());
}

TEST(Databases, a_file_has_one_owner_and_keeps_its_rows) {
  const TemporaryFolder folder;
  DatabaseOptions options;
  options.path = folder.at("x.duckdb");
  {
    const auto database = Database::open(options).value();
    ASSERT_TRUE(database->connect().value()->run("CREATE TABLE t AS SELECT 7 AS i").ok());
  }
  {
    const auto database = Database::open(options).value();
    EXPECT_TRUE(database->connect().value()->run("SELECT * FROM t").ok());
  }
  std::ofstream(options.path, std::ios::trunc) << std::string(20000, 'x');
  const auto broken = Database::open(options);
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, Code::corrupt) << broken.error().message;
}

TEST(Extensions, are_loaded_by_path_and_known_by_their_bytes) {
  DatabaseOptions options;
  options.extensions = {"sqlite_scanner", "ducklake"};
  const auto database = Database::open(options);
  ASSERT_TRUE(database.ok()) << database.error().message;
  const auto connection = (*database)->connect().value();
  auto answer =
      connection
          ->query(
              "SELECT count(*) FROM duckdb_extensions() WHERE loaded AND extension_name IN "
              "('ducklake', 'sqlite_scanner', 'sqlite')")
          .value();
  EXPECT_EQ(answer.all()->column(0).as<std::int64_t>().value()[0], 2);
}

TEST(Extensions, every_known_one_is_what_it_should_be_and_loads) {
  DatabaseOptions options;
  for (const auto& extension : known_extensions()) options.extensions.emplace_back(extension.name);
  const auto database = Database::open(options);
  EXPECT_TRUE(database.ok()) << database.error().message;
}

TEST(Extensions, another_file_or_none_is_refused_with_its_path) {
  const TemporaryFolder folder;
  DatabaseOptions options;
  options.extension_folder = folder.path();
  options.extensions = {"ducklake"};
  const auto gone = Database::open(options);
  EXPECT_EQ(gone.error().code, Code::not_found);
  EXPECT_THAT(gone.error().message, EndsWith(folder.at("ducklake.duckdb_extension")));
  std::ofstream(folder.at("ducklake.duckdb_extension")) << "cut";
  const auto other = Database::open(options);
  EXPECT_EQ(other.error().code, Code::corrupt);
  EXPECT_THAT(other.error().message, HasSubstr("not the extension ducklake of DuckDB v1.5.5: "));
  EXPECT_EQ(checked_extension(folder.path(), "../x").error().message, "no such extension: ../x");
}

}  // namespace
}  // namespace bl::duck
