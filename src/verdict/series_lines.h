#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verdict/comparison.h"
#include "verdict/detector.h"

/// The JSON lines of `benchlake verdict`: a series in, its verdicts out (docs/verdict.md). Pure.
namespace bl::verdict {

/// One line of input.
struct SeriesLine {
  std::string id;
  Direction direction = Direction::less_is_better;
  bool online = true;  ///< false: only the whole history is asked about
  std::vector<Observation> results;
};

/// Reads `{"id", "direction": "lower"|"higher", "value": [...], "env": [...], "online": true,
/// "benchmark": [...], "annotations": [{"i", "kind": "expected"|"machine_changed"|"noise"}]}`. A
/// value may be null (no value), or an array of replicates of one result: their median counts (of
/// an empty one, or one with a null, none); `env` may be absent, and so may `benchmark`, the
/// version or the parameters of the benchmark itself for each value: another one is a new baseline;
/// other members (commit, time, unit, n) are not looked at: the order of the arrays is the order of
/// the commits. Errors: malformed (no JSON; NaN and Infinity are none), invalid (no id, no values,
/// arrays of different lengths, an unknown direction or kind), each with its path.
Result<SeriesLine> read_series_line(std::string_view line);

/// Judges a series and appends one line without its end: `{"id", "offline": [{"i", "direction",
/// "score"}], "online": [{"t", "i", "direction", "score"}]}`; score = log-odds. A history longer
/// than SegmentationLimits allows has `"offline_refused": "<why>"` and no changes offline.
void append_verdict_line(const SeriesLine& series, std::string& out);

}  // namespace bl::verdict
