// What a lake table costs on the machine's disk, with a SQLite catalog and a Delta log: appends,
// flushes with ingest going on, compaction, opening many files, snapshots.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "lake/tests/lake_world.h"

namespace {

using namespace bl;
using namespace bl::lake;

double milliseconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began)
      .count();
}

struct BenchTable {
  BenchTable() {
    on.limits.table.tail_bytes_max = 4ull << 30;
    on.limits.table.flush_rows_max = 1 << 30;
    lake = on.open();
    table = lake->create_table("points", Points::schema(), LakeOnDisk::layout()).value();
  }
  LakeOnDisk on;
  std::unique_ptr<Lake> lake;
  std::shared_ptr<Table> table;
};

void rows_in_batches(benchmark::State& state) {
  BenchTable on;
  const columns::Batch batch = points(1, state.range(0));
  for (auto _ : state) BL_CHECK(on.table->append(batch).ok());
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(rows_in_batches)->Arg(1'000)->Arg(10'000)->UseRealTime();

void one_row_each_from_64_writers(benchmark::State& state) {
  BenchTable on;
  constexpr int k_writers = 64;
  constexpr int k_each = 500;
  const columns::Batch row = points(1);
  std::vector<double> waits;
  std::mutex mutex;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (int writer = 0; writer < k_writers; ++writer) {
      threads.emplace_back([&] {
        std::vector<double> mine;
        for (int i = 0; i < k_each; ++i) {
          const auto began = std::chrono::steady_clock::now();
          BL_CHECK(on.table->append(row).ok());
          mine.push_back(milliseconds_since(began));
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

// From the acknowledgement to a snapshot that has the row, with a hundred thousand before it.
void snapshot_after_an_ack(benchmark::State& state) {
  BenchTable on;
  for (int i = 0; i < 100; ++i) BL_CHECK(on.table->append(points(i * 1'000, 1'000)).ok());
  std::int64_t rows = on.table->snapshot().rows();
  for (auto _ : state) {
    state.PauseTiming();
    BL_CHECK(on.table->append(points(1)).ok());
    state.ResumeTiming();
    const Snapshot snapshot = on.table->snapshot();
    state.PauseTiming();
    BL_CHECK(snapshot.rows() == ++rows);
    state.ResumeTiming();
  }
}
BENCHMARK(snapshot_after_an_ack)->Iterations(500);

// A million rows to a file while another thread goes on appending.
void flush_of_a_million_rows(benchmark::State& state) {
  BenchTable on;
  for (auto _ : state) {
    state.PauseTiming();
    for (int i = 0; i < 100; ++i) BL_CHECK(on.table->append(points(i * 10'000, 10'000)).ok());
    std::atomic<bool> stops = false;
    std::atomic<std::int64_t> meanwhile = 0;
    std::thread ingest([&] {
      const columns::Batch batch = points(1, 1'000);
      while (!stops) {
        BL_CHECK(on.table->append(batch).ok());
        meanwhile += batch.rows();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    });
    state.ResumeTiming();
    BL_CHECK(on.table->flush().ok());
    state.PauseTiming();
    stops = true;
    ingest.join();
    state.counters["rows_meanwhile"] = static_cast<double>(meanwhile);
    BL_CHECK(on.table->flush().ok());
    state.ResumeTiming();
  }
}
BENCHMARK(flush_of_a_million_rows)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);

void compaction(benchmark::State& state) {
  BenchTable on;
  std::int64_t rows = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (int i = 0; i < 16; ++i) {
      BL_CHECK(on.table->append(points(i * 120'000, 120'000)).ok());
      BL_CHECK(on.table->flush().ok());
    }
    state.ResumeTiming();
    rows += on.table->compact()->rows;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["peak_rss_mb"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.SetItemsProcessed(rows);
}
BENCHMARK(compaction)->Iterations(2)->UseRealTime()->Unit(benchmark::kMillisecond);

// A snapshot of a thousand files: read from the catalog, and from memory.
void thousand_files(benchmark::State& state) {
  BenchTable on;
  for (int i = 0; i < 1'000; ++i) {
    BL_CHECK(on.table->append(points(i * 10, 10)).ok());
    BL_CHECK(on.table->flush().ok());
  }
  double open_ms = 0;
  for (auto _ : state) {
    const auto began = std::chrono::steady_clock::now();
    const auto reader = TableReader::open(on.lake->catalog(), "points");
    BL_CHECK(reader.ok() && (*reader)->snapshot().files().files().size() == 1'000);
    open_ms = milliseconds_since(began);
  }
  state.counters["open_ms"] = open_ms;
  const auto began = std::chrono::steady_clock::now();
  constexpr int k_times = 1'000;
  for (int i = 0; i < k_times; ++i) benchmark::DoNotOptimize(on.table->snapshot().files().files());
  state.counters["list_us"] = milliseconds_since(began) * 1'000 / k_times;
}
BENCHMARK(thousand_files)->Iterations(5)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
