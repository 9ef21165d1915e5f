#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "bigquery/jobs/row_sink.h"
#include "bigquery/rows_in.h"
#include "duck/database.h"
#include "engine/engine.h"

/// Files that clients send, as rows of tables (spec 2.8): all good rows of a file, or nothing.
namespace bl::bigquery {

enum class LoadFormat : unsigned char { csv, ndjson, parquet };
/// `CSV`, `NEWLINE_DELIMITED_JSON`, `PARQUET`. Errors: unsupported (AVRO, ORC, DATASTORE_BACKUP, by
/// name), invalid.
Result<LoadFormat> load_format_named(std::string_view name);
std::string_view name_of(LoadFormat format);

struct CsvOptions {
  char delimiter = ',';
  std::optional<char> quote = '"';  ///< nullopt: nothing is quoted
  std::int64_t skip_leading_rows = 0;
  std::vector<std::string> null_markers;  ///< none: what is empty and not quoted
  bool allow_quoted_newlines = false;
  bool allow_jagged_rows = false;
};

struct LoadRequest {
  /// What was sent; removed when the last one lets go of it.
  std::shared_ptr<const class SentFile> file;
  LoadFormat format = LoadFormat::csv;
  Destination destination;
  std::optional<TableSchema> schema;
  bool autodetect = false;
  bool ignore_unknown_values = false;
  std::int64_t bad_rows_max = 0;
  CsvOptions csv;
  std::string key;  ///< of the job
};

/// A file below the door's folder, in the making and then read. One writer.
class SentFile {
 public:
  /// Errors: io, disk_full.
  static Result<std::shared_ptr<SentFile>> create(Disk& disk, const std::string& path);
  ~SentFile();
  SentFile(const SentFile&) = delete;
  SentFile& operator=(const SentFile&) = delete;
  Result<void> append(std::string_view bytes);
  std::uint64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }
  Disk& disk() const { return disk_; }

 private:
  SentFile(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  Disk& disk_;
  const std::string path_;
  std::unique_ptr<File> file_;
  std::uint64_t bytes_ = 0;
};

struct LoadOutcome {
  std::int64_t rows = 0, bad_rows = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  /// The first of them: `Error while reading data, error message: ...`.
  std::vector<std::string> faults;
};

struct LoadLimits {
  std::size_t chunk_bytes = 8u << 20;              ///< of text, read and decoded at once
  std::size_t line_bytes_max = 100u << 20;         ///< one row: too_large
  std::uint64_t unpacked_bytes_max = 16ull << 30;  ///< of a file in gzip: too_large
  std::size_t sampled_rows_max = 500;              ///< that autodetect looks at
  std::size_t faults_max = 20;                     ///< that are told
  RowSinkLimits sink;
};

struct LoadsWorld {
  Tables& tables;
  duck::Database& engine;  ///< that reads Parquet; the lake's
};

/// Threads: any.
class Loads {
 public:
  explicit Loads(const LoadsWorld& world, const LoadLimits& limits = {})
      : world_(world), limits_(limits) {}
  /// Errors: invalid (a file that is none of its format, more bad rows than bad_rows_max: the
  /// sentence counts them and quotes the first; `faults` of the error has more), those of RowSink;
  /// cancelled.
  Result<LoadOutcome> run(const LoadRequest& request, engine::QueryControl& control);

 private:
  class Loading;
  const LoadsWorld world_;
  const LoadLimits limits_;
};

}  // namespace bl::bigquery
