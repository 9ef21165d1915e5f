// Ingest of 100,000 rows of 100 runs, from files to durable rows in SQLite: the first time, and
// again.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "base/log.h"
#include "base/random.h"
#include "base/testing/temporary_folder.h"
#include "inference/ingest.h"
#include "inference/schema.h"
#include "inference/store_sweeps.h"
#include "store/open.h"

namespace bl::inference {
namespace {

constexpr int k_runs = 100;
constexpr int k_rows = 1000;

/// Configurations and concurrencies that differ; metrics as sweeps have them since 2026.
std::string row_text(int run, int number) {
  std::string row = fmt::format(
      R"({{"hw":"{}","conc":{},"image":"vllm/vllm-openai:v0.21.0","infmax_model_prefix":"{}",)"
      R"("framework":"{}","precision":"fp8","spec_decoding":"none","disagg":false,"isl":1024,)"
      R"("osl":1024,"is_multinode":false,"tp":{},"ep":1,"dp_attention":"false",)"
      R"("tput_per_gpu":{}.5,"output_tput_per_gpu":17.57,"input_tput_per_gpu":139.55)",
      number % 2 == 0 ? "mi355x" : "h200", 1 + number / 24, number % 4 < 2 ? "dsr1" : "kimik2.5",
      number % 8 < 4 ? "vllm" : "sglang", 1 << (number % 24 / 8), 1000 + run * 7 + number);
  for (const char* stat : {"mean", "median", "std", "p90", "p99", "p99.9"}) {
    for (const char* metric : {"ttft", "tpot", "intvty", "itl", "e2el"}) {
      row += fmt::format(R"(,"{}_{}":0.1816849302{})", stat, metric, 100'000 + run * 1000 + number);
    }
  }
  return row + "}";
}

void write_archive(const std::string& folder) {
  for (int run = 0; run < k_runs; ++run) {
    const std::string artifact =
        fmt::format("{}/2026-{:02}-{:02}/sweep_{}/artifacts/results_bmk", folder, 1 + run / 25,
                    1 + run % 25, 20'000'000'000 + run);
    std::filesystem::create_directories(artifact);
    std::ofstream file(artifact + "/agg_bmk.json");
    for (int i = 0; i < k_rows; ++i) file << (i == 0 ? "[" : ",") << row_text(run, i);
    file << "]";
  }
}

struct World {
  World() {
    write_archive(folder.path() + "/archive");
    database =
        store::open_database("sqlite://" + folder.path() + "/b.db", {}, log, metrics).value();
    std::vector<store::Migration> steps(migrations().begin(), migrations().end());
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i].number = static_cast<int>(i) + 1;
    BL_CHECK(database->migrate(steps).ok());
  }
  WriteCount ingest() {
    StoreSweepWriter writer(*database);
    Ingest all(*disk, Registry::built_in(), writer, clock, ids);
    auto outcome = all.run({.path = folder.path() + "/archive", .facts = {}, .spool = ""});
    BL_CHECK(outcome.ok());
    return outcome->report.written.points;
  }

  TemporaryFolder folder;
  SystemClock clock;
  SeededRandom random{3};
  IdSource ids{clock, random};
  const std::unique_ptr<Disk> disk = make_real_disk();
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  bl::Metrics metrics;
  std::unique_ptr<store::Database> database;
};

void ingest_new(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    {
      World world;
      state.ResumeTiming();
      BL_CHECK(world.ingest().added == k_runs * k_rows);
      state.PauseTiming();
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * k_runs * k_rows);
}
BENCHMARK(ingest_new)->Iterations(1)->UseRealTime()->Unit(benchmark::kSecond);

void ingest_again(benchmark::State& state) {
  World world;
  world.ingest();
  for (auto _ : state) BL_CHECK(world.ingest().unchanged == k_runs * k_rows);
  state.SetItemsProcessed(state.iterations() * k_runs * k_rows);
}
BENCHMARK(ingest_again)->Iterations(1)->UseRealTime()->Unit(benchmark::kSecond);

}  // namespace
}  // namespace bl::inference

BENCHMARK_MAIN();
