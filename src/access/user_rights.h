#pragma once

#include "access/users.h"

/// Who may edit whom. Pure. Private to this folder.
namespace bl::access {

enum class UserRights : unsigned char { ours, legacy };

/// `target` is nullptr for somebody new. Admins may, everybody may edit themselves after signing in
/// by their own password; with legacy rights also writers who signed in, but nobody who may do more
/// than they. What writes to one repository alone may not. Errors: forbidden.
Result<void> demand_user_rights(const net::Principal& principal, const User* target,
                                UserRights rights);

}  // namespace bl::access
