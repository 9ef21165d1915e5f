#pragma once

#include <algorithm>
#include <cstdint>

#include "traces/model.h"

namespace bl::traces {

/// A stretch of time, half open. Never ends before its start.
struct Extent {
  std::int64_t start_ns = 0, end_ns = 0;
  std::int64_t length() const { return end_ns - start_ns; }
};
inline Extent extent_of(const Span& span) {
  return {span.start_ns, std::max(span.start_ns, span.end_ns)};
}
/// What of `inner` lies in `outer`; of no length, within `outer`, when nothing does.
inline Extent clipped(const Extent& inner, const Extent& outer) {
  const std::int64_t start = std::clamp(inner.start_ns, outer.start_ns, outer.end_ns);
  return {start, std::clamp(inner.end_ns, start, outer.end_ns)};
}

}  // namespace bl::traces
