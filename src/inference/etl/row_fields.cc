#include "inference/etl/row_fields.h"

#include <unordered_map>
#include <unordered_set>

#include "base/check.h"

namespace bl::inference {
namespace {

// In the order of Field.
constexpr std::array<std::string_view, k_fields> k_names = {"hw",
                                                            "model",
                                                            "framework",
                                                            "precision",
                                                            "infmax_model_prefix",
                                                            "isl",
                                                            "osl",
                                                            "conc",
                                                            "image",
                                                            "disagg",
                                                            "is_multinode",
                                                            "spec_decoding",
                                                            "tp",
                                                            "ep",
                                                            "dp_attention",
                                                            "prefill_tp",
                                                            "prefill_ep",
                                                            "prefill_dp_attention",
                                                            "prefill_num_workers",
                                                            "decode_tp",
                                                            "decode_ep",
                                                            "decode_dp_attention",
                                                            "decode_num_workers",
                                                            "num_prefill_gpu",
                                                            "num_decode_gpu",
                                                            "recipe_fingerprint",
                                                            "recipe-fingerprint",
                                                            "result_schema_version",
                                                            "num_gpus",
                                                            "num_aggregate_gpu",
                                                            "scenario_type",
                                                            "users",
                                                            "offload_mode",
                                                            "num_requests_total",
                                                            "num_requests_successful",
                                                            "kv_offloading",
                                                            "kv_offload_backend",
                                                            "kv_p2p_transfer",
                                                            "router",
                                                            "request_metrics",
                                                            "server_metrics",
                                                            "dataset",
                                                            "workers",
                                                            "power_invalid_reasons",
                                                            "power_audit",
                                                            "benchmark_outcome",
                                                            "model_prefix",
                                                            "mtp",
                                                            "pp",
                                                            "pcp_size",
                                                            "prefill_pp",
                                                            "prefill_pcp_size",
                                                            "decode_pp",
                                                            "decode_pcp_size",
                                                            "power_valid",
                                                            "power_metric_schema_version"};
static_assert(static_cast<std::size_t>(Field::power_metric_schema_version) + 1 == k_fields);

const std::unordered_map<std::string_view, Field>& fields_by_name() {
  static const auto fields = [] {
    std::unordered_map<std::string_view, Field> all;
    for (std::size_t i = 0; i < k_fields; ++i) all.emplace(k_names[i], static_cast<Field>(i));
    return all;
  }();
  return fields;
}

const std::unordered_set<std::string>& known_metrics() {
  static const auto metrics = [] {
    std::unordered_set<std::string> all = {"tput_per_gpu",
                                           "output_tput_per_gpu",
                                           "input_tput_per_gpu",
                                           "input_tput_tps",
                                           "output_tput_tps",
                                           "total_tput_tps",
                                           "duration_seconds",
                                           "theoretical_cache_hit_rate",
                                           "server_gpu_cache_hit_rate",
                                           "server_cpu_cache_hit_rate",
                                           "server_external_cache_hit_rate",
                                           "gpu_kv_cache_usage_pct",
                                           "total_prompt_tokens",
                                           "total_generation_tokens",
                                           "total_requests_completed",
                                           "kv_cache_pool_tokens",
                                           "allocated_cpu_dram_gb",
                                           "pp",
                                           "dcp_size",
                                           "pcp_size",
                                           "prefill_pp",
                                           "decode_pp",
                                           "prefill_dcp_size",
                                           "decode_dcp_size",
                                           "prefill_pcp_size",
                                           "decode_pcp_size",
                                           "power_valid",
                                           "power_metric_schema_version"};
    for (const char* stat : {"median", "mean", "p75", "p90", "p95", "p99", "p99.9", "std"}) {
      for (const char* what : {"ttft", "tpot", "itl", "e2el", "intvty", "qps", "input_tokens",
                               "output_tokens_actual", "output_tokens_expected", "e2e_norm_intvty",
                               "full_response_itl", "full_response_intvty"}) {
        all.insert(std::string(stat) + "_" + what);
      }
    }
    return all;
  }();
  return metrics;
}

}  // namespace

RowFields::RowFields(const json::Value& row) {
  BL_CHECK(row.is_object());
  kinds_.reserve(row.members().size());
  const auto& fields = fields_by_name();
  for (const auto& [name, value] : row.members()) {
    auto found = fields.find(name);
    if (found == fields.end()) {
      kinds_.push_back(Kind::other);
      continue;
    }
    Field field = found->second;
    found_[static_cast<std::size_t>(field)] = &value;
    kinds_.push_back(field <= Field::num_decode_gpu      ? Kind::april_field
                     : field <= Field::benchmark_outcome ? Kind::september_field
                                                         : Kind::other);
  }
}

bool is_known_metric(std::string_view name) {
  return is_measured_power(name) || known_metrics().contains(std::string(name));
}

bool is_measured_power(std::string_view name) {
  return name.ends_with("_power_w") || name.ends_with("_energy_j") ||
         name.find("joules_per_") != name.npos;
}

}  // namespace bl::inference
