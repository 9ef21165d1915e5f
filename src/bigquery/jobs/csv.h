#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/compression.h"
#include "base/result.h"
#include "bigquery/loads.h"

/// Rows of CSV as BigQuery reads them: one row a line, also where a quote is left open, unless
/// quoted newlines are allowed. Pure.
namespace bl::bigquery {

struct CsvCell {
  std::string text;
  bool is_quoted = false;
};

struct LineLimits {
  std::size_t chunk_bytes = 8u << 20;
  std::size_t line_bytes_max = 100u << 20;
  std::uint64_t unpacked_bytes_max = 16ull << 30;  ///< of a file in gzip
};

/// Lines of a file, in chunks; of one that begins as gzip does, of what is packed in it. Memory:
/// two chunks and a line, whatever the file packs. One thread.
class LineReader {
 public:
  /// `path` lives on `disk`. Errors: io, not_found; as those of next().
  static Result<std::unique_ptr<LineReader>> open(Disk& disk, const std::string& path,
                                                  const LineLimits& limits);
  /// The next line, without its end (`\n`, `\r\n`), valid until the next call; false at the end. A
  /// byte order mark at the start is passed over. Errors: too_large (line_bytes_max,
  /// unpacked_bytes_max), malformed (broken gzip), io.
  Result<bool> next(std::string_view& line);
  /// Whole lines of about chunk_bytes, with their ends; false at the end.
  Result<bool> next_lines(std::string_view& lines);

 private:
  explicit LineReader(const LineLimits& limits) : limits_(limits) {}
  /// False when nothing follows.
  Result<bool> fill();
  /// The next `count` bytes of the file, fewer at its end, behind `out`.
  Result<std::size_t> read(std::size_t count, std::string& out);
  Result<void> unpack();

  const LineLimits limits_;
  std::unique_ptr<File> file_;
  std::unique_ptr<Decompressor> unpacker_;  // null: the file is text
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
