#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "bigquery/model.h"
#include "bigquery/tables.h"
#include "columns/batch.h"
#include "objects/object_store.h"

/// The port of read sessions: rows that do not change as long as somebody holds them, in one order.
namespace bl::bigquery {

/// Rows that are in memory, or that their owner loads by place. Threads: any.
class StoredRows {
 public:
  virtual ~StoredRows() = default;
  virtual std::int64_t rows() const = 0;
  virtual std::uint64_t bytes() const = 0;  ///< of memory that is held for them, about
  /// Rows from `from` (below rows()) on: at least one, at most `count`. Errors: those of loading.
  virtual Result<columns::Batch> at(std::int64_t from, std::int64_t count) const = 0;
};

/// Batches as rows. `batches` are of one schema.
std::shared_ptr<const StoredRows> stored_rows(std::vector<columns::Batch> batches);

struct ReadFile {
  std::string path;  ///< of a Parquet file that the engine opens
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
  /// Columns of `kept` that were added after it was written.
  std::vector<std::string> missing;
};

/// A table, or the answer of a query, as it stands: first the rows of `files`, then `behind`.
struct ReadSource {
  TableSchema schema;
  /// How files and `behind` have the columns of `schema`, by its names and in its order; that of
  /// lake_schema_of(schema), or of narrower types.
  columns::Schema kept;
  std::vector<ReadFile> files;
  std::shared_ptr<const StoredRows> behind;  ///< may be null
  /// Since when these are the rows of the table; absent: since now.
  std::optional<Timestamp> since;
  std::shared_ptr<const void> keeps;  ///< what the files need to stay

  std::int64_t rows() const;
};

/// What is pinned is kept until the last copy goes. Errors: not_found (`Not found: Table p:d.t`),
/// unsupported (a view; by name).
using FindReadSource = std::function<Result<ReadSource>(const TableName& name)>;

/// A table now. A tail of more than `tail_bytes_max` goes to files first, since who pins a tail
/// keeps its memory. `store`: where the lake's files are. Errors: unsupported (a view, a lake that
/// is no local folder), those of lake::Table::flush.
Result<ReadSource> read_source_of(const TableHandle& table, const objects::ObjectStore& store,
                                  std::uint64_t tail_bytes_max = 16u << 20);

}  // namespace bl::bigquery
