#pragma once

#include <optional>
#include <string_view>

#include "inference/stored.h"

namespace bl::inference {

/// A file of nvidia-smi or amd-smi, reduced to statistics by metric and GPU; without its origin.
/// nullopt: there is no sample in it.
std::optional<GpuMetricSummary> gpu_summary(std::string_view csv);

}  // namespace bl::inference
