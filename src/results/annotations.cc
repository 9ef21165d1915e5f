#include "results/annotations.h"

#include <algorithm>

#include "results/decoding/fields.h"

namespace bl::results {
namespace {

using json::Value;

constexpr const char* k_name = "change_annotations";
constexpr const char* k_refused = "the change of annotations";

/// PostgreSQL keeps U+0000 neither in texts nor in documents.
bool has_nul(const Value& value) {
  const auto is_in = [](std::string_view text) { return text.find('\0') != text.npos; };
  if (value.is_string()) return is_in(value.as_string());
  if (value.is_array()) return std::ranges::any_of(value.items(), has_nul);
  if (!value.is_object()) return false;
  return std::ranges::any_of(value.members(), [&](const json::Member& member) {
    return is_in(member.first) || has_nul(member.second);
  });
}

void check_changes(const Value& changes, json::Faults& faults) {
  const std::string place = std::string("/").append(k_name);
  if (has_nul(changes)) faults.add(place, "must not contain U+0000");
  if (json::to_stored_text(changes).size() > AnnotationLimits().change_bytes_max) {
    faults.add(place,
               "longer than " + std::to_string(AnnotationLimits().change_bytes_max) + " bytes");
  }
}

}  // namespace

Result<Value> decode_annotation_changes(std::string_view body) {
  json::Faults faults;
  BL_TRY(const Value document, json::parse_noting(body, faults));
  const DecodeLimits limits;
  Fields fields(document, "", faults, limits);
  Value changes = fields.document(k_name);
  fields.finish();
  if (document.is_object() && document.find(k_name) == nullptr) {
    faults.add(std::string("/").append(k_name), "is required");
  }
  if (faults.ok()) check_changes(changes, faults);
  if (!faults.ok()) return faults.to_error(k_refused);
  return changes.is_null() ? Value::object() : changes;
}

Result<Value> decode_legacy_annotation_changes(std::string_view body) {
  json::Faults faults;
  BL_TRY(const Value document, json::parse_noting(body, faults));
  const std::string place = std::string("/").append(k_name);
  if (!document.is_object()) {
    faults.add("/_schema", "Invalid input type.");
    return faults.to_error(k_refused);
  }
  if (document.members().empty()) faults.add("/_errors", "Empty request body.");
  for (const auto& [name, value] : document.members()) {
    if (name != k_name) {
      faults.add(json::pointer_append("", name), "Unknown field.");
    } else if (value.is_null()) {
      faults.add(place, "Field may not be null.");
    } else if (!value.is_object()) {
      faults.add(place, "Not a valid mapping type.");
    }
  }
  const Value* changes = document.find(k_name);
  if (faults.ok()) check_changes(*changes, faults);
  if (!faults.ok()) return faults.to_error(k_refused);
  return *changes;
}

Value with_changes(Value annotations, const Value& changes) {
  for (const auto& [key, value] : changes.members()) {
    json::Object& members = annotations.members();
    std::erase_if(members, [&](const json::Member& member) { return member.first == key; });
    if (!value.is_null()) members.emplace_back(key, value);
  }
  return annotations;
}

}  // namespace bl::results
