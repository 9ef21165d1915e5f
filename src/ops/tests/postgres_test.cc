#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "ops/backup.h"
#include "ops/doctor.h"
#include "ops/restore.h"
#include "ops/tests/sqlite_place.h"
#include "store/testing/postgres_server.h"

/// Backup, restore and doctor of a store in a real PostgreSQL.
namespace bl::ops {
namespace {

using store::testing::PostgresServer;
using testing::go_on;
using ::testing::HasSubstr;
using testing::k_notes;
using testing::SqlitePlace;
using Existing = RestoreRequest::Existing;

class Postgres : public ::testing::Test {
 protected:
  Postgres() { fill(name_, 5); }
  ~Postgres() override { unsetenv("BENCHLAKE_POSTGRES_BIN"); }

  StorePlace place(const std::string& database) const {
    return place_of(server_.uri(database), {}).value();
  }
  void fill(const std::string& database, int notes) {
    auto opened = store::open_database(server_.uri(database), {}, folder_.log, folder_.metrics);
    BL_CHECK(opened.ok());
    BL_CHECK((*opened)->migrate(migrations_).ok());
    for (int i = 0; i < notes; ++i) run(database, "INSERT INTO benchlake.note VALUES (1, 'note')");
  }
  std::string run(const std::string& database, const std::string& sql) {
    return server_.run(database, sql);
  }
  Result<Manifest> back_up() {
    return make_backup({place(name_), backup_, "1"}, *disk_, folder_.clock, go_on);
  }
  Result<RestoreOutcome> restore(const std::string& database, Existing existing) {
    return restore_backup({.place = place(database),
                           .data_folder = folder_.data(),
                           .backup = backup_,
                           .existing = existing,
                           .migrations = migrations_},
                          *disk_, folder_.clock, go_on);
  }
  /// A tool that says it is another version, or does what the script says.
  void use_tools(const std::string& script) {
    const std::string bin = folder_.folder.at("bin");
    std::filesystem::create_directory(bin);
    for (const char* name : {"/pg_dump", "/pg_restore"}) {
      std::ofstream(bin + name) << "#!/bin/sh\n" << script << "\n";
      std::filesystem::permissions(bin + name, std::filesystem::perms::owner_all);
    }
    setenv("BENCHLAKE_POSTGRES_BIN", bin.c_str(), 1);
  }
  std::string finding(const std::string& check) {
    ServerSetting setting;
    setting.data_folder = folder_.data();
    setting.place = place(name_);
    const StoredFacts no_facts = [](store::Database&) { return std::vector<StoredFact>(); };
    const auto findings = diagnose({setting, migrations_, no_facts, "1"}, *disk_, folder_.clock);
    std::string words;
    for (const Finding& one : findings) {
      if (one.check != check) continue;
      words.append(name_of(one.severity)).append(": ").append(one.where).append(" ");
      words.append(one.what).append("\n");
    }
    return words;
  }

