#include "inference/skips.h"

#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include "base/utf8.h"

namespace bl::inference {
namespace {

struct ReasonNames {
  std::string_view name;
  std::string_view words;  // in warnings
};
constexpr std::array<ReasonNames, k_skip_reasons> k_reasons = {{
    {"bad_zip", "bad/empty zip"},
    {"unmapped_model", "unmapped model"},
    {"unmapped_hardware", "unmapped hw"},
    {"no_isl_osl", "no isl/osl"},
    {"failed_run", "failed run"},
    {"malformed", "malformed"},
    {"unsupported_version", "unsupported version"},
    {"trace_replay_missing", "trace replay missing"},
    {"quarantined", "quarantined"},
    {"db_error", "DB errors"},
}};

}  // namespace

std::string_view name_of(SkipReason reason) {
  return k_reasons[static_cast<std::size_t>(reason)].name;
}

void SkipTracker::skip(SkipReason reason, std::string_view path, std::string_view value) {
  ++counts_[static_cast<std::size_t>(reason)];
  value = prefix_of_bytes(value, k_value_bytes_max);
  if (reason == SkipReason::unmapped_model) keep(models_, value);
  if (reason == SkipReason::unmapped_hardware) keep(hardware_, value);
  if (examples_.size() < k_examples_max) {
    examples_.push_back({reason, std::string(path), std::string(value)});
  }
}

void SkipTracker::note_precision(std::string_view precision) {
  if (precisions_.size() < k_names_max) {
    precisions_.emplace(prefix_of_bytes(precision, k_value_bytes_max));
  }
}

void SkipTracker::note_metric(std::string_view metric) {
  keep(new_metrics_, prefix_of_bytes(metric, k_value_bytes_max));
}

void SkipTracker::keep(std::set<std::string>& names, std::string_view name) {
  if (!name.empty() && names.size() < k_names_max) names.emplace(name);
}

void SkipTracker::merge(const SkipTracker& other) {
  for (std::size_t i = 0; i < k_skip_reasons; ++i) counts_[i] += other.counts_[i];
  for (const Skip& skip : other.examples_) {
    if (examples_.size() < k_examples_max) examples_.push_back(skip);
  }
  for (const auto& name : other.models_) keep(models_, name);
  for (const auto& name : other.hardware_) keep(hardware_, name);
  for (const auto& name : other.precisions_) note_precision(name);
  for (const auto& name : other.new_metrics_) keep(new_metrics_, name);
}

std::size_t SkipTracker::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
}

std::string SkipTracker::warning() const {
  std::string parts;
  for (std::size_t i = 0; i < k_skip_reasons; ++i) {
    if (counts_[i] == 0) continue;
    parts += parts.empty() ? "" : "; ";
    parts += k_reasons[i].words;
    auto reason = static_cast<SkipReason>(i);
    const auto& names = reason == SkipReason::unmapped_model ? models_ : hardware_;
    bool has_names =
        reason == SkipReason::unmapped_model || reason == SkipReason::unmapped_hardware;
    if (has_names && !names.empty()) parts += fmt::format(" ({})", fmt::join(names, ", "));
    parts += fmt::format(": {}", counts_[i]);
  }
  return parts.empty() ? parts : fmt::format("{} rows dropped — {}", total(), parts);
}

}  // namespace bl::inference
