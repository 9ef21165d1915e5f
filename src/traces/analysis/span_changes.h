#pragma once

#include <string>
#include <vector>

#include "traces/trace_diff.h"

namespace bl::traces {

/// One difference of two spans that are matched.
struct SpanChange {
  enum class Target : unsigned char { field, attribute, event };
  Target target = Target::field;
  std::string name;  ///< of a field: `duration_nanos`, `status`, `status_message`
  std::string key;   ///< of an attribute, or the name of events
  bool is_added = false, is_removed = false;  ///< neither: modified
  AnyValue before, after;                     ///< of events: how many
};
/// Fields first, then attributes and events, each by key. Empty: equal but for noise.
std::vector<SpanChange> changes_of(const Span& base, const Span& compare,
                                   const DiffTolerance& tolerance);

/// Whether a duration's change is more than noise.
bool is_told(std::int64_t base_ns, std::int64_t compare_ns, const DiffTolerance& tolerance);

}  // namespace bl::traces
