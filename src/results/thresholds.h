#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "results/ci_report.h"

/// How much change a project tolerates, and a series that is noisier or quieter than the rest. They
/// answer where a CI report's request does not say its own; the report says which were used. The
/// status of a series and the comparisons of results and runs keep to 5, as their contract has it.
namespace bl::results {

/// One rule. A value that is not set is left to the next: series, project, built in.
struct ThresholdRule {
  std::string repository;
  std::string history_fingerprint;   ///< empty: of the whole project
  std::optional<double> percent, z;  ///< finite, > 0
  bool notify_improvements = false;  ///< of a project
  Timestamp updated_at;
  std::string updated_by;  ///< a name
};

/// Who changes something, and when: for the audit.
struct Change {
  std::string actor_id, actor_name;
  Timestamp at;
};

/// The rules of one project, ready to be asked for each of its series.
class ThresholdRules {
 public:
  ThresholdRules() = default;
  explicit ThresholdRules(std::vector<ThresholdRule> rules);
  /// What the request says wins, value by value. The source is the strongest that any of the two
  /// values is from.
  UsedThresholds of_project(std::optional<double> percent, std::optional<double> z) const;
  UsedThresholds of_series(std::string_view history_fingerprint, std::optional<double> percent,
                           std::optional<double> z) const;
  bool notify_improvements() const { return project_.notify_improvements; }

 private:
  ThresholdRule project_;
  std::map<std::string, ThresholdRule, std::less<>> series_;
};

struct ThresholdLimits {
  std::size_t rules_per_repository_max = 10'000;
};

class ThresholdStore {
 public:
  virtual ~ThresholdStore() = default;
  /// By fingerprint, the project's first.
  virtual Result<std::vector<ThresholdRule>> rules(std::string_view repository) = 0;
  /// The rules that a result of that series is judged by. Empty ones for an unknown series.
  virtual Result<ThresholdRules> rules_of_series(std::string_view history_fingerprint) = 0;
  /// Replaces; durable, with its audit row. Errors: not_found (no such series in that repository),
  /// invalid (more rules than the limit).
  virtual Result<void> set(const ThresholdRule& rule, const Change& change) = 0;
  /// False when there was none.
  virtual Result<bool> remove(std::string_view repository, std::string_view history_fingerprint,
                              const Change& change) = 0;
};

}  // namespace bl::results
