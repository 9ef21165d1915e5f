#pragma once

#include <string>
#include <string_view>

#include "base/random.h"

/// The text of a token: `bl_` and 32 random bytes as base64url. Private to this folder.
namespace bl::access {

inline constexpr std::string_view k_plaintext_start = "bl_";
inline constexpr std::size_t k_secret_bytes = 32;
inline constexpr std::size_t k_plaintext_bytes = 3 + 43;
/// How much of it is kept and shown, so that people know their tokens apart.
inline constexpr std::size_t k_prefix_bytes = 8;

std::string make_plaintext(Random& random);
/// False for a text that make_plaintext never gives: nobody needs to look for it.
bool may_be_plaintext(std::string_view text);
/// False for a text that no program would have given as a token.
bool may_be_foreign_plaintext(std::string_view text);

}  // namespace bl::access
