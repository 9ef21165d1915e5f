// What rows cost: built, read, written as IPC and back. 100,000 rows of five columns at a time.
#include <benchmark/benchmark.h>

#include "columns/ipc.h"
#include "columns/table.h"

namespace bl::columns {
namespace {

using Rows = Table<Is<"id", std::int64_t>, Is<"at", Timestamp>, Is<"mean", std::optional<double>>,
                   Is<"failed", bool>, Is<"unit", std::string_view>>;
constexpr std::int64_t k_rows = 100'000;

Batch build() {
  Rows::Builder builder;
  for (std::int64_t i = 0; i < k_rows; ++i) {
    BL_CHECK(builder.append(i, Timestamp{i}, i * 0.5, i % 2 == 0, "nanoseconds"));
  }
  return builder.finish().value();
}

void count(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * k_rows);
}

void building(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(build());
  count(state);
}
BENCHMARK(building)->Unit(benchmark::kMillisecond);

void reading(benchmark::State& state) {
  const Batch batch = build();
  for (auto _ : state) {
    const auto rows = Rows::read(batch).value();
    double sum = 0;
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      sum += static_cast<double>(rows.column<"id">()[i]);
      sum += rows.column<"mean">()[i];
      sum += static_cast<double>(rows.column<"unit">()[i].size());
    }
    benchmark::DoNotOptimize(sum);
  }
  count(state);
}
BENCHMARK(reading)->Unit(benchmark::kMillisecond);

void ipc(benchmark::State& state) {
  const auto compression = static_cast<IpcCompression>(state.range(0));
  const Batch batch = build();
  std::size_t bytes = 0;
  for (auto _ : state) {
    std::string out;
    BL_CHECK(append_ipc_batch(batch, compression, out).ok());
    bytes = out.size();
    BL_CHECK(read_ipc_batch(out, Rows::schema(), {}).ok());
  }
  count(state);
  state.counters["bytes_a_row"] = static_cast<double>(bytes) / k_rows;
}
BENCHMARK(ipc)->DenseRange(0, 2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bl::columns

BENCHMARK_MAIN();
