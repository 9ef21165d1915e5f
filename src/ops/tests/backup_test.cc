#include "ops/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/testing/faulty_disk.h"
#include "lake/testing/table_world.h"
#include "ops/restore.h"
#include "ops/tests/sqlite_place.h"

/// Backup and restore of a SQLite store, and whatever may go wrong on the way.
namespace bl::ops {
namespace {

using testing::go_on;
using ::testing::HasSubstr;
using testing::k_notes;
using testing::SqlitePlace;

class Backup : public ::testing::Test {
 protected:
  Result<Manifest> back_up(const std::string& path) { return back_up_through(*disk_, path); }
  Result<Manifest> back_up_through(Disk& disk, const std::string& path) {
    return make_backup({store_.place(), path, "1.2.3"}, disk, store_.clock, go_on);
  }
  Result<RestoreOutcome> restore(const std::string& path,
                                 RestoreRequest::Existing existing = Existing::refuse) {
    return restore_through(*disk_, path, existing);
  }
  Result<RestoreOutcome> restore_through(Disk& disk, const std::string& path,
                                         RestoreRequest::Existing existing) {
    return restore_backup({.place = store_.place(),
                           .data_folder = store_.data(),
                           .backup = path,
                           .existing = existing,
                           .migrations = std::span(&k_notes, 1)},
                          disk, store_.clock, go_on);
  }
  std::vector<std::string> names_in(const std::string& folder) const {
    return disk_->list(folder).value();
  }

  using Existing = RestoreRequest::Existing;
  SqlitePlace store_;
  std::unique_ptr<Disk> disk_ = make_real_disk();
  const std::string backup_ = store_.folder.at("backup.db");
};

TEST_F(Backup, of_a_running_store_has_everything_and_says_what) {
  const auto running = store_.own();
  SqlitePlace::add_notes(*running, 12);
  const Manifest manifest = back_up(backup_).value();
  EXPECT_EQ(manifest.bytes, std::filesystem::file_size(backup_));
  EXPECT_EQ(manifest.schema, 1);
  EXPECT_EQ(manifest.program_version, "1.2.3");
  EXPECT_EQ(manifest.tables, (std::vector<store::TableRows>{{"bl_migration", 1}, {"note", 12}}));
  const Manifest verified = verify_backup(*disk_, backup_, go_on).value();
  EXPECT_EQ(verified.sha256, manifest.sha256);
  EXPECT_EQ(verified.tables, manifest.tables);
  EXPECT_EQ(names_in(store_.folder.path()),
            (std::vector<std::string>{"backup.db", "backup.db.manifest.json", "data"}));
}

TEST_F(Backup, comes_back_into_an_empty_folder) {
  store_.write_notes(7);
  ASSERT_TRUE(back_up(backup_).ok());
  std::filesystem::remove_all(store_.data());
  const RestoreOutcome outcome = restore(backup_).value();
  EXPECT_EQ(outcome.kept, "");
  EXPECT_EQ(store_.contents(), "7 of note");
}

TEST_F(Backup, nothing_is_overwritten) {
  store_.write_notes(1);
  ASSERT_TRUE(back_up(backup_).ok());
  const auto again = back_up(backup_);
  EXPECT_EQ(again.error().code, Code::conflict);
  EXPECT_TRUE(verify_backup(*disk_, backup_, go_on).ok());
  EXPECT_EQ(back_up(store_.folder.at("none/backup.db")).error().code, Code::not_found);
}

TEST_F(Backup, a_store_with_rows_is_replaced_only_when_asked_for_and_kept_aside) {
  store_.write_notes(3, "old");
  ASSERT_TRUE(back_up(backup_).ok());
  store_.write_notes(2, "new");
  const auto refused = restore(backup_);
  ASSERT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("the store holds 5 rows; --force"));
  EXPECT_EQ(store_.contents(), "5 of new");
  const RestoreOutcome outcome = restore(backup_, Existing::replace).value();
  EXPECT_EQ(store_.contents(), "3 of old");
  std::filesystem::rename(outcome.kept, store_.file());
  EXPECT_EQ(store_.contents(), "5 of new");
}

TEST_F(Backup, a_store_whose_schema_is_there_without_rows_counts_as_empty) {
  store_.write_notes(3);
  ASSERT_TRUE(back_up(backup_).ok());
  std::filesystem::remove(store_.file());
  // The counters of a store that a server has only opened.
  ASSERT_TRUE(
      store_.own()
          ->write([](store::Connection& connection) -> Result<void> {
            BL_RETURN_IF_ERROR(connection.execute("CREATE TABLE bl_counter (name TEXT)", {}));
            BL_RETURN_IF_ERROR(connection.execute("INSERT INTO bl_counter VALUES ('results')", {}));
            return {};
          })
          .ok());
  EXPECT_TRUE(restore(backup_).ok());
  EXPECT_EQ(store_.contents(), "3 of note");
}

TEST_F(Backup, a_running_store_is_not_replaced) {
  store_.write_notes(1);
  ASSERT_TRUE(back_up(backup_).ok());
  const auto running = store_.own();
  EXPECT_EQ(restore(backup_, Existing::replace).error().code, Code::conflict);
  const auto lock = disk_->lock(store_.data() + "/server.lock", "a server");
  const auto refused = restore(backup_, Existing::replace);
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("a server"));
}

