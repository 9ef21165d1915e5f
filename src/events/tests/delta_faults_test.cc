// Every call of the disk, and of the store, fails once, or from then on; answers are lost, writes
// come late (some of the calls; BENCHLAKE_FAULTS_ALL=1: every one). Whatever was acknowledged is in
// the table once, and nothing is there that was refused.
#include <cstdlib>
#include <set>

#include "base/testing/faulty_disk.h"
#include "events/delta_admin.h"
#include "events/tests/delta_log_world.h"
#include "events/tests/delta_remote.h"
#include "objects/testing/faulty_store.h"

namespace bl::events {
namespace {

using namespace testing;
using objects::testing::fault_at;
using objects::testing::fault_from;
using objects::testing::FaultyStore;
using objects::testing::ObjectFault;

/// What was told to who appended.
struct Told {
  std::vector<BuildEvent> yes;
  std::set<std::string> no;  ///< "nothing was stored"
};

void append(EventLog& log, const std::vector<BuildEvent>& events, Told& told) {
  const auto appended = log.append(events);
  if (appended.ok()) {
    told.yes.insert(told.yes.end(), events.begin(), events.end());
  } else if (appended.error().code != Code::outcome_unknown) {
    for (const auto& event : events) told.no.insert(event.event_id);
  }
}

/// Batches, flushes, a compaction, an end.
void use(DeltaWorld& world, const LogUri& uri, const LogWorld& of,
         const std::function<Result<delta::TablePlace>()>& place, Told& told) {
  delta::DeltaLogLimits limits = world.limits();
  limits.object_journal.first_wait = std::chrono::milliseconds(1);
  limits.object_journal.wait_max = std::chrono::milliseconds(2);
  auto there = place();
  if (!there.ok()) return;
  auto log = delta::DeltaEventLog::open(uri, of, *std::move(there), limits);
  if (!log.ok()) return;
  for (int i = 0; i < 4; ++i) {
    append(**log, events_of_writer(1, i * 10, 3), told);
    append(**log, events_of_writer(2, i * 10, 2), told);
    (void)(*log)->publish().ok();
  }
  (void)(*log)->compact_once({.files_min = 2}).ok();
  append(**log, events_of_writer(3, 0, 3), told);
}

void expect_kept(EventLog& log, const Told& told, const std::string& when) {
  std::map<std::string, int> count;
  for (const auto& event : all_of(log)) ++count[event.event_id];
  for (const auto& event : told.yes) EXPECT_EQ(count[event.event_id], 1) << when;
  for (const auto& [id, times] : count) {
    EXPECT_LE(times, 1) << when;
    EXPECT_FALSE(told.no.contains(id)) << when << ": refused, but there";
  }
}

std::uint64_t calls_of_the_disk(LogUri::Mode mode) {
  DeltaWorld world;
  FaultyDisk counting(*world.disk, {});
  Told told;
  const LogWorld of = world.world(counting);
  use(world, world.uri(mode), of, [&] { return delta::place_of(world.uri(mode), of); }, told);
  EXPECT_EQ(told.yes.size(), 23u);
  return counting.calls();
}

void fail_every_call(LogUri::Mode mode, FaultPlan::Lasting lasting, Code code, std::uint64_t step) {
  const std::uint64_t calls = calls_of_the_disk(mode);
  ASSERT_GT(calls, 50u);
  const bool is_long = std::getenv("BENCHLAKE_FAULTS_ALL") != nullptr;
  for (std::uint64_t n = 1; n <= calls; n += is_long ? 1 : n < 40 ? 3 : step) {
    DeltaWorld world;
    Told told;
    {
      FaultyDisk disk(*world.disk, {n, lasting, code});
      const LogWorld of = world.world(disk);
      use(world, world.uri(mode), of, [&] { return delta::place_of(world.uri(mode), of); }, told);
    }
    auto log = world.try_open(world.uri());
    ASSERT_EQ(said_of(log), "ok") << "call " << n;
    expect_kept(**log, told, fmt::format("call {}", n));
    log->reset();
    if (n % 7 != 0) continue;
    const auto checked = fsck(world.uri(), world.world(), {});
    ASSERT_EQ(said_of(checked), "ok") << "call " << n;
    for (const auto& finding : checked->findings) ADD_FAILURE() << n << ": " << finding.what;
  }
}

TEST(DeltaFaults, ACallOfTheDiskFails) {
  fail_every_call(LogUri::Mode::normal, FaultPlan::Lasting::once, Code::io, 11);
}
TEST(DeltaFaults, TheDiskIsFullFromACallOn) {
  fail_every_call(LogUri::Mode::normal, FaultPlan::Lasting::for_good, Code::disk_full, 17);
}
TEST(DeltaFaults, ACallOfTheDiskFailsInDirectMode) {
  fail_every_call(LogUri::Mode::direct, FaultPlan::Lasting::once, Code::io, 23);
}

TEST(DeltaRemote, WhatIsInTheJournalOfAProcessThatIsGoneComesIntoTheTable) {
  DeltaWorld world;
  Remote remote(world);
  const auto events = events_of_writer(1, 0, 20);
  Told told;
  {
    // The store goes away before the end: nothing is flushed any more.
    FaultyStore store(remote.memory, *world.disk, fault_at(1'000'000, ObjectFault::none));
    auto log = delta::DeltaEventLog::open(
        world.uri(), world.world(), *remote.place(std::make_unique<Lent>(store)), world.limits());
    ASSERT_EQ(said_of(log), "ok");
    append(**log, events, told);
    EXPECT_EQ(told.yes.size(), 20u);
    store.set_plan(fault_from(1, ObjectFault::fails));
  }
  // Its sign of life is removed here instead of waiting until it is old.
  const auto signs = remote.memory.list({.prefix = "_bel/alive/"}).value();
  for (const auto& sign : signs.objects) ASSERT_EQ(said_of(remote.memory.remove(sign.key)), "ok");
  const auto log =
      delta::DeltaEventLog::open(world.uri(), world.world(), *remote.place(), world.limits());
  ASSERT_EQ(said_of(log), "ok");
  EXPECT_EQ(all_of(**log), events);
}

TEST(DeltaRemote, AProcessWhoseJournalWasTakenGoesOnWithAnother) {
  DeltaWorld world;
  Remote remote(world);
  auto limits = world.limits();
  limits.take_over_every = std::chrono::seconds(0);
  auto uri = world.uri();
  uri.flush_every = std::chrono::milliseconds(5);
  const auto slow = delta::DeltaEventLog::open(world.uri(), world.world(), *remote.place(), limits);
  ASSERT_EQ(said_of(slow), "ok");
  ASSERT_EQ(said_of((*slow)->append(events_of_writer(1, 0, 10))), "ok");
  const auto signs = remote.memory.list({.prefix = "_bel/alive/"}).value();
  for (const auto& sign : signs.objects) ASSERT_EQ(said_of(remote.memory.remove(sign.key)), "ok");
  const auto other =
      delta::DeltaEventLog::open(world.uri(), world.world(), *remote.place(), limits);
  ASSERT_EQ(said_of(other), "ok");
  EXPECT_EQ(all_of(**other).size(), 10u);
  const auto refused = (*slow)->append(events_of_writer(1, 10, 1));
  EXPECT_THAT(said_of(refused), ::testing::HasSubstr("unavailable"));
  (*slow)->work();
  ASSERT_EQ(said_of((*slow)->append(events_of_writer(1, 10, 1))), "ok");
  EXPECT_EQ(all_of(**slow), events_of_writer(1, 0, 11));
  EXPECT_EQ(all_of(**other), events_of_writer(1, 0, 11));
}

TEST(DeltaRemote, CallsOfTheStoreFailAndAnswersAreLost) {
  const bool is_long = std::getenv("BENCHLAKE_FAULTS_ALL") != nullptr;
  for (const ObjectFault fault : {ObjectFault::fails, ObjectFault::lost_done,
                                  ObjectFault::lost_undone, ObjectFault::lost_delayed}) {
    for (std::uint64_t n = 1; n < 140; n += is_long ? 1 : n < 30 ? 3 : 13) {
      DeltaWorld world;
      Remote remote(world);
      FaultyStore store(remote.memory, *world.disk, fault_at(n, fault));
      Told told;
      use(
          world, world.uri(), world.world(),
          [&] { return remote.place(std::make_unique<Lent>(store)); }, told);
      store.deliver_delayed();
      const auto signs = remote.memory.list({.prefix = "_bel/alive/"}).value();
      for (const auto& sign : signs.objects) (void)remote.memory.remove(sign.key).ok();
      const auto log =
          delta::DeltaEventLog::open(world.uri(), world.world(), *remote.place(), world.limits());
      const std::string when = fmt::format("fault {} at call {}", static_cast<int>(fault), n);
      ASSERT_EQ(said_of(log), "ok") << when;
      expect_kept(**log, told, when);
    }
  }
}

TEST(DeltaRemote, SqlReadsCopies) {
  DeltaWorld world;
  Remote remote(world);
  const auto log =
      delta::DeltaEventLog::open(world.uri(), world.world(), *remote.place(), world.limits());
  ASSERT_EQ(said_of(log), "ok");
  ASSERT_EQ(said_of((*log)->append(events_of_writer(1, 0, 10))), "ok");
  ASSERT_EQ(said_of((*log)->publish()), "ok");
  ASSERT_EQ(said_of((*log)->append(events_of_writer(1, 10, 5))), "ok");
  const auto table = (*log)->table();
  ASSERT_EQ(said_of(table), "ok");
  EXPECT_EQ(table->rows(), 15);
  ASSERT_EQ(table->files().files().size(), 1u);
  EXPECT_TRUE(std::filesystem::exists("/" + table->files().files()[0].key));
}

}  // namespace
}  // namespace bl::events
