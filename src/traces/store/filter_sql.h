#pragma once

#include <string>

#include "traces/store/row_condition.h"

namespace bl::traces {

/// The condition as SQL over the columns of a span: every row that meets the condition meets it.
std::string sql_of(const RowCondition& condition);

}  // namespace bl::traces
