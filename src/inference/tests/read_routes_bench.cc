#include <benchmark/benchmark.h>

#include "inference/routes.h"
#include "inference/tests/canned_sweeps.h"

// The routes over rows that are at hand: 900 points of a model with 30 metrics, as large as the
// state of one at InferenceX. What the store costs is in its own benchmarks.
namespace bl::inference {
namespace {

struct Server {
  explicit Server(const ReadLimits& limits) {
    const char* hardware[] = {"h100", "h200", "b200", "gb200", "mi300x", "mi355x"};
    for (int i = 0; i < 900; ++i) {
      StoredPoint point =
          a_point(i + 1, 10 + i % 75, 2000 - 20 * (i % 75) + i % 7, "2026-06-01", hardware[i % 6]);
      point.row.config.precision = i % 2 == 0 ? "fp8" : "fp4";
      for (int metric = 0; metric < 22; ++metric)
        point.row.metrics.emplace_back("some_measured_value_" + std::to_string(metric), i / 7.0);
      sweeps.rows.push_back(std::move(point));
    }
    add_read_routes(router, make_reads({sweeps, Registry::built_in(), ChartLabels::built_in(),
                                        ColorZones::built_in(), clock, "0"},
                                       limits, metrics));
  }

  std::size_t ask(const std::string& path, std::vector<std::pair<std::string, std::string>> query) {
    net::Request request;
    request.path = path;
    request.query = std::move(query);
    request.headers.add("Accept-Encoding", "gzip");
    request.deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    return router.find(net::Method::get, path).route->handler(request).body.size();
  }

  CannedSweeps sweeps;
  ManualClock clock{*parse_rfc3339("2026-06-03T10:00:00Z")};
  bl::Metrics metrics;
  net::Router router;
};

const std::pair<std::string, std::string> k_model = {"model", "DeepSeek-R1-0528"};
const std::pair<std::string, std::string> k_sequence = {"sequence", "8k/1k"};
constexpr ReadLimits k_nothing_kept{.kept_bytes_max = 0};

void latest_kept(benchmark::State& state) {
  Server server({});
  for (auto _ : state) benchmark::DoNotOptimize(server.ask("/api/v1/benchmarks", {k_model}));
}
BENCHMARK(latest_kept)->Unit(benchmark::kMillisecond);

void latest_first_time(benchmark::State& state) {
  Server server(k_nothing_kept);
  std::size_t bytes = 0;
  for (auto _ : state) bytes = server.ask("/api/v1/benchmarks", {k_model});
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(latest_first_time)->Unit(benchmark::kMillisecond);

void frontier_first_time(benchmark::State& state) {
  Server server(k_nothing_kept);
  std::size_t bytes = 0;
  for (auto _ : state) bytes = server.ask("/api/v1/inference/frontier", {k_model, k_sequence});
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(frontier_first_time)->Unit(benchmark::kMillisecond);

void calculator_first_time(benchmark::State& state) {
  Server server(k_nothing_kept);
  for (auto _ : state)
    benchmark::DoNotOptimize(server.ask("/api/v1/inference/calculator", {k_model, k_sequence}));
}
BENCHMARK(calculator_first_time)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bl::inference

BENCHMARK_MAIN();
