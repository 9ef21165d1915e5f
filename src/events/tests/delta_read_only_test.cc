// A log that is opened with mode=ro leaves no trace in the table's folder.
#include <atomic>
#include <filesystem>
#include <thread>

#include "base/testing/folder_tree.h"
#include "events/delta_admin.h"
#include "events/testing/questions.h"
#include "events/tests/delta_log_world.h"

namespace bl::events {
namespace {

using namespace testing;
using ::testing::HasSubstr;

/// A table with files, a checkpoint, journals, the index of a writer that ended.
std::vector<BuildEvent> fill(DeltaWorld& world) {
  const auto log = world.open();
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(said_of(log->append(events_of_writer(1, i * 20, 20))), "ok");
    EXPECT_EQ(said_of(log->publish()), "ok");
  }
  EXPECT_EQ(said_of(log->compact_once({.files_min = 2})), "ok");
  EXPECT_EQ(said_of(log->events_table().log().checkpoint()), "ok");
  EXPECT_EQ(said_of(log->append(events_of_writer(1, 240, 5))), "ok");
  return events_of_writer(1, 0, 245);
}

TEST(DeltaReadOnly, NothingInTheFolderIsChangedByWhoOnlyReads) {
  DeltaWorld world;
  const auto events = fill(world);
  const auto before = tree_of(world.table());
  ASSERT_FALSE(before.empty());
  {
    const auto log = world.open(LogUri::Mode::read);
    EXPECT_EQ(all_of(*log), events);
    for (const Question& question : questions_about(events, 3)) {
      EXPECT_THAT(answer_of(*log, question), Not(HasSubstr("\"error\""))) << text_of(question);
    }
    EXPECT_EQ(log->table()->rows(), 245);
    EXPECT_EQ(log->status()->events, 245);
    EXPECT_THAT(said_of(log->append(events_of_writer(2, 0, 1))), HasSubstr("forbidden"));
    EXPECT_THAT(said_of(log->compact_once({.files_min = 2})), HasSubstr("forbidden"));
  }
  EXPECT_EQ(tree_of(world.table()), before);
}

TEST(DeltaReadOnly, NorByAnIndexThatAnEarlierReaderLeftInItsScratch) {
  DeltaWorld world;
  const auto events = fill(world);
  const auto before = tree_of(world.table());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(all_of(*world.open(LogUri::Mode::read)), events);
  EXPECT_EQ(tree_of(world.table()), before);
}

TEST(DeltaReadOnly, FsckChangesNothingWhateverTheMode) {
  DeltaWorld world;
  fill(world);
  const auto before = tree_of(world.table());
  for (const auto mode : {LogUri::Mode::read, LogUri::Mode::normal}) {
    const auto checked = fsck(world.uri(mode), world.world(), {});
    ASSERT_EQ(said_of(checked), "ok");
    EXPECT_EQ(checked->rows, 245);
    EXPECT_TRUE(checked->findings.empty());
  }
  EXPECT_EQ(tree_of(world.table()), before);
}

TEST(DeltaReadOnly, WhatChangesATableIsForbidden) {
  DeltaWorld world;
  fill(world);
  const auto before = tree_of(world.table());
  const LogUri uri = world.uri(LogUri::Mode::read);
  EXPECT_THAT(said_of(optimize(uri, world.world(), {})), HasSubstr("forbidden"));
  EXPECT_THAT(said_of(vacuum(uri, world.world(), {}, {})), HasSubstr("forbidden"));
  EXPECT_THAT(said_of(checkpoint(uri, world.world())), HasSubstr("forbidden"));
  EXPECT_THAT(said_of(migrate(uri, world.world(), 2)), HasSubstr("forbidden"));
  EXPECT_EQ(tree_of(world.table()), before);
}

TEST(DeltaReadOnly, AReaderBesideAWriterSeesWhatIsPublishedAndHasNoPartInTheFolder) {
  DeltaWorld world;
  const auto writer = world.open();
  const auto reader = world.open(LogUri::Mode::read);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(said_of(writer->append(events_of_writer(1, i * 10, 10))), "ok");
    ASSERT_EQ(said_of(writer->publish()), "ok");
    const auto before = tree_of(world.table());
    EXPECT_EQ(all_of(*reader), events_of_writer(1, 0, i * 10 + 10));
    EXPECT_EQ(tree_of(world.table()), before);
  }
}

TEST(DeltaReadOnly, AReaderBeginsWithTheIndexThatAWriterSavedAndReadsNoRows) {
  DeltaWorld world;
  fill(world);
  const auto ask = [](EventLog& log) {
    return said_of(log.activity()) + std::to_string(log.activity()->total_partitions_count) + " " +
           std::to_string(log.list_build_requests({}, {})->total);
  };
  const std::string expected = ask(*world.open(LogUri::Mode::read));
  // Whoever reads a row now fails.
  for (const auto& entry : std::filesystem::directory_iterator(world.table())) {
    if (entry.path().extension() == ".parquet") std::filesystem::remove(entry.path());
  }
  std::filesystem::remove_all(world.folder.at("scratch"));
  std::filesystem::create_directories(world.folder.at("scratch"));
  EXPECT_EQ(ask(*world.open(LogUri::Mode::read)), expected);
  // Without that index, rows are needed.
  std::filesystem::remove_all(world.table() + "/_bel/index");
  std::filesystem::remove_all(world.folder.at("scratch"));
  std::filesystem::create_directories(world.folder.at("scratch"));
  EXPECT_NE(said_of(world.try_open(world.uri(LogUri::Mode::read))), "ok");
}

TEST(DeltaReadOnly, AReaderMayBeginAnyTimeWhileAWriterSavesItsIndex) {
  DeltaWorld world;
  const auto writer = world.open();
  ASSERT_EQ(said_of(writer->append(events_of_writer(1, 0, 10))), "ok");
  ASSERT_EQ(said_of(writer->publish()), "ok");
  std::atomic<int> published = 10;
  std::thread writing([&] {
    for (int i = 1; i < 60; ++i) {
      EXPECT_EQ(said_of(writer->append(events_of_writer(1, i * 10, 10))), "ok");
      EXPECT_EQ(said_of(writer->publish()), "ok");
      published = i * 10 + 10;
    }
  });
  while (published < 600) {
    const int before = published;
    const auto events = all_of(*world.open(LogUri::Mode::read));
    EXPECT_GE(std::ssize(events), before);
    EXPECT_EQ(events, events_of_writer(1, 0, static_cast<int>(events.size())));
  }
  writing.join();
}

}  // namespace
}  // namespace bl::events
