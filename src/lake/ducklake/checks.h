#pragma once

#include <map>
#include <string>
#include <string_view>

#include "lake/catalog.h"
#include "lake/open_catalog.h"

/// What callers hand to a catalog, before it touches the catalog. Pure. Private to this folder.
/// Errors: invalid, too_large.
namespace bl::lake {

Result<void> check_name(std::string_view name);
Result<void> check_properties(const std::map<std::string, std::string>& properties,
                              std::size_t bytes_max);
/// `folder`: how the keys of the table's files begin.
Result<void> check_commit(const Commit& commit, const std::string& folder,
                          const CatalogLimits& limits);

}  // namespace bl::lake
