// The store of sweeps, on SQLite: writing, and the reads that a page waits for, over --rows=N
// points (default 200,000; the goals are said for 5,000,000).
//
// The store: 10 models, 5 accelerators, 20 lines of 45 points for each model, so that the state of
// a model is 900 points; every accelerator measures a model once a day, 180 points a run.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "base/check.h"
#include "base/log.h"
#include "base/metrics.h"
#include "inference/schema.h"
#include "inference/store_sweeps.h"
#include "store/both_dialects.h"
#include "store/open.h"
#include "store/testing/postgres_server.h"

namespace bl::inference {
namespace {

constexpr int k_models = 10, k_hardware = 5, k_points_a_run = 180;
constexpr std::int64_t k_day = 86'400'000'000;
constexpr Timestamp k_start{1'735'689'600'000'000};  // 2025-01-01

const char* const k_accelerators[k_hardware] = {"b200", "b300", "h200", "mi325x", "mi355x"};

Metrics metrics_of(std::int64_t seed) {
  const double noise = 1 + 0.001 * static_cast<double>(seed % 97);
  Metrics metrics = {{"tput_per_gpu", 157.1234567890123 * noise},
                     {"output_tput_per_gpu", 17.57 * noise},
                     {"input_tput_per_gpu", 139.55 * noise}};
  for (const char* stat : {"mean", "median", "std", "p90", "p99", "p99.9"}) {
    for (const char* metric : {"ttft", "tpot", "intvty", "itl", "e2el"}) {
      metrics.emplace_back(fmt::format("{}_{}", stat, metric), 0.1816849302 * noise);
    }
  }
  return metrics;
}

// The number-th point of a run: 4 lines, 5 topologies, 9 concurrencies.
SweepPoint point_of(int model, int hardware, int number, std::int64_t seed) {
  SweepPoint point;
  ServingConfig& config = point.row.config;
  config.model = fmt::format("model{}", model);
  config.hardware = k_accelerators[hardware];
  config.framework = number % 2 ? "sglang" : "vllm";
  config.precision = "fp4";
  config.spec_method = "none";
  const int topology = number / 4 % 5;
  config.prefill_tp = config.decode_tp = 1 << (topology % 4);
  config.prefill_ep = config.decode_ep = 1 + topology / 4;
  config.num_prefill_gpu = config.num_decode_gpu = config.decode_tp;
  point.row.isl = number / 2 % 2 ? 8192 : 1024;
  point.row.osl = 1024;
  point.row.conc = 1 << (number / 20);
  point.row.image = "vllm/vllm-openai-rocm:v0.21.0";
  point.row.metrics = metrics_of(seed + number);
  point.origin = {
      fmt::format("bmk_model{}_8k1k_fp4_tp8_conc{}_{}.zip", model, point.row.conc, config.hardware),
      "agg.json"};
  return point;
}

Sweep run_of(std::int64_t day, int model, int hardware, int points = k_points_a_run) {
  Sweep sweep;
  SweepRun& run = sweep.run;
  run.github_run_id = 10'000'000'000 + (day * k_models + model) * k_hardware + hardware;
  run.name = "sweep";
  run.conclusion = "success";
  run.html_url = fmt::format("https://github.com/org/repo/actions/runs/{}", run.github_run_id);
  run.created_at = k_start + std::chrono::microseconds{day * k_day};
  run.started_at = run.created_at;
  run.date = to_rfc3339(run.created_at).substr(0, 10);
  for (int i = 0; i < points; ++i) {
    sweep.points.push_back(point_of(model, hardware, i % k_points_a_run, run.github_run_id + i));
    if (i < k_points_a_run) continue;  // other lines
    sweep.points.back().row.config.framework += fmt::format("-{}", i / k_points_a_run);
  }
  return sweep;
}

// One filled store for all of them.
struct World {
  World(std::int64_t rows, bool on_postgres) {
    std::string name = (std::filesystem::temp_directory_path() / "bl-sweeps-XXXXXX").string();
    BL_CHECK(mkdtemp(name.data()) != nullptr);
    folder = name;
    std::string uri = "sqlite://" + folder + "/bench.db";
    if (on_postgres) {
      auto started = store::testing::PostgresServer::start({.fsync = true});
      BL_CHECK(started.ok());
      server = std::move(*started);
      uri = server->uri(server->create_database());
    }
    auto opened = store::open_database(uri, {}, log, metrics);
    BL_CHECK(opened.ok());
    database = std::move(*opened);
    std::vector<store::Migration> steps(migrations().begin(), migrations().end());
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i].number = static_cast<int>(i) + 1;
    BL_CHECK(database->migrate(steps).ok());
    const auto began = clock.steady_now();
    StoreSweepWriter writer(*database);
    for (std::int64_t written = 0; written < rows; ++days) {
      for (int model = 0; model < k_models; ++model) {
        for (int hardware = 0; hardware < k_hardware; ++hardware) {
          BL_CHECK(writer.write(run_of(days, model, hardware)).ok());
          written += k_points_a_run;
        }
      }
    }
    const std::chrono::duration<double> took = clock.steady_now() - began;
    std::cerr << fmt::format("filled: {} days, {} runs, {:.1f} s\n", days,
                             days * k_models * k_hardware, took.count());
  }
  ~World() {
    database.reset();
    std::filesystem::remove_all(folder);
  }

  std::string folder;
  std::unique_ptr<store::testing::PostgresServer> server;
  SystemClock clock;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  bl::Metrics metrics;
  std::unique_ptr<store::Database> database;
  std::int64_t days = 0;
};

std::int64_t wanted_rows = 200'000;
bool on_postgres = false;

World& world() {
  static World one(wanted_rows, on_postgres);
  return one;
}

// Models in turn, so that a read finds no more in memory than it would elsewhere.
std::vector<std::string> next_model() {
  static int next = 0;
  return {fmt::format("model{}", next++ % k_models)};
}

void read_points(benchmark::State& state, const PointsWhen& when, LineRule rule) {
  StoreSweepReader reader(*world().database);
  std::size_t rows = 0;
  for (auto _ : state) {
    auto points = reader.points(next_model(), when, rule);
    BL_CHECK(points.ok() && !points->empty());
    rows = points->size();
  }
  state.counters["rows"] = static_cast<double>(rows);
}

std::string date_of(std::int64_t day) {
  return to_rfc3339(k_start + std::chrono::microseconds{day * k_day}).substr(0, 10);
}

void latest(benchmark::State& state) {
  read_points(state, {}, LineRule::snapshot);
}
BENCHMARK(latest)->Unit(benchmark::kMillisecond);

void as_of_half_the_time(benchmark::State& state) {
  read_points(state, {.date = date_of(world().days / 2)}, LineRule::snapshot);
}
BENCHMARK(as_of_half_the_time)->Unit(benchmark::kMillisecond);

void newest_points(benchmark::State& state) {
  read_points(state, {}, LineRule::newest_points);
}
BENCHMARK(newest_points)->Unit(benchmark::kMillisecond)->Iterations(5);

void history(benchmark::State& state) {
  StoreSweepReader reader(*world().database);
  std::size_t rows = 0;
  for (auto _ : state) {
    auto points = reader.history(next_model(), 8192, 1024);
    BL_CHECK(points.ok());
    rows = points->size();
  }
  state.counters["rows"] = static_cast<double>(rows);
}
BENCHMARK(history)->Unit(benchmark::kMillisecond)->Iterations(2);

void availability(benchmark::State& state) {
  StoreSweepReader reader(*world().database);
  std::size_t rows = 0;
  for (auto _ : state) {
    auto found = reader.availability();
    BL_CHECK(found.ok());
    rows = found->size();
  }
  state.counters["rows"] = static_cast<double>(rows);
}
BENCHMARK(availability)->Unit(benchmark::kMillisecond);

void submissions(benchmark::State& state) {
  StoreSweepReader reader(*world().database);
  for (auto _ : state) BL_CHECK(reader.submissions().ok());
}
BENCHMARK(submissions)->Unit(benchmark::kMillisecond)->Iterations(2);

void revision(benchmark::State& state) {
  StoreSweepReader reader(*world().database);
  for (auto _ : state) BL_CHECK(reader.revision().ok());
}
BENCHMARK(revision)->Unit(benchmark::kMicrosecond);

// The best throughput of each of a model's lines over all time, from the columns in the index or
// from the documents.
void best_of_lines(benchmark::State& state, const char* value) {
  const std::string sql = store::in_dialect(
      fmt::format("select l.id, max({}) from @inference_line l join @inference_point p "
                  "on p.line_id = l.id where l.model = $1 group by l.id",
                  value),
      world().database->dialect());
  for (auto _ : state) {
    const std::string model = next_model().front();
    std::size_t rows = 0;
    const auto read = world().database->read([&](store::Connection& connection) {
      const store::Param params[] = {std::string_view(model)};
      return connection.query_text(sql, params, [&](const store::Row&) { return ++rows > 0; });
    });
    BL_CHECK(read.ok() && rows > 0);
  }
}
void hot_column(benchmark::State& state) {
  best_of_lines(state, "p.tput_per_gpu");
}
BENCHMARK(hot_column)->Unit(benchmark::kMillisecond)->Iterations(5);
void extraction(benchmark::State& state) {
  best_of_lines(state, on_postgres ? "(p.metrics ->> 'tput_per_gpu')::float8"
                                   : "json_extract(p.metrics, '$.tput_per_gpu')");
}
BENCHMARK(extraction)->Unit(benchmark::kMillisecond)->Iterations(2);

// One more run in a store that is filled: nothing but its own rows and pages counts.
void write_a_run(benchmark::State& state) {
  StoreSweepWriter writer(*world().database);
  std::int64_t day = world().days;
  for (auto _ : state) BL_CHECK(writer.write(run_of(day++, 0, 0)).ok());
  state.SetItemsProcessed(state.iterations() * k_points_a_run);
}
BENCHMARK(write_a_run)->Unit(benchmark::kMillisecond)->UseRealTime();

void write_the_same_again(benchmark::State& state) {
  StoreSweepWriter writer(*world().database);
  for (auto _ : state) BL_CHECK(writer.write(run_of(0, 0, 0)).ok());
  state.SetItemsProcessed(state.iterations() * k_points_a_run);
}
BENCHMARK(write_the_same_again)->Unit(benchmark::kMillisecond)->UseRealTime();

void write_100k_in_one_run(benchmark::State& state) {
  StoreSweepWriter writer(*world().database);
  std::int64_t day = world().days + 100'000;
  for (auto _ : state) {
    state.PauseTiming();
    const Sweep sweep = run_of(day++, 0, 0, 100'000);
    state.ResumeTiming();
    const auto written = writer.write(sweep);
    BL_CHECK(written.ok() && written->points.added == 100'000);
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
}
BENCHMARK(write_100k_in_one_run)->Unit(benchmark::kMillisecond)->Iterations(1)->UseRealTime();

// The same as an ingest does it: some megabytes of a run at a time.
void write_100k_in_batches(benchmark::State& state) {
  constexpr std::size_t k_batch = 3'000;
  StoreSweepWriter writer(*world().database);
  std::int64_t day = world().days + 200'000;
  for (auto _ : state) {
    state.PauseTiming();
    Sweep sweep = run_of(day++, 0, 0, 100'000);
    std::vector<SweepPoint> points;
    points.swap(sweep.points);
    state.ResumeTiming();
    for (std::size_t at = 0; at < points.size(); at += k_batch) {
      const auto end =
          points.begin() + static_cast<std::ptrdiff_t>(std::min(at + k_batch, points.size()));
      sweep.points.assign(points.begin() + static_cast<std::ptrdiff_t>(at), end);
      BL_CHECK(writer.write(sweep).ok());
    }
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
}
BENCHMARK(write_100k_in_batches)->Unit(benchmark::kMillisecond)->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace bl::inference

int main(int argc, char** argv) {
  std::vector<char*> others;
  for (int i = 0; i < argc; ++i) {
    const std::string_view argument = argv[i];
    constexpr std::string_view k_rows = "--rows=";
    if (argument.starts_with(k_rows)) {
      bl::inference::wanted_rows = std::atoll(argv[i] + k_rows.size());
    } else if (argument == "--postgres") {
      bl::inference::on_postgres = true;
    } else {
      others.push_back(argv[i]);
    }
  }
  int count = static_cast<int>(others.size());
  benchmark::Initialize(&count, others.data());
  if (benchmark::ReportUnrecognizedArguments(count, others.data())) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
