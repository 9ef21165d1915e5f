#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "bigquery/tables.h"

/// Rows of `bl_bq_datasets` and `bl_bq_tables`, within a transaction of the caller. Errors: those
/// of the store; corrupt (a row that is no JSON or no schema).
namespace bl::bigquery::rows {

/// Ordered.
Result<std::vector<std::string>> projects(store::Connection& connection);
Result<std::optional<DatasetRecord>> dataset(store::Connection& connection,
                                             std::string_view project, std::string_view dataset);
/// Until the transaction ends, nobody else drops it.
Result<bool> hold_dataset(store::Connection& connection, std::string_view project,
                          std::string_view dataset);
/// Ordered by name.
Result<std::vector<DatasetRecord>> datasets(store::Connection& connection,
                                            std::string_view project);
/// False: it is there.
Result<bool> add(store::Connection& connection, const DatasetRecord& record);
/// False: it is gone, or of another version than `version`.
Result<bool> change(store::Connection& connection, const DatasetRecord& record,
                    std::int64_t version);
Result<bool> remove_dataset(store::Connection& connection, std::string_view project,
                            std::string_view dataset);

Result<std::optional<TableRecord>> table(store::Connection& connection, const TableName& name);
/// Ordered by name.
Result<std::vector<TableRecord>> tables(store::Connection& connection, std::string_view project,
                                        std::string_view dataset);
/// False: the name is taken.
Result<bool> add(store::Connection& connection, const TableRecord& record);
/// False: it is gone, or of another version than `version`.
Result<bool> change(store::Connection& connection, const TableRecord& record, std::int64_t version);
Result<bool> remove_table(store::Connection& connection, std::int64_t id);

/// The ids of all tables, ascending.
Result<std::vector<std::int64_t>> table_ids(store::Connection& connection);
/// The first of `count` ids that nobody else ever gets.
Result<std::int64_t> reserve_ids(store::Connection& connection, std::int64_t count);
/// No id from here on was given to anybody.
Result<std::int64_t> next_id(store::Connection& connection);

}  // namespace bl::bigquery::rows
