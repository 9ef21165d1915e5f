// A large trace on its way to the page: the tree, the critical path, a page of the waterfall, the
// flame graph, and what Jaeger's clients read.
#include <benchmark/benchmark.h>

#include "traces/tests/made_spans.h"
#include "traces/trace_diff.h"
#include "traces/trace_set_diff.h"
#include "traces/traceql.h"
#include "traces/views/flame_graph.h"
#include "traces/views/jaeger.h"
#include "traces/views/waterfall.h"

namespace bl::traces {
namespace {

/// Each span has up to ten children that share its time; a tenth of them overlap.
Spans trace_of(std::size_t count) {
  std::mt19937_64 random(42);
  Spans spans;
  spans.reserve(count);
  spans.push_back(made_span(1, 0, 0, 3'600'000'000'000, "root"));
  for (std::size_t i = 1; i < count; ++i) {
    const Span& parent = spans[(i - 1) / 10];
    const std::int64_t part = parent.duration_ns() / 10;
    const std::int64_t start = parent.start_ns + part * static_cast<std::int64_t>((i - 1) % 10);
    const std::int64_t overlap = random() % 10 == 0 ? part / 2 : 0;
    spans.push_back(made_span(i + 1, parent.span_id.value, start, start + part + overlap,
                              "operation " + std::to_string(random() % 50)));
    spans.back().attributes = {{"http.route", std::string("/cart/{id}")},
                               {"http.status_code", std::int64_t{200}}};
  }
  std::ranges::sort(spans, is_before);
  return spans;
}

void tree(benchmark::State& state) {
  const Spans spans = trace_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(tree_of(spans).walk.size());
}
void path(benchmark::State& state) {
  const Spans spans = trace_of(static_cast<std::size_t>(state.range(0)));
  const SpanTree tree = tree_of(spans);
  for (auto _ : state) benchmark::DoNotOptimize(critical_path(spans, tree).size());
}
void first_page(benchmark::State& state) {
  const Spans spans = trace_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const SpanTree tree = tree_of(spans);
    benchmark::DoNotOptimize(
        waterfall_rows(tree, critical_path(spans, tree), 0, 5'000).front().descendants);
  }
}
void flame(benchmark::State& state) {
  const Spans spans = trace_of(static_cast<std::size_t>(state.range(0)));
  const SpanTree tree = tree_of(spans);
  const auto path = critical_path(spans, tree);
  for (auto _ : state) benchmark::DoNotOptimize(flame_graph(spans, tree, path).frames.size());
}
void jaeger(benchmark::State& state) {
  const std::vector<Spans> traces = {trace_of(static_cast<std::size_t>(state.range(0)))};
  for (auto _ : state) benchmark::DoNotOptimize(encode_jaeger_traces(traces).size());
}
void difference(benchmark::State& state) {
  const Spans spans = trace_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const auto text = diff_traces({spans, {0, 1}}, {spans, {0, 2}}, TraceDiffFormat::composed);
    benchmark::DoNotOptimize(text.ok());
  }
}
void difference_of_sets(benchmark::State& state) {
  const std::vector<Spans> runs(static_cast<std::size_t>(state.range(0)), trace_of(1'000));
  for (auto _ : state) benchmark::DoNotOptimize(diff_sets(runs, runs).ok());
}
void traceql(benchmark::State& state) {
  for (auto _ : state) {
    const auto query = parse_traceql(
        R"({resource.service.name="x" && name=~"GET .*" && duration>10ms && status=error})");
    benchmark::DoNotOptimize(query.ok());
  }
}

BENCHMARK(tree)->Arg(50'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(path)->Arg(50'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(first_page)->Arg(50'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(flame)->Arg(50'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(jaeger)->Arg(50'000)->Unit(benchmark::kMillisecond);
BENCHMARK(difference)->Arg(50'000)->Unit(benchmark::kMillisecond);
BENCHMARK(difference_of_sets)->Arg(10)->Arg(50)->Unit(benchmark::kMillisecond);
BENCHMARK(traceql)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace bl::traces

BENCHMARK_MAIN();
