#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bl::events::index {

/// Texts <-> codes 0, 1, 2, ... in the order in which they came. The newest may be taken back.
class Dictionary {
 public:
  std::optional<std::uint32_t> find(std::string_view text) const;
  /// The text's code; a new one when it is not there.
  std::uint32_t code_of(std::string_view text);
  void pop_back();
  /// Valid until the next change.
  std::string_view text(std::uint32_t code) const;
  std::size_t size() const { return ends_.size(); }
  void reserve(std::size_t texts);
  std::uint64_t memory_bytes() const;

 private:
  // A slot is the high half of the text's hash and the code + 1; zero is free. Probing is linear,
  // so the one that came last is in nobody's way: taking it back frees its slot.
  std::size_t slot_of(std::string_view text, std::uint64_t hash) const;
  void grow(std::size_t slots);

  std::string bytes_;
  std::vector<std::uint64_t> ends_;
  std::vector<std::uint64_t> slots_;
};

}  // namespace bl::events::index
