#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

/// Which names an object may have: those that every store can hold, with the same order. Pure.
/// Besides, no key may be the folder of another (`a` beside `a/b`): the local store refuses the
/// second one, others do not look.
namespace bl::objects {

inline constexpr std::size_t k_key_bytes_max = 1'000;    ///< S3 takes 1,024, our prefix included
inline constexpr std::size_t k_segment_bytes_max = 255;  ///< of a name between slashes
/// No segment begins with it: the local store's own names.
inline constexpr std::string_view k_reserved_start = ".benchlake-";

/// UTF-8 without control characters; segments that `/` parts, none empty, `.`, `..`, too long or
/// reserved. Errors: invalid, with the key at its end.
Result<void> check_key(std::string_view key);
/// Is it a segment of a key?
bool is_segment(std::string_view name);
/// Any front of a key, also an empty one. Errors: invalid.
Result<void> check_prefix(std::string_view prefix);
/// A key in a sentence: shortened, control characters replaced.
std::string quoted(std::string_view key);

}  // namespace bl::objects
