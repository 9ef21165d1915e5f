#pragma once

#include <string>
#include <string_view>

#include "access/users.h"

/// What a user's texts may be. Pure. Private to this folder.
namespace bl::access {

/// The messages are those of Conbench's legacy dialect (spec/results-conbench.md 3.2).
inline constexpr std::string_view k_bad_email = "Not a valid email address.";
inline constexpr std::string_view k_email_in_use = "Email address already in use.";

/// One `@`, something before it, and a host name with a dot (or `localhost`) after it; no blanks,
/// controls, quotes or brackets.
bool is_email_address(std::string_view text);

/// Errors: invalid with every fault (/email, /name, /password).
Result<void> check_user(const UserChange& texts, const UserLimits& limits);

/// A name of that length that check_user takes, from whatever somebody else's system says.
std::string tame_name(std::string_view name, std::size_t length_max);

/// Without case (ASCII).
bool is_admin_address(std::string_view email, const UserLimits& limits);

}  // namespace bl::access
