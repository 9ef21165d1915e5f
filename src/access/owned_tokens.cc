#include "access/owned_tokens.h"

#include <algorithm>

#include "store/both_dialects.h"

namespace bl::access {

using store::both_dialects;

Result<std::optional<net::Principal>> principal_of(const TokenView& token, Users& users) {
  net::Principal principal{.role = token.role,
                           .id = token.id,
                           .name = token.name,
                           .kind = net::Principal::Kind::token,
                           .user_id = token.user_id,
                           .repository = token.repository};
  if (!token.user_id.empty()) {
    BL_TRY(const std::optional<User> owner, users.find(token.user_id));
    if (!owner) return std::optional<net::Principal>();
    principal.role = std::min(token.role, owner->role);
  }
  return std::optional(std::move(principal));
}

Result<void> remove_tokens_of(store::Connection& connection, std::string_view user_id) {
  BL_RETURN_IF_ERROR(
      connection.execute(both_dialects<"delete from @token_grant where id in"
                                       " (select id from @api_token where user_id = $1)">(),
                         {user_id}));
  BL_RETURN_IF_ERROR(
      connection.execute(both_dialects<"delete from @api_token where user_id = $1">(), {user_id}));
  BL_RETURN_IF_ERROR(connection.execute(
      both_dialects<"delete from @cli_login_code where user_id = $1">(), {user_id}));
  return {};
}

}  // namespace bl::access
