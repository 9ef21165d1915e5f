#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "base/disk.h"
#include "columns/batch.h"

/// An answer's rows as files and on terminals. Private to ops.
namespace bl::ops {

struct QueryOutput {
  columns::Schema schema;
  std::vector<columns::Batch> batches;
  std::string statistics_json;  ///< an object
  bool is_truncated = false;
};

/// `table`, `csv` (RFC 4180, with a header; null is empty), `json` (as the API answers).
/// Errors: invalid (another format), io.
Result<void> print_output(const QueryOutput& output, const std::string& format, std::FILE* to);
/// A new Parquet file. Errors: conflict (the file is there), those of the disk.
Result<void> write_parquet_file(const QueryOutput& output, Disk& disk, const std::string& path);

}  // namespace bl::ops
