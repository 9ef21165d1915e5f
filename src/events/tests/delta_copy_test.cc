// A log as a folder of plain files, and back: what a backup has of it.
#include <fstream>
#include <thread>

#include "base/testing/faulty_disk.h"
#include "events/copy_log.h"
#include "events/delta_admin.h"
#include "events/tests/delta_log_world.h"
#include "events/tests/delta_peers.h"

namespace bl::events {
namespace {

using namespace testing;
using ::testing::HasSubstr;

bool go_on(std::int64_t, std::int64_t) {
  return true;
}

struct Copies : DeltaWorld {
  std::string copy() const { return folder.at("copy"); }
  std::unique_ptr<EventLog> sqlite(const std::string& name) {
    return open_log(parse_log_uri("sqlite://" + folder.at(name)).value(), world()).value();
  }
};

TEST(CopyLog, HasEveryEventInItsOrderAndNothingElse) {
  Copies world;
  const auto events = events_of_writer(1, 0, 500);
  const auto log = world.open();
  ASSERT_EQ(said_of(log->append(std::span(events).first(300))), "ok");
  ASSERT_EQ(said_of(log->publish()), "ok");
  ASSERT_EQ(said_of(log->append(std::span(events).subspan(300))), "ok");  // of the journal alone
  ASSERT_EQ(said_of(copy_log(*log, world.copy(), world.world(), go_on)), "ok");
  for (const auto& entry : std::filesystem::directory_iterator(world.copy())) {
    EXPECT_TRUE(entry.path().filename() == "_delta_log" || entry.path().extension() == ".parquet")
        << entry.path();
  }
  auto ids = ids_of(events);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(seen_by_delta_rs(world.copy(), "event_id"), ids);
  for (const bool is_delta : {true, false}) {
    LogUri uri = world.uri();
    uri.path = world.folder.at("back");
    const std::unique_ptr<EventLog> back =
        is_delta ? *world.try_open(uri) : world.sqlite("back.db");
    ASSERT_EQ(said_of(load_log(world.copy(), 500, *back, world.world(), go_on)), "ok");
    EXPECT_EQ(all_of(*back), events);
  }
}

TEST(CopyLog, OfAnEmptyLogIsEmpty) {
  Copies world;
  const auto log = world.sqlite("empty.db");
  EXPECT_EQ(copy_log(*log, world.copy(), world.world(), go_on).value(), 0);
  const auto back = world.open();
  EXPECT_EQ(said_of(load_log(world.copy(), 0, *back, world.world(), go_on)), "ok");
  EXPECT_TRUE(all_of(*back).empty());
}

TEST(CopyLog, HasWhatWasAcknowledgedBeforeItBeganThoughOthersAppend) {
  Copies world;
  for (const bool is_delta : {true, false}) {
    std::filesystem::remove_all(world.copy());
    const std::unique_ptr<EventLog> log = is_delta ? world.open() : world.sqlite("busy.db");
    const auto before = events_of_writer(1, 0, 200);
    ASSERT_EQ(said_of(log->append(before)), "ok");
    std::atomic<bool> is_over = false;
    std::thread writer([&] {
      for (int n = 0; !is_over; n += 5)
        ASSERT_EQ(said_of(log->append(events_of_writer(2, n, 5))), "ok");
    });
    const auto copied = copy_log(*log, world.copy(), world.world(), go_on);
    is_over = true;
    writer.join();
    ASSERT_EQ(said_of(copied), "ok");
    LogUri uri = world.uri(LogUri::Mode::read);
    uri.path = world.copy();
    const auto there = all_of(**world.try_open(uri));
    EXPECT_EQ(static_cast<std::int64_t>(there.size()), *copied);
    const auto all = all_of(*log);
    ASSERT_GE(there.size(), before.size());
    ASSERT_GE(all.size(), there.size());
    EXPECT_TRUE(std::equal(there.begin(), there.end(), all.begin())) << "the log's first events";
  }
}

TEST(CopyLog, ALoadThatWasCutOffIsGoneOnWith) {
  Copies world;
  const auto events = events_of_writer(1, 0, 120);
  ASSERT_EQ(said_of(world.open()->append(events)), "ok");
  ASSERT_EQ(said_of(copy_log(*world.open(), world.copy(), world.world(), go_on)), "ok");
  const auto back = world.sqlite("back.db");
  ASSERT_EQ(said_of(back->append(std::span(events).first(40))), "ok");
  ASSERT_EQ(said_of(load_log(world.copy(), 120, *back, world.world(), go_on)), "ok");
  EXPECT_EQ(all_of(*back), events);
  EXPECT_THAT(said_of(load_log(world.copy(), 120, *world.sqlite("cut.db"), world.world(),
                               [](auto...) { return false; })),
              HasSubstr("cancelled"));
}

TEST(CopyLog, OtherEventsInThePlaceStayAndAnotherNumberIsDamage) {
  Copies world;
  ASSERT_EQ(said_of(world.open()->append(events_of_writer(1, 0, 20))), "ok");
  ASSERT_EQ(said_of(copy_log(*world.open(), world.copy(), world.world(), go_on)), "ok");
  const auto other = world.sqlite("other.db");
  ASSERT_EQ(said_of(other->append(events_of_writer(2, 0, 1))), "ok");
  ASSERT_EQ(said_of(load_log(world.copy(), 20, *other, world.world(), go_on)), "ok");
  EXPECT_EQ(all_of(*other).size(), 21u);
  EXPECT_THAT(said_of(load_log(world.copy(), 21, *other, world.world(), go_on)),
              HasSubstr("corrupt"));
}

// Whichever call of the disk fails: the copy is whole, or the call says that it is not.
TEST(CopyLog, AFailingDiskIsTold) {
  Copies world;
  const auto events = events_of_writer(1, 0, 60);
  ASSERT_EQ(said_of(world.open()->append(events)), "ok");
  const auto log = world.open(LogUri::Mode::read);
  const bool is_long = std::getenv("BENCHLAKE_FAULTS_ALL") != nullptr;
  for (std::uint64_t n = 1;; n += is_long || n < 20 ? 1 : 7) {
    std::filesystem::remove_all(world.copy());
    FaultyDisk faulty(*world.disk, {n, FaultPlan::Lasting::once, Code::io});
    const auto copied = copy_log(*log, world.copy(), world.world(faulty), go_on);
    if (copied.ok()) {
      LogUri uri = world.uri(LogUri::Mode::read);
      uri.path = world.copy();
      EXPECT_EQ(all_of(**world.try_open(uri)), events) << "call " << n;
    }
    if (!faulty.struck()) {
      EXPECT_GT(n, 30u);
      break;
    }
  }
}

}  // namespace
}  // namespace bl::events
