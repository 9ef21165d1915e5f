#include "results/decoding/payload.h"

#include <algorithm>
#include <vector>

namespace bl::results {
namespace {

/// Whose null members mean nothing.
enum class Level : unsigned char { top, schema, document };

Level below(Level level, std::string_view key) {
  constexpr std::string_view k_schema_keys[] = {"github", "stats", "machine_info", "cluster_info"};
  const bool is_of_schema = level == Level::top &&
                            std::count(std::begin(k_schema_keys), std::end(k_schema_keys), key) > 0;
  return is_of_schema ? Level::schema : Level::document;
}

bool is_left_out(Level level, const json::Member& member) {
  const auto& [key, value] = member;
  if (level == Level::document) return false;
  if (value.is_null()) return true;
  if (level == Level::schema) return key == "commit_info";
  return key == "submission_key" || (value.is_string() && value.as_string().find_first_not_of(
                                                              " \t\r\n\f\v") == std::string::npos);
}

void append(std::string& out, const json::Value& value, Level level) {
  if (value.is_array()) {
    out += '[';
    bool first = true;
    for (const json::Value& item : value.items()) {
      if (!first) out += ',';
      first = false;
      append(out, item, Level::document);
    }
    out += ']';
    return;
  }
  if (!value.is_object()) return json::append_text(out, value);
  std::vector<const json::Member*> members;
  members.reserve(value.members().size());
  for (const json::Member& member : value.members()) {
    if (!is_left_out(level, member)) members.push_back(&member);
  }
  std::sort(members.begin(), members.end(),
            [](const json::Member* a, const json::Member* b) { return a->first < b->first; });
  out += '{';
  bool first = true;
  for (const json::Member* member : members) {
    if (!first) out += ',';
    first = false;
    json::append_quoted(out, member->first);
    out += ':';
    append(out, member->second, below(level, member->first));
  }
  out += '}';
}

}  // namespace

std::string canonical_payload(const json::Value& submission) {
  std::string text;
  append(text, submission, Level::top);
  return text;
}

}  // namespace bl::results
