#include "lake/delta/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bl::lake::delta {
namespace {

/// So many digits at the front, and what follows them after a dot.
template <class T>
std::optional<T> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  T number = 0;
  const auto read = std::from_chars(text.data(), text.data() + digits, number);
  if (read.ec != std::errc() || read.ptr != text.data() + digits || text[0] == '-') {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return number;
}

bool is_uuid(std::string_view text) {
  return text.size() == 36 && std::all_of(text.begin(), text.end(), [](char c) {
           return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                  (c >= 'A' && c <= 'F');
         });
}

std::optional<LogName> part_name(DeltaVersion version, std::string_view rest) {
  const auto part = take_number<std::uint32_t>(rest, 10);
  if (!part || !rest.starts_with('.')) return std::nullopt;
  rest.remove_prefix(1);
  const auto parts = take_number<std::uint32_t>(rest, 10);
  if (!parts || rest != ".parquet" || *part == 0 || *part > *parts) return std::nullopt;
  return LogName{NameKind::part, version, *part, *parts};
}

std::optional<LogName> checkpoint_of(DeltaVersion version, std::string_view rest) {
  if (rest == "parquet") return LogName{NameKind::checkpoint, version, 0, 0};
  if (rest.size() == 44 && rest.ends_with(".parquet") && is_uuid(rest.substr(0, 36))) {
    return LogName{NameKind::uuid_parquet, version, 0, 0};
  }
  if (rest.size() == 41 && rest.ends_with(".json") && is_uuid(rest.substr(0, 36))) {
    return LogName{NameKind::uuid_json, version, 0, 0};
  }
  return part_name(version, rest);
}

}  // namespace

std::optional<LogName> parse_log_name(std::string_view name) {
  const auto version = take_number<DeltaVersion>(name, 20);
  if (!version || !name.starts_with('.')) return std::nullopt;
  name.remove_prefix(1);
  if (name == "json") return LogName{NameKind::commit, *version, 0, 0};
  if (name == "crc") return LogName{NameKind::checksum, *version, 0, 0};
  if (name.starts_with("checkpoint.")) return checkpoint_of(*version, name.substr(11));
  if (name.ends_with(".compacted.json")) return LogName{NameKind::compacted, *version, 0, 0};
  return std::nullopt;
}

std::string version_text(DeltaVersion version) {
  return fmt::format("{:020}", version);
}
std::string commit_name(DeltaVersion version) {
  return version_text(version) + ".json";
}
std::string checkpoint_name(DeltaVersion version) {
  return version_text(version) + ".checkpoint.parquet";
}

}  // namespace bl::lake::delta
