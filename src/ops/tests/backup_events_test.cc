// The log of build events in backup and restore: it comes and goes with the store, or the call says
// why not. What a log is, app says; here it is a file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/faulty_disk.h"
#include "ops/backup.h"
#include "ops/events_backup.h"
#include "ops/restore.h"
#include "ops/tests/sqlite_place.h"

namespace bl::ops {
namespace {

using ::testing::HasSubstr;
using Existing = RestoreRequest::Existing;
using testing::go_on;
using testing::k_notes;
using testing::SqlitePlace;

class BackupOfEvents : public ::testing::Test {
 protected:
  /// A line is an event; a copy has a file for each.
  std::string log_path() const { return store_.data() + "/events.log"; }
  void log_has(int events) {
    std::ofstream file(log_path());
    for (int i = 0; i < events; ++i) file << "event\n";
  }
  int events_in_log() const {
    std::ifstream file(log_path());
    int count = 0;
    for (std::string line; std::getline(file, line);) ++count;
    return std::filesystem::exists(log_path()) ? count : -1;
  }

  EventLogPort port(Disk& disk) {
    EventLogPort port;
    port.shown = "file of lines";
    port.copy = [&disk, this](const std::string& folder,
                              const Progress& progress) -> Result<std::optional<std::int64_t>> {
      const int events = events_in_log();
      if (events < 0) return std::optional<std::int64_t>();
      BL_RETURN_IF_ERROR(disk.make_folder(folder + "/deep"));
      for (int i = 0; i < events; ++i) {
        if (!progress("copying build events", 0, 0)) return Error(Code::cancelled, "no more");
        BL_RETURN_IF_ERROR(
            write_file_atomically(disk, folder + (i % 2 == 0 ? "/" : "/deep/") + std::to_string(i),
                                  "event\n", FileMode::normal));
      }
      return std::optional<std::int64_t>(events);
    };
    port.is_there = [this]() -> Result<bool> { return events_in_log() > 0; };
    port.files = [this]() -> Result<std::vector<std::string>> { return std::vector{log_path()}; };
    port.load = [&disk, this](const std::string& folder, std::int64_t events,
                              const Progress& progress) -> Result<void> {
      for (int i = std::max(events_in_log(), 0); i < events; ++i) {
        if (!progress("", 0, 0)) return Error(Code::cancelled, "no more");
        BL_TRY(const std::string line,
               read_file(disk, folder + (i % 2 == 0 ? "/" : "/deep/") + std::to_string(i), 100));
        std::string lines;
        for (int done = 0; done < i; ++done) lines += "event\n";
        BL_RETURN_IF_ERROR(write_file_atomically(disk, log_path(), lines + line, FileMode::normal));
      }
      return {};
    };
    return port;
  }

  Result<Manifest> back_up(Disk& disk, const Progress& progress = go_on) {
    const EventLogPort events = port(disk);
    return make_backup({store_.place(), backup_, "1.2.3", nullptr, &events}, disk, store_.clock,
                       progress);
  }
  Result<RestoreOutcome> restore(Disk& disk, Existing existing = Existing::refuse,
                                 const Progress& progress = go_on) {
    const EventLogPort events = port(disk);
    return restore_backup({.place = store_.place(),
                           .data_folder = store_.data(),
                           .backup = backup_,
                           .existing = existing,
                           .events = &events,
                           .migrations = std::span(&k_notes, 1)},
                          disk, store_.clock, progress);
  }
  void empty_place() {
    std::filesystem::remove_all(store_.data());
    std::filesystem::create_directory(store_.data());
  }
  void remove_backup() {
    for (const std::string& path : {backup_, manifest_path(backup_), events_path(backup_)}) {
      std::filesystem::remove_all(path);
    }
  }

