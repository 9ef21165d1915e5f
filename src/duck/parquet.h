#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "duck/connection.h"

/// Parquet files: written once, whole, with the statistics that catalogs keep.
namespace bl::duck {

struct ParquetOptions {
  std::int64_t row_group_rows = 24'576;  ///< small groups: histories read few of them
  int zstd_level = 3;
  /// 1 for files that Delta tables list: delta-rs stumbles over the packed numbers of version 2.
  int version = 2;
  /// Texts about the file, in its footer.
  std::vector<std::pair<std::string, std::string>> metadata;
  /// Field ids of the columns, by position from 1, as DuckLake wants them.
  bool field_ids = false;
};

/// What a file holds of one leaf column.
struct ColumnStatistics {
  std::vector<std::string> path;  ///< the column's name, then what nests in it
  std::uint64_t bytes = 0;        ///< compressed
  std::int64_t values = 0;        ///< that are not null
  std::int64_t nulls = 0;
  /// As text, by spec/lake-ducklake.md 1.3; absent when the engine knows none (long texts, no
  /// value). Exact for numbers and times; for texts never narrower than the rows.
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::optional<bool> has_nan;  ///< of floating-point columns
};

struct ParquetFile {
  std::string path;
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t footer_bytes = 0;
  std::vector<ColumnStatistics> columns;  ///< ordered by path
};

/// Writes the rows of a SELECT, in its order, to a new local file, durable on return (the file and
/// its name are synced through `disk`). On failure no file is left. Errors: conflict (the file is
/// there), invalid (not a SELECT, a type that Parquet has not), and as Connection::query. Not
/// within an answer.
Result<ParquetFile> write_parquet(Connection& connection, Disk& disk, std::string_view select,
                                  const Values& values, const std::string& path,
                                  const ParquetOptions& options = {},
                                  const QueryOptions& limits = {});

/// What a file's footer says of the same, in the same words; for verifying and rebuilding. A footer
/// says nothing of NaN, nor a minimum and maximum where there is one or an infinity, and those of
/// long texts are wider than the rows. Reads the footer only. Errors: not_found, corrupt (no
/// Parquet, or cut), io.
Result<ParquetFile> read_footer(Connection& connection, const std::string& path);

}  // namespace bl::duck
