// The settings of a connection, its errors and its statements.
#include "store/sqlite/session.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>

#include "store/sqlite/sqlite_error.h"
#include "store/sqlite/tests/fault_vfs.h"
#include "store/tests/driver_factory.h"

namespace bl::store::testing {
namespace {

std::string single(Session& session, const std::string& sql) {
  std::string text;
  const auto outcome = session.query_text(sql, {}, [&](const Row& row) {
    text = row.text(0);
    return true;
  });
  return outcome.ok() ? text : outcome.error().message;
}

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override { FaultVfs::install().disarm(); }
  std::unique_ptr<Session> open(Session::Role role) {
    return Session::open(folder_.at("s.db"), role, limits_).value();
  }
  TemporaryFolder folder_;
  DatabaseLimits limits_;
};

TEST_F(SessionTest, has_the_settings_of_the_readme) {
  const auto writer = open(Session::Role::writer);
  const auto reader = open(Session::Role::reader);
  for (Session* session : {writer.get(), reader.get()}) {
    EXPECT_EQ(single(*session, "PRAGMA journal_mode"), "wal");
    EXPECT_EQ(single(*session, "PRAGMA foreign_keys"), "1");
    EXPECT_EQ(single(*session, "PRAGMA trusted_schema"), "0");
    EXPECT_EQ(single(*session, "PRAGMA temp_store"), "2");
    EXPECT_EQ(single(*session, "PRAGMA busy_timeout"), "5000");
  }
  EXPECT_EQ(single(*writer, "PRAGMA synchronous"), "2");
  EXPECT_EQ(single(*writer, "PRAGMA wal_autocheckpoint"), "0");
  EXPECT_EQ(single(*writer, "PRAGMA cache_size"), "-65536");
  EXPECT_EQ(single(*reader, "PRAGMA cache_size"), "-8192");
  EXPECT_EQ(single(*reader, "PRAGMA query_only"), "1");
}

TEST_F(SessionTest, a_double_quoted_string_is_an_error_and_no_text) {
  const auto session = open(Session::Role::memory);
  EXPECT_NE(single(*session, "SELECT \"oops\"").find("no such column"), std::string::npos);
}

TEST_F(SessionTest, nan_is_refused_because_sqlite_would_store_null) {
  const auto session = open(Session::Role::memory);
  const std::vector<Param> params{std::nan("")};
  const auto outcome = session->query_text("SELECT $1", params, [](const Row&) { return true; });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::internal);
}

TEST_F(SessionTest, unhex_gives_the_bytes_of_hex_and_null_for_anything_else) {
  const auto session = open(Session::Role::memory);
  EXPECT_EQ(single(*session, "SELECT unhex('00ff4aA0') = x'00ff4aa0'"), "1");
  EXPECT_EQ(single(*session, "SELECT unhex('') = x''"), "1");
  for (const char* other : {"'a'", "'0g'", "'a b0'", "null"}) {
    std::string sql = "SELECT unhex(";
    sql += other;
    sql += ") IS NULL";
    EXPECT_EQ(single(*session, sql), "1") << other;
  }
  EXPECT_NE(single(*session, "CREATE TABLE t (a TEXT CHECK (unhex(a) IS NOT NULL))"), "")
      << "for statements alone, not for schemas";
}

TEST_F(SessionTest, other_placeholders_and_several_statements_are_refused) {
  for (const char* sql : {"SELECT ?", "SELECT ?1", "SELECT :a", "SELECT @a", "SELECT $name",
                          "SELECT $0", "SELECT 1; SELECT 2", "", "-- nothing"}) {
    const auto session = open(Session::Role::memory);
    const auto outcome = session->query_text(sql, {}, [](const Row&) { return true; });
    ASSERT_FALSE(outcome.ok()) << sql;
    EXPECT_EQ(outcome.error().code, Code::internal) << sql;
  }
}

