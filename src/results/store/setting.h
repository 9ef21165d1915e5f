#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/database.h"

/// What the results domain remembers of itself between starts, by name (results_setting). Private
/// to the store's side.
namespace bl::results {

/// Nothing where it was never kept.
Result<std::optional<std::string>> stored_setting(store::Connection& connection,
                                                  std::string_view name);
Result<void> keep_setting(store::Connection& connection, std::string_view name,
                          std::string_view value);

}  // namespace bl::results