  PostgresServer& server_ = PostgresServer::shared();
  SqlitePlace folder_;  // for its folders
  const std::string name_ = server_.create_database();
  const std::vector<store::Migration> migrations_ = {k_notes};
  std::unique_ptr<Disk> disk_ = make_real_disk();
  const std::string backup_ = folder_.folder.at("backup.dump");
};

TEST_F(Postgres, a_backup_comes_back_into_an_empty_database) {
  run(name_, "CREATE TABLE public.\"case\" (id text); INSERT INTO public.\"case\" VALUES ('a')");
  const auto manifest = back_up();
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_EQ(manifest->tables,
            (std::vector<store::TableRows>{
                {"benchlake.migration", 1}, {"benchlake.note", 5}, {"public.case", 1}}));
  const std::string empty = server_.create_database();
  const auto restored = restore(empty, Existing::refuse);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(run(empty, "SELECT count(*) FROM benchlake.note"), "5");
  EXPECT_EQ(run(empty, "SELECT id FROM public.\"case\""), "a");
}

TEST_F(Postgres, a_database_with_rows_is_replaced_only_when_asked_for) {
  ASSERT_TRUE(back_up().ok());
  run(name_, "UPDATE benchlake.note SET text = 'changed'");
  const auto refused = restore(name_, Existing::refuse);
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("the store holds 5 rows; --force"));
  const auto restored = restore(name_, Existing::replace);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(run(name_, "SELECT min(text) FROM benchlake.note"), "note");
}

TEST_F(Postgres, tables_that_a_newer_program_added_go_with_the_restore) {
  ASSERT_TRUE(back_up().ok());
  run(name_, "CREATE TABLE benchlake.later (id bigint)");
  const auto restored = restore(name_, Existing::replace);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(run(name_, "SELECT count(*) FROM pg_tables WHERE tablename = 'later'"), "0");
}

TEST_F(Postgres, a_restore_that_fails_changes_nothing) {
  ASSERT_TRUE(back_up().ok());
  run(name_, "UPDATE benchlake.note SET text = 'changed'");
  // Something of somebody else stands on a table of ours: it cannot be dropped.
  run(name_, "CREATE SCHEMA other; CREATE VIEW other.notes AS SELECT * FROM benchlake.note");
  const auto restored = restore(name_, Existing::replace);
  ASSERT_FALSE(restored.ok());
  EXPECT_THAT(restored.error().message, HasSubstr("pg_restore"));
  EXPECT_EQ(run(name_, "SELECT min(text) FROM benchlake.note"), "changed");
}

TEST_F(Postgres, tools_that_are_missing_or_too_old_are_named) {
  setenv("BENCHLAKE_POSTGRES_BIN", "/nowhere", 1);
  const auto missing = back_up();
  EXPECT_EQ(missing.error().code, Code::unsupported);
  EXPECT_THAT(missing.error().message, HasSubstr("apt install postgresql-client"));
  use_tools("echo 'pg_dump (PostgreSQL) 11.2'");
  const auto old = back_up();
  EXPECT_EQ(old.error().code, Code::unsupported);
  EXPECT_THAT(old.error().message, HasSubstr("pg_dump is older than the server"));
  EXPECT_FALSE(disk_->exists(backup_).value());
}

TEST_F(Postgres, a_dump_that_fails_leaves_nothing_and_says_why) {
  use_tools(
      "test $1 = --version && echo 'pg_dump (PostgreSQL) 99.1' && exit 0\n"
      "echo 'could not write: No space left on device' >&2; exit 1");
  const auto full = back_up();
  EXPECT_EQ(full.error().code, Code::disk_full);
  EXPECT_THAT(full.error().message, HasSubstr("No space left on device"));
  EXPECT_FALSE(disk_->exists(backup_ + ".partial").value());
}

TEST_F(Postgres, a_backup_of_one_kind_does_not_go_into_the_other) {
  ASSERT_TRUE(back_up().ok());
  const auto refused = restore_backup({.place = folder_.place(),
                                       .data_folder = folder_.data(),
                                       .backup = backup_,
                                       .migrations = migrations_},
                                      *disk_, folder_.clock, go_on);
  EXPECT_EQ(refused.error().code, Code::unsupported);
}

TEST_F(Postgres, doctor_knows_settings_that_lose_data_and_broken_indexes) {
  // The tests' server runs without fsync.
  EXPECT_THAT(finding("settings"), HasSubstr("error: fsync is off"));
  EXPECT_THAT(finding("schema"), HasSubstr("fine"));
  EXPECT_THAT(finding("indexes"), HasSubstr("fine"));
  run(name_, "CREATE UNIQUE INDEX CONCURRENTLY broken ON benchlake.note (id)");
  EXPECT_THAT(finding("indexes"), HasSubstr("warning: benchlake.broken is invalid"));
}

TEST_F(Postgres, doctor_says_when_nobody_answers) {
  ServerSetting setting;
  setting.data_folder = folder_.data();
  setting.place = place_of("postgres://nobody@127.0.0.1:1/none", {}).value();
  const StoredFacts no_facts = [](store::Database&) { return std::vector<StoredFact>(); };
  const auto findings = diagnose({setting, migrations_, no_facts, "1"}, *disk_, folder_.clock);
  EXPECT_EQ(worst_of(findings), Finding::Severity::error);
  EXPECT_EQ(findings.back().check, "store");
}

}  // namespace
}  // namespace bl::ops