  SqlitePlace store_;
  const std::unique_ptr<Disk> disk_ = make_real_disk();
  const std::string backup_ = store_.folder.at("backup.db");
};

TEST_F(BackupOfEvents, comes_back_where_nothing_is) {
  store_.write_notes(3);
  log_has(7);
  const Manifest made = back_up(*disk_).value();
  ASSERT_TRUE(made.events);
  EXPECT_EQ(made.events->events, 7);
  EXPECT_EQ(made.events->files, 7u);
  EXPECT_EQ(made.events->bytes, 42u);
  const Manifest read = decode_manifest(encode(made)).value();
  EXPECT_EQ(read.events->events, 7);
  EXPECT_EQ(read.events->list_sha256, made.events->list_sha256);
  EXPECT_FALSE(read.lake);
  empty_place();
  const auto outcome = restore(*disk_);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_TRUE(outcome->has_events);
  EXPECT_EQ(events_in_log(), 7);
  EXPECT_EQ(store_.contents(), "3 of note");
  EXPECT_TRUE(demand_restored(*disk_, store_.data()).ok());
}

TEST_F(BackupOfEvents, who_has_no_log_has_a_backup_without) {
  store_.write_notes(3);
  const Manifest made = back_up(*disk_).value();
  EXPECT_FALSE(made.events);
  EXPECT_FALSE(std::filesystem::exists(events_path(backup_)));
  EXPECT_FALSE(std::filesystem::exists(events_path(backup_) + ".partial"));
  empty_place();
  EXPECT_FALSE(restore(*disk_)->has_events);
  EXPECT_EQ(events_in_log(), -1);
}

TEST_F(BackupOfEvents, moves_a_former_log_aside_and_only_when_asked_for) {
  store_.write_notes(3);
  log_has(7);
  ASSERT_TRUE(back_up(*disk_).ok());
  log_has(9);
  std::filesystem::remove(store_.file());
  const auto refused = restore(*disk_);
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("--force moves it aside: file of lines"));
  EXPECT_EQ(events_in_log(), 9);
  const RestoreOutcome outcome = restore(*disk_, Existing::replace).value();
  EXPECT_EQ(events_in_log(), 7);
  ASSERT_EQ(outcome.kept_events.size(), 1u);
  EXPECT_EQ(std::filesystem::file_size(outcome.kept_events[0]), 54u);
}

TEST_F(BackupOfEvents, a_log_without_a_place_is_not_passed_over) {
  store_.write_notes(3);
  log_has(7);
  ASSERT_TRUE(back_up(*disk_).ok());
  empty_place();
  RestoreRequest without{.place = store_.place(),
                         .data_folder = store_.data(),
                         .backup = backup_,
                         .migrations = std::span(&k_notes, 1)};
  const auto refused = restore_backup(without, *disk_, store_.clock, go_on);
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_THAT(refused.error().message, HasSubstr("7 build events"));
  without.store_alone = true;
  EXPECT_FALSE(restore_backup(without, *disk_, store_.clock, go_on)->has_events);
  EXPECT_EQ(store_.contents(), "3 of note");
}

TEST_F(BackupOfEvents, a_damaged_file_is_found_before_anything_is_changed) {
  store_.write_notes(3);
  log_has(7);
  ASSERT_TRUE(back_up(*disk_).ok());
  store_.write_notes(1);
  log_has(8);
  std::ofstream(events_path(backup_) + "/events/deep/3") << "Event\n";
  EXPECT_EQ(restore(*disk_, Existing::replace).error().code, Code::corrupt);
  std::filesystem::remove(events_path(backup_) + "/events/deep/3");
  EXPECT_FALSE(restore(*disk_, Existing::replace).ok());
  EXPECT_EQ(store_.contents(), "4 of note");
  EXPECT_EQ(events_in_log(), 8);
}

TEST_F(BackupOfEvents, a_backup_that_is_cut_off_anywhere_leaves_nothing) {
  store_.write_notes(3);
  log_has(4);
  for (int calls_max = 1;; ++calls_max) {
    int calls = 0;
    const auto made = back_up(*disk_, [&](std::string_view, std::uint64_t, std::uint64_t) {
      return ++calls < calls_max;
    });
    if (made.ok()) break;
    ASSERT_EQ(made.error().code, Code::cancelled);
    for (const auto& entry : std::filesystem::directory_iterator(store_.folder.path()))
      EXPECT_EQ(entry.path().filename(), "data") << calls_max;
    ASSERT_LT(calls_max, 100);
  }
  EXPECT_TRUE(verify_backup(*disk_, backup_, go_on).ok());
}

TEST_F(BackupOfEvents, a_disk_that_fails_leaves_no_backup_that_looks_whole) {
  store_.write_notes(3);
  log_has(4);
  for (std::uint64_t n = 1;; ++n) {
    FaultyDisk faulty(*disk_, {.fail_at = n, .code = n % 2 == 0 ? Code::io : Code::disk_full});
    const auto made = back_up(faulty);
    if (!faulty.struck()) {
      EXPECT_GT(n, 40u);
      break;
    }
    const auto verified = verify_backup(*disk_, backup_, go_on);
    EXPECT_TRUE(!made.ok() || verified.ok()) << n;
    if (verified.ok()) {
      EXPECT_TRUE(verify_events(*disk_, events_path(backup_), *verified->events, go_on).ok()) << n;
    }
    remove_backup();
    ASSERT_TRUE(back_up(*disk_).ok()) << n << ": the next one takes its place";
    remove_backup();
  }
}

TEST_F(BackupOfEvents, a_restore_that_is_cut_off_keeps_servers_away_until_it_is_done_again) {
  store_.write_notes(3);
  log_has(4);
  ASSERT_TRUE(back_up(*disk_).ok());
  int cut = 0;
  for (int calls_max = 1;; ++calls_max) {
    empty_place();
    store_.write_notes(2);
    log_has(6);
    int calls = 0;
    const auto restored = restore(
        *disk_, Existing::replace,
        [&](std::string_view, std::uint64_t, std::uint64_t) { return ++calls < calls_max; });
    if (restored.ok()) break;
    if (demand_restored(*disk_, store_.data()).ok()) {
      EXPECT_EQ(store_.contents(), "2 of note") << calls_max << ": nothing was changed";
      EXPECT_EQ(events_in_log(), 6);
      continue;
    }
    ++cut;
    const auto again = restore(*disk_);
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(store_.contents(), "3 of note");
    EXPECT_EQ(events_in_log(), 4);
    EXPECT_TRUE(demand_restored(*disk_, store_.data()).ok());
    ASSERT_LT(calls_max, 200);
  }
  EXPECT_GE(cut, 2);
}

TEST_F(BackupOfEvents,
       a_disk_that_fails_under_a_restore_leaves_both_as_they_were_or_one_to_be_ended) {
  store_.write_notes(3);
  log_has(4);
  ASSERT_TRUE(back_up(*disk_).ok());
  for (std::uint64_t n = 1;; ++n) {
    empty_place();
    store_.write_notes(2);
    log_has(6);
    FaultyDisk faulty(*disk_, {.fail_at = n, .code = n % 2 == 0 ? Code::io : Code::disk_full});
    const auto restored = restore(faulty, Existing::replace);
    if (!faulty.struck()) break;
    const bool is_new = store_.contents() == "3 of note" && events_in_log() == 4;
    const bool is_old = store_.contents() == "2 of note" && events_in_log() == 6;
    EXPECT_TRUE(is_new || is_old || !demand_restored(*disk_, store_.data()).ok()) << n;
    EXPECT_TRUE(!restored.ok() || is_new) << n;
    const auto again = restore(*disk_, Existing::replace);
    ASSERT_TRUE(again.ok()) << n << again.error().message;
    EXPECT_EQ(store_.contents(), "3 of note") << n;
    EXPECT_EQ(events_in_log(), 4) << n;
    ASSERT_LT(n, 500u);
  }
}

}  // namespace
}  // namespace bl::ops
