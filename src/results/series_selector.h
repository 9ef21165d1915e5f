#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// A series selector of PromQL: `name{label="value", other=~"a|b"}`. Of regular expressions only
/// what dashboards' variables make: alternatives of literal texts (`a|b\\.c`), `.*` and `.+`.
namespace bl::results {

/// Absent labels are the same as empty ones.
using SeriesLabels = std::vector<std::pair<std::string, std::string>>;

struct LabelMatcher {
  std::string label;
  bool is_negated = false;
  enum class Kind : unsigned char { one_of, anything, something } kind = Kind::one_of;
  std::vector<std::string> values;  ///< of one_of: at least one
  bool matches(std::string_view value) const;
};

/// The metric's name is a matcher of `__name__`.
struct SeriesSelector {
  std::vector<LabelMatcher> matchers;
  bool matches(const SeriesLabels& labels) const;
  /// The only value that a label may have; nullptr where several are possible.
  const std::string* only_value(std::string_view label) const;
};

/// Errors: invalid (no selector, at which character), unsupported (other PromQL, by its name: a
/// function, an operator, a range, a regular expression).
Result<SeriesSelector> parse_series_selector(std::string_view text);

}  // namespace bl::results
