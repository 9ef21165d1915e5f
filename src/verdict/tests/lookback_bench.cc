#include <benchmark/benchmark.h>

#include <random>

#include "verdict/lookback.h"

namespace {

void lookback_rows(benchmark::State& state) {
  std::mt19937_64 random(7);
  std::vector<bl::verdict::LookbackRow> rows;
  for (int i = 0; i < state.range(0); ++i) {
    rows.push_back({.commit_time = i, .value = 10 + static_cast<double>(random() % 1000) / 1000});
  }
  for (auto _ : state) benchmark::DoNotOptimize(bl::verdict::lookback(rows, {}));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(lookback_rows)->Arg(50)->Arg(500)->Arg(5000);

}  // namespace

BENCHMARK_MAIN();
