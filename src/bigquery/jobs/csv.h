#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bigquery/loads.h"

/// Rows of CSV as BigQuery reads them: one row a line, also where a quote is left open, unless
/// quoted newlines are allowed. Pure.
namespace bl::bigquery {

struct CsvCell {
  std::string text;
  bool is_quoted = false;
};

/// Lines of a file, in chunks. One thread.
class LineReader {
 public:
  /// `path` lives on `disk`. Errors: io, not_found.
  static Result<std::unique_ptr<LineReader>> open(Disk& disk, const std::string& path,
                                                  std::size_t chunk_bytes,
                                                  std::size_t line_bytes_max);
  /// The next line, without its end (`\n`, `\r\n`), valid until the next call; false at the end. A
  /// byte order mark at the start is passed over. Errors: too_large (line_bytes_max), io.
  Result<bool> next(std::string_view& line);
  /// Whole lines of about chunk_bytes, with their ends; false at the end.
  Result<bool> next_lines(std::string_view& lines);

 private:
  LineReader(std::size_t chunk_bytes, std::size_t line_bytes_max)
      : chunk_bytes_(chunk_bytes), line_bytes_max_(line_bytes_max) {}
  /// False when nothing follows.
  Result<bool> fill();

  const std::size_t chunk_bytes_, line_bytes_max_;
  std::unique_ptr<File> file_;
  std::uint64_t offset_ = 0;
  std::string buffer_;
  std::size_t at_ = 0;  // in the buffer, behind what was given
  bool is_over_ = false;
};

class CsvReader {
 public:
  CsvReader(LineReader& lines, const CsvOptions& options) : lines_(lines), options_(options) {}
  /// The next row; false at the end. `fault` says why it is none; then `cells` are of no use. A
  /// blank line is passed over. Errors: those of LineReader.
  Result<bool> next(std::vector<CsvCell>& cells, std::string& fault);

 private:
  LineReader& lines_;
  const CsvOptions options_;
  std::string row_;
};

}  // namespace bl::bigquery
