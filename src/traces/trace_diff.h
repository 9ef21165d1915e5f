#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "traces/model.h"

/// How two traces differ, in Tempo's rules and shapes (spec/traces.md 4.1). Signals say in which
/// direction something went, never whether that is good. Pure.
namespace bl::traces {

enum class TraceDiffFormat : unsigned char {
  patch,     ///< `trace-patch-v0`: every span that changed, came or went
  summary,   ///< `trace-summary-v0-native`: totals, by service
  composed,  ///< `trace-summary-v0-composed`: the summary, with the patch when it is small
};
std::optional<TraceDiffFormat> trace_diff_format_named(std::string_view name);
std::string_view name_of(TraceDiffFormat format);

/// One of the two. `spans` outlives the call.
struct DiffSide {
  const Spans& spans;
  TraceId id;
  std::string partial_reason = {};  ///< empty: the spans are the whole trace
};

/// What is too small to be told: the noise of one run against another.
struct DiffTolerance {
  double duration_relative = 0.20;  ///< of the base; a change of a span's duration is told when it
  std::int64_t duration_ns = 1'000'000;  ///< reaches both
  double attribute_relative = 0.05;      ///< of the larger number
  /// A sum's drift is told when it reaches the larger of `duration_ns` and this of the base.
  double sum_relative = 0.05;
};

struct TraceDiffLimits {
  std::size_t spans_max = 100'000;   ///< of each side
  std::size_t entries_max = 20'000;  ///< spans in a patch; more: `stats.truncated`
  std::size_t patch_bytes_max = 32
                                << 20;  ///< deep traces have long paths; must hold what is attached
  std::size_t attached_bytes_max = 64 << 10;  ///< a patch with a summary; larger: `patchOmitted`
};

/// The document as JSON. Spans are matched by (service, name, kind): first below parents that are
/// matched, in the order of their starts, then below parents of the same identity, then anywhere.
/// Attributes that name a thread, a process or a peer's port are not compared; numbers that are
/// codes, ids or ports are compared exactly. `structure` has changed when spans came, went, or have
/// another parent; `structureOverlap` is the share of (parent, child) identities that both have;
/// `matchedSpanRatio` is of the larger trace. Milliseconds are exact decimals.
/// Errors: too_large (the limits of spans and of the patch).
Result<std::string> diff_traces(const DiffSide& base, const DiffSide& compare,
                                TraceDiffFormat format, const TraceDiffLimits& limits = {},
                                const DiffTolerance& tolerance = {});

}  // namespace bl::traces
