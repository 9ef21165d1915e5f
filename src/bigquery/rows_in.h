#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "bigquery/model.h"
#include "columns/batch.h"

/// What becomes of rows that a client sends, whatever wire they came by.
namespace bl::bigquery {

/// Why a row is not taken.
struct RowFault {
  std::int64_t row = 0;  ///< of those that were given
  std::string location;  ///< the column, dotted within records; empty: the whole row
  std::string message;
  bool operator==(const RowFault&) const = default;
};

struct RowsIn {
  columns::Batch batch;           ///< the good rows, in their order, by lake_schema_of
  std::vector<RowFault> faults;   ///< in the order of rows; of one row at most RowLimits say
  std::vector<std::int64_t> bad;  ///< the rows with faults, ascending
};

struct RowLimits {
  std::size_t memory_bytes_max = 512u << 20;  ///< of one batch, about; more is too_large
  int faults_of_a_row_max = 10;
  std::size_t fault_value_bytes_max = 200;  ///< of a value that a message quotes
};

/// What a missing value of a column with a default expression becomes, as insertAll would have it;
/// asked once for each such cell. Errors become faults of the row.
using DefaultValues = std::function<Result<json::Value>(const TableField&)>;

}  // namespace bl::bigquery
