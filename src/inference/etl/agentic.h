#pragma once

#include <optional>
#include <string>

#include "inference/etl/row_fields.h"
#include "inference/model.h"

/// What only rows of agentic scenarios have, and what is measured with a power meter.
namespace bl::inference {

/// Interactivity as 1 / inter-token latency, for each statistic (full responses' latency where
/// there is one); without a latency there is no interactivity.
void recompute_interactivity(Metrics& metrics);

/// mooncake, nixl, mori or ucx; nullopt for anything else.
std::optional<std::string> kv_transfer_lib(const json::Value* kv_p2p_transfer);

/// Takes over workers, audit and reasons, and removes what was measured when it is not valid.
void apply_power_contract(const RowFields& fields, BenchmarkRow& row);

}  // namespace bl::inference
