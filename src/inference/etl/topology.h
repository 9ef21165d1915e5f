#pragma once

#include "inference/etl/row_fields.h"
#include "inference/model.h"
#include "inference/rules.h"

namespace bl::inference {

/// Parallelism, workers and GPUs of both roles, from prefill_* and decode_* when there is a
/// prefill_tp, else from tp and ep of one node, which plays both.
void set_topology(ServingConfig& config, const RowFields& row, const MappingRules& rules);

}  // namespace bl::inference
