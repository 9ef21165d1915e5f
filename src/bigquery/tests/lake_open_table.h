#pragma once

#include <memory>
#include <utility>

#include "bigquery/tables.h"

namespace bl::bigquery {

/// A table of the lake, as the door's tables are.
class LakeTable final : public OpenTable {
 public:
  LakeTable(TableRecord record, std::shared_ptr<lake::Table> table)
      : record_(std::move(record)), table_(std::move(table)) {}
  const TableRecord& record() const override { return record_; }
  bool is_read_only() const override { return false; }
  lake::Snapshot snapshot() const override { return table_->snapshot(); }
  lake::Table& rows() const override { return *table_; }

 private:
  const TableRecord record_;
  const std::shared_ptr<lake::Table> table_;
};

}  // namespace bl::bigquery
