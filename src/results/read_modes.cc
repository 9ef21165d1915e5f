#include "results/read_modes.h"

#include <fmt/format.h>

#include <charconv>

namespace bl::results {
namespace {

constexpr std::array<const char*, k_read_ports.size()> k_names{"history", "compare", "health",
                                                               "runs"};
constexpr double k_percent_max = 100;

Error unknown(std::string_view text) {
  return {Code::invalid,
          "must be store, shadow, shadow(5%), lake, lake+shadow or lake+shadow(5%), with a share "
          "above 0 and up to 100: " +
              std::string(text)};
}

/// `(5%)`, or nothing, which is all.
std::optional<double> percent_of(std::string_view text) {
  if (text.empty()) return k_percent_max;
  if (!text.starts_with('(') || !text.ends_with("%)")) return std::nullopt;
  text = text.substr(1, text.size() - 3);
  double percent = 0;
  const auto [end, failure] =
      std::from_chars(text.data(), text.data() + text.size(), percent, std::chars_format::fixed);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(percent > 0) || percent > k_percent_max) return std::nullopt;
  return percent;
}

}  // namespace

const char* name_of(ReadPort port) {
  return k_names[static_cast<std::size_t>(port)];
}

std::optional<ReadPort> read_port_of(std::string_view name) {
  for (const ReadPort port : k_read_ports) {
    if (name == name_of(port)) return port;
  }
  return std::nullopt;
}

std::string text_of(const ReadMode& mode) {
  if (mode.shadow_percent == 0) return mode.is_lake ? "lake" : "store";
  const char* name = mode.is_lake ? "lake+shadow" : "shadow";
  if (mode.shadow_percent == k_percent_max) return name;
  return fmt::format("{}({}%)", name, mode.shadow_percent);
}

Result<ReadMode> parse_read_mode(std::string_view text) {
  if (text == "store") return ReadMode{};
  if (text == "lake") return ReadMode{.is_lake = true};
  for (const std::string_view name : {"lake+shadow", "shadow"}) {
    if (!text.starts_with(name)) continue;
    const auto percent = percent_of(text.substr(name.size()));
    if (!percent) return unknown(text);
    return ReadMode{.is_lake = name != "shadow", .shadow_percent = *percent};
  }
  return unknown(text);
}

}  // namespace bl::results
