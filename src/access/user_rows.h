#pragma once

#include <string>

#include "access/users.h"

/// How a user stands in a row of the store. Private to this folder.
namespace bl::access {

/// From four columns beginning at `first`: id, email, name, and the text of bl_user_role.role or
/// null.
Result<User> user_of(const store::Row& row, const UserLimits& limits, int first = 0);

/// What binds a session to a password: the SHA-256 of the column `password`.
std::string password_mark(std::string_view kept_password);

}  // namespace bl::access
