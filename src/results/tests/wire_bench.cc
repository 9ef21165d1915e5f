#include <benchmark/benchmark.h>

#include <algorithm>

#include "results/decode.h"
#include "results/encode.h"

// What the wire costs: a submission in, a history and a result out.
namespace bl::results {
namespace {

constexpr std::string_view k_submission = R"({"run_id":"4f1d","batch_id":"b","run_reason":"nightly",
  "timestamp":"2024-08-01T12:00:00.987654+02:00","tags":{"name":"sort","size":1000,"kind":"quick"},
  "context":{"benchmark_language":"C++","compiler":"gcc 12"},"info":{"version":"1.2.3"},
  "github":{"repository":"https://github.com/org/repo",
    "commit":"02addad336ba19a654f9c857ede546331be7",
    "commit_info":{"timestamp":"2024-01-02T03:04:05Z","parent":"4beb","message":"sort: faster",
                   "author_name":"A"}},
  "machine_info":{"name":"m1","architecture_name":"x86_64","kernel_name":"6.1","os_name":"Linux",
    "os_version":"12","cpu_model_name":"C","cpu_l1d_cache_bytes":"32768",
    "cpu_l1i_cache_bytes":"32768","cpu_l2_cache_bytes":"0","cpu_l3_cache_bytes":"0",
    "cpu_core_count":"2","cpu_thread_count":"4","cpu_frequency_max_hz":"3500000000",
    "memory_bytes":"17179869184","gpu_count":"0","gpu_product_names":[]},
  "stats":{"data":[0.0512,0.0498,0.0505,0.0501,0.0499],"unit":"s","iterations":5},
  "run_tags":{"arch":"amd64"}})";

void decode_one_submission(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(decode_submission(k_submission));
}
BENCHMARK(decode_one_submission);

History history_of(std::int64_t points) {
  History history{.fingerprint = std::string(32, 'f'),
                  .repository = "https://github.com/org/repo",
                  .hardware_hash = "m1-0-2-4-17179869184"};
  for (std::int64_t i = 0; i < points; ++i) {
    HistoryPoint point;
    point.result_id = "06518b68000070008000000000000010";
    point.commit_sha = "02addad336ba19a654f9c857ede546331be7b631";
    point.commit_message = "sort: faster for nearly sorted input";
    point.result_timestamp = Timestamp::from_seconds(1'700'000'000 + i);
    point.commit_timestamp = Timestamp::from_seconds(1'600'000'000 + i);
    point.mean = 0.05 + 1e-5 * static_cast<double>(i);
    point.summary = {point.mean, "min"};
    point.unit = "s";
    point.data_json = "[0.0512,0.0498,0.0505,0.0501,0.0499]";
    point.run_tags_json = R"({"arch":"amd64"})";
    point.lookback.rolling_mean = point.lookback.mean_excluding_this_commit = 0.0512345678901;
    point.lookback.residual = 1.2345678901234e-5;
    point.lookback.stddev = 2.3456789012345e-4;
    history.points.push_back(std::move(point));
  }
  return history;
}

void encode_one_history(benchmark::State& state) {
  const History history = history_of(state.range(0));
  std::size_t bytes = 0;
  for (auto _ : state) bytes += encode_history(history).size();
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(encode_one_history)->Arg(500)->Arg(20'000);

void encode_one_result(benchmark::State& state) {
  StoredResult result;
  static_cast<BenchmarkResult&>(result) = decode_submission(k_submission)->result;
  for (auto _ : state) benchmark::DoNotOptimize(encode_result(result, SummaryMode::best));
}
BENCHMARK(encode_one_result);

}  // namespace
}  // namespace bl::results

BENCHMARK_MAIN();
