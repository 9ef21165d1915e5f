#pragma once

#include "conformance/inference_functions.h"
#include "inference/model.h"

namespace bl::inference::conformance {

/// Normalisers and mappers of rows.
std::vector<Function> mapping_functions();

/// What the sweeps' own tools compute: rows, power, recipes, GPU metrics.
std::vector<Function> runner_functions();

/// A deployment as the cases write it.
json::Value config_json(const ServingConfig& config);

}  // namespace bl::inference::conformance
