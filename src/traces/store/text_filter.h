#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

/// Texts by their hashes: a blocked Bloom filter of 12 bits a text, of which about 1 in 200 that
/// was not added is taken for one that was. Each text is of a column.
namespace bl::traces::text_filter {

std::uint64_t hash_of(std::size_t column, std::string_view text);

/// Words of 8 bytes, at least one block of 8. Better each hash once.
std::vector<std::uint64_t> made_of(const std::vector<std::uint64_t>& hashes);

/// `words`: the bytes of made_of(). None: anything may be there.
bool may_hold(std::string_view words, std::uint64_t hash);

}  // namespace bl::traces::text_filter
