#include "events/index/dictionary.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace bl::events::index {
namespace {

constexpr std::size_t k_slots_min = 64;

std::uint64_t high_half(std::uint64_t hash) {
  return hash >> 32;
}

}  // namespace

// The slot is chosen by the high half too: growing needs no text.
std::size_t Dictionary::slot_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = high_half(hash) & mask;
  while (slots_[at] != 0) {
    const std::uint64_t slot = slots_[at];
    if (slot >> 32 == high_half(hash) &&
        this->text(static_cast<std::uint32_t>(slot & 0xffffffff) - 1) == text)
      break;
    at = (at + 1) & mask;
  }
  return at;
}

void Dictionary::grow(std::size_t slots) {
  std::vector<std::uint64_t> old = std::exchange(slots_, std::vector<std::uint64_t>(slots));
  // In the order of codes, so that pop_back stays right.
  std::vector<std::uint32_t> hashes(size());
  for (const std::uint64_t slot : old)
    if (slot != 0) hashes[(slot & 0xffffffff) - 1] = static_cast<std::uint32_t>(slot >> 32);
  const std::size_t mask = slots - 1;
  for (std::size_t code = 0; code < hashes.size(); ++code) {
    std::size_t at = hashes[code] & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = std::uint64_t{hashes[code]} << 32 | (code + 1);
  }
}

std::optional<std::uint32_t> Dictionary::find(std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint64_t slot = slots_[slot_of(text, xxh3_64(text))];
  if (slot == 0) return std::nullopt;
  return static_cast<std::uint32_t>(slot & 0xffffffff) - 1;
}

std::uint32_t Dictionary::code_of(std::string_view text) {
  if ((size() + 1) * 5 > slots_.size() * 4) grow(std::max(k_slots_min, slots_.size() * 2));
  const std::uint64_t hash = xxh3_64(text);
  const std::size_t at = slot_of(text, hash);
  if (slots_[at] != 0) return static_cast<std::uint32_t>(slots_[at] & 0xffffffff) - 1;
  const auto code = static_cast<std::uint32_t>(size());
  slots_[at] = high_half(hash) << 32 | (code + 1);
  if (bytes_.size() + text.size() > bytes_.capacity())
    bytes_.reserve(std::max(bytes_.size() + text.size(), bytes_.size() + bytes_.size() / 4));
  bytes_.append(text);
  ends_.push_back(bytes_.size());
  return code;
}

void Dictionary::pop_back() {
  BL_CHECK(size() != 0);
  const auto code = static_cast<std::uint32_t>(size() - 1);
  const std::string_view text = this->text(code);
  slots_[slot_of(text, xxh3_64(text))] = 0;
  bytes_.resize(bytes_.size() - text.size());
  ends_.pop_back();
}

std::string_view Dictionary::text(std::uint32_t code) const {
  const std::uint64_t start = code == 0 ? 0 : ends_[code - 1];
  return {bytes_.data() + start, static_cast<std::size_t>(ends_[code] - start)};
}

void Dictionary::reserve(std::size_t texts) {
  std::size_t slots = std::max(k_slots_min, slots_.size());
  while (texts * 5 > slots * 4) slots *= 2;
  if (slots != slots_.size()) grow(slots);
  ends_.reserve(texts);
}

std::uint64_t Dictionary::memory_bytes() const {
  return bytes_.capacity() + 8 * (ends_.capacity() + slots_.capacity());
}

}  // namespace bl::events::index
