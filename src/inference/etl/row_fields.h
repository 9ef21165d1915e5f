#pragma once

#include <array>
#include <string_view>

#include "base/json.h"

/// The members of a benchmark row that are no metrics, found in one pass: rows have some sixty
/// members, and a search for each of forty names would cost more than parsing the row.
namespace bl::inference {

enum class Field : unsigned char {
  // since April 2026
  hw,
  model,
  framework,
  precision,
  infmax_model_prefix,
  isl,
  osl,
  conc,
  image,
  disagg,
  is_multinode,
  spec_decoding,
  tp,
  ep,
  dp_attention,
  prefill_tp,
  prefill_ep,
  prefill_dp_attention,
  prefill_num_workers,
  decode_tp,
  decode_ep,
  decode_dp_attention,
  decode_num_workers,
  num_prefill_gpu,
  num_decode_gpu,
  // since September 2026
  recipe_fingerprint,
  recipe_fingerprint_dashed,
  result_schema_version,
  num_gpus,
  num_aggregate_gpu,
  scenario_type,
  users,
  offload_mode,
  num_requests_total,
  num_requests_successful,
  kv_offloading,
  kv_offload_backend,
  kv_p2p_transfer,
  router,
  request_metrics,
  server_metrics,
  dataset,
  workers,
  power_invalid_reasons,
  power_audit,
  benchmark_outcome,
  // metrics, or texts that the mapper also looks at
  model_prefix,
  mtp,
  pp,
  pcp_size,
  prefill_pp,
  prefill_pcp_size,
  decode_pp,
  decode_pcp_size,
  power_valid,
  power_metric_schema_version,
};
inline constexpr std::size_t k_fields = 56;

class RowFields {
 public:
  explicit RowFields(const json::Value& row);

  /// nullptr when absent.
  const json::Value* operator[](Field field) const {
    return found_[static_cast<std::size_t>(field)];
  }
  enum class Era : unsigned char { april, september };
  /// True when the row's i-th member is a metric if its value is a number.
  bool may_be_metric(std::size_t member, Era era) const {
    return era == Era::april ? kinds_[member] != Kind::april_field : kinds_[member] == Kind::other;
  }

 private:
  enum class Kind : unsigned char { other, april_field, september_field };
  std::array<const json::Value*, k_fields> found_{};
  std::vector<Kind> kinds_;
};

/// True for the metrics that the contract names; others are kept and noted.
bool is_known_metric(std::string_view name);
/// True for what was measured with a power meter: worthless where power_valid is 0.
bool is_measured_power(std::string_view name);

}  // namespace bl::inference
