#include <benchmark/benchmark.h>

#include <random>

#include "results/series_judge.h"

// What one new result of a series costs the judge, without reading and storing.
namespace bl::results {
namespace {

std::vector<VerdictPoint> noise(std::size_t results) {
  std::mt19937 random(1);
  std::normal_distribution<double> value(100, 1);
  std::vector<VerdictPoint> points(results);
  for (std::size_t i = 0; i < results; ++i) {
    points[i].result_id = "0192f0c8d5a87b3c9d4e0000";
    points[i].result_id += std::to_string(10'000'000 + i);
    points[i].commit_sha = points[i].result_id;
    points[i].commit_timestamp = Timestamp{static_cast<std::int64_t>(i) * 3'600'000'000};
    points[i].value = value(random);
  }
  return points;
}

void replayed(benchmark::State& state) {
  const auto points = noise(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(judge_points(points, "s"));
}
BENCHMARK(replayed)->Arg(100)->Arg(500)->Arg(2'000)->Unit(benchmark::kMicrosecond);

// The last of 160 results come one by one; each is judged.
void warm(benchmark::State& state) {
  constexpr std::size_t k_new = 160;
  const auto points = noise(static_cast<std::size_t>(state.range(0)) + k_new);
  for (auto _ : state) {
    state.PauseTiming();
    WarmSeries series;
    benchmark::DoNotOptimize(
        judge_points(std::span(points).first(points.size() - k_new), "s", series));
    state.ResumeTiming();
    for (std::size_t end = points.size() - k_new + 1; end <= points.size(); ++end) {
      benchmark::DoNotOptimize(judge_points(std::span(points).first(end), "s", series));
    }
  }
  state.counters["us_per_result"] =
      benchmark::Counter(static_cast<double>(state.iterations() * k_new) * 1e-6,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(warm)->Arg(100)->Arg(500)->Arg(2'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bl::results

BENCHMARK_MAIN();
