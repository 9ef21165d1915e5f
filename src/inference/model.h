#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

/// The values of this domain: what the files of an inference sweep say, with canonical names. No
/// I/O.
namespace bl::inference {

/// One serving deployment; all members together are its natural key.
struct ServingConfig {
  std::string hardware;     ///< registry key, `mi355x`
  std::string framework;    ///< canonical, lower case; may be unknown to the registry
  std::string model;        ///< registry key, `dsr1`
  std::string precision;    ///< canonical, lower case; may be empty
  std::string spec_method;  ///< `none`, `mtp`, ...
  bool disagg = false;
  bool is_multinode = false;
  std::int64_t prefill_tp = 1;
  std::int64_t prefill_ep = 1;
  bool prefill_dp_attention = false;
  std::int64_t prefill_num_workers = 0;
  std::int64_t decode_tp = 1;
  std::int64_t decode_ep = 1;
  bool decode_dp_attention = false;
  std::int64_t decode_num_workers = 0;
  std::int64_t num_prefill_gpu = 1;
  std::int64_t num_decode_gpu = 1;
  bool operator==(const ServingConfig&) const = default;
};

/// The members joined with `:` in their order: the key of the configuration cache.
std::string config_cache_key(const ServingConfig& config);

/// Name and value, in the order of the file. Throughputs in tokens/s/GPU, latencies in seconds,
/// interactivity in tokens/s/user.
using Metrics = std::vector<std::pair<std::string, double>>;
/// nullptr when there is none of that name.
const double* find_metric(const Metrics& metrics, std::string_view name);
/// Replaces or appends.
void set_metric(Metrics& metrics, std::string_view name, double value);

/// One measured point of a sweep.
struct BenchmarkRow {
  ServingConfig config;
  std::string benchmark_type = "single_turn";  ///< or `agentic_traces`
  std::optional<std::int64_t> isl;             ///< tokens; none in agentic scenarios
  std::optional<std::int64_t> osl;
  std::int64_t conc = 0;  ///< concurrent requests, or users
  std::optional<std::string> image;
  Metrics metrics;
  std::optional<std::string> offload_mode;  ///< `on`, `off`; agentic scenarios only
  std::optional<std::string> recipe_fingerprint;
  std::optional<std::string> kv_transfer_lib;
  json::Value workers;      ///< measured power of each worker; null when there is none
  json::Value power_audit;  ///< null when there is none
  std::vector<std::string> power_invalid_reasons;
};

/// One task of an evaluation of a model's answers.
struct EvalRow {
  ServingConfig config;
  std::string task;  ///< lower case
  std::optional<std::int64_t> isl;
  std::optional<std::int64_t> osl;
  std::optional<std::int64_t> conc;
  std::optional<std::string> lm_eval_version;
  Metrics metrics;
};

/// How often jobs on one accelerator succeeded in a run.
struct RunStat {
  std::string hardware;
  std::int64_t n_success = 0;  ///< at most total
  std::int64_t total = 0;
};

/// One entry of changelog_metadata.json.
struct ChangelogEntry {
  std::vector<std::string> config_keys;  ///< frameworks under their canonical names
  std::string description;
  std::optional<std::string> pr_link;
  bool evals_only = false;
  bool append_only = false;
};

}  // namespace bl::inference