TEST_F(Backup, a_damaged_backup_is_refused_before_anything_is_touched) {
  store_.write_notes(50, std::string(2000, 'x'));
  ASSERT_TRUE(back_up(backup_).ok());
  const auto size = std::filesystem::file_size(backup_);
  {
    std::fstream file(backup_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5000);
    file.put('!');
  }
  EXPECT_EQ(restore(backup_, Existing::replace).error().code, Code::corrupt);
  std::filesystem::resize_file(backup_, size - 4096);
  EXPECT_EQ(restore(backup_, Existing::replace).error().code, Code::corrupt);
  std::filesystem::remove(manifest_path(backup_));
  const auto alone = restore(backup_, Existing::replace);
  EXPECT_EQ(alone.error().code, Code::not_found);
  EXPECT_THAT(alone.error().message, HasSubstr("a backup is a file and its manifest"));
  EXPECT_TRUE(store_.contents().starts_with("50 of x"));
}

TEST_F(Backup, what_a_crash_left_in_the_log_is_kept_with_the_replaced_store) {
  store_.write_notes(3, "old");
  ASSERT_TRUE(back_up(backup_).ok());
  {
    SqlitePlace crashed;
    const auto running = crashed.own();
    SqlitePlace::add_notes(*running, 5, "new");
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(crashed.file() + suffix, store_.file() + suffix,
                                 std::filesystem::copy_options::overwrite_existing);
    }
  }
  ASSERT_GT(std::filesystem::file_size(store_.file() + "-wal"), 0u);
  const RestoreOutcome outcome = restore(backup_, Existing::replace).value();
  EXPECT_EQ(store_.contents(), "3 of old") << "and nothing of the other's log";
  std::filesystem::rename(outcome.kept, store_.file());
  EXPECT_EQ(store_.contents(), "5 of new");
}

TEST_F(Backup, a_broken_store_can_be_replaced) {
  store_.write_notes(4);
  ASSERT_TRUE(back_up(backup_).ok());
  std::ofstream(store_.file()) << std::string(8192, 'x');
  EXPECT_FALSE(restore(backup_).ok());
  ASSERT_TRUE(restore(backup_, Existing::replace).ok());
  EXPECT_EQ(store_.contents(), "4 of note");
}

