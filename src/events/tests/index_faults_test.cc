// An index that was cut, damaged, or could not be written is dropped or continued, never wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/faulty_disk.h"
#include "base/testing/memory_disk.h"
#include "events/encode.h"
#include "events/testing/corpus.h"
#include "events/testing/memory_log.h"
#include "events/tests/index_log.h"

namespace bl::events {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* k_folder = "/index";

const std::vector<BuildEvent>& events() {
  static const std::vector<BuildEvent> events = small_world(5, 120);
  return events;
}
std::span<const BuildEvent> events(std::int64_t from, std::int64_t to) {
  return std::span(events()).subspan(static_cast<std::size_t>(from),
                                     static_cast<std::size_t>(to - from));
}

Result<std::unique_ptr<EventIndex>> open(Disk& disk, Metrics& metrics) {
  return EventIndex::open(disk, k_folder, "table", metrics, tiny_limits());
}

double rebuilds(const Metrics& metrics) {
  return metrics.samples("bl_event_index_rebuilds_total").front().value;
}

/// Adds events in steps, settles most of them, saves at times. The first error ends it.
Result<void> live(EventIndex& index, std::int64_t to) {
  for (std::int64_t at = index.events(), step = 1; at < to; ++step) {
    const std::int64_t next = std::min<std::int64_t>(to, at + 5);
    BL_RETURN_IF_ERROR(index.add(events(at, next)));
    at = next;
    if (at > 3) BL_RETURN_IF_ERROR(index.settle({"table", step, at - 3}));
    if (step % 7 == 0) BL_RETURN_IF_ERROR(index.save());
  }
  return {};
}

/// Every event by its place and id, what each entity has, the lists: as the slow twin says.
void expect_is(EventIndex& index, std::int64_t count) {
  ASSERT_EQ(index.events(), count);
  MemoryLog rule;
  ASSERT_TRUE(rule.append(events(0, count)).ok());
  for (std::int64_t place = 0; place < count; ++place) {
    const BuildEvent& event = events()[static_cast<std::size_t>(place)];
    ASSERT_EQ(index.place_of(event.event_id), place);
    ASSERT_EQ(index.event_at(place).value(), event);
  }
  for (int i = 0; i < k_small_world_builds; ++i)
    EXPECT_EQ(index.build_request_events(small_world_build(i), {})->events,
              rule.build_request_events(small_world_build(i), {})->events);
  for (const std::string& ref : small_world_refs()) {
    EXPECT_EQ(index.partition_events(ref, {})->events, rule.partition_events(ref, {})->events);
    EXPECT_EQ(index.latest_partition_status(ref), rule.latest_partition_status(ref).value());
    EXPECT_EQ(index.active_builds_for_partition(ref),
              rule.active_builds_for_partition(ref).value());
  }
  for (const std::string& run : small_world_runs())
    EXPECT_EQ(index.job_run_events(run, {})->events, rule.job_run_events(run, {})->events);
  EXPECT_EQ(index.events_in_range(0, 1'000'000, 1000)->events,
            rule.events_in_range(0, 1'000'000, 1000)->events);
  EXPECT_EQ(index.list_jobs({}, "").items, rule.list_jobs({}, "")->items);
  EXPECT_EQ(index.activity().value(), rule.activity().value());
}

/// Whatever is on the disk: it opens, has settled events from the first on, and goes on.
void expect_continues(Disk& disk, std::int64_t at_least, std::int64_t at_most) {
  Metrics metrics;
  auto opened = open(disk, metrics);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EventIndex& index = **opened;
  EXPECT_GE(index.events(), at_least);
  EXPECT_LE(index.events(), at_most);
  expect_is(index, index.events());
  ASSERT_TRUE(live(index, 120).ok());
  expect_is(index, 120);
}

TEST(EventIndexFaults, APowerCutLeavesAnIndexOfFewerEventsThatGoesOn) {
  MemoryDisk disk;
  Metrics metrics;
  auto index = open(disk, metrics).value();
  std::int64_t saved = 0;
  for (std::int64_t to = 5; to <= 120; to += 5) {
    ASSERT_TRUE(live(*index, to).ok());
    if (to % 20 == 0) {
      ASSERT_TRUE(index->save().ok());
      saved = to - 3;
    }
    // The writer may be at work: a cut comes when it likes.
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      SCOPED_TRACE(testing::Message() << "cut at " << to << ", seed " << seed);
      const auto left = disk.after_power_cut(seed);
      expect_continues(*left, saved, to);
      if (HasFailure()) return;
    }
  }
}

