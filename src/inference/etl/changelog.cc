#include <array>

#include "inference/coercion.h"
#include "inference/decode.h"

namespace bl::inference {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
constexpr std::string_view k_blanks = " \t\n\r\v\f";

/// The address behind the first `PR:` that begins a word.
std::optional<std::string> link_in(std::string_view text) {
  for (std::size_t at = text.find("PR:"); at != text.npos; at = text.find("PR:", at + 1)) {
    if (at > 0 && is_word(text[at - 1])) continue;
    std::size_t begin = text.find_first_not_of(k_blanks, at + 3);
    if (begin == text.npos) continue;
    std::string_view rest = text.substr(begin);
    std::size_t scheme = rest.starts_with("https://") ? 8 : rest.starts_with("http://") ? 7 : 0;
    std::size_t end = std::min(rest.find_first_of(k_blanks), rest.size());
    if (scheme > 0 && end > scheme) return std::string(rest.substr(0, end));
  }
  return std::nullopt;
}

std::string description_of(const json::Value* description) {
  if (!description || !description->is_array()) return text_of(description);
  std::string lines;
  for (const json::Value& line : description->items()) {
    if (&line != &description->items().front()) lines += '\n';
    lines += text_of(&line);
  }
  return lines;
}

bool is_true(const json::Value* value) {
  return value && value->is_bool() && value->as_bool();
}

ChangelogEntry entry_of(const Registry& registry, const json::Value& raw) {
  ChangelogEntry entry;
  if (const json::Value* keys = raw.find("config-keys"); keys && keys->is_array()) {
    for (const json::Value& key : keys->items()) {
      entry.config_keys.push_back(resolve_framework_aliases_in(registry, text_of(&key)));
    }
  }
  entry.description = description_of(raw.find("description"));
  const json::Value* link = raw.find("pr-link");
  entry.pr_link = is_truthy(link) ? std::optional(text_of(link)) : link_in(entry.description);
  entry.evals_only = is_true(raw.find("evals-only"));
  entry.append_only = is_true(raw.find("append-only"));
  return entry;
}

}  // namespace

std::vector<ChangelogEntry> changelog_entries(const Registry& registry,
                                              const json::Value* entries) {
  std::vector<ChangelogEntry> all;
  if (!entries || !entries->is_array()) return all;
  for (const json::Value& raw : entries->items()) {
    if (raw.is_object() || raw.is_array()) all.push_back(entry_of(registry, raw));
  }
  return all;
}

bool is_evals_only(const std::vector<ChangelogEntry>& entries) {
  return std::any_of(entries.begin(), entries.end(),
                     [](const ChangelogEntry& entry) { return entry.evals_only; });
}

}  // namespace bl::inference
