#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "traces/model.h"

/// How two sets of traces differ: runs of a benchmark before a change, and behind it. One run is
/// one trace; told is only what is larger than the noise from run to run (spec/traces.md 5.2).
/// Pure.
namespace bl::traces {

struct SetDiffOptions {
  /// Expected share of false ones among the changes told (Benjamini and Hochberg, over all that was
  /// compared).
  double false_share_max = 0.05;
  /// A change of a time is told when the shift reaches both.
  double time_relative_min = 0.02;  ///< of the base's median
  double time_ns_min = 1'000;
};
struct SetDiffLimits {
  std::size_t runs_max = 1'000;  ///< of each set
  std::size_t spans_max = 2'000'000;
  std::size_t paths_max = 50'000;
  int depth_max = 200;  ///< deeper spans are left out, and counted
};

/// One number of each run, in two sets.
struct SetMeasure {
  double base_p50 = 0, base_p95 = 0, compare_p50 = 0, compare_p95 = 0;  ///< nearest rank
  double shift = 0, shift_low = 0, shift_high = 0;  ///< with the interval of 95 %
  double p_value = 1;                               ///< that both sets are one (Mann and Whitney)
  bool is_change = false;
};
struct PathStep {
  std::string service, name;
  SpanKind kind = SpanKind::unspecified;
  bool operator==(const PathStep&) const = default;
};
/// Spans of one identity: the steps from a root to them.
struct PathDiff {
  std::vector<PathStep> path;
  double base_presence = 0, compare_presence = 0;  ///< share of the runs that have such a span
  SetMeasure spans;                                ///< how many a run has; 0 where it has none
  SetMeasure duration_ns;           ///< mean of a run's spans, of runs that have some
  SetMeasure self_ns, critical_ns;  ///< a run's sum; 0 where it has none
  /// Of single spans, all runs together.
  double base_duration_p50 = 0, base_duration_p95 = 0;
  double compare_duration_p50 = 0, compare_duration_p95 = 0;
};
struct SetDiff {
  std::size_t base_runs = 0, compare_runs = 0;
  /// False: so few runs that no difference, however large, would be evidence.
  bool can_decide = false;
  SetMeasure trace_ns;  ///< whole traces
  std::size_t paths_compared = 0;
  std::vector<PathDiff>
      changed;  ///< by the shift of critical, then of self time, the largest first
  std::int64_t left_out_spans = 0;
};
/// Where the time of traces went, never whether that is good.
enum class SetDirection : unsigned char { unchanged, increased, decreased, undecided };
std::string_view name_of(SetDirection direction);
/// Of whole traces, where their time changed. Else of what holds them up: the shifts on the
/// critical path that are told, unless they cancel each other out, as of work that moved from one
/// span to another (then the sum is less than half of what moved).
SetDirection direction_of(const SetDiff& diff);
/// Errors: invalid (a set without runs), too_large. Cost: n log n of all spans, and for each path
/// the product of the numbers of runs.
Result<SetDiff> diff_sets(std::span<const Spans> base, std::span<const Spans> compare,
                          const SetDiffOptions& options = {}, const SetDiffLimits& limits = {});
/// As JSON: snake_case, times in nanoseconds, intervals as `[low, high]`.
std::string encode_set_diff(const SetDiff& diff);

/// What an operation contributes to the critical path: numbers for a metric that is tracked per
/// commit.
struct CriticalShare {
  std::string service, name;
  double median_ns = 0, low_ns = 0, high_ns = 0;  ///< over the runs; 0 where it is not on the path
  double share = 0;                               ///< of the sum of all runs' critical paths, 0..1
  std::size_t runs = 0;                           ///< in which it is on the path
  std::vector<double> values_ns;                  ///< one for each run, in their order; 0 as above
};
/// By share, descending.
std::vector<CriticalShare> critical_shares(std::span<const Spans> runs);

}  // namespace bl::traces
