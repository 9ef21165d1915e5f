#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "events/delta/delta_event_log.h"
#include "events/delta/open_table.h"
#include "events/open_log.h"

namespace bl::events::testing {

inline std::string uuid(int high, int low) {
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", high, low);
}

/// The n-th event of a writer: three kinds by turns, times that go up, one build for each hundred.
inline BuildEvent event_no(int writer, int n) {
  BuildEvent event;
  event.event_id = uuid(writer, n);
  event.timestamp = 1'790'000'000'000'000'000 + n * 1'000LL;
  event.build_request_id = uuid(0xb0000 + writer, n / 100);
  const std::string ref = fmt::format("data/users/{}", n % 50);
  if (n % 4 == 0) {
    event.payload = BuildRequestEvent{BuildRequestStatus::executing, {ref}, "go"};
  } else if (n % 4 == 1) {
    JobEvent job;
    job.job_run_id = uuid(0xa0000, n / 4);
    job.job_label = "//jobs:ingest";
    job.target_partitions = {ref};
    job.status = JobStatus::running;
    job.config = JobConfig{{ref}, {}, {"--fast"}, {{"HOME", "/root"}}};
    event.payload = std::move(job);
  } else {
    event.payload = PartitionEvent{ref, PartitionStatus::building, "", ""};
  }
  return event;
}
inline std::vector<BuildEvent> events_of_writer(int writer, int from, int count) {
  std::vector<BuildEvent> events;
  for (int n = from; n < from + count; ++n) events.push_back(event_no(writer, n));
  return events;
}

/// A real folder and clock, one Delta table in it.
struct DeltaWorld {
  TemporaryFolder folder{TemporaryFolder::Place::disk, "events"};
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  std::string said;
  std::mutex said_mutex;
  Log log{clock, LogLevel::info, [this](std::string_view line) {
            const std::lock_guard lock(said_mutex);
            said += std::string(line) + "\n";
          }};
  std::unique_ptr<Disk> disk = make_real_disk();

  DeltaWorld() { std::filesystem::create_directories(folder.at("scratch")); }
  LogWorld world() { return {*disk, clock, random, metrics, log, folder.at("scratch")}; }
  LogWorld world(Disk& other) { return {other, clock, random, metrics, log, folder.at("scratch")}; }
  std::string table() const { return folder.at("table"); }

  /// Nothing is flushed by time unless a test says so.
  LogUri uri(LogUri::Mode mode = LogUri::Mode::normal) const {
    LogUri uri;
    uri.backend = LogUri::Backend::delta;
    uri.mode = mode;
    uri.path = table();
    uri.flush_every = std::chrono::hours(1);
    uri.flush_events = 1'000'000;
    uri.shown = "delta://" + table();
    return uri;
  }
  static delta::DeltaLogLimits limits() {
    delta::DeltaLogLimits limits;
    limits.refresh_every = std::chrono::milliseconds(0);
    return limits;
  }
  Result<std::unique_ptr<delta::DeltaEventLog>> try_open(const LogUri& uri) {
    return try_open(uri, world());
  }
  Result<std::unique_ptr<delta::DeltaEventLog>> try_open(const LogUri& uri, const LogWorld& world) {
    BL_TRY(delta::TablePlace place, delta::place_of(uri, world));
    return delta::DeltaEventLog::open(uri, world, std::move(place), limits());
  }
  std::unique_ptr<delta::DeltaEventLog> open(LogUri::Mode mode = LogUri::Mode::normal) {
    auto log = try_open(uri(mode));
    BL_CHECK(log.ok());
    return *std::move(log);
  }
  double metric(const std::string& name) const {
    for (const auto& sample : metrics.samples(name)) {
      if (sample.name == name) return sample.value;
    }
    return 0;
  }
};

template <class T>
std::string said_of(const Result<T>& result) {
  return result.ok() ? "ok"
                     : std::string(name_of(result.error().code)) + ": " + result.error().message;
}

/// All events of the table, in its order.
inline std::vector<BuildEvent> all_of(EventLog& log) {
  std::vector<BuildEvent> events;
  Sequence after = 0;
  for (;;) {
    auto page = log.list(after, {}, 10'000);
    EXPECT_EQ(said_of(page), "ok");
    if (!page.ok()) return events;
    for (auto& one : page->events) events.push_back(std::move(one.event));
    after = page->next;
    if (!page->has_more) return events;
  }
}
inline std::vector<std::string> ids_of(const std::vector<BuildEvent>& events) {
  std::vector<std::string> ids;
  for (const auto& event : events) ids.push_back(event.event_id);
  return ids;
}

}  // namespace bl::events::testing
