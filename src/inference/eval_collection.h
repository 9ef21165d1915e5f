#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

/// Single evaluations -> rows of agg_eval_all.json, as the sweeps' tools collect them
/// (spec/inference.md 2.6). Pure.
namespace bl::inference {

/// The scores of each task of a results_*.json: task, strict, strict_se, flex, flex_se, accuracy,
/// accuracy_se, n_eff, model, source; null where there is none. `source`: where it was read.
json::Array eval_scores(const json::Value& results, std::string_view source);

/// One row from a meta_env.json and one of eval_scores. What meta lacks is `unknown`, 0 or 1.
json::Value aggregate_eval(const json::Value& meta, const json::Value& scores);

/// `results_x_conc64.json` -> 64; nullopt for another name.
std::optional<std::int64_t> concurrency_in_name(std::string_view file_name);

}  // namespace bl::inference
