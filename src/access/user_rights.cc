#include "access/user_rights.h"

namespace bl::access {

Result<void> demand_user_rights(const net::Principal& principal, const User* target,
                                UserRights rights) {
  if (!principal.repository.empty()) {
    return Error{Code::forbidden,
                 "this token is for one repository alone: " + principal.repository};
  }
  if (principal.role == net::Role::admin) return {};
  const bool signed_in = principal.kind == net::Principal::Kind::session;
  if (signed_in && target != nullptr && target->id == principal.user_id) return {};
  if (rights == UserRights::ours || !signed_in || principal.role < net::Role::writer) {
    return Error{Code::forbidden, std::string("only an admin edits other users, not a ") +
                                      net::name_of(principal.role)};
  }
  if (target != nullptr && target->role > principal.role) {
    return Error{Code::forbidden,
                 std::string("only an admin edits an ") + net::name_of(target->role)};
  }
  return {};
}

}  // namespace bl::access
