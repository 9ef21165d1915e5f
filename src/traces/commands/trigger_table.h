#pragma once

#include <string>
#include <vector>

#include "base/json.h"

/// What has not been built, and the measurements that would justify it: the register of
/// docs/deferred-optimizations.md as data. Private to the commands.
namespace bl::traces {

/// A measurement on the wrong side of a bound.
struct TriggerCondition {
  const char* measurement;  ///< its name in the artifacts
  enum class Side : unsigned char { above, at_most, below } side;
  double bound;
  const char* unit;  ///< `ms`, `share`, `count`, ...
};
struct Trigger {
  const char* id;
  const char* name;
  bool is_reopened;  ///< built already: the measurements say whether it still pays
  /// One of them is enough; of one, all conditions must hold.
  std::vector<std::vector<TriggerCondition>> alternatives;
};
/// In the order of the document.
const std::vector<Trigger>& triggers();

/// One run of a benchmark: measurements by name, each with the samples behind it.
struct TraceArtifact {
  std::string file, profile, created;
  struct Measurement {
    std::string name;
    double value = 0;
    std::int64_t samples = 0;
  };
  std::vector<Measurement> measurements;
};
/// `{"kind":"traces_bench","created":RFC 3339,"profile":"local_nvme","measurements":[{"name",
/// "value","samples"}]}`; nullopt for a document of another kind. Errors: invalid.
Result<std::optional<TraceArtifact>> read_artifact(const std::string& file,
                                                   const json::Value& document);

enum class Verdict : unsigned char { stay_deferred, reopen, not_measured, still_pays };
const char* name_of(Verdict verdict);

/// What the newest runs of one profile say of a condition.
struct ConditionFinding {
  const TriggerCondition* condition;
  std::vector<double> values;  ///< newest first; at most k_runs
  std::string lack;            ///< why it cannot be judged; empty: it can
  bool holds = false;          ///< in every one of k_runs runs
};
struct TriggerFinding {
  const Trigger* trigger;
  Verdict verdict;
  std::vector<std::vector<ConditionFinding>> alternatives;
};
inline constexpr std::size_t k_trigger_runs = 3;        ///< one after the other
inline constexpr std::int64_t k_trigger_samples = 500;  ///< of each measurement
/// `artifacts`: of one profile, newest first.
TriggerFinding judge(const Trigger& trigger, const std::vector<TraceArtifact>& artifacts);

}  // namespace bl::traces
