// A Delta log's speed on the machine's disk: commits, opening, the list of files.
#include <benchmark/benchmark.h>

#include <thread>

#include "base/testing/temporary_folder.h"
#include "lake/delta_log.h"
#include "objects/open.h"

#include <fmt/format.h>

namespace {

using namespace bl;
using namespace bl::lake;

constexpr int k_versions = 1'000;

struct OnDisk {
  OnDisk() {
    store =
        objects::open_store(folder.at("lake"), {}, {clock, random, *disk, metrics, wait}).value();
  }

  DeltaWorld world() {
    return {*store, *disk, folder.at("scratch"), *engine, clock, random, metrics, log, wait};
  }
  std::unique_ptr<DeltaLog> create() {
    const auto schema = columns::Schema::make({{"id", columns::Kind::int64}}).value();
    const DeltaTable table{schema, {}, "", {{"delta.checkpointInterval", "1000000"}}};
    return DeltaLog::create(world(), "t/", table).value();
  }
  static DeltaAppend one_file(const std::string& name) {
    DeltaFile file;
    file.path = name + ".parquet";
    file.size = 1'000;
    file.statistics =
        R"({"numRecords":1000,"minValues":{"id":1},"maxValues":{"id":1000},"nullCount":{"id":0}})";
    DeltaAppend append;
    append.files.push_back(std::move(file));
    return append;
  }

  TemporaryFolder folder{TemporaryFolder::Place::here, "delta-bench"};
  std::unique_ptr<Disk> disk = make_real_disk();
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  objects::Wait wait = [](std::chrono::milliseconds pause) {
    std::this_thread::sleep_for(pause);
    return true;
  };
  std::unique_ptr<duck::Database> engine = duck::Database::open({}).value();
  std::unique_ptr<objects::ObjectStore> store;
};

void appends_of_one_writer(benchmark::State& state) {
  OnDisk on;
  const auto log = on.create();
  int i = 0;
  for (auto _ : state) BL_CHECK(log->append(OnDisk::one_file(std::to_string(i++))).ok());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(appends_of_one_writer)->UseRealTime();

void appends_of_many_writers(benchmark::State& state) {
  OnDisk on;
  const auto log = on.create();
  const auto writers = static_cast<int>(state.range(0));
  constexpr int k_each = 100;
  int round = 0;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer) {
      threads.emplace_back([&, writer] {
        for (int i = 0; i < k_each; ++i) {
          BL_CHECK(log->append(OnDisk::one_file(fmt::format("{}-{}-{}", round, writer, i))).ok());
        }
      });
    }
    for (auto& thread : threads) thread.join();
    ++round;
  }
  state.SetItemsProcessed(state.iterations() * writers * k_each);
  state.counters["versions"] = static_cast<double>(log->snapshot()->version);
}
BENCHMARK(appends_of_many_writers)->Arg(4)->Arg(64)->UseRealTime()->Unit(benchmark::kMillisecond);

/// 1,000 versions of one file each.
void fill(DeltaLog& log) {
  for (int i = 0; i < k_versions; ++i) {
    BL_CHECK(log.append(OnDisk::one_file(std::to_string(i))).ok());
  }
}

void opening(benchmark::State& state, bool checkpoint) {
  OnDisk on;
  const auto log = on.create();
  fill(*log);
  if (checkpoint) BL_CHECK(log->checkpoint().ok());
  for (auto _ : state) {
    const auto opened = DeltaLog::open(on.world(), "t/").value();
    BL_CHECK(opened->snapshot()->files.size() == static_cast<std::size_t>(k_versions));
  }
}
BENCHMARK_CAPTURE(opening, without_checkpoint, false)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(opening, with_checkpoint, true)->UseRealTime()->Unit(benchmark::kMillisecond);

void file_list_from_memory(benchmark::State& state) {
  OnDisk on;
  const auto log = on.create();
  fill(*log);
  for (auto _ : state) benchmark::DoNotOptimize(log->snapshot()->files.data());
}
BENCHMARK(file_list_from_memory);

void file_list_after_a_change(benchmark::State& state) {
  OnDisk on;
  const auto log = on.create();
  fill(*log);
  int i = 0;
  for (auto _ : state) {
    state.PauseTiming();
    BL_CHECK(log->append(OnDisk::one_file(fmt::format("x{}", i++))).ok());
    state.ResumeTiming();
    benchmark::DoNotOptimize(log->snapshot()->files.data());
  }
}
BENCHMARK(file_list_after_a_change)->Iterations(200);

void writing_a_checkpoint(benchmark::State& state) {
  OnDisk on;
  const auto log = on.create();
  fill(*log);
  int i = 0;
  for (auto _ : state) {
    state.PauseTiming();
    BL_CHECK(log->append(OnDisk::one_file(fmt::format("x{}", i++))).ok());
    state.ResumeTiming();
    BL_CHECK(log->checkpoint().ok());
  }
}
BENCHMARK(writing_a_checkpoint)->Iterations(10)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