TEST_F(Backup, of_a_newer_program_is_refused) {
  store_.write_notes(4);
  ASSERT_TRUE(back_up(backup_).ok());
  std::filesystem::remove_all(store_.data());
  const auto refused =
      restore_backup({.place = store_.place(), .data_folder = store_.data(), .backup = backup_},
                     *disk_, store_.clock, go_on);
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("1 notes"));
  EXPECT_FALSE(std::filesystem::exists(store_.file()));
}

TEST_F(Backup, manifests_that_are_none_are_refused) {
  for (const char* text : {"", "{}", "[]", R"({"format":1})", R"({"format":"1"})"})
    EXPECT_EQ(decode_manifest(text).error().code, Code::corrupt) << text;
  EXPECT_EQ(decode_manifest(R"({"format":4})").error().code, Code::unsupported);
  store_.write_notes(1);
  std::string text = encode(back_up(backup_).value());
  EXPECT_TRUE(decode_manifest(text).ok());
  text.replace(text.find("sqlite"), 6, "oracle");
  EXPECT_EQ(decode_manifest(text).error().code, Code::unsupported);
}

TEST_F(Backup, that_is_cancelled_leaves_nothing) {
  store_.write_notes(5);
  for (const std::string_view unwanted : {"copying", "checking", "checksum"}) {
    const auto cancelled = make_backup(
        {store_.place(), backup_, "1"}, *disk_, store_.clock,
        [&](std::string_view phase, std::uint64_t, std::uint64_t) { return phase != unwanted; });
    EXPECT_EQ(cancelled.error().code, Code::cancelled) << unwanted;
    EXPECT_EQ(names_in(store_.folder.path()), (std::vector<std::string>{"data"})) << unwanted;
  }
}

// Whichever call of the disk fails: a backup is whole or has no manifest.
TEST_F(Backup, that_fails_on_the_way_is_never_taken_for_a_whole_one) {
  store_.write_notes(5);
  for (std::uint64_t n = 1;; ++n) {
    FaultyDisk faulty(*disk_, {.fail_at = n, .code = n % 2 == 0 ? Code::io : Code::disk_full});
    const auto made = back_up_through(faulty, backup_);
    if (!faulty.struck()) {
      EXPECT_GT(n, 10u);
      break;
    }
    const auto verified = verify_backup(*disk_, backup_, go_on);
    EXPECT_TRUE(!made.ok() || verified.ok()) << n;
    EXPECT_TRUE(verified.ok() || verified.error().code == Code::not_found)
        << n << verified.error().message;
    EXPECT_TRUE(made.ok() || back_up(backup_).ok()) << n << ": the next one takes its place";
    std::filesystem::remove(backup_);
    std::filesystem::remove(manifest_path(backup_));
  }
}

// Whichever call of the disk fails: the store is the old one or the new one, whole, and the next
// restore works.
TEST_F(Backup, a_restore_that_fails_on_the_way_leaves_the_old_store_or_the_new_one) {
  store_.write_notes(3, "old");
  ASSERT_TRUE(back_up(backup_).ok());
  int old_ones = 0, new_ones = 0;
  for (std::uint64_t n = 1;; ++n) {
    std::filesystem::remove_all(store_.data());
    std::filesystem::create_directory(store_.data());
    store_.write_notes(5, "new");
    FaultyDisk faulty(*disk_, {.fail_at = n, .code = n % 2 == 0 ? Code::io : Code::disk_full});
    const auto restored = restore_through(faulty, backup_, Existing::replace);
    const std::string contents = store_.contents();
    if (!faulty.struck()) {
      EXPECT_EQ(contents, "3 of old");
      break;
    }
    EXPECT_TRUE(contents == "3 of old" || contents == "5 of new") << n << contents;
    EXPECT_TRUE(!restored.ok() || contents == "3 of old") << n;
    (contents == "3 of old" ? old_ones : new_ones)++;
    ASSERT_TRUE(restore(backup_, Existing::replace).ok()) << n;
    EXPECT_EQ(store_.contents(), "3 of old");
  }
  EXPECT_GT(new_ones, 5);
  EXPECT_GE(old_ones, 1) << "the sync of the folder, at least";
}

