#pragma once

#include <string>

#include "results/model.h"

/// The single value of a result, chosen in PostgreSQL [2.3, 4.6].
namespace bl::results {

/// Of the fact row `r`, as a numeric, for a unit that is not null. Old rows may lack the aggregates
/// that a summary takes, as those with one or two samples do: then the samples give it.
std::string summary_on_postgres(SummaryMode mode);
/// A numeric as float8; null beyond a double.
std::string double_on_postgres(const std::string& numeric);

}  // namespace bl::results