class AnyCallFails : public ::testing::TestWithParam<std::tuple<FaultPlan::Lasting, Code>> {};
INSTANTIATE_TEST_SUITE_P(, AnyCallFails,
                         ::testing::Combine(::testing::Values(FaultPlan::Lasting::once,
                                                              FaultPlan::Lasting::for_good),
                                            ::testing::Values(Code::io, Code::disk_full)));

TEST_P(AnyCallFails, AndEveryAnswerStaysRight) {
  const auto [lasting, code] = GetParam();
  for (std::uint64_t call = 1;; call += call < 200 ? 1 : 17) {
    SCOPED_TRACE(testing::Message() << "call " << call);
    MemoryDisk disk;
    FaultyDisk faulty(disk, {call, lasting, code});
    {
      Metrics metrics;
      auto index = open(faulty, metrics);
      if (index.ok()) {
        auto lived = live(**index, 120);
        // Once: what failed is tried again by the next call.
        for (int i = 0; i < 5 && !lived.ok() && lasting == FaultPlan::Lasting::once; ++i)
          lived = live(**index, 120);
        EXPECT_TRUE(lived.ok() || lasting == FaultPlan::Lasting::for_good) << lived.error().message;
        if (!lived.ok()) {
          EXPECT_EQ(lived.error().code, code);
        }
        expect_is(**index, (*index)->events());
      } else {
        EXPECT_EQ(index.error().code, code);
      }
    }
    expect_continues(disk, 0, 120);
    if (HasFailure() || !faulty.struck()) {
      EXPECT_GT(call, 50u);
      return;
    }
  }
}

/// A saved index of 120 events on a disk.
std::unique_ptr<MemoryDisk> saved_index() {
  auto disk = std::make_unique<MemoryDisk>();
  Metrics metrics;
  auto index = open(*disk, metrics).value();
  EXPECT_TRUE(live(*index, 120).ok());
  EXPECT_TRUE(index->settle({"table", 99, 120}).ok());
  EXPECT_TRUE(index->save().ok());
  return disk;
}

TEST(EventIndexFaults, ABitThatFlippedAnywhereIsSeenAtTheOpenOrWithItsRow) {
  const auto disk = saved_index();
  const auto names = disk->list(k_folder).value();
  ASSERT_GE(names.size(), 3u);
  for (const std::string& name : names) {
    const std::string path = std::string(k_folder) + "/" + name;
    const std::string bytes = disk->content(path).value();
    for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 150) {
      SCOPED_TRACE(testing::Message() << name << " at " << at);
      const auto damaged = disk->after_power_cut(1);
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x20);
      damaged->overwrite(path, flipped);
      Metrics metrics;
      auto index = open(*damaged, metrics).value();
      if (rebuilds(metrics) == 1) {
        EXPECT_EQ(index->events(), 0);
        EXPECT_FALSE(index->owner().has_value());
        continue;
      }
      // Padding, or a row: whoever reads that one is told, and the next open begins anew.
      int corrupt = 0;
      for (std::int64_t place = 0; place < 120; ++place) {
        const auto event = index->event_at(place);
        if (event.ok()) {
          EXPECT_EQ(*event, events()[static_cast<std::size_t>(place)]);
        } else {
          EXPECT_EQ(event.error().code, Code::corrupt);
          ++corrupt;
        }
      }
      EXPECT_LE(corrupt, 1);
      if (corrupt == 0) continue;
      EXPECT_THAT(name, EndsWith(".rows"));
      EXPECT_EQ(rebuilds(metrics), 1);
      index.reset();
      EXPECT_EQ(open(*damaged, metrics).value()->events(), 0);
      if (HasFailure()) return;
    }
  }
}

