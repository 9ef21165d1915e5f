#include "results/thresholds.h"

#include <algorithm>

namespace bl::results {

ThresholdRules::ThresholdRules(std::vector<ThresholdRule> rules) {
  for (ThresholdRule& rule : rules) {
    if (rule.history_fingerprint.empty()) {
      project_ = std::move(rule);
    } else {
      std::string key = rule.history_fingerprint;
      series_.emplace(std::move(key), std::move(rule));
    }
  }
}

namespace {

void take(const std::optional<double>& value, ThresholdSource source, double& into,
          UsedThresholds& used) {
  if (!value) return;
  into = *value;
  used.source = std::max(used.source, source);
}

void take(const std::optional<double>& percent, const std::optional<double>& z,
          ThresholdSource source, UsedThresholds& used) {
  take(percent, source, used.values.percent, used);
  take(z, source, used.values.z, used);
}

}  // namespace

UsedThresholds ThresholdRules::of_project(std::optional<double> percent,
                                          std::optional<double> z) const {
  UsedThresholds used;
  // A value that the request replaces does not say where the used ones are from.
  take(percent ? std::nullopt : project_.percent, z ? std::nullopt : project_.z,
       ThresholdSource::project, used);
  take(percent, z, ThresholdSource::request, used);
  return used;
}

UsedThresholds ThresholdRules::of_series(std::string_view history_fingerprint,
                                         std::optional<double> percent,
                                         std::optional<double> z) const {
  const auto found = series_.find(history_fingerprint);
  if (found == series_.end()) return of_project(percent, z);
  const ThresholdRule& rule = found->second;
  UsedThresholds used;
  const auto own_percent = percent ? std::nullopt : rule.percent;
  const auto own_z = z ? std::nullopt : rule.z;
  take(percent || own_percent ? std::nullopt : project_.percent,
       z || own_z ? std::nullopt : project_.z, ThresholdSource::project, used);
  take(own_percent, own_z, ThresholdSource::series, used);
  take(percent, z, ThresholdSource::request, used);
  return used;
}

}  // namespace bl::results
