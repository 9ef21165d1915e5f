#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "bigquery/model.h"
#include "duck/value.h"

/// Parameters of queries as requests have them (spec 2.3), and as the engine takes them. Pure.
namespace bl::bigquery {

/// `type.name` is empty for a positional one; an array is a repeated field, a struct a record.
/// `value`: the request's `parameterValue`.
struct QueryParameter {
  TableField type;
  json::Value value;
};

struct ParameterLimits {
  std::size_t parameters_max = 10'000;
  int depth_max = 15;
};

/// `queryParameters` of a request. Errors: invalid (with the parameter's name or number, from 1),
/// unsupported (GEOGRAPHY).
Result<std::vector<QueryParameter>> query_parameters_of(const json::Value& list,
                                                        const ParameterLimits& limits = {});

/// As the SQL of translate() takes it: INT64, FLOAT64, BOOL, DATE and TIMESTAMP as such, other
/// scalars as the text that the engine casts, arrays, structs and ranges as JSON. Errors: invalid
/// (a value that is none of its type).
Result<duck::Value> engine_value(const QueryParameter& parameter);

}  // namespace bl::bigquery
