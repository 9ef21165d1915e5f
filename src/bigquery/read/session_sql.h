#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "bigquery/read/read_names.h"
#include "bigquery/read_source.h"

/// What the engine is asked for the rows of a session: SQL of our own, over one file or over
/// batches that are offered. Rows come in the order in which they lie. Pure.
namespace bl::bigquery::read {

/// Blocks of neighbouring rows that a session takes or leaves.
struct Sample {
  double percentage = 100;
  std::uint64_t seed = 0;

  bool takes_all() const { return percentage >= 100; }
  /// Of rows that are in no file.
  bool takes(std::int64_t block) const;
  static constexpr std::int64_t k_block_rows = 1'024;
};

class SessionSql {
 public:
  /// `selected`: of selected_schema(source.schema). `restriction`: the caller's; empty: none. The
  /// source's schemas are copied. Errors: those of translate_restriction, invalid.
  static Result<SessionSql> make(const ReadSource& source, const TableSchema& selected,
                                 std::string_view restriction, Timestamp now, Sample sample);

  /// The rows [rows.begin, rows.end) of the file. Errors: invalid (a path that is no text).
  Result<std::string> of_file(const ReadFile& file, const RowRange& rows) const;
  /// All rows of the files, one after the other; they miss the same columns. Not where a sample is
  /// taken. Errors: as of_file.
  Result<std::string> of_files(std::span<const ReadFile> files) const;
  /// `offered`: batches of source.kept under that name; all of them, whatever the sample.
  std::string of_offered(std::string_view offered) const;

  /// Every row comes: offsets are places.
  bool takes_all_rows() const { return condition_.empty() && sample_.takes_all(); }
  /// The selected columns are as they are kept, but for lists that are null: nothing is to be
  /// computed.
  bool is_plain() const { return is_plain_; }
  const Sample& sample() const { return sample_; }

 private:
  SessionSql() = default;
  std::string inner(const ReadFile* file) const;

  TableSchema schema_;    // of the columns that are read
  columns::Schema kept_;  // the same
  std::string wanted_;    // over "r"
  std::string condition_;
  std::string row_name_;  // of the column of row numbers: no column is called so
  bool has_row_numbers_ = true;
  bool is_plain_ = true;
  Sample sample_;
};

}  // namespace bl::bigquery::read
