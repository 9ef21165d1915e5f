#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "bigquery/changes.h"
#include "bigquery/googlesql.h"
#include "columns/batch.h"
#include "lake/table.h"

/// What a statement's query says, as a change of the lake's table. Pure. Private to this folder.
namespace bl::bigquery {

struct ChangedRows {
  Changed counts;
  std::vector<columns::Batch> new_rows;  ///< inserted ones, and the new values of updated ones
  std::vector<std::int64_t> old_rows;    ///< numbers of those that are updated or deleted
};

/// The statement's query, wrapped: what happens to a row, its number, what the lake keeps of its
/// values; of each what the statement's kind needs.
std::string change_query(const sql::Translated& statement);

/// Adds a batch of that query's answer. `schema`: of the lake's table. Errors: invalid (rows of
/// other types).
Result<void> add_changes(const columns::Batch& batch, sql::StatementKind kind,
                         const columns::Schema& schema, ChangedRows& to);

/// `files`: the snapshot whose rows were numbered. Errors: internal (a row changes twice).
Result<lake::Change> change_of(const lake::Snapshot& files, const ChangedRows& rows);
/// No row stays.
lake::Change change_of_all(const lake::Snapshot& files);

}  // namespace bl::bigquery
