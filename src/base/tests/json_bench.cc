// What one benchmark result of about 2 KB costs: in, out, and its identity.
#include <benchmark/benchmark.h>

#include "base/ids.h"
#include "base/json.h"
#include "base/numbers.h"

namespace bl {
namespace {

std::string result_text() {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.member("run_id", "0123456789abcdef").member("batch_id", "batch-1");
  writer.member("timestamp", "2024-08-01T12:00:00.987654Z");
  writer.key("tags").begin_object().member("name", "time_query").member("rows", 1000);
  writer.member("fraction", 0.125).end_object();
  writer.key("context").begin_object().member("compiler", "gcc 12.2").end_object();
  writer.key("machine_info").begin_object().member("name", "m1").member("memory_bytes", "17179869");
  for (int i = 0; i < 14; ++i) writer.member("cpu_field_" + std::to_string(i), "4");
  writer.end_object();
  writer.key("stats").begin_object().member("unit", "s").key("data").begin_array();
  for (int i = 1; i <= 50; ++i) writer.value(1.0 / i);
  writer.end_array().end_object().end_object();
  return out;
}

void parse_result(benchmark::State& state) {
  const std::string text = result_text();
  for (auto _ : state) benchmark::DoNotOptimize(json::parse(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * state.iterations());
}
BENCHMARK(parse_result);

void write_result(benchmark::State& state) {
  const json::Value value = json::parse(result_text()).value();
  for (auto _ : state) benchmark::DoNotOptimize(json::to_text(value));
}
BENCHMARK(write_result);

void canonical_result(benchmark::State& state) {
  const json::Value value = json::parse(result_text()).value();
  for (auto _ : state) benchmark::DoNotOptimize(json::to_canonical(value));
}
BENCHMARK(canonical_result);

void write_double(benchmark::State& state) {
  std::string out;
  double value = 0.1;
  for (auto _ : state) {
    out.clear();
    append_json_number(out, value);
    value += 0.1;
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(write_double);

void next_id(benchmark::State& state) {
  SystemClock clock;
  SystemRandom random;
  IdSource ids(clock, random);
  for (auto _ : state) benchmark::DoNotOptimize(ids.next());
}
BENCHMARK(next_id);

}  // namespace
}  // namespace bl

BENCHMARK_MAIN();
