// Parsing and mapping of result rows: rows a second on one core.
#include <benchmark/benchmark.h>

#include "inference/decode.h"

namespace bl::inference {
namespace {

/// One row of schema v1 as the sweeps write it, with five statistics of six metrics.
std::string row_text(std::size_t number) {
  std::string row = R"({"hw":"mi355x-amds_07","conc":)" + std::to_string(1 + number % 512) +
                    R"(,"image":"vllm/vllm-openai-rocm:v0.21.0","model":"moonshotai/Kimi-K2.5",)"
                    R"("infmax_model_prefix":"kimik2.5","framework":"vllm","precision":"int4",)"
                    R"("spec_decoding":"mtp","disagg":false,"isl":8192,"osl":1024,)"
                    R"("is_multinode":false,"tp":8,"ep":1,"dp_attention":"false",)"
                    R"("tput_per_gpu":157.1234567890123,"output_tput_per_gpu":17.57,)"
                    R"("input_tput_per_gpu":139.55)";
  for (const char* stat : {"mean", "median", "std", "p90", "p99", "p99.9"}) {
    for (const char* metric : {"ttft", "tpot", "intvty", "itl", "e2el"}) {
      row += std::string(",\"") + stat + "_" + metric + "\":0.1816849302" +
             std::to_string(100000 + number % 900000);
    }
  }
  return row + "}";
}

void parse_and_map(benchmark::State& state) {
  auto rows = static_cast<std::size_t>(state.range(0));
  std::string text = "[";
  for (std::size_t i = 0; i < rows; ++i) text += (i > 0 ? "," : "") + row_text(i);
  text += "]";
  std::size_t mapped = 0;
  for (auto _ : state) {
    SkipTracker tracker;
    RowMapper mapper(Registry::built_in(), MappingRules(), tracker);
    auto document = json::parse(text);
    BL_CHECK(document.ok());
    mapped += mapper.benchmark_rows(*document, "bench").size();
    BL_CHECK(tracker.total() == 0);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(mapped));
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size() * state.iterations()));
}
BENCHMARK(parse_and_map)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond);

void map_only(benchmark::State& state) {
  auto row = json::parse(row_text(1));
  SkipTracker tracker;
  RowMapper mapper(Registry::built_in(), MappingRules(), tracker);
  for (auto _ : state) benchmark::DoNotOptimize(mapper.benchmark_row(*row, "bench"));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(map_only);

}  // namespace
}  // namespace bl::inference

BENCHMARK_MAIN();
