#pragma once

namespace bl::verdict {

/// Whether a relative change (1 is twice as much) is within three percent of the step from one unit
/// to another: 60, 100, 1000, 1024, 3600 and the powers of a thousand and of 1024, up or down. Such
/// a jump is a benchmark that changed far sooner than code that did. False for NaN and for changes
/// of -1 and below. Pure.
bool looks_like_a_change_of_unit(double relative_change);

}  // namespace bl::verdict
