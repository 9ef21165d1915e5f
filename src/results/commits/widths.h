#pragma once

#include <cstddef>

/// Widths of the schema's columns of a commit, in characters [1.1].
namespace bl::results {

constexpr std::size_t k_sha_max = 50;
constexpr std::size_t k_message_kept = 240;  ///< of its first line
constexpr std::size_t k_author_name_max = 100;
constexpr std::size_t k_author_login_max = 50;
constexpr std::size_t k_author_avatar_max = 100;
constexpr std::size_t k_branch_max = 510;

}  // namespace bl::results
