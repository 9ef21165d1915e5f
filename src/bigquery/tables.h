#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "bigquery/model.h"
#include "lake/lake.h"
#include "store/database.h"

/// Datasets and tables under the names that clients give them (ADR 0007): rows of the store, and a
/// table of the lake for each table.
namespace bl::bigquery {

struct DatasetRecord {
  std::string project, dataset;
  /// What clients set and get back: `friendlyName`, `description`, `labels`, `location`, `access`,
  /// `defaultTableExpirationMs`, ...; an object.
  json::Value properties;
  std::int64_t version = 0;  ///< grows with every change: the etag
  Timestamp created, modified;
};

enum class TableKind : unsigned char { table, view };

struct TableRecord {
  std::int64_t id = 0;  ///< never used twice
  TableName name;
  TableKind kind = TableKind::table;
  TableSchema schema;
  std::string view_query;  ///< GoogleSQL, of a view
  /// As of a dataset: `description`, `labels`, `timePartitioning`, `clustering`, ...
  json::Value properties;
  std::optional<Timestamp> expires;
  std::int64_t version = 0;
  Timestamp created, modified;
};

/// A table as find() saw it. Its rows are there as long as somebody holds this; once the table is
/// dropped or replaced they change no more, and rows() takes none (not_found). Gone before
/// the lake is closed. Threads: any.
class OpenTable {
 public:
  virtual ~OpenTable() = default;
  virtual const TableRecord& record() const = 0;
  /// The lake's own tables, which are the dataset `benchlake`, and views.
  virtual bool is_read_only() const = 0;
  /// BL_CHECKs that this is no view. Cost: as lake::Table::snapshot.
  virtual lake::Snapshot snapshot() const = 0;
  /// Where rows are added and changed. BL_CHECKs that it is not read-only. Rows are of
  /// lake_schema_of(record().schema); when others added columns since, they are refused (invalid):
  /// find the table again, and make them anew.
  virtual lake::Table& rows() const = 0;
};
using TableHandle = std::shared_ptr<const OpenTable>;

/// A table of the lake that has no name yet: whoever does not publish it leaves nothing behind.
/// Gone before the Tables it comes from.
class StagedTable {
 public:
  virtual ~StagedTable() = default;
  virtual lake::Table& rows() = 0;
};

/// What a name must be to be taken by Tables::publish.
enum class Publish : unsigned char {
  as_new,     ///< conflict when it is taken
  or_replace  ///< what was there goes (whoever holds it reads on)
};

struct TablesWorld {
  store::Database& database;
  lake::Lake& lake;
  const Clock& clock;
  Log& log;
};

/// Errors besides those of store and lake: not_found (`Not found: Dataset p:d`, `Not found: Table
/// p:d.t`), conflict (`Already Exists: Table p:d.t`), invalid (a name, a schema that the lake
/// cannot have), unsupported (a table without columns), forbidden (the dataset `benchlake`),
/// corrupt (rows that are not in the lake). Names of datasets and tables are found as they are
/// written. Tables whose time is over are not there any more. Ids of the lake's own tables are
/// negative. Threads: any.
class Tables {
 public:
  /// Drops what crashes left: tables of the lake (`bq_...`) without a row here, whose ids this
  /// store gave out. The database is migrated with table_migrations().
  static Result<std::unique_ptr<Tables>> open(const TablesWorld& world);
  virtual ~Tables() = default;

  /// Those that have datasets, ordered.
  virtual Result<std::vector<std::string>> projects() = 0;
  virtual Result<DatasetRecord> create_dataset(DatasetRecord wanted) = 0;
  virtual Result<DatasetRecord> dataset(std::string_view project, std::string_view dataset) = 0;
  /// Ordered by name, the dataset `benchlake` among them.
  virtual Result<std::vector<DatasetRecord>> datasets(std::string_view project) = 0;
  /// `change` edits the properties of what is there, or refuses with an error.
  virtual Result<DatasetRecord> change_dataset(
      std::string_view project, std::string_view dataset,
      const std::function<Result<void>(DatasetRecord&)>& change) = 0;
  /// Errors besides: conflict (tables are in it, and `with_tables` is false).
  virtual Result<void> drop_dataset(std::string_view project, std::string_view dataset,
                                    bool with_tables) = 0;

  /// A table or a view, empty. Of `wanted`, id, version and times are ours, as is `expires` where
  /// it is not set and the dataset has a `defaultTableExpirationMs`.
  virtual Result<TableHandle> create(TableRecord wanted) = 0;
  /// Microseconds for a table that was found before.
  virtual Result<TableHandle> find(const TableName& name) = 0;
  /// Ordered by name.
  virtual Result<std::vector<TableRecord>> tables(std::string_view project,
                                                  std::string_view dataset) = 0;
  /// `change` edits schema (nullable or repeated columns behind the others, REQUIRED made nullable,
  /// longer texts, descriptions, defaults), properties, expiry, a view's query and schema; it may
  /// be called again when others were faster. In rows that are there a new column is null, also a
  /// REPEATED one: whoever reads takes that for the empty list.
  virtual Result<TableHandle> change(const TableName& name,
                                     const std::function<Result<void>(TableRecord&)>& change) = 0;
  virtual Result<void> drop(const TableName& name) = 0;

  /// A table to fill before it has a name: answers of queries, loads that replace.
  virtual Result<std::unique_ptr<StagedTable>> stage(const TableSchema& schema) = 0;
  /// `wanted` has the columns that it was staged with; names of modes and descriptions are free.
  virtual Result<TableHandle> publish(std::unique_ptr<StagedTable> staged, TableRecord wanted,
                                      Publish how) = 0;
};

/// Number 19: `bl_bq_datasets`, `bl_bq_tables`.
std::span<const store::Migration> table_migrations();

}  // namespace bl::bigquery
