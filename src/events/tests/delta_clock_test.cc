// Clocks jump: that of who appends, that of who removes what is old, that of the store.
#include <filesystem>

#include "events/delta_admin.h"
#include "events/tests/clock_jumps.h"
#include "events/tests/delta_log_world.h"
#include "events/tests/delta_remote.h"
#include "objects/testing/faulty_store.h"

namespace bl::events {
namespace {

using namespace testing;
using std::chrono::hours;
using ::testing::HasSubstr;

constexpr hours k_year(24 * 365);

LogWorld with(DeltaWorld& world, const Clock& clock) {
  const LogWorld own = world.world();
  return {own.disk, clock, own.random, own.metrics, own.log, own.scratch};
}

void jump_in(LogUri::Mode mode) {
  DeltaWorld world;
  JumpingClock clock;
  LogUri uri = world.uri(mode);
  uri.flush_every = std::chrono::milliseconds(5);
  expect_jumps_change_nothing(clock, [&] { return *world.try_open(uri, with(world, clock)); });
  const auto checked = fsck(uri, world.world(), {});
  ASSERT_EQ(said_of(checked), "ok");
  EXPECT_EQ(checked->findings_all, 0);
  EXPECT_EQ(checked->repeated, 0);
}

TEST(DeltaClock, JumpsChangeNothing) {
  jump_in(LogUri::Mode::normal);
}
TEST(DeltaClock, NorInDirectMode) {
  jump_in(LogUri::Mode::direct);
}

TEST(DeltaClock, NorWhereJournalsAreObjects) {
  DeltaWorld world;
  JumpingClock clock, store_clock;
  Remote remote(world, store_clock);
  expect_jumps_change_nothing(clock, [&] {
    store_clock.jump_to(clock.now() - world.clock.now());  // they jump together, and apart
    return *delta::DeltaEventLog::open(world.uri(), with(world, clock), *remote.place(),
                                       world.limits());
  });
}

/// What a process that died under another clock has left, on the disk and as objects.
TEST(DeltaClock, AJournalOfAnotherTimeIsTakenOver) {
  for (const auto jump : clock_jumps()) {
    DeltaWorld world;
    JumpingClock clock;
    clock.jump_to(jump);
    const auto events = events_of_writer(1, 0, 30);
    {
      auto first = world.open();  // takes the first journal
      auto second = *world.try_open(world.uri(), with(world, clock));
      ASSERT_EQ(said_of(second->append(events)), "ok");
      std::filesystem::copy(world.table(), world.folder.at("copy"),
                            std::filesystem::copy_options::recursive);
    }
    std::filesystem::remove_all(world.table());
    std::filesystem::rename(world.folder.at("copy"), world.table());
    EXPECT_EQ(all_of(*world.open()), events);
  }
}

TEST(DeltaClock, ASignOfLifeThatIsAheadOfTheStoresClockSavesNoJournalOfTheDead) {
  DeltaWorld world;
  JumpingClock store_clock;
  store_clock.jump_to(k_year);
  Remote remote(world, store_clock);
  const auto events = events_of_writer(1, 0, 20);
  {
    objects::testing::FaultyStore store(
        remote.memory, *world.disk,
        objects::testing::fault_at(1'000'000, objects::testing::ObjectFault::none));
    auto log = delta::DeltaEventLog::open(
        world.uri(), world.world(), *remote.place(std::make_unique<Lent>(store)), world.limits());
    ASSERT_EQ(said_of(log), "ok");
    ASSERT_EQ(said_of((*log)->append(events)), "ok");
    store.set_plan(objects::testing::fault_from(1, objects::testing::ObjectFault::fails));
  }
  ASSERT_FALSE(remote.memory.list({.prefix = "_bel/alive/"})->objects.empty());
  store_clock.jump_to(hours(0));
  const auto log =
      delta::DeltaEventLog::open(world.uri(), world.world(), *remote.place(), world.limits());
  ASSERT_EQ(said_of(log), "ok");
  EXPECT_EQ(all_of(**log), events);
}

TEST(DeltaClock, AProcessThatSeemsDeadBecauseTheStoresClockJumpedGoesOn) {
  for (const auto jump :
       {std::chrono::microseconds(k_year), -std::chrono::microseconds(hours(5))}) {
    DeltaWorld world;
    JumpingClock store_clock;
    Remote remote(world, store_clock);
    const auto living =
        delta::DeltaEventLog::open(world.uri(), world.world(), *remote.place(), world.limits());
    ASSERT_EQ(said_of(living), "ok");
    ASSERT_EQ(said_of((*living)->append(events_of_writer(1, 0, 10))), "ok");
    store_clock.jump_to(jump);
    const auto other =
        delta::DeltaEventLog::open(world.uri(), world.world(), *remote.place(), world.limits());
    ASSERT_EQ(said_of(other), "ok");
    EXPECT_EQ(all_of(**other), events_of_writer(1, 0, 10));
    EXPECT_THAT(said_of((*living)->append(events_of_writer(1, 10, 1))), HasSubstr("unavailable"));
    (*living)->work();
    ASSERT_EQ(said_of((*living)->append(events_of_writer(1, 10, 1))), "ok");
    EXPECT_EQ(all_of(**living), events_of_writer(1, 0, 11));
    EXPECT_EQ(all_of(**other), events_of_writer(1, 0, 11));
  }
}

/// Files of long ago that became one just now, and a reader of before that: its files stay.
struct AncientFiles : DeltaWorld {
  AncientFiles() {
    const auto log = open();
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(said_of(log->append(events_of_writer(1, i * 10, 10))), "ok");
      EXPECT_EQ(said_of(log->publish()), "ok");
    }
    for (const auto& entry : std::filesystem::directory_iterator(table())) {
      if (entry.path().extension() != ".parquet") continue;
      std::filesystem::last_write_time(entry.path(),
                                       std::filesystem::file_time_type::clock::now() - k_year);
      ancient.push_back(entry.path().string());
    }
    EXPECT_EQ(ancient.size(), 10u);
    EXPECT_EQ(*log->compact_once({.files_min = 2}), 10u);
  }
  void expect_there() const {
    for (const auto& path : ancient) EXPECT_TRUE(std::filesystem::exists(path)) << path;
  }
  std::vector<std::string> ancient;
};

TEST(DeltaClock, AVacuumWhoseClockIsAYearAheadRemovesNothingThatWasRemovedJustNow) {
  AncientFiles world;
  JumpingClock clock;
  clock.jump_to(k_year);
  const auto done = vacuum(world.uri(), with(world, clock), {.retention = hours(1)}, {});
  ASSERT_EQ(said_of(done), "ok");
  EXPECT_EQ(done->files, 0);
  world.expect_there();
}

TEST(DeltaClock, ACheckpointOfAClockThatIsAheadForgetsNoRemovedFile) {
  AncientFiles world;
  JumpingClock clock;
  clock.jump_to(k_year);
  ASSERT_EQ(said_of(checkpoint(world.uri(), with(world, clock))), "ok");
  const auto done = vacuum(world.uri(), world.world(), {.retention = hours(1)}, {});
  ASSERT_EQ(said_of(done), "ok");
  EXPECT_EQ(done->files, 0);
  world.expect_there();
}

TEST(DeltaClock, NoVersionGoesFromTheLogBecauseAClockIsAhead) {
  AncientFiles world;
  JumpingClock clock;
  clock.jump_to(k_year);
  ASSERT_EQ(said_of(checkpoint(world.uri(), with(world, clock))), "ok");
  EXPECT_EQ(vacuum(world.uri(), with(world, clock), {.retention = hours(1)}, {})->log_files, 0);
  const auto log = world.open();
  const auto old = log->events_table().log().at_version(5);
  ASSERT_EQ(said_of(old), "ok");
  EXPECT_EQ((*old)->files.size(), 5u);
}

TEST(DeltaClock, WhatIsOldGoesThoughAClockIsHoursBehind) {
  AncientFiles world;
  JumpingClock clock;
  clock.jump_to(-hours(5));
  const auto done = vacuum(world.uri(), with(world, clock), {.force = true}, {});
  ASSERT_EQ(said_of(done), "ok");
  EXPECT_EQ(done->files, 0) << "for this clock they are still to be removed";
  EXPECT_EQ(vacuum(world.uri(), world.world(), {.force = true}, {})->files, 10);
  EXPECT_EQ(all_of(*world.open()), events_of_writer(1, 0, 100));
}

}  // namespace
}  // namespace bl::events
