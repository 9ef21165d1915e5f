// The journal's speed on the machine's disk: batches from one writer, one row each from many.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "lake/file_journal.h"

namespace {

using namespace bl;
using namespace bl::lake;

constexpr std::size_t k_row_bytes = 60;  // a slim row

struct OnDisk {
  OnDisk() {
    folder = (std::filesystem::current_path() / "journal-bench-XXXXXX").string();
    BL_CHECK(::mkdtemp(folder.data()) != nullptr);
    journal = open_file_journal(*disk, folder, {}, clock, random, log, metrics).value();
  }
  ~OnDisk() {
    journal.reset();
    std::filesystem::remove_all(folder);
  }
  std::unique_ptr<Disk> disk = make_real_disk();
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  std::string folder;
  std::unique_ptr<Journal> journal;
};

// A record is a batch of rows, as the lake appends them.
void rows_in_batches(benchmark::State& state) {
  OnDisk on;
  const auto rows = static_cast<std::size_t>(state.range(0));
  const std::string batch(rows * k_row_bytes, 'x');
  for (auto _ : state) BL_CHECK(on.journal->append(batch).ok());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(rows_in_batches)->Arg(1)->Arg(100)->Arg(1'000)->Arg(10'000)->UseRealTime();

void one_row_each_from_64_writers(benchmark::State& state) {
  OnDisk on;
  constexpr int k_writers = 64;
  constexpr int k_each = 500;
  const std::string row(k_row_bytes, 'x');
  std::vector<double> waits;
  std::mutex mutex;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (int writer = 0; writer < k_writers; ++writer) {
      threads.emplace_back([&] {
        std::vector<double> mine;
        for (int i = 0; i < k_each; ++i) {
          const auto began = std::chrono::steady_clock::now();
          BL_CHECK(on.journal->append(row).ok());
          mine.push_back(
              std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
                  .count());
        }
        const std::lock_guard lock(mutex);
        waits.insert(waits.end(), mine.begin(), mine.end());
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  std::ranges::sort(waits);
  state.counters["p50_ms"] = waits[waits.size() / 2];
  state.counters["p99_ms"] = waits[waits.size() * 99 / 100];
  state.SetItemsProcessed(state.iterations() * k_writers * k_each);
}
BENCHMARK(one_row_each_from_64_writers)->UseRealTime();

void reading_the_tail_after_an_ack(benchmark::State& state) {
  OnDisk on;
  const std::string row(k_row_bytes, 'x');
  for (auto _ : state) {
    state.PauseTiming();
    const RecordNo no = on.journal->append(row)->no;
    state.ResumeTiming();
    std::size_t seen = 0;
    BL_CHECK(on.journal->read(no, [&](const JournalRecord&) { return ++seen > 0; }).ok());
    BL_CHECK(seen == 1);
  }
}
BENCHMARK(reading_the_tail_after_an_ack);

}  // namespace

BENCHMARK_MAIN();
