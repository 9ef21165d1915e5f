#include "traces/commands/trigger_table.h"

#include <fmt/format.h>

namespace bl::traces {
namespace {

using Side = TriggerCondition::Side;

bool is_beyond(const TriggerCondition& condition, double value) {
  if (condition.side == Side::above) return value > condition.bound;
  if (condition.side == Side::below) return value < condition.bound;
  return value <= condition.bound;
}

const TraceArtifact::Measurement* find(const TraceArtifact& artifact, std::string_view name) {
  for (const TraceArtifact::Measurement& one : artifact.measurements) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

ConditionFinding judge(const TriggerCondition& condition,
                       const std::vector<TraceArtifact>& artifacts) {
  ConditionFinding finding{.condition = &condition, .values = {}, .lack = {}};
  std::size_t beyond = 0;
  for (const TraceArtifact& artifact : artifacts) {
    if (finding.values.size() == k_trigger_runs) break;
    const TraceArtifact::Measurement* measured = find(artifact, condition.measurement);
    if (measured == nullptr) continue;
    if (measured->samples < k_trigger_samples) {
      finding.lack = fmt::format("{} has {} samples, {} are needed", artifact.file,
                                 measured->samples, k_trigger_samples);
      continue;
    }
    finding.values.push_back(measured->value);
    if (is_beyond(condition, measured->value)) ++beyond;
  }
  if (finding.values.empty() && finding.lack.empty()) finding.lack = "is in no artifact";
  if (!finding.values.empty()) finding.lack.clear();
  finding.holds = beyond == k_trigger_runs;
  return finding;
}

std::string text_at(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

}  // namespace

const std::vector<Trigger>& triggers() {
  static const std::vector<Trigger> all = {
      {"custom-optimizer-rules",
       "Custom optimizer rules",
       false,
       {{{"planning_share_of_warm_p95", Side::above, 0.25, "share"},
         {"planning_ms_p95", Side::above, 2, "ms"}},
        {{"golden_queries_that_lost_a_predicate", Side::above, 0, "count"}}}},
      {"custom-table-provider",
       "Custom table provider: the lake's own pruning reader",
       true,
       {{{"engine_scan_by_id_ms_p95", Side::above, 5, "ms"},
         {"candidate_files_p95", Side::at_most, 4, "count"}},
        {{"engine_scan_files_opened_beyond_bounds", Side::above, 0, "count"}}}},
      {"file-level-trace-index",
       "File-level trace index",
       false,
       {{{"candidate_files_p95", Side::above, 8, "count"}},
        {{"full_fallback_share", Side::above, 0.02, "share"}},
        {{"unknown_id_files_p95", Side::above, 64, "count"}},
        {{"unknown_id_ms_p95", Side::above, 1'000, "ms"}},
        {{"spans_of_largest_window", Side::above, 1e9, "count"}}}},
      {"cross-node-metadata-cache",
       "Cross-node metadata cache",
       false,
       {{{"footer_bytes_shared_share", Side::above, 0.30, "share"},
         {"cold_over_warm_p95", Side::above, 3, "ratio"},
         {"warmup_budget_used_share", Side::above, 0.99, "share"}}}},
      {"ephemeral-data-cache",
       "Ephemeral data cache",
       false,
       {{{"large_range_bytes_share", Side::above, 0.50, "share"},
         {"large_range_rereads_per_hour", Side::above, 2.99, "count"},
         {"memory_cache_hit_share", Side::below, 0.80, "share"},
         {"projected_p95_gain_share", Side::above, 0.30, "share"}}}},
      {"longer-result-lifetime",
       "Longer lifetime of cached results",
       false,
       {{{"stale_answers", Side::at_most, 0, "count"},
         {"result_cache_hit_gain_share", Side::above, 0.20, "share"}}}},
      {"partition-by-service",
       "Partitions by service or project",
       false,
       {{{"reads_with_service_share", Side::above, 0.70, "share"},
         {"services", Side::below, 50, "count"}}}},
  };
  return all;
}

Result<std::optional<TraceArtifact>> read_artifact(const std::string& file,
                                                   const json::Value& document) {
  if (text_at(document, "kind") != "traces_bench") return std::optional<TraceArtifact>();
  TraceArtifact artifact{.file = file,
                         .profile = text_at(document, "profile"),
                         .created = text_at(document, "created"),
                         .measurements = {}};
  const json::Value* measurements = document.find("measurements");
  if (artifact.created.empty() || measurements == nullptr || !measurements->is_array()) {
    return Error{Code::invalid, file + ": an artifact needs `created` and `measurements`"};
  }
  for (const json::Value& one : measurements->items()) {
    const json::Value* value = one.find("value");
    const json::Value* samples = one.find("samples");
    const std::string name = text_at(one, "name");
    if (name.empty() || value == nullptr || !value->is_number() || samples == nullptr ||
        !samples->is_number()) {
      return Error{Code::invalid, file + ": a measurement needs `name`, `value` and `samples`: " +
                                      json::to_text(one)};
    }
    artifact.measurements.push_back({name, value->as_double(), samples->as_int64().value_or(0)});
  }
  return std::optional(std::move(artifact));
}

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::stay_deferred:
      return "stay deferred";
    case Verdict::reopen:
      return "reopen";
    case Verdict::not_measured:
      return "not measured";
    case Verdict::still_pays:
      return "reopened, and it pays";
  }
  return "";
}

TriggerFinding judge(const Trigger& trigger, const std::vector<TraceArtifact>& artifacts) {
  TriggerFinding finding{
      .trigger = &trigger, .verdict = Verdict::stay_deferred, .alternatives = {}};
  bool is_open = false;  // an alternative that could still hold, if its lacks were measured
  bool holds = false;
  for (const auto& conditions : trigger.alternatives) {
    bool all_hold = true, one_is_refuted = false, one_lacks = false;
    auto& findings = finding.alternatives.emplace_back();
    for (const TriggerCondition& condition : conditions) {
      const ConditionFinding& one = findings.emplace_back(judge(condition, artifacts));
      all_hold = all_hold && one.holds;
      one_lacks = one_lacks || !one.lack.empty();
      one_is_refuted = one_is_refuted || (one.lack.empty() && !one.holds);
    }
    holds = holds || all_hold;
    is_open = is_open || (one_lacks && !one_is_refuted);
  }
  if (holds) {
    finding.verdict = trigger.is_reopened ? Verdict::still_pays : Verdict::reopen;
  } else if (is_open) {
    finding.verdict = Verdict::not_measured;
  }
  return finding;
}

}  // namespace bl::traces
