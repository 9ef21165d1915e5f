#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/query_fields.h"

/// Opaque cursors of paged lists: base64url of a version, the list's name, a position in it and a
/// check, so that a cursor of another list, of another version or cut in transit is refused.
namespace bl::results {

std::string make_cursor(std::string_view list, std::string_view position);
/// The position. Errors: invalid.
Result<std::string> read_cursor(std::string_view list, std::string_view cursor);
/// The position that the parameter `cursor` names; nullopt without one, and when it is none of this
/// list, which is then a fault of the query.
std::optional<std::string> cursor_of(net::QueryFields& query, std::string_view list);

}  // namespace bl::results
