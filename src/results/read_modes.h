#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// Which side answers the reads of results: the store, which is the truth, or its replica in the
/// lake, which is faster where histories are long and lists are broad. Decided for each reader port
/// (ports.h) alone.
namespace bl::results {

enum class ReadPort : unsigned char {
  history,  ///< HistoryReader
  compare,  ///< CompareReader
  health,   ///< ProjectHealthReader
  runs,     ///< RunBrowser
};
inline constexpr std::array k_read_ports{ReadPort::history, ReadPort::compare, ReadPort::health,
                                         ReadPort::runs};
const char* name_of(ReadPort port);
std::optional<ReadPort> read_port_of(std::string_view name);

/// How a port's reads are answered. Text: `store`, `shadow`, `shadow(5%)`, `lake`, `lake+shadow`,
/// `lake+shadow(0.5%)`; without a share, all reads are compared.
struct ReadMode {
  bool is_lake = false;       ///< the lake answers; else the store
  double shadow_percent = 0;  ///< of so many reads the answers of both sides are compared, later
  bool operator==(const ReadMode&) const = default;
};
std::string text_of(const ReadMode& mode);
/// Errors: invalid.
Result<ReadMode> parse_read_mode(std::string_view text);

/// By ReadPort.
using ReadModes = std::array<ReadMode, k_read_ports.size()>;
inline ReadMode& mode_of(ReadModes& modes, ReadPort port) {
  return modes[static_cast<std::size_t>(port)];
}
inline const ReadMode& mode_of(const ReadModes& modes, ReadPort port) {
  return modes[static_cast<std::size_t>(port)];
}

}  // namespace bl::results