TEST_F(SessionTest, two_texts_at_one_address_are_two_statements) {
  const auto session = open(Session::Role::memory);
  std::string text = "SELECT 1";
  const auto run = [&] {
    std::int64_t value = 0;
    EXPECT_TRUE(session
                    ->query(Sql(text.c_str()), std::span<const Param>(),
                            [&](const Row& row) {
                              value = row.integer(0);
                              return true;
                            })
                    .ok());
    return value;
  };
  EXPECT_EQ(run(), 1);
  text[7] = '2';
  EXPECT_EQ(run(), 2);
}

TEST(StatementCacheTest, keeps_the_statements_used_last) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &db), SQLITE_OK);
  {
    StatementCache cache(2);
    const auto use = [&](std::string_view sql) {
      auto taken = cache.take(db, sql).value();
      sqlite3_stmt* raw = taken->raw;
      cache.give_back(sql, std::move(taken));
      return raw;
    };
    sqlite3_stmt* first = use("SELECT 1");
    use("SELECT 2");
    EXPECT_EQ(use("SELECT 1"), first);
    use("SELECT 3");  // drops SELECT 2
    EXPECT_EQ(cache.size(), 2u);
    EXPECT_EQ(use("SELECT 1"), first);
  }
  EXPECT_EQ(sqlite3_close(db), SQLITE_OK);
}

TEST(SqliteError, each_result_code_has_one_code_of_ours) {
  EXPECT_EQ(code_of_sqlite(SQLITE_FULL), Code::disk_full);
  EXPECT_EQ(code_of_sqlite(SQLITE_IOERR_FSYNC), Code::io);
  EXPECT_EQ(code_of_sqlite(SQLITE_IOERR_SHORT_READ), Code::io);
  EXPECT_EQ(code_of_sqlite(SQLITE_CANTOPEN), Code::io);
  EXPECT_EQ(code_of_sqlite(SQLITE_CORRUPT_INDEX), Code::corrupt);
  EXPECT_EQ(code_of_sqlite(SQLITE_NOTADB), Code::corrupt);
  EXPECT_EQ(code_of_sqlite(SQLITE_CONSTRAINT_UNIQUE), Code::conflict);
  EXPECT_EQ(code_of_sqlite(SQLITE_CONSTRAINT_FOREIGNKEY), Code::conflict);
  EXPECT_EQ(code_of_sqlite(SQLITE_CONSTRAINT_DATATYPE), Code::internal);
  EXPECT_EQ(code_of_sqlite(SQLITE_INTERRUPT), Code::timeout);
  EXPECT_EQ(code_of_sqlite(SQLITE_BUSY_SNAPSHOT), Code::overloaded);
  EXPECT_EQ(code_of_sqlite(SQLITE_READONLY), Code::internal);
  EXPECT_EQ(code_of_sqlite(SQLITE_READONLY_DBMOVED), Code::forbidden);
  EXPECT_EQ(code_of_sqlite(SQLITE_TOOBIG), Code::too_large);
  EXPECT_EQ(code_of_sqlite(SQLITE_NOMEM), Code::unavailable);
  EXPECT_EQ(code_of_sqlite(SQLITE_MISUSE), Code::internal);
}

TEST_F(SessionTest, a_damaged_page_is_corrupt) {
  {
    const auto writer = open(Session::Role::writer);
    ASSERT_TRUE(writer->script("CREATE TABLE t (v TEXT); INSERT INTO t VALUES ('x')").ok());
    ASSERT_TRUE(writer->checkpoint(Session::CheckpointMode::truncate, 0).ok());
  }
  std::FILE* file = std::fopen(folder_.at("s.db").c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  std::fseek(file, 4096, SEEK_SET);
  const std::string garbage(4096, '\x7f');
  std::fwrite(garbage.data(), 1, garbage.size(), file);
  std::fclose(file);
  const auto reader = open(Session::Role::reader);
  const auto outcome = reader->query_text("SELECT v FROM t", {}, [](const Row&) { return true; });
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::corrupt) << outcome.error().message;
}

}  // namespace
}  // namespace bl::store::testing
