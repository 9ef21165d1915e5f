#include "inference/evaluation_chart.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "inference/english_order.h"

namespace bl::inference {
namespace {

double first_of(const Metrics& values, std::string_view name, std::string_view otherwise) {
  for (const std::string_view candidate : {name, otherwise}) {
    if (const double* found = find_metric(values, candidate)) return *found;
  }
  return 0;
}

std::string label_of(const EvalRow& row, std::string_view hw_key, const EvaluationChoice& choice,
                     const ChartLabels& labels) {
  const ServingConfig& c = row.config;
  std::string words = labels.framework(c.framework);
  if (!c.spec_method.empty() && c.spec_method != "none")
    words += ", " + labels.framework(c.spec_method);
  std::string label = labels.hardware(hw_key).label;
  if (!words.empty()) label += " (" + words + ")";
  label += "\n";
  if (choice.precisions.size() > 1) label += labels.precision(c.precision) + ", ";
  if (row.conc) label += "C" + std::to_string(*row.conc) + ", ";
  return label + "TP" + std::to_string(c.decode_tp);
}

using Line = std::tuple<std::string, std::string, std::string, std::string>;
Line line_of(const EvaluationBar& bar) {
  const ServingConfig& c = bar.evaluation.row.config;
  return {bar.hw_key, c.framework, c.spec_method, c.precision};
}

void set_range(EvaluationBar& bar) {
  bar.score_min = bar.score_max = bar.score;
  bar.error_min = std::max(0.0, bar.score - bar.score_error);
  bar.error_max = std::min(1.0, bar.score + bar.score_error);
}

}  // namespace

std::vector<EvaluationBar> evaluation_bars(std::span<const DatedEvaluation> rows,
                                           const EvaluationChoice& choice, const Registry& registry,
                                           const ChartLabels& labels, EvaluationKeys keys) {
  const auto chosen = [&](const DatedEvaluation& one) {
    const ServingConfig& c = one.row.config;
    const auto& precisions = choice.precisions;
    return one.row.task == choice.task && model_display(registry, c.model) == choice.model &&
           std::find(precisions.begin(), precisions.end(), c.precision) != precisions.end() &&
           (!choice.date || one.date <= *choice.date);
  };
  std::vector<EvaluationBar> bars;
  std::map<Line, std::string> newest;
  for (const DatedEvaluation& one : rows) {
    if (!chosen(one)) continue;
    const ServingConfig& c = one.row.config;
    const auto key =
        evaluation_hardware_key(labels, registry, c.hardware, c.framework, c.spec_method, keys);
    const double score = first_of(one.row.metrics, "em_strict", "score");
    if (!key || score == 0) continue;
    EvaluationBar bar{.evaluation = one,
                      .hw_key = *key,
                      .label = label_of(one.row, *key, choice, labels),
                      .score = score,
                      .score_error = first_of(one.row.metrics, "em_strict_se", "score_se")};
    set_range(bar);
    std::string& date = newest[line_of(bar)];
    date = std::max(date, one.date);
    bars.push_back(std::move(bar));
  }
  std::erase_if(
      bars, [&](const EvaluationBar& bar) { return bar.evaluation.date != newest[line_of(bar)]; });
  return bars;
}

std::vector<EvaluationBar> aggregated(std::span<const EvaluationBar> bars,
                                      const std::set<std::string>& hw_keys,
                                      const ChartLabels& labels) {
  std::map<std::string, std::vector<EvaluationBar>> by_label;
  for (const EvaluationBar& bar : bars) {
    if (hw_keys.contains(bar.hw_key)) by_label[bar.label].push_back(bar);
  }
  std::vector<EvaluationBar> merged;
  for (auto& [label, group] : by_label) {
    EvaluationBar all = group.front();
    set_range(all);
    double sum = 0;
    for (EvaluationBar& bar : group) {
      set_range(bar);
      sum += bar.score;
      all.score_min = std::min(all.score_min, bar.score);
      all.score_max = std::max(all.score_max, bar.score);
      all.error_min = std::min(all.error_min, bar.error_min);
      all.error_max = std::max(all.error_max, bar.error_max);
    }
    all.score = sum / static_cast<double>(group.size());
    all.score_error = (all.error_max - all.error_min) / 2;
    merged.push_back(std::move(all));
  }
  std::stable_sort(merged.begin(), merged.end(), [&](const auto& a, const auto& b) {
    const auto index_a = labels.sort_index(a.hw_key), index_b = labels.sort_index(b.hw_key);
    if (index_a != index_b) return index_a < index_b;
    if (a.hw_key != b.hw_key) return english_before(a.hw_key, b.hw_key);
    return english_before(a.label, b.label);
  });
  return merged;
}

}  // namespace bl::inference
