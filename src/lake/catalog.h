#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "columns/type.h"
#include "duck/parquet.h"

/// Which files a table has, now and at earlier snapshots. The truth of a lake (DESIGN 4); tables
/// write files first and publish them here.
namespace bl::lake {

/// A file of a table, as a catalog keeps it. Files are never changed and never written twice.
struct DataFile {
  std::string key;  ///< of the lake's object store: `tables/TABLE/data/...`
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t footer_bytes = 0;
  /// Of the leaf columns, ordered by path. Never narrower than the rows; absent: not known.
  std::vector<duck::ColumnStatistics> columns;
};

/// How far the records of each journal are in files: journal id -> the first record that is not.
using Watermarks = std::map<std::string, std::uint64_t>;

/// What a table is, besides its rows.
struct TableDefinition {
  std::string name;  ///< `[a-z][a-z0-9_]{0,62}`
  columns::Schema schema;
  /// What the table's owner keeps with it (sort order, layout); short texts.
  std::map<std::string, std::string> properties;
};

/// A table at one snapshot.
struct CatalogSnapshot {
  std::int64_t id = 0;  ///< the newest catalog snapshot, at or before the one asked for, that
                        ///< changed this table
  Timestamp at;
  columns::Schema schema;
  std::map<std::string, std::string> properties;
  std::vector<DataFile> files;  ///< ordered by key
  Watermarks watermarks;
  std::string note;  ///< the `note` of the newest commit: JSON of the table's owner, or empty
};

/// One line of a table's past.
struct SnapshotInfo {
  std::int64_t id = 0;
  Timestamp at;
  std::string what;  ///< `created`, `flush`, `compact`, ...
  std::int64_t files = 0;
  std::int64_t rows = 0;
};

/// Says who may publish to a table: the one who took it last.
struct PublisherToken {
  std::string table;
  std::int64_t number = 0;  ///< 1, 2, 3, ...
};

/// One change of one table: all of it, or nothing.
struct Commit {
  std::string id;    ///< unique, of the caller: by it a commit is found whose answer was lost
  std::string what;  ///< one word for people: `flush`, `compact`, `replace`, `rollback`
  std::vector<DataFile> added;       ///< in the store already, durable, with field ids
  std::vector<std::string> removed;  ///< keys of files of the newest snapshot, whole
  Watermarks watermarks;             ///< journals that are not named keep theirs
  std::string note;                  ///< kept with the snapshot; empty: that of before stays
};

/// The errors that any call may give: unavailable, timeout and overloaded (nothing was changed;
/// come back later), io, disk_full, corrupt (the catalog is damaged; says what), unsupported (a
/// catalog of a later version or of another product), forbidden.
///
/// Threads: any; writes stand in a line. Calls block; every wait is bounded.
class Catalog {
 public:
  virtual ~Catalog() = default;

  /// Errors besides: conflict (the table is there), invalid (a name or a type that no lake table
  /// has: unsigned, other).
  virtual Result<void> create_table(const TableDefinition& definition) = 0;
  /// Adds nullable columns behind the others, or changes properties. Errors besides: not_found,
  /// conflict (stale token), invalid (a column that is there, or not nullable).
  virtual Result<void> alter_table(const PublisherToken& token, std::vector<columns::Field> added,
                                   const std::map<std::string, std::string>& properties) = 0;
  /// Its files are ended, and with the last snapshot that lists them they may go.
  virtual Result<void> drop_table(const PublisherToken& token) = 0;
  /// Ordered names.
  virtual Result<std::vector<std::string>> tables() = 0;

  /// Makes the caller the table's publisher: commits with older tokens are refused from now on.
  /// Errors besides: not_found.
  virtual Result<PublisherToken> take(const std::string& table) = 0;
  /// Publishes, durably, and gives the new snapshot's id. Errors besides: conflict (the token is
  /// stale: names both numbers), not_found (a removed file is not of the newest snapshot),
  /// outcome_unknown (the answer was lost and looking did not help; committed(id) tells later).
  virtual Result<std::int64_t> publish(const PublisherToken& token, const Commit& commit) = 0;
  /// The snapshot that a commit made, or nullopt when there is none, and never will be: the caller
  /// must hold the table's token. For as long as that snapshot is not expired.
  virtual Result<std::optional<std::int64_t>> committed(const PublisherToken& token,
                                                        std::string_view commit_id) = 0;

  /// Cheap, for polling: the id that snapshot(table) would have. Errors besides: not_found.
  virtual Result<std::int64_t> newest(const std::string& table) = 0;
  /// The table now, or as it was at a snapshot (any id up to the newest). Errors besides: not_found
  /// (no table; a snapshot that is expired or of before the table).
  virtual Result<CatalogSnapshot> snapshot(const std::string& table,
                                           std::optional<std::int64_t> at = {}) = 0;
  /// Newest first.
  virtual Result<std::vector<SnapshotInfo>> history(const std::string& table,
                                                    std::size_t count_max) = 0;

  /// The keys that any snapshot lists which is not expired, in order. Errors besides: not_found.
  virtual Result<std::vector<std::string>> listed_files(const std::string& table) = 0;

  /// Forgets snapshots older than `older_than` of all tables, but never the newest of a table nor
  /// one of `keep` and what those list. Gives the keys that no snapshot lists any more: the caller
  /// removes them from the store when nothing else lists them, then says forget_files().
  virtual Result<std::vector<std::string>> expire(Timestamp older_than,
                                                  std::span<const std::int64_t> keep) = 0;
  /// Keys that expire() gave, in this life or an earlier one, and that were not forgotten yet.
  virtual Result<std::vector<std::string>> expired_files() = 0;
  virtual Result<void> forget_files(std::span<const std::string> keys) = 0;

  /// Of this catalog alone: one that is made anew has another.
  virtual std::string number() const = 0;
  /// What another program attaches, for people: `ducklake:sqlite:...`; no secrets in it.
  virtual std::string address() const = 0;
};

}  // namespace bl::lake
