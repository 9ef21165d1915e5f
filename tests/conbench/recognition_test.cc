#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "conbench/old_database.h"
#include "store/conbench_schema.h"
#include "store/open.h"

// Which databases are opened, and which are refused before anything is written.

namespace bl::conbench {
namespace {

using store::ConbenchSchema;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr store::Migration k_step{1, "step", "select 1", "create table benchlake.step (id int)"};

struct Opened {
  explicit Opened(const std::string& uri)
      : database(store::open_database(uri, {}, log, metrics).value()) {}
  SystemClock clock;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  Metrics metrics;
  std::unique_ptr<store::Database> database;
};

Result<ConbenchSchema> recognise(const OldDatabase& old) {
  Opened opened(old.uri());
  ConbenchSchema schema;
  const auto read = opened.database->read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(schema, store::recognise_conbench(connection));
    return {};
  });
  if (!read.ok()) return read.error();
  return schema;
}

/// Why a migration refuses it; "" when it does not.
std::string refusal(const OldDatabase& old) {
  Opened opened(old.uri());
  const auto migrated = opened.database->migrate(std::span(&k_step, 1));
  return migrated.ok() ? "" : migrated.error().message;
}

bool is_untouched(const OldDatabase& old) {
  return old.run("select count(*) from pg_namespace where nspname = 'benchlake'") == "0";
}

TEST(Recognition, every_schema_that_is_supported_has_its_name) {
  const OldDatabase legacy(Schema::legacy), interim(Schema::interim), renewed(Schema::renewed),
      self_created(Schema::self_created);
  const auto first = recognise(legacy).value();
  EXPECT_EQ(first.kind, ConbenchSchema::Kind::legacy);
  EXPECT_EQ(first.version, "99895af5dae2");
  EXPECT_FALSE(first.has_submission_key);
  EXPECT_THAT(first.added_tables, ElementsAre());
  const auto second = recognise(interim).value();
  EXPECT_EQ(second.version, "9d5f3c1a7b2e");
  EXPECT_THAT(second.added_tables, ElementsAre("api_token", "cli_login_code", "alert_rule",
                                               "alert_event", "alert_delivery"));
  const auto third = recognise(renewed).value();
  EXPECT_EQ(third.kind, ConbenchSchema::Kind::renewed);
  EXPECT_EQ(third.version, "2");
  EXPECT_TRUE(third.has_submission_key);
  EXPECT_EQ(recognise(self_created).value().kind, ConbenchSchema::Kind::self_created);
  for (const OldDatabase* old : {&legacy, &interim, &renewed, &self_created})
    EXPECT_EQ(refusal(*old), "");
}

TEST(Recognition, an_empty_database_is_absent_and_one_of_ours_is_ours) {
  auto& server = store::testing::PostgresServer::shared();
  const std::string name = server.create_database();
  Opened opened(server.uri(name));
  const auto kind = [&] {
    ConbenchSchema schema;
    BL_CHECK(opened.database
                 ->read([&](store::Connection& connection) -> Result<void> {
                   BL_TRY(schema, store::recognise_conbench(connection));
                   return {};
                 })
                 .ok());
    return schema.kind;
  };
  EXPECT_EQ(kind(), ConbenchSchema::Kind::absent);
  server.run(name, "create table something_else (id int)");
  EXPECT_EQ(kind(), ConbenchSchema::Kind::absent);
}

TEST(Recognition, the_newest_interim_revision_and_the_other_ledger_are_known) {
  const OldDatabase interim(Schema::interim), renewed(Schema::renewed);
  interim.run("update alembic_version set version_num = 'a6b7c8d9e0f1'");
  EXPECT_EQ(recognise(interim).value().version, "a6b7c8d9e0f1");
  renewed.run(
      "drop table schema_migrations; create table conbench_schema_migration (version bigint "
      "primary key, name text not null, applied_at timestamptz not null default now()); "
      "insert into conbench_schema_migration values (1, 'initial_schema')");
  EXPECT_EQ(recognise(renewed).value().version, "1");
}

struct Refused {
  const char* what;
  Schema schema;
  const char* change;
  const char* sentence;
};

TEST(Recognition, what_is_not_known_is_refused_with_what_was_found_and_nothing_is_written) {
  const Refused cases[] = {
      {"unknown revision", Schema::legacy,
       "update alembic_version set version_num = 'ffffffffffff'",
       "newer or not known: ffffffffffff; this program opens"},
      {"older revision", Schema::legacy, "update alembic_version set version_num = 'b8a3e65efb9d'",
       "older Conbench revision, and Conbench's own migrations bring it on: b8a3e65efb9d"},
      {"two heads", Schema::legacy, "insert into alembic_version values ('9d5f3c1a7b2e')",
       "more than one Conbench revision: 99895af5dae2, 9d5f3c1a7b2e"},
      {"newer ledger", Schema::renewed, "update schema_migrations set version = 3",
       "version of the new Conbench that is not known: 3"},
      {"dirty ledger", Schema::renewed, "update schema_migrations set dirty = true",
       "its ledger says dirty at version 2"},
      {"half of the tables", Schema::self_created, "drop table benchmark_result, info",
       "missing are: benchmark_result, info"},
      {"a column less", Schema::legacy,
       "alter table benchmark_result rename column commit_repo_url to repo",
       "lacks columns: benchmark_result.commit_repo_url"},
  };
  for (const Refused& one : cases) {
    SCOPED_TRACE(one.what);
    const OldDatabase old(one.schema);
    old.run(one.change);
    EXPECT_THAT(refusal(old), HasSubstr(one.sentence));
    EXPECT_THAT(refusal(old), HasSubstr("99895af5dae2"));
    EXPECT_TRUE(is_untouched(old));
  }
}

}  // namespace
}  // namespace bl::conbench
