#pragma once

#include <optional>
#include <string_view>

#include "access/tokens.h"
#include "access/users.h"

/// What a token has to do with the user who owns it.
namespace bl::access {

/// Who asks with this token, as of now: an owned token may do what its owner may, and no more, so
/// that who is demoted or removed is it at once. nullopt: its owner is gone. Cost: one look at the
/// owner; nothing for a token that nobody owns. Errors: those of the store.
Result<std::optional<net::Principal>> principal_of(const TokenView& token, Users& users);

/// Removes the tokens and login codes of a user who is being removed, in the transaction of the
/// removal. Their rows go: Conbench's tables point at the user's.
Result<void> remove_tokens_of(store::Connection& connection, std::string_view user_id);

}  // namespace bl::access
