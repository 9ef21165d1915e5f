// How long charts take: points of 900 rows (one model, as latest gives them), their fronts, and one
// estimate.
#include <benchmark/benchmark.h>

#include <random>

#include "inference/calculator.h"
#include "inference/chart_metrics.h"

namespace bl::inference {
namespace {

std::vector<DatedRow> some_rows(std::size_t count) {
  std::mt19937 random(7);
  std::uniform_real_distribution<double> even(0, 1);
  std::vector<DatedRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    ServingConfig& c = rows[i].row.config;
    c.hardware = Registry::built_in().hardware()[i % 10].key;
    c.framework = i % 3 == 0 ? "sglang" : "vllm";
    c.precision = i % 2 == 0 ? "fp4" : "fp8";
    c.spec_method = "none";
    rows[i].date = "2026-03-01";
    for (const std::string_view name : standard_values())
      rows[i].row.metrics.emplace_back(name, 1 + 1000 * even(random));
  }
  return rows;
}

void points(benchmark::State& state) {
  const auto rows = some_rows(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state)
    benchmark::DoNotOptimize(
        charts_of(rows, Registry::built_in(), ChartLabels::built_in(), MissingValues::absent));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(points)->Arg(900);

void fronts(benchmark::State& state) {
  const auto rows = some_rows(static_cast<std::size_t>(state.range(0)));
  const auto shown_from =
      charts_of(rows, Registry::built_in(), ChartLabels::built_in(), MissingValues::absent)
          .interactivity;
  const ChartMetric* metric = chart_metric_named("y_tpPerGpu");
  for (auto _ : state) {
    const auto shown = shown_points(shown_from, {ChartKind::interactivity, metric, {}}, {});
    benchmark::DoNotOptimize(fronts_of(shown_from, shown, Corner::upper_left));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(fronts)->Arg(900);

void estimates(benchmark::State& state) {
  std::vector<OperatingPoint> line;
  for (const DatedRow& row : some_rows(static_cast<std::size_t>(state.range(0))))
    line.push_back(*operating_point(row.row, Registry::built_in(), ChartLabels::built_in(),
                                    MissingValues::absent));
  for (auto _ : state)
    benchmark::DoNotOptimize(
        estimate(line, {Target::interactivity, 500}, Provider::rental, TwoKnots::straight));
}
BENCHMARK(estimates)->Arg(90);

}  // namespace
}  // namespace bl::inference

BENCHMARK_MAIN();
