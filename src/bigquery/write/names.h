#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "bigquery/model.h"

/// Names of tables and streams as the Storage API writes them. Private to this folder.
namespace bl::bigquery::write {

struct StreamName {
  TableName table;
  std::string stream;  ///< empty: `_default`
};

/// `projects/P/datasets/D/tables/T/streams/S`; `.../tables/T/_default` is the default one, too.
/// Errors: invalid.
Result<StreamName> parse_stream_name(std::string_view text);
/// `projects/P/datasets/D/tables/T`. Errors: invalid.
Result<TableName> parse_table_path(std::string_view text);
/// The same, or without a table `projects/P/datasets/D`.
Result<TableName> parse_commit_parent(std::string_view text);

std::string path_of(const TableName& table);
std::string path_of(const TableName& table, std::string_view stream);

}  // namespace bl::bigquery::write
