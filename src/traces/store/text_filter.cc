#include "traces/store/text_filter.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace bl::traces::text_filter {
namespace {

constexpr std::size_t k_block_words = 8;  // a line of the processor's cache
constexpr std::size_t k_bits_of_text = 12;
constexpr int k_probes = 7;

std::size_t block_of(std::uint64_t hash, std::size_t blocks) {
  return static_cast<std::size_t>((static_cast<unsigned __int128>(hash) * blocks) >> 64);
}
// The bits within a block: nine of the mixed hash for each.
std::uint64_t bits_of(std::uint64_t hash) {
  return (hash ^ (hash >> 31)) * 0x9E3779B97F4A7C15ull;
}

std::uint64_t word_at(std::string_view bytes, std::size_t at) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word;
}

}  // namespace

std::uint64_t hash_of(std::size_t column, std::string_view text) {
  const std::uint64_t hash = xxh3_64(text) + (column + 1) * 0xD6E8FEB86659FD93ull;
  return (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93ull;
}

std::vector<std::uint64_t> made_of(const std::vector<std::uint64_t>& hashes) {
  const std::size_t bits = std::max<std::size_t>(1, hashes.size()) * k_bits_of_text;
  const std::size_t blocks = (bits + k_block_words * 64 - 1) / (k_block_words * 64);
  std::vector<std::uint64_t> words(blocks * k_block_words);
  for (const std::uint64_t hash : hashes) {
    std::uint64_t* block = words.data() + block_of(hash, blocks) * k_block_words;
    std::uint64_t bits_left = bits_of(hash);
    for (int i = 0; i < k_probes; ++i, bits_left >>= 9) {
      block[(bits_left >> 6) & 7] |= std::uint64_t{1} << (bits_left & 63);
    }
  }
  return words;
}

bool may_hold(std::string_view words, std::uint64_t hash) {
  const std::size_t blocks = words.size() / (k_block_words * 8);
  if (blocks == 0) return true;
  const std::size_t block = block_of(hash, blocks) * k_block_words * 8;
  std::uint64_t bits_left = bits_of(hash);
  for (int i = 0; i < k_probes; ++i, bits_left >>= 9) {
    const std::uint64_t word = word_at(words, block + ((bits_left >> 6) & 7) * 8);
    if (((word >> (bits_left & 63)) & 1) == 0) return false;
  }
  return true;
}

}  // namespace bl::traces::text_filter
