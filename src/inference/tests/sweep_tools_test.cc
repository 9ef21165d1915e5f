#include <gmock/gmock.h>

#include "inference/gpu_metrics.h"
#include "inference/power.h"
#include "inference/producer.h"
#include "inference/recipes.h"

namespace bl::inference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

json::Value parsed(std::string_view text) {
  auto value = json::parse(text);
  BL_CHECK(value.ok());
  return std::move(*value);
}

RunnerSettings one_node() {
  return {{"RUNNER_TYPE", "h200"}, {"FRAMEWORK", "vllm"},
          {"PRECISION", "fp8"},    {"SPEC_DECODING", "none"},
          {"ISL", "1024"},         {"OSL", "1024"},
          {"DISAGG", "false"},     {"MODEL_PREFIX", "dsr1"},
          {"IMAGE", "i"},          {"TP", "8"},
          {"EP_SIZE", "1"},        {"DP_ATTENTION", "false"}};
}
const char* const k_bench = R"({"model_id": "m", "max_concurrency": 4, "output_throughput": 100,
    "total_token_throughput": 800, "median_tpot_ms": 20, "median_ttft_ms": 150})";

TEST(Producer, throughputs_are_per_gpu_and_latencies_in_seconds) {
  auto row = process_result(parsed(k_bench), one_node());
  ASSERT_TRUE(row.ok()) << row.error().message;
  EXPECT_EQ(row->find("tput_per_gpu")->as_double(), 100);
  EXPECT_EQ(row->find("median_ttft")->as_double(), 0.15);
  EXPECT_EQ(row->find("median_intvty")->as_double(), 50);
}

TEST(Producer, every_setting_that_is_missing_is_named) {
  RunnerSettings settings = one_node();
  settings.erase("TP");
  settings.erase("IMAGE");
  auto row = process_result(parsed(k_bench), settings);
  ASSERT_FALSE(row.ok());
  EXPECT_EQ(row.error().message, "settings are missing: IMAGE, TP");
}

TEST(Producer, a_failed_benchmark_has_no_row) {
  json::Value bench = parsed(k_bench);
  for (const char* tpot : {"0", "1e-320", "\"x\"", "null"}) {
    bench.set("median_tpot_ms", parsed(tpot));
    EXPECT_FALSE(process_result(bench, one_node()).ok()) << tpot;
  }
}

TEST(Power, is_invalid_by_name_where_the_file_cannot_say_it) {
  PowerWindow window{.start_unix = 1, .end_unix = 2, .expected_num_gpus = 1};
  EXPECT_THAT(integrate_power("a,b\n1,2\n", window).invalid_reasons,
              ElementsAre("timestamp_column_missing", "power_column_missing",
                          "gpu_identity_column_missing"));
  EXPECT_THAT(integrate_power("timestamp,index,power\n1,0,[N/A]\n", window).invalid_reasons,
              ElementsAre("invalid_power_sample", "no_usable_power_samples"));
  window.end_unix = 1;
  EXPECT_THAT(integrate_power("timestamp,index,power\n", window).invalid_reasons,
              ElementsAre("invalid_benchmark_window"));
}

TEST(Power, constant_power_is_power_times_time) {
  PowerWindow window{.start_unix = 10.25, .end_unix = 12.75, .expected_num_gpus = 1};
  auto power =
      integrate_power("timestamp,index,power\n10,0,400 W\n11,0,400 W\n13,0,400 W\n", window);
  EXPECT_TRUE(power.is_valid);
  EXPECT_DOUBLE_EQ(*power.total_gpu_energy_j, 1000);
  EXPECT_DOUBLE_EQ(*power.avg_power_w, 400);
}

TEST(GpuMetrics, amd_columns_are_found_by_name_and_bad_lines_are_counted) {
  auto read = read_gpu_metrics(
      "timestamp,gpu,gfx_activity,umc_activity,socket_power,hotspot,gfx_0_clk,mem_0_clk\n"
      "1736944496,3,97,40,1200,71,2100,1900\n"
      "1736944497,3,97,40,N/A,71,2100,1900\n");
  ASSERT_EQ(read.samples.size(), 1u);
  EXPECT_EQ(read.lines_left_out, 1u);
  EXPECT_EQ(read.samples[0].index, 3);
  EXPECT_EQ(read.samples[0].timestamp, "2025-01-15T12:34:56.000Z");
  EXPECT_EQ(read.samples[0].value(GpuMetric::power), 1200);
}

TEST(GpuMetrics, what_is_too_hot_or_too_much_is_told_once_a_second) {
  std::vector<GpuSample> samples(4);
  for (int i = 0; i < 4; ++i) {
    samples[static_cast<std::size_t>(i)].timestamp = "100" + std::to_string(i / 2);
    samples[static_cast<std::size_t>(i)].values[0] = 950;
    samples[static_cast<std::size_t>(i)].values[1] = 90;
  }
  const Registry& registry = Registry::built_in();
  auto hot = gpu_anomalies(registry, samples, GpuMetric::temperature, "gpu_metrics_b200");
  ASSERT_EQ(hot.size(), 2u);
  EXPECT_EQ(hot[0].type, "thermal");
  EXPECT_EQ(hot[1].seconds, 1);
  EXPECT_EQ(gpu_anomalies(registry, samples, GpuMetric::power, "gpu_metrics_b200").size(), 2u);
  EXPECT_EQ(gpu_anomalies(registry, samples, GpuMetric::power, "gpu_metrics_gb300").size(), 0u);
}

TEST(Recipes, an_append_only_change_may_not_take_away) {
  json::Array base = parsed(R"([{"tp": 8, "conc": [4, 8]}])").items();
  auto delta = append_only_delta(base, parsed(R"([{"tp": 8, "conc": [4, 8, 16]}])").items());
  ASSERT_TRUE(delta.ok());
  EXPECT_EQ(json::to_text(json::Value::array(*delta)), R"([{"tp":8,"conc":[16]}])");
  auto fewer = append_only_delta(base, parsed(R"([{"tp": 8, "conc": [4, 16]}])").items());
  ASSERT_FALSE(fewer.ok());
  EXPECT_THAT(fewer.error().message, HasSubstr("removed a concurrency: 8"));
  EXPECT_FALSE(append_only_delta(base, parsed(R"([{"tp": 4, "conc": 1}])").items()).ok());
}

TEST(ConfigKeyFilter, looks_at_each_part_of_a_key) {
  ConfigKeyFilter filter{.model_prefixes = {"dsr1"}, .precisions = {"fp4"}, .gpus = {"b200-trt"}};
  EXPECT_TRUE(filter.lets_through("dsr1-fp4-b200-trt"));
  EXPECT_FALSE(filter.lets_through("dsr1-fp8-b200-trt"));
  EXPECT_FALSE(filter.lets_through("dsr1-fp4-b200-trt-mtp"));
  EXPECT_FALSE(filter.lets_through("dsr1"));
  EXPECT_TRUE(ConfigKeyFilter{}.lets_through("anything"));
}

}  // namespace
}  // namespace bl::inference
