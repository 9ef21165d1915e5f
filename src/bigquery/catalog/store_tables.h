#pragma once

#include <map>
#include <mutex>
#include <set>

#include "bigquery/catalog/open_tables.h"

namespace bl::bigquery {

/// Tables over a store and a lake: what a name means is a row of the store, and rows lie in the
/// lake's table of its id. A table of the lake is made before its row, and dropped after it: what a
/// crash leaves has no name, and the next open() drops it.
class StoreTables final : public Tables {
 public:
  explicit StoreTables(const TablesWorld& world) : world_(world) {}
  /// Errors: those of store and lake.
  Result<void> drop_orphans();

  Result<std::vector<std::string>> projects() override;
  Result<DatasetRecord> create_dataset(DatasetRecord wanted) override;
  Result<DatasetRecord> dataset(std::string_view project, std::string_view dataset) override;
  Result<std::vector<DatasetRecord>> datasets(std::string_view project) override;
  Result<DatasetRecord> change_dataset(
      std::string_view project, std::string_view dataset,
      const std::function<Result<void>(DatasetRecord&)>& change) override;
  Result<void> drop_dataset(std::string_view project, std::string_view dataset,
                            bool with_tables) override;

  Result<TableHandle> create(TableRecord wanted) override;
  Result<TableHandle> find(const TableName& name) override;
  Result<std::vector<TableRecord>> tables(std::string_view project,
                                          std::string_view dataset) override;
  Result<TableHandle> change(const TableName& name,
                             const std::function<Result<void>(TableRecord&)>& change) override;
  Result<void> drop(const TableName& name) override;

  Result<std::unique_ptr<StagedTable>> stage(const TableSchema& schema) override;
  Result<TableHandle> publish(std::unique_ptr<StagedTable> staged, TableRecord wanted,
                              Publish how) override;

  /// Drops a table of the lake that has no row any more; what goes wrong is in the log.
  void drop_rows(std::int64_t id);

 private:
  struct Staged;

  bool is_expired(const TableRecord& record) const;
  DatasetRecord lake_dataset(std::string_view project) const;
  Result<TableHandle> find_lake_table(const TableName& name);
  Result<TableHandle> open_record(TableRecord record);
  /// Those that other handles share, too. Errors: not_found.
  Result<std::shared_ptr<TableRows>> rows_of(std::int64_t id);
  /// The lake's table has every column that the record has.
  Result<void> add_missing_columns(lake::Table& table, const TableSchema& schema);

  Result<std::int64_t> new_id();
  Result<void> make_rows(std::int64_t id, const TableSchema& schema);
  /// What every new record has; checks its name and schema.
  Result<void> complete(TableRecord& wanted) const;
  /// Adds the row, in place of another when `how` says so. Gives the id of what went; 0: nothing.
  Result<std::int64_t> add_row(TableRecord& wanted, Publish how);
  Result<TableHandle> add_named(TableRecord wanted, Publish how);
  /// Is it still there, and expired? Then it goes.
  Result<void> drop_expired(const TableRecord& record);
  Result<std::optional<TableRecord>> row_of(const TableName& name);

  /// What is known of it is old from now on.
  void forget(const TableName& name);
  std::uint64_t changes() const;
  void remember(const TableHandle& table, std::uint64_t changes);

  const TablesWorld world_;

  mutable std::mutex mutex_;
  std::map<TableName, TableHandle> known_;                 // guarded by mutex_
  std::uint64_t changes_ = 0;                              // guarded by mutex_: own writes so far
  std::map<std::int64_t, std::weak_ptr<TableRows>> rows_;  // guarded by mutex_: of every handle
  std::set<std::int64_t> dropping_;                        // guarded by mutex_

  std::mutex ids_mutex_;
  std::int64_t next_id_ = 0, ids_end_ = 0;  // guarded by ids_mutex_

  std::mutex columns_mutex_;  // one at a time adds columns to tables of the lake
};

}  // namespace bl::bigquery
