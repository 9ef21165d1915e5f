#include <gtest/gtest.h>

#include "store/inspection.h"
#include "store/tests/driver_factory.h"

namespace bl::store::testing {
namespace {

const Migration k_first{1, "first", "CREATE TABLE a (id INTEGER); CREATE TABLE b (t TEXT);",
                        "CREATE TABLE a (id bigint); CREATE TABLE b (t text);"};
const Migration k_second{
    2, "second",
    "-- a comment; with a semicolon\nINSERT INTO b VALUES ('x;y');\n"
    "CREATE TRIGGER a_added AFTER INSERT ON a BEGIN INSERT INTO b VALUES ('added'); END;",
    "INSERT INTO b VALUES ('x;y')"};
const Migration k_broken{2, "broken", "CREATE TABLE c (id INTEGER); INSERT INTO nowhere VALUES (1)",
                         "CREATE TABLE c (id bigint); INSERT INTO nowhere VALUES (1)"};

class Migrations : public ::testing::TestWithParam<DriverFactory> {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    database_.reset();
    if (place_ == nullptr) place_ = GetParam().make();
    database_ = std::move(place_->open({}, quiet_.log, metrics_)).value();
  }
  Result<void> migrate(const std::vector<Migration>& migrations) {
    return database_->migrate(migrations);
  }
  Result<std::int64_t> rows(const std::string& table) {
    std::int64_t rows = -1;
    const auto outcome = database_->read([&](Connection& c) {
      return c.query_text("SELECT count(*) FROM " + table, {}, [&](const Row& row) {
        rows = row.integer(0);
        return true;
      });
    });
    if (!outcome.ok()) return outcome.error();
    return rows;
  }

  QuietLog quiet_;
  Metrics metrics_;
  std::unique_ptr<DatabasePlace> place_;
  std::unique_ptr<Database> database_;
};

TEST_P(Migrations, each_missing_step_is_applied_once) {
  ASSERT_TRUE(migrate({k_first}).ok());
  ASSERT_TRUE(migrate({k_first, k_second}).ok());
  ASSERT_TRUE(migrate({k_first, k_second}).ok());
  EXPECT_EQ(rows("b").value(), 1);
}

TEST_P(Migrations, are_remembered_over_a_restart) {
  if (!GetParam().is_durable) GTEST_SKIP() << "kept in memory";
  ASSERT_TRUE(migrate({k_first, k_second}).ok());
  reopen();
  ASSERT_TRUE(migrate({k_first, k_second}).ok());
  EXPECT_EQ(rows("b").value(), 1);
}

TEST_P(Migrations, a_changed_step_is_a_conflict_that_names_it) {
  ASSERT_TRUE(migrate({k_first}).ok());
  Migration changed = k_first;
  changed.name = "first_edited";
  changed.sqlite = "CREATE TABLE a (id TEXT)";
  changed.postgres = "CREATE TABLE a (id text)";
  const auto outcome = migrate({changed});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::conflict);
  EXPECT_NE(outcome.error().message.find("first_edited"), std::string::npos);
  EXPECT_NE(outcome.error().message.find("the database has first"), std::string::npos);
}

TEST_P(Migrations, a_database_that_is_newer_is_refused) {
  ASSERT_TRUE(migrate({k_first, k_second}).ok());
  const auto outcome = migrate({k_first});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::conflict);
  EXPECT_NE(outcome.error().message.find("knows 1 migrations: 2 second"), std::string::npos)
      << outcome.error().message;
}

TEST_P(Migrations, a_step_that_fails_leaves_nothing_behind) {
  ASSERT_TRUE(migrate({k_first}).ok());
  const auto outcome = migrate({k_first, k_broken});
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().message.find("migration 2 broken"), std::string::npos);
  EXPECT_FALSE(rows("c").ok());
  EXPECT_TRUE(migrate({k_first, k_second}).ok());
}

TEST_P(Migrations, a_step_may_hold_triggers_comments_and_quoted_semicolons) {
  ASSERT_TRUE(migrate({k_first, k_second}).ok());
  if (database_->dialect() != Dialect::sqlite) GTEST_SKIP() << "the trigger is SQLite's";
  ASSERT_TRUE(database_
                  ->write([](Connection& c) -> Result<void> {
                    BL_RETURN_IF_ERROR(c.execute("INSERT INTO a VALUES (1)", {}));
                    return {};
                  })
                  .ok());
  EXPECT_EQ(rows("b").value(), 2);
}

TEST_P(Migrations, numbers_with_a_gap_are_a_bug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH((void)migrate({k_second}).ok(), "migrations");
}

const Migration k_table{1, "table", "CREATE TABLE t (id INTEGER)",
                        "CREATE TABLE benchlake.t (id bigint)"};
const Migration k_unique{2, "unique", "CREATE UNIQUE INDEX t_id ON t (id)",
                         "create unique index concurrently if not exists t_id on benchlake.t (id);",
                         Migration::Kind::concurrent_indexes};

TEST_P(Migrations, indexes_are_built_beside_writers_and_a_broken_one_is_built_anew) {
  const Sql add("INSERT INTO t VALUES (7)", "INSERT INTO benchlake.t VALUES (7)");
  const Sql forget("DELETE FROM t", "DELETE FROM benchlake.t");
  const auto run = [&](const Sql& sql) {
    return database_->write([&](Connection& c) -> Result<void> {
      BL_RETURN_IF_ERROR(c.execute(sql, {}));
      return {};
    });
  };
  ASSERT_TRUE(migrate({k_table}).ok());
  ASSERT_TRUE(run(add).ok());
  ASSERT_TRUE(run(add).ok());
  // PostgreSQL leaves an invalid index behind.
  const auto refused = migrate({k_table, k_unique});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("migration 2 unique"), std::string::npos)
      << refused.error().message;
  ASSERT_TRUE(run(forget).ok());
  const auto built = migrate({k_table, k_unique});
  ASSERT_TRUE(built.ok()) << built.error().message;
  ASSERT_TRUE(migrate({k_table, k_unique}).ok());
  ASSERT_TRUE(run(add).ok());
  EXPECT_EQ(run(add).error().code, Code::conflict) << "the index works";
}

TEST_P(Migrations, a_plan_tells_what_is_missing_and_changes_nothing) {
  using State = MigrationStep::State;
  const auto before = plan_migrations(*database_, std::span(&k_table, 1));
  ASSERT_TRUE(before.ok()) << before.error().message;
  EXPECT_EQ(before->at(0).state, State::missing);
  ASSERT_TRUE(migrate({k_table}).ok());
  const std::vector<Migration> both = {k_table, k_unique};
  const auto after = plan_migrations(*database_, both);
  EXPECT_EQ(after->at(0).state, State::applied);
  EXPECT_EQ(after->at(1).state, State::missing);
  const auto counted = count_rows(*database_);
  EXPECT_EQ(counted->size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Drivers, Migrations,
                         ::testing::Values(sqlite_file_driver(), sqlite_memory_driver(),
                                           postgres_driver()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace bl::store::testing
