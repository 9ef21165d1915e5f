#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bigquery/model.h"

/// Names of datasets and tables, and what is said when they are not there. Pure.
namespace bl::bigquery {

/// The lake's own tables.
inline constexpr std::string_view k_lake_dataset = "benchlake";

/// Projects: 1 to 1,024 bytes without control characters, blanks, quotes and slashes; datasets:
/// letters, digits and `_`, 1 to 1,024; tables: also `-`, blanks within and whatever is not ASCII.
/// Errors: invalid, with the name.
Result<void> check_project(std::string_view project);
Result<void> check_dataset_name(std::string_view project, std::string_view dataset);
Result<void> check_table_name(const TableName& name);

Error no_dataset(std::string_view project, std::string_view dataset);
Error no_table(const TableName& name);
Error dataset_exists(std::string_view project, std::string_view dataset);
Error table_exists(const TableName& name);
Error dataset_in_use(std::string_view project, std::string_view dataset);
Error is_read_only(std::string_view what);

/// Others may change the same row meanwhile: so often it is tried again.
inline constexpr int k_change_attempts_max = 16;
Error changed_too_often(std::string_view what);

/// `p:d.t`, as ids of answers and messages have it.
std::string text_of(const TableName& name);

/// `bq_17`: the lake's table of a table.
std::string lake_name(std::int64_t id);
/// And back; nullopt for tables of others.
std::optional<std::int64_t> id_in_lake_name(std::string_view name);

}  // namespace bl::bigquery
