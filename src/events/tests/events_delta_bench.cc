// What a Delta event log costs: durable appends by one and by many, direct commits, bytes of an
// event, opening with and without the index's files. On the disk of the working folder.
//
//   events_delta_bench [EVENTS] [SECONDS]     EVENTS: of the log that is opened; prints JSON lines
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/testing/temporary_folder.h"
#include "events/delta/delta_event_log.h"
#include "events/delta/open_table.h"
#include "events/delta_admin.h"
#include "events/testing/corpus.h"

namespace {

using namespace bl;
using namespace bl::events;
using Steady = std::chrono::steady_clock;

double seconds_since(Steady::time_point began) {
  return std::chrono::duration<double>(Steady::now() - began).count();
}

struct BenchWorld {
  TemporaryFolder folder{TemporaryFolder::Place::here, "events-bench"};
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::warning, stderr_sink()};
  std::unique_ptr<Disk> disk = make_real_disk();

  LogWorld world() { return {*disk, clock, random, metrics, log, folder.at("scratch")}; }
  LogUri uri(LogUri::Mode mode = LogUri::Mode::normal) const {
    LogUri uri;
    uri.backend = LogUri::Backend::delta;
    uri.mode = mode;
    uri.path = folder.at("table");
    uri.shown = "delta://" + uri.path;
    return uri;
  }
  std::unique_ptr<EventLog> open(LogUri::Mode mode = LogUri::Mode::normal) {
    auto log = open_delta_log(uri(mode), world());
    if (!log.ok()) std::fprintf(stderr, "%s\n", log.error().message.c_str());
    return *std::move(log);
  }
};

/// Every writer appends its own events, `batch` at a time, for some seconds.
void append_for(const char* name, LogUri::Mode mode, int writers, std::size_t batch,
                double seconds) {
  BenchWorld world;
  const auto log = world.open(mode);
  std::vector<std::vector<BuildEvent>> events;
  const auto each = static_cast<std::size_t>(seconds * 60'000 * static_cast<double>(batch) / 2);
  for (int i = 0; i < writers; ++i) {
    events.push_back(history(
        static_cast<std::uint64_t>(i) + 1,
        std::min<std::size_t>(each / static_cast<std::size_t>(writers) + 1'000, 2'000'000)));
  }
  std::atomic<std::int64_t> added = 0;
  std::vector<std::vector<double>> times(static_cast<std::size_t>(writers));
  std::vector<std::thread> threads;
  const auto began = Steady::now();
  for (int i = 0; i < writers; ++i) {
    threads.emplace_back([&, i] {
      const auto& mine = events[static_cast<std::size_t>(i)];
      for (std::size_t at = 0; at + batch <= mine.size() && seconds_since(began) < seconds;
           at += batch) {
        const auto asked = Steady::now();
        const auto appended = log->append(std::span(mine).subspan(at, batch));
        if (!appended.ok()) {
          std::fprintf(stderr, "%s\n", appended.error().message.c_str());
          return;
        }
        added += appended->added;
        times[static_cast<std::size_t>(i)].push_back(seconds_since(asked));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const double took = seconds_since(began);
  std::vector<double> all;
  for (const auto& one : times) all.insert(all.end(), one.begin(), one.end());
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return all.empty()
               ? 0
               : 1'000 * all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
  };
  fmt::print(
      "{{\"what\":\"{}\",\"writers\":{},\"batch\":{},\"events\":{},\"events_per_second\":{:.0f},"
      "\"p50_ms\":{:.3f},\"p99_ms\":{:.3f}}}\n",
      name, writers, batch, added.load(), static_cast<double>(added) / took, at(0.5), at(0.99));
  std::fflush(stdout);
}

void open_and_bytes(std::size_t count) {
  BenchWorld world;
  auto began = Steady::now();
  {
    const auto log = world.open();
    Corpus corpus;
    for (std::size_t at = 0; at < count; at += 20'000) {
      const auto events = corpus.take(std::min<std::size_t>(20'000, count - at));
      if (!log->append(events).ok()) return;
    }
  }
  const double filled = seconds_since(began);
  const auto status = [&] { return world.open()->status().value(); };
  began = Steady::now();
  const LogStatus before = status();
  const double with_index = seconds_since(began);
  (void)optimize(world.uri(), world.world(), {}).ok();
  const LogStatus after = status();
  std::filesystem::remove_all(world.uri().path + "/_bel/index/0");
  began = Steady::now();
  const LogStatus anew = status();
  const double without = seconds_since(began);
  fmt::print(
      "{{\"what\":\"open\",\"events\":{},\"fill_seconds\":{:.2f},\"with_index_seconds\":{:.3f},"
      "\"without_index_seconds\":{:.2f},\"files\":{},\"bytes_per_event\":{:.1f},"
      "\"files_optimized\":{},\"bytes_per_event_optimized\":{:.1f}}}\n",
      anew.events, filled, with_index, without, before.files,
      static_cast<double>(before.bytes) / static_cast<double>(before.events), after.files,
      static_cast<double>(after.bytes) / static_cast<double>(after.events));
}

}  // namespace

int main(int count, char** words) {
  const std::size_t events = count > 1 ? std::strtoull(words[1], nullptr, 10) : 200'000;
  const double seconds = count > 2 ? std::strtod(words[2], nullptr) : 3;
  append_for("append", LogUri::Mode::normal, 1, 1, seconds);
  append_for("append", LogUri::Mode::normal, 16, 1, seconds);
  append_for("append", LogUri::Mode::normal, 64, 1, seconds);
  append_for("append", LogUri::Mode::normal, 16, 10, seconds);
  append_for("append", LogUri::Mode::normal, 16, 100, seconds);
  append_for("direct", LogUri::Mode::direct, 1, 1, seconds);
  append_for("direct", LogUri::Mode::direct, 4, 1, seconds);
  open_and_bytes(events);
}
