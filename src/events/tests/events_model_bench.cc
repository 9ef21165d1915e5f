// What one event costs on its ways: the rules, JSON, protobuf, columns.
#include <benchmark/benchmark.h>

#include "events/append_check.h"
#include "events/columns.h"
#include "events/decode.h"
#include "events/encode.h"
#include "events/protobuf.h"
#include "events/testing/corpus.h"

namespace bl::events {
namespace {

constexpr std::size_t k_events = 10'000;

const std::vector<BuildEvent>& events() {
  static const std::vector<BuildEvent> k_kept = history(1, k_events);
  return k_kept;
}

/// Runs `work` on all events; reports events a second.
template <class Work>
void run(benchmark::State& state, const Work& work) {
  for (auto _ : state) work();
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(k_events));
}

void generate(benchmark::State& state) {
  run(state, [] { benchmark::DoNotOptimize(history(1, k_events)); });
}
void check(benchmark::State& state) {
  run(state, [] {
    benchmark::DoNotOptimize(check_batch(events()).ok());
    benchmark::DoNotOptimize(first_of_each_id(events()).ok());
  });
}
void to_json(benchmark::State& state) {
  run(state, [] {
    for (const BuildEvent& event : events()) benchmark::DoNotOptimize(event_json(event));
  });
}
void from_json(benchmark::State& state) {
  std::string lines;
  for (const BuildEvent& event : events()) lines += event_json(event) + "\n";
  run(state, [&] { benchmark::DoNotOptimize(decode_events(lines).ok()); });
}
void to_wire(benchmark::State& state) {
  run(state, [] {
    std::string out;
    for (const BuildEvent& event : events()) append_protobuf(out, event);
    benchmark::DoNotOptimize(out);
  });
}
void from_wire(benchmark::State& state) {
  std::vector<std::string> wires;
  for (const BuildEvent& event : events()) wires.push_back(to_protobuf(event));
  run(state, [&] {
    for (const std::string& wire : wires) benchmark::DoNotOptimize(from_protobuf(wire).ok());
  });
}
void to_columns(benchmark::State& state) {
  run(state, [] { benchmark::DoNotOptimize(batch_of(events())); });
}
void from_columns(benchmark::State& state) {
  const columns::Batch batch = batch_of(events());
  run(state, [&] { benchmark::DoNotOptimize(events_of(batch).ok()); });
}
void from_columns_without_json(benchmark::State& state) {
  const columns::Batch batch = batch_of(events());
  run(state, [&] { benchmark::DoNotOptimize(events_of(batch, EventParts::without_json).ok()); });
}

BENCHMARK(generate)->Unit(benchmark::kMillisecond);
BENCHMARK(check)->Unit(benchmark::kMillisecond);
BENCHMARK(to_json)->Unit(benchmark::kMillisecond);
BENCHMARK(from_json)->Unit(benchmark::kMillisecond);
BENCHMARK(to_wire)->Unit(benchmark::kMillisecond);
BENCHMARK(from_wire)->Unit(benchmark::kMillisecond);
BENCHMARK(to_columns)->Unit(benchmark::kMillisecond);
BENCHMARK(from_columns)->Unit(benchmark::kMillisecond);
BENCHMARK(from_columns_without_json)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bl::events

BENCHMARK_MAIN();
