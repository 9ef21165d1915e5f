#pragma once

#include <string>
#include <vector>

#include "inference/chart_labels.h"
#include "inference/chart_metrics.h"

/// Ready-made views of the charts (spec/inference.md 5.10). Data file:
/// src/inference/data/charts/presets.toml, to which an operator's are added. Immutable; any thread.
namespace bl::inference {

struct ChartPreset {
  std::string name;  ///< `gb200-vs-b200`
  std::vector<std::string> tags;
  std::string model;     ///< display name
  std::string sequence;  ///< `8k/1k`
  std::vector<std::string> precisions;
  const ChartMetric* metric = nullptr;  ///< never null
  std::vector<std::string> hw_keys;     ///< that are on
  bool timeline = false;                ///< days side by side instead of accelerators
};

std::vector<RegistryFile> built_in_preset_files();
/// Errors: as Registry::read; invalid, too, for a metric, model, sequence or hardware key that
/// `labels` does not know.
Result<std::vector<ChartPreset>> read_presets(const std::vector<RegistryFile>& files,
                                              const ChartLabels& labels);

}  // namespace bl::inference
