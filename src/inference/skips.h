#pragma once

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What an ingest left out, counted by reason and named, so that a new GPU or model is noticed and
/// nothing is lost silently (spec/inference.md 3.4).
namespace bl::inference {

enum class SkipReason : unsigned char {
  bad_zip,
  unmapped_model,
  unmapped_hardware,
  no_isl_osl,
  failed_run,
  malformed,  ///< no object, or values that cannot be
  unsupported_version,
  trace_replay_missing,
  quarantined,
  db_error,
};
inline constexpr std::size_t k_skip_reasons = 10;
/// `unmapped_model`: for answers and metrics.
std::string_view name_of(SkipReason reason);

/// One thing that was left out.
struct Skip {
  SkipReason reason = SkipReason::malformed;
  std::string path;   ///< artifact, entry and JSON pointer: `bmk_x.zip/agg.json#/3`
  std::string value;  ///< what was not understood, shortened; may be empty
};

/// Counts are exact; names and examples are kept up to a bound. One thread; merge() joins those of
/// several.
class SkipTracker {
 public:
  static constexpr std::size_t k_examples_max = 1000;
  static constexpr std::size_t k_names_max = 1000;  ///< of each kind
  static constexpr std::size_t k_value_bytes_max = 200;

  void skip(SkipReason reason, std::string_view path, std::string_view value = {});
  /// The row is kept, but its precision is unknown to the registry.
  void note_precision(std::string_view precision);
  /// The row is kept, with a metric that nobody has named yet.
  void note_metric(std::string_view metric);
  void merge(const SkipTracker& other);

  std::size_t count(SkipReason reason) const { return counts_[static_cast<std::size_t>(reason)]; }
  std::size_t total() const;
  const std::vector<Skip>& examples() const { return examples_; }
  const std::set<std::string>& models() const { return models_; }
  const std::set<std::string>& hardware() const { return hardware_; }
  const std::set<std::string>& precisions() const { return precisions_; }
  const std::set<std::string>& new_metrics() const { return new_metrics_; }
  /// `4 rows dropped — unmapped model (a, b): 3; no isl/osl: 1`; empty when nothing was left out.
  std::string warning() const;

 private:
  static void keep(std::set<std::string>& names, std::string_view name);

  std::array<std::size_t, k_skip_reasons> counts_{};
  std::vector<Skip> examples_;
  std::set<std::string> models_, hardware_, precisions_, new_metrics_;
};

}  // namespace bl::inference
