// The index of an event log on the machine's disk: how fast it is built and opened, what it keeps
// in memory, and how long each question takes.
//
//     index_bench [EVENTS [FOLDER]]
//
// One JSON line for each figure. A FOLDER is kept: when an index is there, it is not built again.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/disk.h"
#include "base/testing/temporary_folder.h"
#include "events/event_index.h"
#include "events/testing/corpus.h"

#include <fmt/format.h>

namespace {

using namespace bl;
using namespace bl::events;
using Timer = std::chrono::steady_clock;

constexpr std::size_t k_batch = 10'000;
constexpr std::size_t k_samples = 1'000;

double seconds_since(Timer::time_point start) {
  return std::chrono::duration<double>(Timer::now() - start).count();
}

double cpu_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// As the kernel has it: of memory that is no file's, and of all.
std::pair<double, double> resident_bytes() {
  std::ifstream status("/proc/self/status");
  double anonymous = 0, all = 0;
  for (std::string line; std::getline(status, line);) {
    const auto kilobytes = [&] {
      return 1024 * std::strtod(line.c_str() + line.find(':') + 1, nullptr);
    };
    if (line.starts_with("RssAnon")) anonymous = kilobytes();
    if (line.starts_with("VmRSS")) all = kilobytes();
  }
  return {anonymous, all};
}

void print(std::string_view what, double value, std::string_view unit) {
  fmt::print("{{\"figure\":\"{}\",\"value\":{:.4g},\"unit\":\"{}\"}}\n", what, value, unit);
  std::fflush(stdout);
}

CorpusShape shape_for(std::int64_t events) {
  CorpusShape shape;
  shape.builds_in_flight = 32;
  shape.partitions = static_cast<int>(std::max<std::int64_t>(400, events / 250));
  return shape;
}

/// Some events, evenly from all.
class Samples {
 public:
  void see(const BuildEvent& event) {
    if (++seen_ <= k_samples) {
      events_.push_back(event);
    } else if (const std::size_t at = random_() % seen_; at < k_samples) {
      events_[at] = event;
    }
  }
  std::vector<BuildEvent>& events() { return events_; }

