#include <array>

#include "inference/coercion.h"
#include "inference/decode.h"
#include "inference/etl/values.h"

namespace bl::inference {
namespace {

struct Renamed {
  std::string_view from, to;
};
constexpr std::array<Renamed, 4> k_scores = {
    {{"exact_match,strict-match", "em_strict"},
     {"exact_match_stderr,strict-match", "em_strict_se"},
     {"exact_match,flexible-extract", "em_flexible"},
     {"exact_match_stderr,flexible-extract", "em_flexible_se"}}};

constexpr std::array<std::string_view, 7> k_aggregate_metrics = {
    "em_strict", "em_strict_se", "em_flexible", "em_flexible_se", "n_eff", "score", "score_se"};

std::string_view score_name(std::string_view name) {
  for (const Renamed& score : k_scores) {
    if (score.from == name) return score.to;
  }
  return name;
}

}  // namespace

std::optional<ServingConfig> RowMapper::eval_config(const json::Value& meta,
                                                    std::string_view path) {
  const json::Value* prefix = meta.find("infmax_model_prefix");
  if (!prefix || prefix->is_null()) prefix = meta.find("model_prefix");
  auto names = names_of(prefix, meta.find("model"), meta.find("hw"), path);
  if (!names) return std::nullopt;
  ServingConfig config;
  set_names(config, *names, meta.find("framework"), meta.find("disagg"), meta.find("precision"),
            meta.find("spec_decoding"));
  if (rules_.eval_topology == MappingRules::EvalTopology::stated) {
    set_stated_topology(config, meta, rules_);
    return config;
  }
  config.prefill_tp = config.decode_tp = integer_of(meta.find("tp")).value_or(1);
  config.prefill_ep = config.decode_ep = integer_of(meta.find("ep")).value_or(1);
  config.prefill_dp_attention = config.decode_dp_attention = parse_bool(meta.find("dp_attention"));
  config.num_prefill_gpu = config.num_decode_gpu = times(config.decode_tp, config.decode_ep);
  return config;
}

std::vector<EvalRow> RowMapper::eval_rows(const json::Value& meta, const json::Value& results,
                                          std::string_view path) {
  std::vector<EvalRow> rows;
  auto config = eval_config(meta, path);
  const json::Value* tasks = results.find("results");
  if (!config || !tasks || !tasks->is_object()) return rows;
  const json::Value* samples = results.find("n-samples");
  const json::Value* version = results.find("lm_eval_version");
  for (const auto& [task, scores] : tasks->members()) {
    EvalRow row{.config = *config,
                .task = lower_case(task),
                .isl = integer_of(meta.find("isl")),
                .osl = integer_of(meta.find("osl")),
                .conc = integer_of(meta.find("conc")),
                .lm_eval_version = std::nullopt,
                .metrics = {}};
    if (is_truthy(version)) row.lm_eval_version = text_of(version);
    if (scores.is_object()) {
      for (const auto& [name, value] : scores.members()) {
        if (name == "alias") continue;
        if (auto number = metric_of(value)) set_metric(row.metrics, score_name(name), *number);
      }
    }
    const json::Value* counts = samples ? samples->find(task) : nullptr;
    const json::Value* effective = counts ? counts->find("effective") : nullptr;
    auto n_eff = effective ? metric_of(*effective) : std::nullopt;
    if (n_eff) set_metric(row.metrics, "n_eff", *n_eff);
    if (is_possible(row)) {
      rows.push_back(std::move(row));
    } else {
      tracker_.skip(SkipReason::malformed, path, "a count that cannot be");
    }
  }
  return rows;
}

std::optional<EvalRow> RowMapper::aggregate_eval_row(const json::Value& row,
                                                     std::string_view path) {
  if (!row.is_object()) {
    tracker_.skip(SkipReason::malformed, path, "not an object");
    return std::nullopt;
  }
  std::string task = lower_case(text_of(row.find("task")));
  if (task.empty()) return std::nullopt;
  auto config = eval_config(row, path);
  if (!config) return std::nullopt;
  EvalRow out{.config = std::move(*config),
              .task = std::move(task),
              .isl = std::nullopt,
              .osl = std::nullopt,
              .conc = integer_of(row.find("conc")),
              .lm_eval_version = std::nullopt,
              .metrics = {}};
  if (rules_.eval_topology == MappingRules::EvalTopology::stated) {
    // 0 is written where the lengths were not known.
    out.isl = positive(integer_of(row.find("isl")));
    out.osl = positive(integer_of(row.find("osl")));
    out.conc = positive(out.conc);
  }
  if (!out.isl || !out.osl) {
    auto sequence = sequence_in_name(text_of(row.find("source")));
    out.isl = sequence ? std::optional(sequence->isl) : std::nullopt;
    out.osl = sequence ? std::optional(sequence->osl) : std::nullopt;
  }
  for (std::string_view name : k_aggregate_metrics) {
    const json::Value* value = row.find(name);
    auto number = value ? metric_of(*value) : std::nullopt;
    if (number) out.metrics.emplace_back(name, *number);
  }
  if (is_possible(out)) return out;
  tracker_.skip(SkipReason::malformed, path, "a count that cannot be");
  return std::nullopt;
}

}  // namespace bl::inference
