// What a core decodes and encodes in a second: spans of about ten attributes.
#include <benchmark/benchmark.h>

#include "traces/otlp.h"
#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_spans = 20'000;
constexpr std::int64_t k_now = 1'760'000'000'000'000'000;

/// As an exporter sends them: many spans of one service together.
Spans batch() {
  TraceMaker maker;
  Spans spans = maker.take(k_spans);
  std::ranges::stable_sort(spans, {}, [](const Span& span) { return span.resource.get(); });
  return spans;
}

void set_rates(benchmark::State& state, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * k_spans);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void decode_protobuf(benchmark::State& state) {
  const std::string bytes = encode_otlp_protobuf(batch());
  for (auto _ : state) benchmark::DoNotOptimize(decode_otlp_protobuf(bytes, k_now).value());
  set_rates(state, bytes.size());
}
void encode_protobuf(benchmark::State& state) {
  const Spans spans = batch();
  std::size_t bytes = 0;
  for (auto _ : state) bytes = encode_otlp_protobuf(spans).size();
  set_rates(state, bytes);
}
void decode_json(benchmark::State& state) {
  const std::string text = encode_otlp_json(batch());
  for (auto _ : state) benchmark::DoNotOptimize(decode_otlp_json(text, k_now).value());
  set_rates(state, text.size());
}
void encode_json(benchmark::State& state) {
  const Spans spans = batch();
  std::size_t bytes = 0;
  for (auto _ : state) bytes = encode_otlp_json(spans).size();
  set_rates(state, bytes);
}
void make_spans(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(TraceMaker().take(k_spans));
  set_rates(state, 0);
}

BENCHMARK(decode_protobuf)->Unit(benchmark::kMillisecond);
BENCHMARK(encode_protobuf)->Unit(benchmark::kMillisecond);
BENCHMARK(decode_json)->Unit(benchmark::kMillisecond);
BENCHMARK(encode_json)->Unit(benchmark::kMillisecond);
BENCHMARK(make_spans)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bl::traces

BENCHMARK_MAIN();
