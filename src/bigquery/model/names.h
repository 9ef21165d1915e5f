#pragma once

#include <string>
#include <string_view>

/// Names of columns: found without regard to case, kept as given. Private to this folder.
namespace bl::bigquery {

/// ASCII letters made small; the rest as it is.
std::string lower(std::string_view text);
bool same_name(std::string_view a, std::string_view b);
/// Why a column may not be called so; empty when it may.
std::string_view name_fault(std::string_view name, std::size_t name_bytes_max);

}  // namespace bl::bigquery
