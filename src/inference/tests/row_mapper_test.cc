#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "inference/coercion.h"
#include "inference/decode.h"

namespace bl::inference {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

json::Value parsed(std::string_view text) {
  auto value = json::parse(text);
  BL_CHECK(value.ok());
  return std::move(*value);
}

/// A row of schema v1 with changes laid over it; a change to null removes.
json::Value v1_row(std::string_view changes = "{}") {
  json::Value row = parsed(R"({"hw": "h200-nv", "model": "deepseek-ai/DeepSeek-R1-0528",
      "infmax_model_prefix": "dsr1", "framework": "sglang", "precision": "fp8", "isl": 1024,
      "osl": 8192, "conc": 64, "tp": 8, "ep": 1, "tput_per_gpu": 512.25})");
  json::Value over = parsed(changes);
  for (const auto& [key, value] : over.members()) row.set(key, value);
  return row;
}

struct Mapped {
  std::optional<BenchmarkRow> row;
  SkipTracker skips;
};

Mapped map_row(const json::Value& row, const MappingRules& rules = {}) {
  Mapped out;
  RowMapper mapper(Registry::built_in(), rules, out.skips);
  out.row = mapper.benchmark_row(row, "a.zip/agg.json#/3");
  return out;
}

TEST(RowMapper, what_is_unknown_is_skipped_with_its_name_and_path) {
  Mapped gpu = map_row(v1_row(R"({"hw": "h900-nv"})"));
  EXPECT_FALSE(gpu.row);
  EXPECT_EQ(gpu.skips.count(SkipReason::unmapped_hardware), 1u);
  EXPECT_THAT(gpu.skips.hardware(), ElementsAre("h900-nv"));
  ASSERT_EQ(gpu.skips.examples().size(), 1u);
  EXPECT_EQ(gpu.skips.examples()[0].path, "a.zip/agg.json#/3");
  Mapped model = map_row(v1_row(R"({"infmax_model_prefix": "newmodel", "model": "acme/new"})"));
  EXPECT_THAT(model.skips.models(), ElementsAre("newmodel"));
  EXPECT_EQ(model.skips.warning(), "1 rows dropped — unmapped model (newmodel): 1");
}

TEST(RowMapper, an_unknown_precision_and_a_new_metric_are_kept_and_noted) {
  Mapped mapped = map_row(v1_row(R"({"precision": "fp3", "moon_phase": 0.5})"));
  ASSERT_TRUE(mapped.row);
  EXPECT_EQ(mapped.row->config.precision, "fp3");
  EXPECT_EQ(*find_metric(mapped.row->metrics, "moon_phase"), 0.5);
  EXPECT_THAT(mapped.skips.precisions(), ElementsAre("fp3"));
  EXPECT_THAT(mapped.skips.new_metrics(), ElementsAre("moon_phase"));
  EXPECT_EQ(mapped.skips.total(), 0u);
}

TEST(RowMapper, expert_parallelism_shares_the_gpus_of_tensor_parallelism) {
  json::Value row = v1_row(R"({"tp": 8, "ep": 8})");
  EXPECT_EQ(map_row(row).row->config.num_decode_gpu, 8);
  EXPECT_EQ(map_row(row, MappingRules::september_2026()).row->config.num_decode_gpu, 64);
}

TEST(RowMapper, a_text_that_begins_with_a_number_is_no_metric) {
  json::Value row = v1_row(R"({"server_version": "0.4.7", "extra": "12.5"})");
  Mapped ours = map_row(row);
  EXPECT_EQ(find_metric(ours.row->metrics, "server_version"), nullptr);
  EXPECT_EQ(*find_metric(ours.row->metrics, "extra"), 12.5);
  Mapped theirs = map_row(row, MappingRules::april_2026());
  EXPECT_EQ(*find_metric(theirs.row->metrics, "server_version"), 0.4);
}

TEST(RowMapper, counts_that_cannot_be_are_refused_and_named) {
  for (const char* change : {R"({"conc": -4})", R"({"isl": -1})", R"({"tp": 0})",
                             R"({"conc": 3000000000})", R"({"tp": 1e9})"}) {
    Mapped mapped = map_row(v1_row(change));
    EXPECT_FALSE(mapped.row) << change;
    EXPECT_EQ(mapped.skips.count(SkipReason::malformed), 1u) << change;
  }
  EXPECT_EQ(map_row(v1_row(R"({"conc": 0})")).skips.count(SkipReason::no_isl_osl), 1u);
}

