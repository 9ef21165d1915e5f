#pragma once

#include <string>

#include "traces/filter.h"

namespace bl::traces {

/// What a filter asks as SQL over the columns of a span: every span that matches meets it. `exact`:
/// and every span that meets it matches.
struct SqlCondition {
  std::string sql = "true";
  bool exact = false;
};
SqlCondition sql_of(const SpanFilter& filter);

}  // namespace bl::traces
