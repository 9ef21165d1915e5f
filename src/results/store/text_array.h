#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/database.h"

/// A list of texts as one parameter, so that one statement and one plan serve any number of them.
/// Private to the store's side.
namespace bl::results {

/// `where id` and one of these, with the list as `$1`.
#define BL_ONE_OF_SQLITE "in (select value from json_each($1))"
#define BL_ONE_OF_POSTGRES "= any ($1::text[])"

/// `["a","b"]` on SQLite, `{"a","b"}` on PostgreSQL.
std::string text_array(std::span<const std::string_view> texts, store::Dialect dialect);

}  // namespace bl::results