/// A store and a lake with the table `points`.
class BackupOfBoth : public Backup {
 protected:
  static lake::LakeOptions options_in(const std::string& folder) {
    lake::LakeOptions options;
    options.folder = folder + "/lake";
    options.objects = folder + "/objects";
    options.catalog = "sqlite://" + folder + "/lake/catalog.sqlite";
    options.housekeeping = false;
    return options;
  }
  lake::LakeWorld world() { return {*disk_, store_.clock, random_, store_.log, store_.metrics}; }
  std::unique_ptr<lake::Lake> open(const lake::LakeOptions& options) {
    auto opened = lake::Lake::open(options, world());
    BL_CHECK(opened.ok());
    return *std::move(opened);
  }
  void append(lake::Lake& lake, std::int64_t from, std::int64_t count) {
    if (!lake.table("points").ok()) {
      ASSERT_TRUE(lake.create_table("points", lake::Points::schema(), {}).ok());
    }
    ASSERT_TRUE(lake.table("points").value()->append(lake::points(from, count)).ok());
  }
  std::int64_t rows_of(const lake::LakeOptions& options) {
    const auto lake = open(options);
    const auto table = lake->table("points");
    if (!table.ok()) return -1;
    return (*table)->status().rows + (*table)->status().tail_rows;
  }
  Result<Manifest> back_up_both(Disk& disk) {
    const auto lake = open(lake_);
    const OpenLake both{*lake, world()};
    return make_backup({store_.place(), backup_, "1.2.3", &both}, disk, store_.clock, go_on);
  }
  RestoreRequest request(Existing existing = Existing::refuse) {
    return {.place = store_.place(),
            .data_folder = store_.data(),
            .backup = backup_,
            .existing = existing,
            .lake = &lake_,
            .world = &world_,
            .migrations = std::span(&k_notes, 1)};
  }
  Result<RestoreOutcome> restore_both(Existing existing = Existing::refuse) {
    return restore_backup(request(existing), *disk_, store_.clock, go_on);
  }

  SystemRandom random_;
  const lake::LakeWorld world_ = world();
  const lake::LakeOptions lake_ = options_in(store_.data());
};

TEST_F(BackupOfBoth, comes_back_where_nothing_is) {
  store_.write_notes(5);
  append(*open(lake_), 1, 10);
  const Manifest made = back_up_both(*disk_).value();
  ASSERT_TRUE(made.lake);
  EXPECT_EQ(made.lake->tables, (std::vector<store::TableRows>{{"points", 10}}));
  EXPECT_EQ(decode_manifest(encode(made))->lake->list_sha256, made.lake->list_sha256);
  std::filesystem::remove_all(store_.data());
  const RestoreOutcome outcome = restore_both().value();
  EXPECT_TRUE(outcome.has_lake);
  EXPECT_EQ(store_.contents(), "5 of note");
  EXPECT_EQ(rows_of(lake_), 10);
  EXPECT_TRUE(demand_restored(*disk_, store_.data()).ok());
}

TEST_F(BackupOfBoth, moves_the_former_lake_aside_and_only_when_asked_for) {
  store_.write_notes(5);
  append(*open(lake_), 1, 10);
  ASSERT_TRUE(back_up_both(*disk_).ok());
  append(*open(lake_), 11, 3);
  std::filesystem::remove(store_.file());
  const auto refused = restore_both();
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("--force moves it aside"));
  EXPECT_EQ(rows_of(lake_), 13);
  const RestoreOutcome outcome = restore_both(Existing::replace).value();
  EXPECT_EQ(rows_of(lake_), 10);
  ASSERT_THAT(outcome.kept_lake, ::testing::Contains(HasSubstr("objects.replaced-")));
  EXPECT_TRUE(std::filesystem::exists(outcome.kept_lake.front()));
}

