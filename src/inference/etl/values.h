#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "inference/model.h"
#include "inference/rules.h"

/// Small readings that the mappers of benchmarks and evaluations share.
namespace bl::inference {

/// As parse_integer; nullopt also for what is beyond 2^53.
std::optional<std::int64_t> integer_of(const json::Value* value);
inline std::optional<std::int64_t> positive(std::optional<std::int64_t> number) {
  return number && *number > 0 ? number : std::nullopt;
}
std::optional<std::string> text_unless_empty(const json::Value* value);
/// a x b, or a when that does not fit: a count of GPUs that large is refused anyway.
std::int64_t times(std::int64_t a, std::int64_t b);
/// Fits the store's columns: 1 to 2^31-1.
inline bool is_length(std::int64_t number) {
  return number >= 1 && number <= INT32_MAX;
}

/// Whether and how a row says its topology: prefill_*, decode_*, or tp and ep of one node.
void set_stated_topology(ServingConfig& config, const json::Value& row, const MappingRules& rules);
/// True when a store can take the topology.
bool is_possible_topology(const ServingConfig& config);

}  // namespace bl::inference