TEST(RowMapper, an_aggregated_deployment_over_nodes_has_no_decoders) {
  Mapped mapped = map_row(v1_row(R"({"is_multinode": true, "prefill_tp": 8, "prefill_ep": 8,
      "decode_tp": 0, "decode_ep": 0, "num_prefill_gpu": 16, "num_decode_gpu": 0})"));
  ASSERT_TRUE(mapped.row);
  EXPECT_EQ(mapped.row->config.num_decode_gpu, 0);
  EXPECT_EQ(mapped.row->config.num_prefill_gpu, 16);
}

TEST(RowMapper, rows_of_2025_said_mtp_in_a_field_of_its_own) {
  json::Value row = v1_row(R"({"mtp": "on"})");
  EXPECT_EQ(map_row(row).row->config.spec_method, "mtp");
  EXPECT_EQ(map_row(row, MappingRules::april_2026()).row->config.spec_method, "none");
}

TEST(RowMapper, a_flat_agentic_row_has_users_instead_of_lengths) {
  json::Value row = parsed(R"({"hw": "b200", "users": 2, "model": "nvidia/DeepSeek-R1-0528-FP4",
      "infmax_model_prefix": "dsr1", "framework": "vllm", "precision": "fp4",
      "scenario_type": "agentic-coding", "tp": 4, "ep": 4, "offload_mode": "on",
      "num_requests_total": 68, "num_requests_successful": 68, "median_itl": 0.01,
      "std_itl": 0.002, "tput_per_gpu": 881.12})");
  Mapped mapped = map_row(row);
  ASSERT_TRUE(mapped.row);
  EXPECT_EQ(mapped.row->benchmark_type, "agentic_traces");
  EXPECT_EQ(mapped.row->conc, 2);
  EXPECT_FALSE(mapped.row->isl);
  EXPECT_EQ(mapped.row->offload_mode, "on");
  EXPECT_EQ(*find_metric(mapped.row->metrics, "median_intvty"), 100);
  EXPECT_EQ(find_metric(mapped.row->metrics, "std_intvty"), nullptr);
  EXPECT_EQ(find_metric(mapped.row->metrics, "num_requests_total"), nullptr);
  row.set("num_requests_successful", parsed("0"));
  EXPECT_EQ(map_row(row).skips.count(SkipReason::failed_run), 1u);
}

TEST(RowMapper, power_that_was_not_measured_well_is_removed) {
  const char* power = R"({"power_valid": 0, "power_metric_schema_version": 2, "avg_power_w": 300,
      "joules_per_output_token": 5, "power_invalid_reasons": ["sampling_gap_exceeded", "Bad one",
      "sampling_gap_exceeded"], "workers": [{"role": "decode", "worker_idx": 0, "num_gpus": 8,
      "avg_power_w": 300}]})";
  Mapped invalid = map_row(v1_row(power));
  EXPECT_EQ(find_metric(invalid.row->metrics, "avg_power_w"), nullptr);
  EXPECT_EQ(find_metric(invalid.row->metrics, "joules_per_output_token"), nullptr);
  EXPECT_THAT(invalid.row->power_invalid_reasons, ElementsAre("sampling_gap_exceeded"));
  EXPECT_TRUE(invalid.row->workers.is_null());
  json::Value row = v1_row(power);
  row.set("power_valid", parsed("\"1\""));
  Mapped valid = map_row(row);
  EXPECT_EQ(*find_metric(valid.row->metrics, "avg_power_w"), 300);
  EXPECT_EQ(valid.row->workers.items().size(), 1u);
}

TEST(RowMapper, one_bad_row_costs_no_other) {
  json::Value rows =
      json::Value::array({v1_row(), parsed("5"), v1_row(R"({"hw": "?"})"), v1_row()});
  SkipTracker skips;
  RowMapper mapper(Registry::built_in(), {}, skips);
  EXPECT_EQ(mapper.benchmark_rows(rows, "agg_bmk.json").size(), 2u);
  ASSERT_EQ(skips.examples().size(), 2u);
  EXPECT_EQ(skips.examples()[0].path, "agg_bmk.json#/1");
  EXPECT_EQ(skips.examples()[1].path, "agg_bmk.json#/2");
}