TEST(EventIndexFaults, AnIndexThatReadADamagedRowIsNotWrittenAgain) {
  const auto disk = saved_index();
  const auto names = disk->list(k_folder).value();
  for (const std::string& name : names) {
    if (!name.ends_with(".rows")) continue;
    const std::string path = std::string(k_folder) + "/" + name;
    std::string bytes = disk->content(path).value();
    bytes[0] = static_cast<char>(~bytes[0]);
    disk->overwrite(path, bytes);
  }
  Metrics metrics;
  auto index = open(*disk, metrics).value();
  ASSERT_EQ(index->event_at(0).error().code, Code::corrupt);
  const auto later = history(9, 20);
  ASSERT_TRUE(index->add(later).ok());
  ASSERT_TRUE(index->settle({"table", 100, 121}).ok());
  EXPECT_EQ(index->save().error().code, Code::corrupt);
  index.reset();
  EXPECT_EQ(open(*disk, metrics).value()->events(), 0);
}

TEST(EventIndexFaults, AFileThatIsGoneOrShortDropsTheIndex) {
  const auto disk = saved_index();
  const auto names = disk->list(k_folder).value();
  for (const std::string& name : names) {
    const std::string path = std::string(k_folder) + "/" + name;
    for (const bool is_gone : {true, false}) {
      SCOPED_TRACE(name);
      const auto damaged = disk->after_power_cut(1);
      const std::string bytes = disk->content(path).value();
      if (is_gone) {
        ASSERT_TRUE(damaged->remove(path).ok());
      } else {
        damaged->overwrite(path, bytes.substr(0, bytes.size() / 2));
      }
      expect_continues(*damaged, 0, 0);
    }
  }
}

TEST(EventIndexFaults, AnIndexOfAnotherTableIsNoneOfOurs) {
  const auto disk = saved_index();
  Metrics metrics;
  const auto other = EventIndex::open(*disk, k_folder, "other", metrics, tiny_limits()).value();
  EXPECT_EQ(other->events(), 0);
  EXPECT_FALSE(other->owner().has_value());
  EXPECT_EQ(rebuilds(metrics), 0);  // it was sound
}

TEST(EventIndexFaults, WhatOthersKeepInTheFolderStays) {
  const auto disk = saved_index();
  ASSERT_TRUE(disk->open_append("/index/lock").ok());
  Metrics metrics;
  {
    auto other = EventIndex::open(*disk, k_folder, "other", metrics, tiny_limits()).value();
  }
  EXPECT_TRUE(disk->exists("/index/lock").value());
}

TEST(EventIndexFaults, AWriterThatCannotWriteEndsTheGrowthOfMemory) {
  MemoryDisk disk;
  Metrics metrics;
  FaultyDisk counted(disk, {});
  {
    ASSERT_TRUE(open(counted, metrics).ok());
  }
  MemoryDisk empty;
  FaultyDisk full(empty, {counted.calls() + 1, FaultPlan::Lasting::for_good, Code::disk_full});
  auto index = open(full, metrics).value();
  std::int64_t added = 0;
  Result<void> outcome = {};
  for (; added < 120 && outcome.ok(); ++added) {
    outcome = index->add(events(added, added + 1));
    if (outcome.ok()) (void)index->settle({"table", added + 1, added + 1});
  }
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::disk_full);
  EXPECT_LT(added, 60);
  expect_is(*index, added - 1);  // what it has it answers
}

}  // namespace
}  // namespace bl::events
