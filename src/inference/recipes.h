#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

/// Entries of a sweep's generated matrix: what is one recipe, and what a change of the matrix adds
/// (spec/inference.md 2.7, 2.8). An entry is a JSON object; `conc` is a number or a list. Pure.
namespace bl::inference {

/// SHA-256 of the entry without `conc`, `exp-name` and `recipe-fingerprint`: 64 hex digits.
std::string recipe_fingerprint(const json::Value& entry);

/// What `head` adds to `base`, in head's order. Errors: invalid when a recipe or concurrency of
/// base is gone, or nothing was added.
Result<json::Array> append_only_delta(const json::Array& base, const json::Array& head);

/// Of entries that differ in concurrency and name alone, the one with the lowest concurrency; of a
/// list of concurrencies, the lowest. In the order of first appearance.
json::Array lowest_concurrencies(const json::Array& entries);

/// Keys of configurations, each `*` standing for any text, -> the keys of `known` that they mean,
/// each once, in known's order for each pattern. Errors: invalid when one means none.
Result<std::vector<std::string>> expand_config_keys(const std::vector<std::string>& keys,
                                                    const std::vector<std::string>& known);

/// The cluster that a job's name names: the first of `labels`, sorted, that stands there as a word.
std::optional<std::string> cluster_in_job_name(std::string_view job_name,
                                               std::vector<std::string> labels);

/// What the parts of a configuration's key, `{model}-{precision}-{accelerator and framework}`, must
/// be; a list that is empty lets everything through.
struct ConfigKeyFilter {
  std::vector<std::string> model_prefixes;
  std::vector<std::string> precisions;
  std::vector<std::string> gpus;

  bool lets_through(std::string_view key) const;
};

}  // namespace bl::inference
