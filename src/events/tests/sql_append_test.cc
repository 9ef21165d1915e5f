// What holds of an append whatever runs beside it, and of opening.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "events/testing/corpus.h"
#include "events/tests/sql_places.h"
#include "store/open.h"

namespace bl::events::testing {
namespace {

std::vector<std::string> ids_of(EventLog& log) {
  std::vector<std::string> ids;
  Sequence after = 0;
  for (;;) {
    const EventPage page = log.list(after, {}, 1'000).value();
    for (const StoredEvent& stored : page.events) ids.push_back(stored.event.event_id);
    after = page.next;
    if (!page.has_more) return ids;
  }
}

TEST(SqlAppend, WhatWasAcknowledgedIsThereAfterReopening) {
  LogPlace place;
  const auto events = history(7, 500);
  {
    const auto log = place.open();
    ASSERT_EQ(log->append(events).value().added, 500);
  }
  const auto log = place.open();
  EXPECT_EQ(log->append(events).value().repeated, 500);
  EXPECT_EQ(ids_of(*log).size(), 500u);
  EXPECT_EQ(log->status().value().newest, 500);
}

TEST(SqlAppend, AConflictTakesItsWholeBatchAndNothingElse) {
  LogPlace place;
  const auto log = place.open();
  auto events = history(7, 20);
  ASSERT_TRUE(log->append(std::span(events).first(10)).ok());
  auto changed = events;
  changed[3].timestamp += 1;
  const auto refused = log->append(std::span(changed).subspan(3));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_NE(refused.error().message.find(events[3].event_id), std::string::npos);
  EXPECT_EQ(ids_of(*log).size(), 10u);
}

// Many threads append, each its own events and everybody the same ones; a reader follows.
TEST(SqlAppend, AReaderThatFollowsMissesNothingOfManyWriters) {
  LogPlace place(on_postgres() ? LogPlace::Kind::postgres : LogPlace::Kind::shared);
  constexpr int k_logs = 2, k_threads = 4, k_each = 60;
  std::vector<std::unique_ptr<EventLog>> logs;
  for (int i = 0; i < k_logs; ++i) logs.push_back(place.open("", "scratch" + std::to_string(i)));
  const auto common = history(99, 40);
  std::atomic<int> failures = 0, running = k_logs * k_threads;
  std::vector<std::thread> writers;
  for (int i = 0; i < k_logs * k_threads; ++i) {
    writers.emplace_back([&, i] {
      EventLog& log = *logs[static_cast<std::size_t>(i % k_logs)];
      const auto own = history(static_cast<std::uint64_t>(i) + 1, k_each);
      for (std::size_t at = 0; at < own.size(); ++at) {
        if (!log.append(std::span(own).subspan(at, 1)).ok()) ++failures;
        if (at < common.size() && !log.append(std::span(common).subspan(at, 1)).ok()) ++failures;
      }
      --running;
    });
  }
  // As a tail does: never back behind what it has seen.
  std::vector<std::string> seen;
  Sequence after = 0;
  for (bool is_last = false;;) {
    const EventPage page = logs[0]->list(after, {}, 100).value();
    for (const StoredEvent& stored : page.events) {
      EXPECT_GT(stored.sequence, after);
      after = stored.sequence;
      seen.push_back(stored.event.event_id);
    }
    if (is_last && page.events.empty()) break;
    is_last = running == 0;
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  const std::set<std::string> distinct(seen.begin(), seen.end());
  EXPECT_EQ(distinct.size(), seen.size());
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(k_logs * k_threads * k_each) + common.size());
  EXPECT_EQ(seen, ids_of(*logs[1]));
}

TEST(SqlAppend, OfTwoAppendsOfOneIdWithOtherContentOneIsAConflict) {
  LogPlace place;
  const auto log = place.open();
  const auto events = history(3, 200);
  std::atomic<int> added = 0, conflicts = 0;
  const auto append = [&](std::int64_t later) {
    for (BuildEvent event : events) {
      event.timestamp += later;
      const auto outcome = log->append(std::span(&event, 1));
      if (outcome.ok()) added += static_cast<int>(outcome->added);
      if (!outcome.ok() && outcome.error().code == Code::conflict) ++conflicts;
    }
  };
  std::thread one([&] { append(0); }), two([&] { append(1); });
  one.join();
  two.join();
  EXPECT_EQ(added, 200);
  EXPECT_EQ(conflicts, 200);
}

TEST(SqlOpen, ForReadingNothingIsMadeAndNothingWritten) {
  LogPlace place;
  const auto nothing = place.try_open("mode=ro");
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error().code, Code::not_found) << nothing.error().message;
  const auto events = history(7, 5);
  const auto writer = place.open();
  ASSERT_TRUE(writer->append(events).ok());
  const auto reader = place.open("mode=ro");
  EXPECT_EQ(ids_of(*reader).size(), 5u);
  EXPECT_EQ(reader->append(events).error().code, Code::forbidden);
}

TEST(SqlOpen, AnOwnedFileIsSharedWithNobody) {
  if (on_postgres()) GTEST_SKIP() << "a matter of files";
  LogPlace place(LogPlace::Kind::shared);
  const auto uri = [&](const char* more) {
    return parse_log_uri("sqlite://" + place.path() + more).value();
  };
  {
    const auto shared = place.open();
    ASSERT_TRUE(shared->append(history(1, 3)).ok());
    const auto owner = open_log(uri(""), place.world());
    ASSERT_FALSE(owner.ok());
    EXPECT_EQ(owner.error().code, Code::conflict);
  }
  const auto owner = open_log(uri(""), place.world());
  ASSERT_TRUE(owner.ok()) << owner.error().message;
  const auto shared = place.try_open();
  ASSERT_FALSE(shared.ok());
  EXPECT_EQ(shared.error().code, Code::conflict);
  EXPECT_EQ(ids_of(**owner).size(), 3u);
}

TEST(SqlOpen, ADatabaseWithOtherTablesIsRefused) {
  LogPlace place;
  {
    const LogWorld world = place.world();
    const auto results = store::open_database(place.uri(), {}, world.log, world.metrics).value();
    constexpr store::Migration k_other = {.number = 1,
                                          .name = "results",
                                          .sqlite = "create table result (id TEXT)",
                                          .postgres = "create table result (id text)"};
    ASSERT_TRUE(results->migrate(std::span(&k_other, 1)).ok());
  }
  const auto refused = place.try_open();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_NE(refused.error().message.find("a database of its own"), std::string::npos);
}

TEST(SqlAppend, WhatPostgresCannotIndexIsTooLargeByName) {
  if (!on_postgres()) GTEST_SKIP() << "a matter of PostgreSQL";
  LogPlace place;
  const auto log = place.open();
  auto events = history(7, 1);
  events[0].payload = PartitionEvent{std::string(5'000, 'x'), PartitionStatus::requested, "", ""};
  const auto refused = log->append(events);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::too_large);
}

}  // namespace
}  // namespace bl::events::testing
