#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bigquery/arrow_rows.h"
#include "bigquery/model.h"
#include "duck/database.h"

namespace bl::bigquery {

/// The rows of a Parquet file, read by the engine and taken as Arrow's are (arrow_rows.h). One
/// thread.
class ParquetRows {
 public:
  /// `wanted`: the columns of the table that the file is for; without it the file says them. A
  /// column of the file that it has not is invalid, or passed over with `ignore_unknown`. Errors:
  /// invalid (no Parquet file, types that tables have not).
  static Result<std::unique_ptr<ParquetRows>> open(duck::Database& engine, const std::string& path,
                                                   const std::optional<TableSchema>& wanted,
                                                   bool ignore_unknown);
  /// The columns of the file as a table has them.
  const TableSchema& schema() const { return schema_; }
  /// The next rows as rows of `table`; nullopt at the end. Every call has the same `table`.
  Result<std::optional<RowsIn>> next(const TableSchema& table);

 private:
  ParquetRows() = default;

  std::unique_ptr<duck::Connection> connection_;
  std::optional<duck::Answer> answer_;
  TableSchema schema_;
  std::optional<ArrowPlan> plan_;
};

}  // namespace bl::bigquery