TEST(RowMapper, clusters_of_one_accelerator_are_one_accelerators_jobs) {
  SkipTracker skips;
  RowMapper mapper(Registry::built_in(), {}, skips);
  auto stats = mapper.run_stats(parsed(R"({"b300-nv": {"n_success": 2, "total": 3},
      "b300-cw": {"n_success": 1, "total": 1}, "h100": {"n_success": 5, "total": 4},
      "x1": {"n_success": 1, "total": 1}})"),
                                "run-stats");
  ASSERT_EQ(stats.size(), 1u);
  EXPECT_EQ(stats[0].hardware, "b300");
  EXPECT_EQ(stats[0].n_success, 3);
  EXPECT_EQ(stats[0].total, 4);
  EXPECT_EQ(skips.count(SkipReason::malformed), 1u);
  EXPECT_EQ(skips.count(SkipReason::unmapped_hardware), 1u);
}

TEST(RowMapper, an_aggregate_evaluation_says_its_own_lengths_and_topology) {
  json::Value row = parsed(R"({"is_multinode": true, "model_prefix": "dsr1", "hw": "GB200-NV",
      "framework": "dynamo-trt", "precision": "fp4", "isl": 8192, "osl": 1024, "tp": 4, "ep": 4,
      "prefill_tp": 4, "prefill_ep": 4, "prefill_num_workers": 5, "decode_tp": 8, "decode_ep": 8,
      "decode_num_workers": 1, "conc": 1024, "task": "GSM8K", "em_strict": 0.95, "source": "x"})");
  SkipTracker skips;
  RowMapper ours(Registry::built_in(), {}, skips);
  auto eval = ours.aggregate_eval_row(row, "p");
  ASSERT_TRUE(eval);
  EXPECT_EQ(eval->task, "gsm8k");
  EXPECT_EQ(eval->isl, 8192);
  EXPECT_TRUE(eval->config.is_multinode);
  EXPECT_EQ(eval->config.num_prefill_gpu, 20);
  RowMapper theirs(Registry::built_in(), MappingRules::april_2026(), skips);
  EXPECT_FALSE(theirs.aggregate_eval_row(row, "p")->isl);
}

TEST(SkipTracker, merging_adds_counts_and_keeps_bounds) {
  SkipTracker all;
  for (int i = 0; i < 5000; ++i) {
    SkipTracker one;
    one.skip(SkipReason::unmapped_model, "p", "m" + std::to_string(i));
    all.merge(one);
  }
  EXPECT_EQ(all.count(SkipReason::unmapped_model), 5000u);
  EXPECT_EQ(all.examples().size(), SkipTracker::k_examples_max);
  EXPECT_EQ(all.models().size(), SkipTracker::k_names_max);
}

RC_GTEST_PROP(Coercion, a_written_number_is_read_back, (double number)) {
  RC_PRE(std::isfinite(number));
  json::Value value = json::Value::number(number);
  json::Value text = json::Value::string(text_of(&value) + " W");
  RC_ASSERT(parse_number(&text) == number);
  RC_ASSERT(is_whole_number(text_of(&value)));
}

TEST(Coercion, a_sign_alone_is_no_number) {
  for (const char* text : {"+", "-", " + ", "-\n"}) EXPECT_FALSE(is_whole_number(text)) << text;
  EXPECT_TRUE(is_whole_number(" -3.5 "));
}

RC_GTEST_PROP(Coercion, no_text_is_read_beyond_its_number, (std::string text)) {
  json::Value value = json::Value::string(text);
  auto number = parse_number(&value);
  auto integer = parse_integer(&value);
  if (integer) RC_ASSERT(number.has_value());
  if (is_whole_number(text)) RC_ASSERT(number.has_value());
}

/// Whatever the members are, a row is mapped or counted once.
RC_GTEST_PROP(RowMapper, a_row_is_mapped_or_skipped_once, ()) {
  static const std::vector<const char*> k_values = {"null",  "true",  "0",  "-1",  "1e308", "\"\"",
                                                    "\"8\"", "\"x\"", "[]", "[5]", "{}",    "8192"};
  json::Value row = v1_row();
  for (const char* key : {"hw", "model", "infmax_model_prefix", "isl", "osl", "conc", "tp", "ep",
                          "prefill_tp", "decode_tp", "num_prefill_gpu", "image", "framework",
                          "precision", "workers", "request_metrics", "power_valid"}) {
    if (*rc::gen::inRange(0, 4) == 0) row.set(key, parsed(*rc::gen::elementOf(k_values)));
  }
  for (const MappingRules& rules :
       {MappingRules(), MappingRules::april_2026(), MappingRules::september_2026()}) {
    Mapped mapped = map_row(row, rules);
    RC_ASSERT(mapped.skips.total() == (mapped.row ? 0u : 1u));
  }
}

}  // namespace
}  // namespace bl::inference
