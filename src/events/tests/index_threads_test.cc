// Any thread may ask while one changes: what is settled is in every answer, and answers are sound.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "base/testing/memory_disk.h"
#include "events/event_index.h"
#include "events/testing/corpus.h"
#include "events/tests/index_log.h"

namespace bl::events {
namespace {

void expect_sound(const Events& answer, std::string_view build) {
  for (std::size_t i = 0; i < answer.events.size(); ++i) {
    EXPECT_EQ(answer.events[i].build_request_id, build);
    if (i != 0) {
      EXPECT_LE(answer.events[i - 1].timestamp, answer.events[i].timestamp);
    }
  }
}

TEST(EventIndexThreads, ReadersSeeWhatIsSettledWhileTheTailComesAndGoes) {
  const std::vector<BuildEvent> events = history(4, 1500);
  MemoryDisk disk;
  Metrics metrics;
  auto index = EventIndex::open(disk, "/index", "table", metrics, tiny_limits()).value();
  std::atomic<std::int64_t> settled = 0;
  std::atomic<bool> is_done = false;

  const auto read = [&](std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!is_done) {
      const std::int64_t there = settled;
      if (there == 0) continue;
      const auto place = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(there));
      const BuildEvent& event = events[static_cast<std::size_t>(place)];
      EXPECT_EQ(index->place_of(event.event_id), place);
      EXPECT_EQ(index->event_at(place).value(), event);
      expect_sound(index->build_request_events(event.build_request_id, {}).value(),
                   event.build_request_id);
      const auto page = index->list(0, there, {.build_request_ids = {event.build_request_id}}, 50);
      EXPECT_FALSE(page->events.empty());
      EXPECT_GE(index->events_in_range(event.timestamp, event.timestamp, 1000)->events.size(), 1u);
      EXPECT_TRUE(index->activity().ok());
      EXPECT_TRUE(index->list_build_requests({}, std::nullopt).ok());
      for (const std::string_view ref : partitions_of(event))
        (void)index->active_builds_for_partition(ref);
      if (::testing::Test::HasFailure()) return;
    }
  };
  std::vector<std::thread> readers;
  for (std::uint64_t i = 0; i < 3; ++i) readers.emplace_back(read, i);

  const std::span<const BuildEvent> all(events);
  for (std::size_t at = 0; at < all.size(); at += 10) {
    ASSERT_TRUE(index->add(all.subspan(at, 10)).ok());
    const auto kept = static_cast<std::int64_t>(at);
    ASSERT_TRUE(index->truncate_to(kept).ok());
    ASSERT_TRUE(index->add(all.subspan(at, 10)).ok());
    ASSERT_TRUE(index->settle({"table", kept + 1, kept + 7}).ok());
    settled = kept + 7;
    if (at % 400 == 0) {
      ASSERT_TRUE(index->save().ok());
    }
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace bl::events
