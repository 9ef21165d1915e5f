#include "inference/etl/topology.h"

#include <cmath>

#include "inference/coercion.h"
#include "inference/etl/values.h"

namespace bl::inference {
namespace {

constexpr double k_exact_max = 9007199254740992.0;  // 2^53

std::int64_t integer_or(const json::Value* value, std::int64_t otherwise) {
  return integer_of(value).value_or(otherwise);
}

/// What the fields of one role (prefill or decode) are called.
struct Role {
  Field tp, ep, dp_attention, num_workers, num_gpu, pp, pcp_size;
};
constexpr Role k_prefill = {Field::prefill_tp,           Field::prefill_ep,
                            Field::prefill_dp_attention, Field::prefill_num_workers,
                            Field::num_prefill_gpu,      Field::prefill_pp,
                            Field::prefill_pcp_size};
constexpr Role k_decode = {
    Field::decode_tp,      Field::decode_ep, Field::decode_dp_attention, Field::decode_num_workers,
    Field::num_decode_gpu, Field::decode_pp, Field::decode_pcp_size};

struct RoleTopology {
  std::int64_t tp = 1, ep = 1, num_workers = 0, num_gpu = 1;
  bool dp_attention = false;
};

class Topology {
 public:
  Topology(const RowFields& row, const MappingRules& rules) : row_(row), rules_(rules) {}

  RoleTopology of_role(const Role& role) const {
    RoleTopology is{.tp = integer_or(row_[role.tp], 1),
                    .ep = integer_or(row_[role.ep], 1),
                    .num_workers = integer_or(row_[role.num_workers], 0),
                    .num_gpu = 1,
                    .dp_attention = parse_bool(row_[role.dp_attention])};
    is.num_gpu = gpus(is, row_[role.num_gpu], row_[role.pp], row_[role.pcp_size]);
    return is;
  }

  /// Both roles of a deployment that has no roles.
  RoleTopology of_node() const {
    RoleTopology is{.tp = integer_or(row_[Field::tp], 1),
                    .ep = integer_or(row_[Field::ep], 1),
                    .num_workers = 0,
                    .num_gpu = 1,
                    .dp_attention = parse_bool(row_[Field::dp_attention])};
    is.num_gpu = gpus(is, nullptr, row_[Field::pp], row_[Field::pcp_size]);
    return is;
  }

 private:
  std::int64_t gpus(const RoleTopology& is, const json::Value* stated, const json::Value* pp,
                    const json::Value* pcp) const {
    bool only_fixed = rules_.schemas == MappingRules::Schemas::fixed_sequences;
    if (auto count = integer_of(stated)) return *count;
    if (auto count = integer_of(row_[Field::num_gpus]); count && !only_fixed) return *count;
    bool is_shared = rules_.gpu_counts == MappingRules::GpuCounts::shared;
    bool is_explicit = !only_fixed && (pp || pcp);
    std::int64_t one = is_shared || is_explicit
                           ? times(times(is.tp, integer_or(pp, 1)), integer_or(pcp, 1))
                           : times(is.tp, is.ep);
    return only_fixed ? one : times(one, std::max<std::int64_t>(is.num_workers, 1));
  }

  const RowFields& row_;
  const MappingRules& rules_;
};

void set_topology(ServingConfig& config, const RoleTopology& prefill, const RoleTopology& decode) {
  config.prefill_tp = prefill.tp;
  config.prefill_ep = prefill.ep;
  config.prefill_dp_attention = prefill.dp_attention;
  config.prefill_num_workers = prefill.num_workers;
  config.num_prefill_gpu = prefill.num_gpu;
  config.decode_tp = decode.tp;
  config.decode_ep = decode.ep;
  config.decode_dp_attention = decode.dp_attention;
  config.decode_num_workers = decode.num_workers;
  config.num_decode_gpu = decode.num_gpu;
}

}  // namespace

std::optional<std::int64_t> integer_of(const json::Value* value) {
  auto number = parse_integer(value);
  if (!number || !(std::abs(*number) <= k_exact_max)) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<std::string> text_unless_empty(const json::Value* value) {
  std::string text = text_of(value);
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::int64_t times(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? a : product;
}

void set_topology(ServingConfig& config, const RowFields& row, const MappingRules& rules) {
  Topology topology(row, rules);
  if (row[Field::prefill_tp]) {
    set_topology(config, topology.of_role(k_prefill), topology.of_role(k_decode));
  } else {
    RoleTopology node = topology.of_node();
    set_topology(config, node, node);
  }
  bool has_decoders = config.decode_num_workers > 0;
  if (rules.schemas == MappingRules::Schemas::all) config.disagg |= has_decoders;
}

void set_stated_topology(ServingConfig& config, const json::Value& row, const MappingRules& rules) {
  RowFields fields(row);
  config.is_multinode = parse_bool(fields[Field::is_multinode]);
  set_topology(config, fields, rules);
}

bool is_possible_topology(const ServingConfig& config) {
  auto is_count = [](std::int64_t count) { return count >= 0 && count <= INT16_MAX; };
  auto is_positive = [&](std::int64_t count) { return count >= 1 && is_count(count); };
  // An aggregated deployment over several nodes has no decoders: zeros are theirs.
  return is_positive(config.prefill_tp) && is_positive(config.prefill_ep) &&
         is_positive(config.num_prefill_gpu) && is_count(config.prefill_num_workers) &&
         is_count(config.decode_tp) && is_count(config.decode_ep) &&
         is_count(config.num_decode_gpu) && is_count(config.decode_num_workers);
}

}  // namespace bl::inference