 private:
  std::vector<BuildEvent> events_;
  std::mt19937_64 random_{1};
  std::size_t seen_ = 0;
};

void build(EventIndex& index, std::int64_t events, Samples& samples, bool is_there) {
  Corpus corpus(shape_for(events));
  double spent = 0, longest = 0, generated = 0;
  const double process = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  double caller = 0;
  for (std::int64_t done = 0; done < events;) {
    const double before = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    const auto batch =
        corpus.take(std::min<std::size_t>(k_batch, static_cast<std::size_t>(events - done)));
    for (const BuildEvent& event : batch) samples.see(event);
    done += static_cast<std::int64_t>(batch.size());
    const double ready = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    generated += ready - before;
    if (is_there) continue;
    const auto start = Timer::now();
    BL_CHECK(index.add(batch).ok());
    BL_CHECK(index.settle({"table", done, done}).ok());
    const double took = seconds_since(start);
    spent += took;
    caller += cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - ready;
    longest = std::max(longest, took);
  }
  if (is_there) return;
  const auto start = Timer::now();
  BL_CHECK(index.save().ok());
  print("build", static_cast<double>(events) / (spent + seconds_since(start)), "events/s");
  const double all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - process - generated;
  print("build, processor time of the caller", caller / static_cast<double>(events) * 1e6,
        "us/event");
  print("build, processor time of the writer", (all - caller) / static_cast<double>(events) * 1e6,
        "us/event");
  print("longest batch of 10000", longest * 1e3, "ms");
}

template <class Call>
void ask(std::string_view what, std::vector<BuildEvent>& events, Call&& call) {
  std::vector<double> took;
  std::size_t given = 0;
  for (const BuildEvent& event : events) {
    const auto start = Timer::now();
    given += call(event);
    took.push_back(seconds_since(start) * 1e3);
  }
  std::sort(took.begin(), took.end());
  fmt::print("{{\"query\":\"{}\",\"p50_ms\":{:.4f},\"p95_ms\":{:.4f},\"items\":{:.1f}}}\n", what,
             took[took.size() / 2], took[took.size() * 95 / 100],
             static_cast<double>(given) / static_cast<double>(took.size()));
  std::fflush(stdout);
}

void ask_all(const EventIndex& index, std::vector<BuildEvent>& events) {
  const auto ref_of = [](const BuildEvent& event) {
    const auto refs = partitions_of(event);
    return refs.empty() ? std::string_view("nobody's") : refs.front();
  };
  ask("event", events, [&](const BuildEvent& event) {
    return index.event_at(index.place_of(event.event_id).value()).ok() ? 1u : 0u;
  });
  ask("build_request_events", events, [&](const BuildEvent& event) {
    return index.build_request_events(event.build_request_id, {})->events.size();
  });
  ask("partition_events", events, [&](const BuildEvent& event) {
    return index.partition_events(ref_of(event), {})->events.size();
  });
  ask("job_run_events", events, [&](const BuildEvent& event) {
    return index.job_run_events(job_run_of(event), {})->events.size();
  });
  ask("events_in_range", events, [&](const BuildEvent& event) {
    return index.events_in_range(event.timestamp, event.timestamp + 1'000'000'000'000, 1000)
        ->events.size();
  });
  ask("list of a build", events, [&](const BuildEvent& event) {
    return index.list(0, index.events(), {.build_request_ids = {event.build_request_id}}, 1000)
        ->events.size();
  });
  std::mt19937_64 random(2);
  ask("list 1000 behind a place", events, [&](const BuildEvent&) {
    const auto after = static_cast<Sequence>(random() % static_cast<std::uint64_t>(index.events()));
    return index.list(after, index.events(), {}, 1000)->events.size();
  });
  ask("latest_partition_status", events, [&](const BuildEvent& event) {
    return index.latest_partition_status(ref_of(event)) ? 1u : 0u;
  });
  ask("active_builds_for_partition", events, [&](const BuildEvent& event) {
    return index.active_builds_for_partition(ref_of(event)).size();
  });
  ask("build_request_for_available_partition", events, [&](const BuildEvent& event) {
    return index.build_request_for_available_partition(ref_of(event)) ? 1u : 0u;
  });
  ask("build_request", events, [&](const BuildEvent& event) {
    return index.build_request(event.build_request_id)->has_value() ? 1u : 0u;
  });
  ask("list_build_requests 20", events,
      [&](const BuildEvent&) { return index.list_build_requests({}, std::nullopt)->items.size(); });
  ask("list_build_requests 20 failed", events, [&](const BuildEvent&) {
    return index.list_build_requests({}, BuildRequestStatus::failed)->items.size();
  });
  ask("list_recent_partitions 20", events, [&](const BuildEvent&) {
    return index.list_recent_partitions({}, std::nullopt).items.size();
  });
  ask("list_jobs 20", events,
      [&](const BuildEvent&) { return index.list_jobs({}, "").items.size(); });
  ask("activity", events,
      [&](const BuildEvent&) { return index.activity()->recent_builds.size(); });
}

double bytes_in(const std::string& folder) {
  double bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder))
    bytes += static_cast<double>(file.file_size());
  return bytes;
}

void measure(std::int64_t events, const std::string& folder) {
  const auto disk = make_real_disk();
  Metrics metrics;
  Samples samples;
  const auto count = static_cast<double>(events);
  {
    auto index = EventIndex::open(*disk, folder, "table", metrics).value();
    build(*index, events, samples, index->events() == events);
  }
  const auto [anonymous, all] = resident_bytes();
  const double process = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const auto start = Timer::now();
  const auto index = EventIndex::open(*disk, folder, "table", metrics).value();
  print("open", seconds_since(start), "s");
  print("open, processor time", cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - process, "s");
  BL_CHECK(index->events() == events);
  print("memory by our count", static_cast<double>(index->memory_bytes()) / count, "bytes/event");
  print("anonymous memory", (resident_bytes().first - anonymous) / count, "bytes/event");
  print("files", bytes_in(folder) / count, "bytes/event");
  ask_all(*index, samples.events());
  print("resident after all questions, files' pages included",
        (resident_bytes().second - all) / count, "bytes/event");
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t events = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  if (argc > 2) {
    measure(events, argv[2]);
    return 0;
  }
  TemporaryFolder folder(TemporaryFolder::Place::here, "index");
  measure(events, folder.at("index"));
}
