#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "inference/chart_labels.h"

/// What names of runs, artifacts and changelog entries say (spec/inference.md 5.9). Pure; any
/// thread.
namespace bl::inference {

/// The hardware and serving of a changelog's configuration key (`dsr1-fp8-h200-trt-mtp`) are those
/// of a hardware key: what stands behind model and precision, with aliases resolved.
bool config_key_matches(const Registry& registry, std::string_view config_key,
                        std::string_view hw_key);
/// For people: `H200 (TRT, MTP) DeepSeek-R1-0528 FP8`; an unknown model is `undefined`.
std::string config_key_label(const Registry& registry, const ChartLabels& labels,
                             std::string_view config_key);

struct ModelAndSequence {
  std::string model;     ///< display name
  std::string sequence;  ///< `8k/1k`
};
/// From an artifact's name: `bmk_dsr1_1k1k_fp8`. nullopt without a known model or sequence.
std::optional<ModelAndSequence> model_and_sequence(const ChartLabels& labels,
                                                   std::string_view artifact_name);
/// From what an artifact says of itself. Lengths of 1024 are `1k`, all others `8k`; 8k/8k is not
/// charted.
struct ArtifactFacts {
  std::string model_prefix;
  double isl = 0;
  double osl = 0;
};
std::optional<ModelAndSequence> model_and_sequence(const ChartLabels& labels,
                                                   const ArtifactFacts& facts);

/// The same address in the repository that took the place of InferenceMAX/InferenceMAX.
std::string current_repository_url(std::string_view url);

}  // namespace bl::inference
