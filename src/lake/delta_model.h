#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "columns/type.h"
#include "duck/parquet.h"

/// What a Delta log says of a table (spec/events-delta.md 2; the Delta protocol). Values, no I/O.
/// docs/formats/delta.md lists what we write, read and refuse.
namespace bl::lake {

/// 0, 1, 2, ... without gaps: one commit makes one version.
using DeltaVersion = std::int64_t;

/// Who may read and write a table.
struct DeltaProtocol {
  int reader = 1;
  int writer = 2;
  /// Named features; reader ones only with reader 3, writer ones only with writer 7.
  std::vector<std::string> reader_features, writer_features;
  bool operator==(const DeltaProtocol&) const = default;
};

/// Values of partition columns, as the log's texts; nullopt is null.
using DeltaPartition = std::map<std::string, std::optional<std::string>>;

/// Rows of a file that are deleted, though they stand in it.
struct DeltaDeletions {
  std::string storage;  ///< `u`, `p`: a file; `i`: the text itself
  std::string place;    ///< of the file, or the rows in Z85
  std::int64_t offset = 0;
  std::int64_t size = 0;         ///< bytes
  std::int64_t cardinality = 0;  ///< rows
  bool has_offset = false;
  bool operator==(const DeltaDeletions&) const = default;
  /// Tells two of one file apart.
  std::string id() const;
};

/// A data file that is part of the table. Paths are below the table's folder, without escapes:
/// `part-1.parquet`.
struct DeltaFile {
  std::string path;
  std::uint64_t size = 0;  ///< bytes
  Timestamp modified;      ///< milliseconds
  DeltaPartition partition;
  /// JSON as Delta keeps it: numRecords, minValues, maxValues, nullCount; empty: none.
  std::string statistics;
  std::map<std::string, std::string> tags;
  std::optional<DeltaDeletions> deletions;
  std::string written_path;  ///< as it stands in the log; empty: to be made from `path`
};

/// A file that was part of the table, kept so that readers of old versions find it.
struct DeltaTombstone {
  std::string path;  ///< as in DeltaFile; an absolute one is kept as it is
  Timestamp deleted;
  bool data_change = true;
  std::uint64_t size = 0;
  DeltaPartition partition;
  bool extended = false;  ///< size and partition are known
  std::optional<DeltaDeletions> deletions;
  std::string written_path;
};

/// What a table is. `schema` is `schema_text` in our words.
struct DeltaMetadata {
  std::string id;
  std::string name, description;
  std::string schema_text;  ///< JSON, as it stands in the log
  columns::Schema schema;   ///< partition columns included
  std::vector<std::string> partition_columns;
  std::map<std::string, std::string> configuration;
  std::optional<Timestamp> created;
};

/// The newest version that an application wrote, by its own counting.
struct DeltaTransaction {
  std::string app_id;
  std::int64_t version = 0;
  bool operator==(const DeltaTransaction&) const = default;
};

using DeltaFiles = std::vector<std::shared_ptr<const DeltaFile>>;

/// A table at one version; never changes. Threads: any.
struct DeltaSnapshot {
  DeltaVersion version = 0;
  DeltaProtocol protocol;
  std::shared_ptr<const DeltaMetadata> metadata;
  DeltaFiles files;  ///< in the order in which they came in
  std::map<std::string, std::int64_t> transactions;
  std::uint64_t bytes = 0;  ///< of all files

  std::optional<std::int64_t> transaction(const std::string& app_id) const;
};

/// What a file holds of one leaf column, from its statistics. Numbers and texts as JSON gives them.
struct DeltaColumnStatistics {
  std::vector<std::string> path;
  std::optional<std::string> min, max;  ///< JSON values
  std::optional<std::int64_t> nulls;
};
struct DeltaStatistics {
  std::optional<std::int64_t> rows;
  std::vector<DeltaColumnStatistics> columns;  ///< ordered by path
};
/// What others wrote may be unusable: then nothing is known. Cost: some microseconds.
DeltaStatistics delta_statistics(const DeltaFile& file);

/// How much of a file's statistics goes into the log.
struct DeltaStatisticsOptions {
  int columns_max = 32;     ///< leading leaf columns; -1: all (delta.dataSkippingNumIndexedCols)
  int text_chars_max = 32;  ///< of texts (delta.dataSkippingStringPrefixLength)
};
/// The entry for a file that was written: counts exact, minima and maxima never narrower than the
/// rows. `path`: where it stands below the table. Errors: invalid (a column that the table has
/// not).
Result<DeltaFile> delta_file(const duck::ParquetFile& written, const std::string& path,
                             const DeltaMetadata& table, Timestamp modified,
                             const DeltaStatisticsOptions& options = {});

/// How long files stay that a table has no more: delta.deletedFileRetentionDuration, else a week.
std::chrono::microseconds deleted_file_retention(const DeltaMetadata& table);

/// A Delta schemaString in our words. Errors: corrupt (no schema), unsupported (a type that is not
/// ours, with its name).
Result<columns::Schema> delta_schema(std::string_view schema_text);
/// Ours as a schemaString. Errors: unsupported (a type that Delta has not: unsigned, time of day),
/// invalid (a name that readers without column mapping do not take, or equal ones but for case).
Result<std::string> delta_schema_text(const columns::Schema& schema);

}  // namespace bl::lake
