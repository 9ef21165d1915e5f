#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"

/// Ids as the index keeps them: 16 bytes for a UUID in its canonical form, whatever else is there
/// as it is.
namespace bl::events::index {

/// An event's id. Ids that are no UUID (a foreign writer's) are known by their digest; their text
/// stands in the event's row.
struct EventKey {
  std::array<std::uint8_t, 16> bytes{};
  bool is_uuid = true;
  bool operator==(const EventKey&) const = default;
  std::uint64_t hash() const {
    return xxh3_64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
};
EventKey event_key(std::string_view event_id);
/// Of a key that is a UUID.
std::string uuid_text(const std::array<std::uint8_t, 16>& bytes);

/// Texts of dictionaries, short: a UUID is a zero byte and 16 more. expand(compact(text)) == text.
void compact(std::string_view text, std::string& out);
std::string expand(std::string_view compacted);

}  // namespace bl::events::index
