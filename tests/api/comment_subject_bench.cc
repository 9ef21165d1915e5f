// What a pull request makes slower in comment_test.cc: a real Google Benchmark, whose work stands
// in work.txt of the folder that it runs in.
#include <benchmark/benchmark.h>

#include <fstream>

namespace {

std::int64_t work() {
  std::int64_t steps = 0;
  std::ifstream("work.txt") >> steps;
  return steps;
}

void parse(benchmark::State& state) {
  const std::int64_t steps = work();
  for (auto _ : state) {
    double sum = 1;
    for (std::int64_t i = 0; i < steps; ++i) benchmark::DoNotOptimize(sum = sum * 1.0000001 + 1);
  }
}
BENCHMARK(parse)->MinTime(0.02);

}  // namespace

BENCHMARK_MAIN();
