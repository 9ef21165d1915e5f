#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/testing/jumping_clock.h"
#include "events/testing/memory_log.h"
#include "events/testing/questions.h"

/// What a log promises holds while the clock of who appends jumps: for every backend.
namespace bl::events::testing {

using OpenLog = std::function<std::unique_ptr<EventLog>()>;

/// There and back again: hours back, a year ahead.
inline const std::vector<std::chrono::microseconds>& clock_jumps() {
  using std::chrono::hours;
  static const std::vector<std::chrono::microseconds> jumps{
      hours(0), -hours(5), hours(24 * 365), -hours(7), hours(24 * 365), hours(0)};
  return jumps;
}

/// An event of now, as the clock says: builds and partitions by turns.
inline BuildEvent event_of_now(const Clock& clock, int number) {
  BuildEvent event;
  event.event_id = fmt::format("c10c0000-0000-4000-8000-{:012x}", number);
  event.timestamp = clock.now().micros * 1'000;
  event.build_request_id = fmt::format("b0000000-0000-4000-8000-{:012x}", number % 7);
  const std::string ref = fmt::format("data/{}", number % 5);
  if (number % 3 == 0) {
    event.payload = BuildRequestEvent{BuildRequestStatus::executing, {ref}, ""};
  } else {
    event.payload = PartitionEvent{
        ref, number % 2 == 0 ? PartitionStatus::building : PartitionStatus::available, "", ""};
  }
  return event;
}

/// Threads append while the clock jumps, the log is opened anew in between. Every event is there
/// once, in the order of its time and, of equal ones, of its arrival; ranges, states and lists are
/// as the slow twin has them; what is appended again at another time is a repetition.
inline void expect_jumps_change_nothing(JumpingClock& clock, const OpenLog& open) {
  constexpr int k_threads = 4, k_each = 25;
  std::vector<BuildEvent> appended;
  std::mutex mutex;
  int number = 0;
  for (const auto jump : clock_jumps()) {
    clock.jump_to(jump);
    const auto log = open();
    std::vector<std::thread> threads;
    for (int thread = 0; thread < k_threads; ++thread) {
      threads.emplace_back([&, first = number + thread * k_each] {
        for (int n = first; n < first + k_each; ++n) {
          // Also within the life of a log, and under a group of appends.
          if (n % 10 == 9) clock.jump_to(n % 20 == 9 ? -std::chrono::hours(3) : jump);
          const BuildEvent event = event_of_now(clock, n);
          const auto told = log->append(std::span(&event, 1));
          ASSERT_TRUE(told.ok()) << told.error().message;
          ASSERT_EQ(told->added, 1);
          const auto there = log->event(event.event_id);
          ASSERT_TRUE(there.ok() && there->has_value()) << "not read by who wrote it";
          const std::lock_guard lock(mutex);
          appended.push_back(event);
        }
      });
    }
    for (auto& thread : threads) thread.join();
    if (::testing::Test::HasFatalFailure()) return;
    number += k_threads * k_each;
    clock.jump_to(jump);
    ASSERT_EQ(log->append(appended)->added, 0) << "the same again";
  }
  const auto log = open();
  MemoryLog rule;
  std::set<std::string> ids;
  Sequence last = 0;
  for (bool more = true; more;) {
    const auto page = log->list(last, {}, 100);
    ASSERT_TRUE(page.ok()) << page.error().message;
    for (const StoredEvent& one : page->events) {
      EXPECT_GT(one.sequence, last);
      last = one.sequence;
      EXPECT_TRUE(ids.insert(one.event.event_id).second) << "twice: " << one.event.event_id;
      ASSERT_TRUE(rule.append(std::span(&one.event, 1)).ok());
    }
    more = page->has_more;
  }
  EXPECT_EQ(ids.size(), appended.size());
  const auto in_range = log->events_in_range(0, INT64_MAX, 10'000);
  ASSERT_TRUE(in_range.ok());
  EXPECT_EQ(in_range->events.size(), appended.size());
  EXPECT_TRUE(
      std::is_sorted(in_range->events.begin(), in_range->events.end(),
                     [](const auto& a, const auto& b) { return a.timestamp < b.timestamp; }));
  for (const Question& question : questions_about(appended, 12))
    EXPECT_EQ(answer_of(*log, question), answer_of(rule, question)) << text_of(question);
}

}  // namespace bl::events::testing
