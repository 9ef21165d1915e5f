#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "bigquery/tables.h"

/// The OpenTables of StoreTables.
namespace bl::bigquery {

/// The lake's table behind all handles of one table. Threads: any.
class TableRows {
 public:
  explicit TableRows(std::shared_ptr<lake::Table> table) : table_(std::move(table)) {}

  lake::Table& table() const { return *table_; }
  /// After close(): as it stood then.
  lake::Snapshot snapshot() const {
    lake::Snapshot now = table_->snapshot();
    const std::lock_guard lock(mutex_);
    return last_ ? *last_ : now;
  }
  /// Before the lake drops it, which empties it: who holds this reads on.
  void close() {
    lake::Snapshot now = table_->snapshot();
    const std::lock_guard lock(mutex_);
    if (!last_) last_ = std::move(now);
  }

 private:
  const std::shared_ptr<lake::Table> table_;
  mutable std::mutex mutex_;
  std::optional<lake::Snapshot> last_;  // guarded by mutex_
};

/// A table, or a view (`rows` is null).
class NamedTable final : public OpenTable {
 public:
  enum class Access : unsigned char { read, write };
  NamedTable(TableRecord record, std::shared_ptr<TableRows> rows, Access access)
      : record_(std::move(record)), rows_(std::move(rows)), access_(access) {}

  const TableRecord& record() const override { return record_; }
  bool is_read_only() const override { return rows_ == nullptr || access_ == Access::read; }
  lake::Snapshot snapshot() const override {
    BL_CHECK(rows_ != nullptr);
    return rows_->snapshot();
  }
  lake::Table& rows() const override {
    BL_CHECK(!is_read_only());
    return rows_->table();
  }

 private:
  const TableRecord record_;
  const std::shared_ptr<TableRows> rows_;
  const Access access_;
};

/// As clients see a table of the lake's own. Its id is negative and made of its name. Errors:
/// unsupported (a column that BigQuery has not).
Result<TableRecord> record_of_lake_table(std::string_view project, const lake::Table& table);
/// Without a schema where BigQuery has none for it.
TableRecord listed_lake_table(std::string_view project, const lake::Table& table);

}  // namespace bl::bigquery
