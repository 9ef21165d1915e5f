#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/model.h"
#include "store/database.h"

/// Values as documents of the store, and back. Private to the store's side.
namespace bl::inference {

/// `{"tput_per_gpu":157.12}`, in their order. The values are finite.
std::string metrics_text(const Metrics& metrics);
/// Errors: corrupt.
Result<Metrics> metrics_of(std::string_view text);
/// Null gives the value null. Errors: corrupt.
Result<json::Value> document_of(const store::Row& row, int column);
std::string strings_text(std::span<const std::string> strings);
/// Null gives none. Errors: corrupt.
Result<std::vector<std::string>> strings_of(const store::Row& row, int column);

/// A list as one parameter: `json_each($1)` on SQLite, `$1::text[]` on PostgreSQL.
std::string list_text(std::span<const std::string> strings, store::Dialect dialect);
/// `where model` and one of the list `$1`.
#define BL_ONE_OF_SQLITE "in (select value from json_each($1))"
#define BL_ONE_OF_POSTGRES "= any ($1::text[])"

/// Calls `each` for every row until it fails; gives its error, else the query's.
Result<void> for_each_row(store::Connection& connection, const store::Sql& sql,
                          std::initializer_list<store::Param> params,
                          const std::function<Result<void>(const store::Row&)>& each);

}  // namespace bl::inference
