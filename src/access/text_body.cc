#include "access/text_body.h"

#include <algorithm>

#include "base/json.h"

namespace bl::access {
namespace {

Error empty_body(const BodyRules& rules) {
  return {Code::invalid, rules.empty, {{"/_errors", rules.empty, ""}}};
}

bool is_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return net::equal_without_case(type, "application/json");
}

}  // namespace

Result<Texts> decode_texts(const net::Request& request, std::initializer_list<TextField> fields,
                           const BodyRules& rules) {
  if (!is_json(request.headers.get("Content-Type"))) {
    if (rules.empty != nullptr) return empty_body(rules);
    return Error{Code::unsupported_media, "the body must be application/json"};
  }
  const auto parsed = json::parse(request.body);
  const bool has_members = parsed.ok() && parsed->is_object() && !parsed->members().empty();
  if (rules.empty != nullptr && (!parsed.ok() || (parsed->is_object() && !has_members)))
    return empty_body(rules);
  if (!parsed.ok()) return parsed.error();
  json::Faults faults;
  if (!parsed->is_object()) {
    faults.add("", rules.no_object);
    return faults.to_error("the body");
  }
  Texts texts;
  for (const auto& [key, value] : parsed->members()) {
    const std::string path = json::pointer_append("", key);
    const bool known = std::any_of(fields.begin(), fields.end(),
                                   [&](const TextField& field) { return key == field.name; });
    if (!known) {
      faults.add(path, rules.unknown);
    } else if (value.is_string()) {
      texts.insert_or_assign(key, value.as_string());
    } else {
      faults.add(path, value.is_null() ? rules.null : rules.no_string);
    }
  }
  for (const TextField& field : fields) {
    if (field.required && parsed->find(field.name) == nullptr)
      faults.add(json::pointer_append("", field.name), rules.missing);
  }
  if (!faults.ok()) return faults.to_error("the body");
  return texts;
}

std::optional<std::string> text_of(const Texts& texts, std::string_view name) {
  const auto found = texts.find(name);
  if (found == texts.end()) return std::nullopt;
  return found->second;
}

}  // namespace bl::access
