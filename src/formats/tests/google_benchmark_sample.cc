// A program with every kind of benchmark whose JSON the reader must understand.
#include <benchmark/benchmark.h>

#include <string>

namespace {

void BM_Plain(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
}
BENCHMARK(BM_Plain);

void BM_Repeated(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::string(64, 'x'));
  state.SetLabel("strings");
  state.counters["ratio"] = 0.5;
}
BENCHMARK(BM_Repeated)->Arg(8)->Repetitions(3)->Unit(benchmark::kMillisecond);

void BM_Bytes(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
  state.SetBytesProcessed(state.iterations() * 4096);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Bytes)->Unit(benchmark::kMicrosecond);

template <class T>
void BM_Items(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(T());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_TEMPLATE(BM_Items, int)->Arg(2)->Threads(2);

void BM_Fails(benchmark::State& state) {
  state.SkipWithError("no input");
  for (auto _ : state) benchmark::DoNotOptimize(state.iterations());
}
BENCHMARK(BM_Fails);

void BM_Complex(benchmark::State& state) {
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) benchmark::DoNotOptimize(i);
  }
  state.SetComplexityN(state.range(0));
}
BENCHMARK(BM_Complex)->RangeMultiplier(2)->Range(64, 256)->Complexity(benchmark::oN);

}  // namespace

BENCHMARK_MAIN();