TEST_F(BackupOfBoth, a_lake_without_a_place_is_not_passed_over) {
  store_.write_notes(5);
  append(*open(lake_), 1, 10);
  ASSERT_TRUE(back_up_both(*disk_).ok());
  std::filesystem::remove_all(store_.data());
  const auto refused = restore(backup_);
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_THAT(refused.error().message, HasSubstr("lake.objects"));
  RestoreRequest alone = request();
  alone.lake = nullptr;
  alone.store_alone = true;
  EXPECT_FALSE(restore_backup(alone, *disk_, store_.clock, go_on)->has_lake);
  EXPECT_EQ(store_.contents(), "5 of note");
}

TEST_F(BackupOfBoth, a_damaged_file_of_the_lake_is_found_before_anything_is_changed) {
  store_.write_notes(5);
  append(*open(lake_), 1, 10);
  ASSERT_TRUE(back_up_both(*disk_).ok());
  store_.write_notes(1);
  for (const auto& file : std::filesystem::recursive_directory_iterator(lake_path(backup_))) {
    if (file.path().extension() == ".parquet") {
      std::fstream(file.path(), std::ios::in | std::ios::out).seekp(40) << "damaged";
    }
  }
  const auto refused = restore_both(Existing::replace);
  EXPECT_EQ(refused.error().code, Code::corrupt);
  EXPECT_EQ(store_.contents(), "6 of note");
  EXPECT_EQ(rows_of(lake_), 10);
}

TEST_F(BackupOfBoth, gives_the_lake_back_when_the_store_cannot_come) {
  store_.write_notes(5);
  append(*open(lake_), 1, 10);
  ASSERT_TRUE(back_up_both(*disk_).ok());
  append(*open(lake_), 11, 1);
  RestoreRequest older = request(Existing::replace);
  older.migrations = {};  // a program that does not know the backup's schema
  EXPECT_EQ(restore_backup(older, *disk_, store_.clock, go_on).error().code, Code::conflict);
  EXPECT_EQ(rows_of(lake_), 11);
  EXPECT_TRUE(demand_restored(*disk_, store_.data()).ok());
}

TEST_F(BackupOfBoth, a_disk_that_fails_leaves_no_backup_that_looks_whole) {
  store_.write_notes(5);
  append(*open(lake_), 1, 10);
  for (std::uint64_t at = 1;; ++at) {
    FaultyDisk faulty(*disk_, {.fail_at = at});
    const auto lake = open(lake_);
    const OpenLake both{*lake, {faulty, store_.clock, random_, store_.log, store_.metrics}};
    const auto made =
        make_backup({store_.place(), backup_, "1.2.3", &both}, faulty, store_.clock, go_on);
    if (made.ok()) break;
    ASSERT_FALSE(verify_backup(*disk_, backup_, go_on).ok()) << "at call " << at;
  }
  EXPECT_TRUE(verify_backup(*disk_, backup_, go_on).ok());
}

TEST_F(BackupOfBoth, a_restore_that_is_cut_off_keeps_servers_away_until_it_is_done_again) {
  store_.write_notes(5);
  append(*open(lake_), 1, 10);
  ASSERT_TRUE(back_up_both(*disk_).ok());
  int cut = 0;
  for (int calls_max = 1;; ++calls_max) {
    std::filesystem::remove_all(store_.data());
    int calls = 0;
    const auto restored = restore_backup(
        request(), *disk_, store_.clock,
        [&](std::string_view, std::uint64_t, std::uint64_t) { return ++calls < calls_max; });
    if (restored.ok()) break;
    if (demand_restored(*disk_, store_.data()).ok()) continue;  // nothing was changed yet
    ++cut;
    const auto again = restore_both();
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(store_.contents(), "5 of note");
    EXPECT_EQ(rows_of(lake_), 10);
    EXPECT_TRUE(demand_restored(*disk_, store_.data()).ok());
  }
  EXPECT_GE(cut, 2);
}

}  // namespace
}  // namespace bl::ops
