#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bigquery/model.h"
#include "columns/batch.h"

/// Rows out as the REST answers have them (spec 2.4): `{"f":[{"v":"1"},{"v":null}]}`. Pure.
namespace bl::bigquery {

enum class TimestampForm : unsigned char {
  seconds,  ///< floating, as Java prints them: `1.5E9`
  micros,   ///< useInt64Timestamp: digits
  iso,      ///< ISO8601_STRING: `2024-08-01T10:00:00.250000Z`
};

/// Writes the rows of one batch. Keeps it. Threads: any, one at a time per output.
class CellWriter {
 public:
  /// The batch has the table's columns in order, as lake_schema_of or as table_schema_of reads
  /// them. Errors: invalid (columns that are not the schema's), unsupported (types that are not
  /// ours).
  static Result<CellWriter> make(const columns::Batch& batch, const TableSchema& schema,
                                 TimestampForm form);

  std::int64_t rows() const { return rows_; }
  /// One row, at the end of `out`.
  void append(std::string& out, std::int64_t row) const;

 private:
  /// A value: a quoted text, `null`, `[...]` or `{"f":[...]}`.
  using Write = std::function<void(std::string& out, std::int64_t row)>;
  friend struct CellWriters;
  CellWriter() = default;

  std::vector<Write> columns_;
  std::int64_t rows_ = 0;
};

}  // namespace bl::bigquery
