#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/draft.h"

/// Private: the quantities that a tool measures, and the units that the stores have for them
/// (spec/results-conbench.md 2.3: B, B/s, s, ns, i/s). A unit decides the direction, so a quantity
/// whose direction is another one is refused rather than stored with the wrong sign.
namespace bl::formats {

/// `value of the tool * factor` is in `unit`.
struct Scale {
  double factor = 1;
  const char* unit = "";
};
/// Times below a second become ns (us, ms), others s; bytes and their multiples B; bytes per time
/// B/s; any other count per time i/s. What stands before the last `-` (p99-ns) and a divisor that
/// is no time (ns/op, B/key) only say what is measured. nullopt: no unit of the stores (allocs/op,
/// counts, %).
std::optional<Scale> scale_of(std::string_view unit);
/// The tool's number in the unit of the stores; its own text when the factor is 1. nullopt: no
/// number, or none that a double holds.
std::optional<json::Value> scaled(const json::Value& value, double factor);

/// The array at the key, when there is one that is not empty; else the minimum that the tool says
/// (the server's own summary of samples), and info says so.
json::Array samples_or_minimum(const json::Value& object, const char* key, Draft& draft);

/// Of one benchmark; the others are skipped in one word.
inline constexpr std::size_t k_metrics_max = 256;

/// One quantity of one benchmark.
struct Metric {
  std::string name;    ///< the tag `metric`; empty for what the tool is for, which has no such tag
  std::string unit;    ///< as the tool writes it
  json::Array values;  ///< as the tool writes them
  std::string place;   ///< for messages
  std::optional<std::string> refused;  ///< why it must not become a result
};

/// One result for each metric that has a unit of the stores; the first of them gets the draft's
/// optional_benchmark_info. The other metrics are named as skipped, and their numbers are kept in
/// that document's `metrics`. The results of one name are one batch of their run.
void add_results(Draft draft, const std::vector<Metric>& metrics, const Facts& facts,
                 Reading& reading);

/// One result that failed; `stats` of the draft may be there. The same batch as above.
void add_error(Draft draft, json::Value error, const Facts& facts, Reading& reading);

/// Adds a case parameter. A key that is taken or has a meaning of its own (name, metric) gets
/// `param_` before it, an empty one is `param`; numbers and booleans keep their text, arrays and
/// objects become theirs.
void add_parameter(Draft& draft, std::string key, const json::Value& value);

}  // namespace bl::formats
