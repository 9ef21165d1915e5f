#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/chart_point.h"

/// Scores of evaluations as a chart shows them (spec/inference.md 5.10). Pure; threads: any.
namespace bl::inference {

/// An evaluation with what a store knows beside it.
struct DatedEvaluation {
  EvalRow row;
  std::int64_t config_id = 0;
  std::string date;       ///< YYYY-MM-DD
  std::string timestamp;  ///< when its run began
  std::optional<std::string> run_url;
};

/// A bar: one configuration, or several that have the same label.
struct EvaluationBar {
  DatedEvaluation evaluation;  ///< the first of them
  std::string hw_key;
  std::string label;  ///< `H200 (SGLang)`, a line break, `FP8, C128, TP8`
  double score = 0;
  double score_error = 0;  ///< of several: half of the range of the error bars
  double score_min = 0;
  double score_max = 0;
  double error_min = 0;  ///< of the error bars, within 0 and 1
  double error_max = 0;
};

struct EvaluationChoice {
  std::string task;
  std::string model;  ///< display name
  std::vector<std::string> precisions;
  std::optional<std::string> date;  ///< nothing newer; of each line its newest date
};
/// The newest scores of each line. Rows with a score of 0 and of unknown hardware are left out.
std::vector<EvaluationBar> evaluation_bars(std::span<const DatedEvaluation> rows,
                                           const EvaluationChoice& choice, const Registry& registry,
                                           const ChartLabels& labels, EvaluationKeys keys);
/// Bars of the hardware keys that are switched on, those of equal labels as one, in the order of
/// accelerator, key and label.
std::vector<EvaluationBar> aggregated(std::span<const EvaluationBar> bars,
                                      const std::set<std::string>& hw_keys,
                                      const ChartLabels& labels);

}  // namespace bl::inference
