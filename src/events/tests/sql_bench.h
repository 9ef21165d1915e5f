#pragma once

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "events/log.h"
#include "events/testing/corpus.h"

/// What is measured of a log, whatever keeps it: rates of appends, percentiles of every question.
/// Each figure is a line of JSON.
namespace bl::events::testing {

using BenchClock = std::chrono::steady_clock;

inline double seconds_since(BenchClock::time_point start) {
  return std::chrono::duration<double>(BenchClock::now() - start).count();
}

/// Processor time of this process, which a busy machine does not make longer.
inline double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// `threads` writers of `events` each, `batch` at once; the corpus is made before.
inline void bench_appends(EventLog& log, const std::string& backend, int threads, std::size_t batch,
                          std::uint64_t seed, std::size_t events) {
  std::vector<std::vector<BuildEvent>> of_thread;
  for (int i = 0; i < threads; ++i) {
    of_thread.push_back(history(seed + static_cast<std::uint64_t>(i), events));
  }
  std::vector<std::vector<double>> waits(static_cast<std::size_t>(threads));
  std::vector<std::thread> writers;
  const double cpu_before = cpu_seconds();
  const auto start = BenchClock::now();
  for (std::size_t i = 0; i < of_thread.size(); ++i) {
    writers.emplace_back([&, i] {
      for (std::size_t at = 0; at < of_thread[i].size(); at += batch) {
        const auto began = BenchClock::now();
        const auto part = std::span(of_thread[i]).subspan(at);
        BL_CHECK(log.append(part.first(std::min(batch, part.size()))).ok());
        waits[i].push_back(seconds_since(began));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const double took = seconds_since(start);
  const double count = static_cast<double>(events) * threads;
  const double cpu_us = (cpu_seconds() - cpu_before) / count * 1e6;
  std::vector<double> all;
  for (const auto& some : waits) all.insert(all.end(), some.begin(), some.end());
  std::ranges::sort(all);
  fmt::print(
      "{{\"backend\":\"{}\",\"events\":{},\"writers\":{},\"batch\":{},\"events_per_second\":{:."
      "0f},"
      "\"cpu_us_per_event\":{:.1f},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f}}}\n",
      backend, log.status()->events, threads, batch, count / took, cpu_us,
      all[all.size() / 2] * 1e3, all[all.size() * 99 / 100] * 1e3);
  std::fflush(stdout);
}

/// Asks `count` times; `ask` gets the number of the question.
inline void bench_question(const std::string& backend, std::int64_t events, const char* name,
                           int count, const std::function<std::size_t(int)>& ask) {
  std::vector<double> times;
  std::size_t items = 0;
  for (int i = 0; i < count; ++i) {
    const auto start = BenchClock::now();
    items += ask(i);
    times.push_back(seconds_since(start));
  }
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))] * 1e3;
  };
  fmt::print(
      "{{\"backend\":\"{}\",\"events\":{},\"query\":\"{}\",\"p50_ms\":{:.3f},\"p95_ms\":{:.3f},"
      "\"items\":{}}}\n",
      backend, events, name, at(0.5), at(0.95), items / static_cast<std::size_t>(count));
  std::fflush(stdout);
}

/// Every question of the log, about things that it holds, taken from all over it.
inline void bench_questions(EventLog& log, const std::string& backend, int count) {
  const std::int64_t events = log.status()->events;
  std::vector<StoredEvent> sample;
  for (int i = 0; i < count; ++i) {
    const EventPage page = log.list(events * i / count, {}, 1).value();
    sample.insert(sample.end(), page.events.begin(), page.events.end());
  }
  std::vector<std::string> refs, runs;
  for (const StoredEvent& stored : sample) {
    for (const auto ref : partitions_of(stored.event)) refs.emplace_back(ref);
    if (const auto run = job_run_of(stored.event); !run.empty()) runs.emplace_back(run);
  }
  const auto some = [](const auto& all, int i) -> decltype(auto) {
    return all[static_cast<std::size_t>(i) % all.size()];
  };
  const auto question = [&](const char* name, const std::function<std::size_t(int)>& ask) {
    bench_question(backend, events, name, count, ask);
  };
  question("build_request_events", [&](int i) {
    return log.build_request_events(some(sample, i).event.build_request_id, {})->events.size();
  });
  question("partition_events_300", [&](int i) {
    return log.partition_events(some(refs, i), {.since = {}, .limit = 300})->events.size();
  });
  question("job_run_events",
           [&](int i) { return log.job_run_events(some(runs, i), {})->events.size(); });
  question("events_in_range_300", [&](int i) {
    const std::int64_t at = some(sample, i).event.timestamp;
    return log.events_in_range(at, at + 6'000'000'000, 300)->events.size();
  });
  question("event",
           [&](int i) { return log.event(some(sample, i).event.event_id)->has_value() ? 1u : 0u; });
  question("list_300",
           [&](int i) { return log.list(some(sample, i).sequence, {}, 300)->events.size(); });
  question("latest_partition_status", [&](int i) {
    return log.latest_partition_status(some(refs, i))->has_value() ? 1u : 0u;
  });
  question("active_builds_for_partition",
           [&](int i) { return log.active_builds_for_partition(some(refs, i))->size(); });
  question("build_request_for_available_partition", [&](int i) {
    return log.build_request_for_available_partition(some(refs, i))->has_value() ? 1u : 0u;
  });
  question("build_request", [&](int i) {
    return log.build_request(some(sample, i).event.build_request_id)->has_value() ? 1u : 0u;
  });
  question("list_build_requests", [&](int i) {
    return log
        .list_build_requests({.limit = 20, .offset = static_cast<std::size_t>(i % 5) * 20}, {})
        ->items.size();
  });
  question("list_build_requests_failed", [&](int) {
    return log.list_build_requests({}, BuildRequestStatus::failed)->items.size();
  });
  question("list_recent_partitions",
           [&](int) { return log.list_recent_partitions({}, {})->items.size(); });
  question("list_jobs", [&](int) { return log.list_jobs({}, "")->items.size(); });
  question("activity", [&](int) { return log.activity()->recent_builds.size(); });
}

}  // namespace bl::events::testing
