// The event log over a Delta table: what is acknowledged stays, in its order, for every process.
#include <thread>

#include "events/tests/delta_log_world.h"

namespace bl::events {
namespace {

using namespace testing;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

TEST(DeltaLog, IsMadeWhereNothingIsAndAnswersEmpty) {
  DeltaWorld world;
  const auto log = world.open();
  EXPECT_TRUE(all_of(*log).empty());
  const auto status = log->status();
  ASSERT_EQ(said_of(status), "ok");
  EXPECT_EQ(status->backend, "delta");
  EXPECT_EQ(status->version, 0);
  EXPECT_EQ(status->schema_version, 1);
}

TEST(DeltaLog, OpenedForReadingOfNothingIsNotFound) {
  DeltaWorld world;
  EXPECT_THAT(said_of(world.try_open(world.uri(LogUri::Mode::read))), HasSubstr("not_found"));
  EXPECT_FALSE(std::filesystem::exists(world.table()));
}

TEST(DeltaLog, WhatWasAppendedIsReadAtOnceAndPublishedByAFlush) {
  DeltaWorld world;
  const auto log = world.open();
  const auto events = events_of_writer(1, 0, 100);
  const auto appended = log->append(events);
  ASSERT_EQ(said_of(appended), "ok");
  EXPECT_EQ(appended->added, 100);
  EXPECT_EQ(log->status()->unpublished, 100);
  EXPECT_EQ(log->event(uuid(1, 7))->value().event, events[7]);
  EXPECT_EQ(all_of(*log), events);
  EXPECT_EQ(log->status()->unpublished, 0);
  EXPECT_EQ(log->status()->version, 1);
  EXPECT_EQ(world.metric("bl_events_delta_read_events_total"), 0);
}

TEST(DeltaLog, ARetryChangesNothingAndOtherContentIsAConflict) {
  DeltaWorld world;
  const auto log = world.open();
  auto events = events_of_writer(1, 0, 10);
  ASSERT_EQ(said_of(log->append(events)), "ok");
  EXPECT_EQ(log->append(events)->repeated, 10);
  ASSERT_EQ(said_of(log->publish()), "ok");
  EXPECT_EQ(log->append(events)->repeated, 10);
  events[3].timestamp += 1;
  events.push_back(event_no(1, 11));
  EXPECT_THAT(said_of(log->append(events)), HasSubstr("conflict"));
  EXPECT_EQ(all_of(*log).size(), 10u);
}

TEST(DeltaLog, AfterACrashTheJournalHasWhatTheTableHasNot) {
  DeltaWorld world;
  const auto events = events_of_writer(1, 0, 30);
  {
    auto log = world.open();
    ASSERT_EQ(said_of(log->append(std::span(events).first(10))), "ok");
    ASSERT_EQ(said_of(log->publish()), "ok");
    ASSERT_EQ(said_of(log->append(std::span(events).subspan(10))), "ok");
    std::filesystem::copy(world.table(), world.folder.at("copy"),
                          std::filesystem::copy_options::recursive);
  }
  std::filesystem::remove_all(world.table());
  std::filesystem::rename(world.folder.at("copy"), world.table());
  const auto log = world.open();
  EXPECT_EQ(log->status()->unpublished, 20);
  EXPECT_EQ(all_of(*log), events);
}

TEST(DeltaLog, AnEndPublishesEverything) {
  DeltaWorld world;
  const auto events = events_of_writer(1, 0, 30);
  ASSERT_EQ(said_of(world.open()->append(events)), "ok");
  const auto log = world.open(LogUri::Mode::read);
  EXPECT_EQ(all_of(*log), events);
  EXPECT_THAT(said_of(log->append(events_of_writer(1, 50, 1))), HasSubstr("forbidden"));
}

TEST(DeltaLog, TwoWritersSeeEachOtherAfterAFlush) {
  DeltaWorld world;
  const auto one = world.open();
  const auto two = world.open();
  ASSERT_EQ(said_of(one->append(events_of_writer(1, 0, 10))), "ok");
  ASSERT_EQ(said_of(two->append(events_of_writer(2, 0, 10))), "ok");
  EXPECT_FALSE(two->event(uuid(1, 3))->has_value());
  ASSERT_EQ(said_of(one->publish()), "ok");
  EXPECT_TRUE(two->event(uuid(1, 3))->has_value());
  EXPECT_TRUE(two->event(uuid(2, 3))->has_value());
  const auto all = all_of(*two);
  EXPECT_EQ(all.size(), 20u);
  EXPECT_EQ(all_of(*one), all);
  EXPECT_EQ(all[0], event_no(1, 0));
}

TEST(DeltaLog, DirectModeCommitsEachAppend) {
  DeltaWorld world;
  const auto log = world.open(LogUri::Mode::direct);
  ASSERT_EQ(said_of(log->append(events_of_writer(1, 0, 2))), "ok");
  ASSERT_EQ(said_of(log->append(events_of_writer(1, 1, 2))), "ok");
  EXPECT_EQ(log->status()->version, 2);
  EXPECT_EQ(all_of(*world.open(LogUri::Mode::read)), events_of_writer(1, 0, 3));
}

TEST(DeltaLog, ThreadsThatBringTheSameEventsAddThemOnce) {
  DeltaWorld world;
  const auto log = world.open();
  std::atomic<std::int64_t> added = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        const auto appended = log->append(events_of_writer(1, n, 3));
        ASSERT_EQ(said_of(appended), "ok");
        added += appended->added;
        if (n % 10 == 0) {
          ASSERT_EQ(said_of(log->publish()), "ok");
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(added, 52);
  EXPECT_EQ(all_of(*log).size(), 52u);
}

TEST(DeltaLog, CompactionKeepsEveryPlace) {
  DeltaWorld world;
  const auto one = world.open();
  const auto two = world.open();
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(said_of(one->append(events_of_writer(1, i * 5, 5))), "ok");
    ASSERT_EQ(said_of(one->publish()), "ok");
    ASSERT_EQ(said_of(two->append(events_of_writer(2, i * 5, 5))), "ok");
    ASSERT_EQ(said_of(two->publish()), "ok");
  }
  const auto before = all_of(*one);
  ASSERT_EQ(before.size(), 200u);
  const auto compacted = one->compact_once({});
  ASSERT_EQ(said_of(compacted), "ok");
  EXPECT_EQ(*compacted, 40u);
  EXPECT_EQ(one->status()->files, 1);
  EXPECT_EQ(all_of(*one), before);
  EXPECT_EQ(all_of(*two), before);
  EXPECT_EQ(world.metric("bl_events_delta_index_rebuilds_total"), 0);
  EXPECT_EQ(all_of(*world.open(LogUri::Mode::read)), before);
}

TEST(DeltaLog, WhatADeadProcessLeftIsTakenOver) {
  DeltaWorld world;
  const auto events = events_of_writer(1, 0, 30);
  {
    auto first = world.open();  // takes the first journal
    auto second = world.open();
    ASSERT_EQ(said_of(second->append(events)), "ok");
    std::filesystem::copy(world.table(), world.folder.at("copy"),
                          std::filesystem::copy_options::recursive);
  }
  std::filesystem::remove_all(world.table());
  std::filesystem::rename(world.folder.at("copy"), world.table());
  const auto log = world.open();
  EXPECT_EQ(all_of(*log), events);
}

}  // namespace
}  // namespace bl::events
