// The rules of EventIndex that no EventLog shows: places, settling, owners, foreign ids.
#include "events/event_index.h"

#include <gtest/gtest.h>

#include "base/testing/memory_disk.h"
#include "events/testing/corpus.h"
#include "events/tests/index_log.h"

namespace bl::events {
namespace {

class EventIndexTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventIndex> open(const IndexLimits& limits = tiny_limits()) {
    return EventIndex::open(disk_, "/index", "table", metrics_, limits).value();
  }
  double count(std::string_view metric) const { return metrics_.samples(metric).front().value; }

  MemoryDisk disk_;
  Metrics metrics_;
  const std::vector<BuildEvent> events_ = history(3, 100);
};

TEST_F(EventIndexTest, ANewOneHasNoOwnerAndNoEvents) {
  const auto index = open();
  EXPECT_FALSE(index->owner().has_value());
  EXPECT_EQ(index->events(), 0);
}

TEST_F(EventIndexTest, WhatWasSavedIsThereAfterAnOpenWithItsOwner) {
  {
    auto index = open();
    ASSERT_TRUE(index->add(events_).ok());
    ASSERT_TRUE(index->settle({"table", 12, 90}).ok());
    ASSERT_TRUE(index->save().ok());
  }
  const auto index = open();
  EXPECT_EQ(index->events(), 90);  // the tail was not settled
  ASSERT_TRUE(index->owner().has_value());
  EXPECT_EQ(index->owner()->table_id, "table");
  EXPECT_EQ(index->owner()->version, 12);
  EXPECT_EQ(index->owner()->events, 90);
}

TEST_F(EventIndexTest, ASaveWithoutNewEventsKeepsTheNewVersion) {
  {
    auto index = open();
    ASSERT_TRUE(index->add(events_).ok());
    ASSERT_TRUE(index->settle({"table", 12, 100}).ok());
    ASSERT_TRUE(index->save().ok());
    ASSERT_TRUE(index->settle({"table", 15, 100}).ok());
    ASSERT_TRUE(index->save().ok());
  }
  EXPECT_EQ(open()->owner()->version, 15);
}

TEST_F(EventIndexTest, AnEventWhoseIdIsThereTakesItsPlaceAndIsNeverGiven) {
  auto index = open();
  ASSERT_TRUE(index->add(std::span(events_).first(60)).ok());
  ASSERT_TRUE(index->settle({"table", 1, 60}).ok());
  ASSERT_TRUE(index->save().ok());
  BuildEvent other = events_[10];
  other.timestamp += 5;
  // One that is on the disk, one that is new, that one again.
  const std::vector<BuildEvent> more{other, events_[60], events_[60]};
  ASSERT_TRUE(index->add(more).ok());
  ASSERT_TRUE(index->settle({"table", 2, 63}).ok());
  for (const bool is_saved : {false, true}) {
    if (is_saved) {
      ASSERT_TRUE(index->save().ok());
      index.reset();
      index = open();
    }
    EXPECT_EQ(index->events(), 63);
    EXPECT_EQ(index->place_of(events_[10].event_id), 10);
    EXPECT_EQ(index->event_at(10).value(), events_[10]);
    EXPECT_EQ(index->event_at(60).error().code, Code::not_found);
    EXPECT_EQ(index->event_at(61).value(), events_[60]);
    EXPECT_EQ(index->event_at(62).error().code, Code::not_found);
    EXPECT_EQ(
        index->events_in_range(0, std::numeric_limits<std::int64_t>::max(), 1000)->events.size(),
        61u);
    const auto page = index->list(0, 63, {}, 1000).value();
    EXPECT_EQ(page.events.size(), 61u);
    EXPECT_EQ(page.events.back().sequence, 62);
    EXPECT_EQ(page.next, 63);
  }
}

TEST_F(EventIndexTest, AFirstOneThatWasForgottenLeavesItsIdToTheNext) {
  auto index = open();
  ASSERT_TRUE(index->add(std::vector{events_[0], events_[1]}).ok());
  ASSERT_TRUE(index->truncate_to(0).ok());
  ASSERT_TRUE(index->add(std::vector{events_[1], events_[0], events_[1]}).ok());
  EXPECT_EQ(index->place_of(events_[1].event_id), 0);
  EXPECT_EQ(index->place_of(events_[0].event_id), 1);
  EXPECT_EQ(index->event_at(2).error().code, Code::not_found);
}

TEST_F(EventIndexTest, SettledEventsStay) {
  auto index = open();
  ASSERT_TRUE(index->add(events_).ok());
  ASSERT_TRUE(index->settle({"table", 1, 50}).ok());
  EXPECT_EQ(index->truncate_to(49).error().code, Code::invalid);
  EXPECT_EQ(index->truncate_to(101).error().code, Code::invalid);
  EXPECT_EQ(index->settle({"table", 2, 49}).error().code, Code::invalid);
  EXPECT_EQ(index->settle({"table", 2, 101}).error().code, Code::invalid);
  EXPECT_EQ(index->settle({"other", 2, 60}).error().code, Code::invalid);
  EXPECT_TRUE(index->truncate_to(50).ok());
}

TEST_F(EventIndexTest, IdsThatAreNoUuidsAreKeptAsTheyAre) {
  // A table that others wrote may have them.
  std::vector<BuildEvent> foreign(events_.begin(), events_.begin() + 30);
  for (std::size_t i = 0; i < foreign.size(); ++i) {
    foreign[i].event_id = i % 3 == 0 ? "EVENT " + std::to_string(i) : foreign[i].event_id;
    foreign[i].build_request_id = std::string(i % 2, '\1') + "build";
  }
  auto index = open();
  ASSERT_TRUE(index->add(foreign).ok());
  ASSERT_TRUE(index->settle({"table", 1, 30}).ok());
  ASSERT_TRUE(index->save().ok());
  index.reset();
  index = open();
  for (std::size_t i = 0; i < foreign.size(); ++i) {
    EXPECT_EQ(index->place_of(foreign[i].event_id), static_cast<std::int64_t>(i));
    EXPECT_EQ(index->event_at(static_cast<std::int64_t>(i)).value(), foreign[i]);
  }
  EXPECT_EQ(index->build_request_events("build", {})->events.size(), 15u);
  EXPECT_EQ(index->build_request_events("\1build", {})->events.size(), 15u);
}

TEST_F(EventIndexTest, ManySmallSavesAreMergedIntoFewFiles) {
  auto index = open();
  for (std::int64_t i = 0; i < 60; ++i) {
    ASSERT_TRUE(index->add(std::span(events_).subspan(static_cast<std::size_t>(i), 1)).ok());
    ASSERT_TRUE(index->settle({"table", i, i + 1}).ok());
    ASSERT_TRUE(index->save().ok());
  }
  index.reset();
  EXPECT_GT(count("bl_event_index_merges_total"), 10);
  // A merge may have been on its way: keys, as many rows or more, one more of each, the manifest.
  const auto names = disk_.list("/index").value();
  EXPECT_LE(names.size(), 20u);
  index = open();
  for (std::size_t i = 0; i < 60; ++i)
    EXPECT_EQ(index->event_at(static_cast<std::int64_t>(i)).value(), events_[i]);
}

TEST_F(EventIndexTest, AnAnswerThatIsTooLargeIsRefused) {
  IndexLimits limits = tiny_limits();
  limits.read_bytes_max = 1000;
  auto index = open(limits);
  ASSERT_TRUE(index->add(events_).ok());
  EXPECT_EQ(index->list(0, 100, {}, 100).error().code, Code::too_large);
  EXPECT_TRUE(index->list(0, 100, {}, 1).ok());
}

TEST_F(EventIndexTest, ManySettledBytesMakeASegmentBeforeManyEventsDo) {
  IndexLimits limits;
  limits.memory_bytes_max = 64 << 10;
  auto index = open(limits);
  for (int i = 0; i < 20; ++i) {
    const std::vector<BuildEvent> one{
        event_with_big_manifest(static_cast<std::uint64_t>(i), 20'000)};
    ASSERT_TRUE(index->add(one).ok());
    ASSERT_TRUE(index->settle({"table", i, i + 1}).ok());
  }
  index.reset();  // waits for the writer
  EXPECT_GE(count("bl_event_index_segments_total"), 3);
}

}  // namespace
}  // namespace bl::events
