#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "inference/model.h"
#include "inference/names.h"
#include "inference/registry.h"
#include "inference/rules.h"
#include "inference/skips.h"

/// Rows of result files -> the domain's values (spec/inference.md 2.2 to 2.7, 3.6 to 3.8). What
/// cannot be read is counted in a SkipTracker with its path; nothing here fails otherwise. Pure.
namespace bl::inference {

/// Reads rows. Keep registry and tracker longer. One thread (the tracker's).
class RowMapper {
 public:
  RowMapper(const Registry& registry, MappingRules rules, SkipTracker& tracker)
      : registry_(registry), rules_(rules), tracker_(tracker) {}

  /// One benchmark row of schema v1 (tp, ep), v2 (prefill_*, decode_*), flat agentic, or AgentX v3
  /// (nested metrics). `fallback` stands in for an absent isl or osl. Cost: about 4 us.
  std::optional<BenchmarkRow> benchmark_row(const json::Value& row, std::string_view path,
                                            std::optional<Sequence> fallback = std::nullopt);
  /// Every row of a document: an array of rows, or one.
  std::vector<BenchmarkRow> benchmark_rows(const json::Value& document, std::string_view path,
                                           std::optional<Sequence> fallback = std::nullopt);
  /// The tasks of one evaluation: meta_env.json and results_*.json.
  std::vector<EvalRow> eval_rows(const json::Value& meta, const json::Value& results,
                                 std::string_view path);
  /// One row of agg_eval_all.json. A row without a task is nobody's: nullopt, not counted.
  std::optional<EvalRow> aggregate_eval_row(const json::Value& row, std::string_view path);
  /// `{hw: {n_success, total}}`; accelerators that are unknown are skipped and counted.
  std::vector<RunStat> run_stats(const json::Value& document, std::string_view path);

 private:
  struct Names {
    std::string model;
    std::string hardware;
  };
  std::optional<Names> names_of(const json::Value* prefix, const json::Value* model,
                                const json::Value* hw, std::string_view path);
  void set_names(ServingConfig& config, const Names& names, const json::Value* framework,
                 const json::Value* disagg, const json::Value* precision,
                 const json::Value* spec_decoding);
  std::optional<ServingConfig> eval_config(const json::Value& meta, std::string_view path);
  bool is_possible(const BenchmarkRow& row) const;
  bool is_possible(const EvalRow& row) const;
  std::optional<double> metric_of(const json::Value& value) const;

  const Registry& registry_;
  MappingRules rules_;
  SkipTracker& tracker_;
};

/// The entries of changelog_metadata.json (its `entries`); what is no object is left out.
std::vector<ChangelogEntry> changelog_entries(const Registry& registry, const json::Value* entries);

/// True when an entry says that the run was for evaluations alone: its benchmarks do not count.
bool is_evals_only(const std::vector<ChangelogEntry>& entries);

/// An AgentX v3 row's nested metrics, flat and under the names of the other schemas, interactivity
/// recomputed from inter-token latency. Empty for a row that has none.
Metrics agentic_metrics(const json::Value& row);
/// `on` or `off`: offload_mode, else kv_offloading or offloading, else off.
std::string offload_mode(const json::Value& row);

}  // namespace bl::inference
