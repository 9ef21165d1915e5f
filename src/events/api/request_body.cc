#include "events/api/request_body.h"

#include <algorithm>

#include "events/model.h"

namespace bl::events {
namespace {

std::string path_of(std::string_view name) {
  return json::pointer_append("", name);
}

}  // namespace

Result<RequestBody> RequestBody::parse(std::string_view body) {
  if (body.empty()) return RequestBody(json::Value::object());
  BL_TRY(json::Value document, json::parse(body));
  if (!document.is_object()) {
    return Error{Code::invalid, "the body is no JSON object", {{"", "not an object", ""}}};
  }
  return RequestBody(std::move(document));
}

const json::Value* RequestBody::find(std::string_view name) {
  known_.push_back(name);
  const json::Value* value = document_.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string RequestBody::text(std::string_view name) {
  const json::Value* value = find(name);
  if (value == nullptr) return {};
  if (value->is_string()) return value->as_string();
  faults_.add(path_of(name), "not a text", value);
  return {};
}

std::string RequestBody::required_text(std::string_view name) {
  const std::size_t faults = faults_.count();
  std::string found = text(name);
  if (found.empty() && faults_.count() == faults) {
    faults_.add(path_of(name), "required, but missing");
  }
  return found;
}

std::optional<std::int64_t> RequestBody::integer(std::string_view name, std::int64_t least,
                                                 std::int64_t most) {
  const json::Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto number = value->is_number() ? value->as_int64() : std::nullopt;
  if (number && *number >= least && *number <= most) return number;
  faults_.add(path_of(name),
              "not an integer from " + std::to_string(least) + " to " + std::to_string(most),
              value);
  return std::nullopt;
}

std::string RequestBody::uuid(std::string_view name) {
  std::string id = text(name);
  for (char& c : id) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (!id.empty() && !is_uuid(id)) faults_.add_text(path_of(name), "no UUID", id);
  return id;
}

std::vector<std::string> RequestBody::refs(std::string_view name) {
  const std::string path = path_of(name);
  std::vector<std::string> refs;
  const json::Value* value = find(name);
  if (value == nullptr) {
    faults_.add(path, "required, but missing");
    return refs;
  }
  if (!value->is_array() || value->items().empty()) {
    faults_.add(path, "not a list of at least one partition", value);
    return refs;
  }
  for (std::size_t i = 0; i < value->items().size(); ++i) {
    const json::Value& item = value->items()[i];
    const json::Value* ref =
        item.is_object() && item.members().size() == 1 ? item.find("str") : &item;
    if (ref == nullptr || !ref->is_string() || ref->as_string().empty()) {
      faults_.add(json::pointer_append(path, i), R"(not a partition: a text, or {"str": text})",
                  &item);
    } else {
      refs.push_back(ref->as_string());
    }
  }
  return refs;
}

Result<void> RequestBody::finish() {
  for (const auto& [name, value] : document_.members()) {
    if (std::ranges::find(known_, name) == known_.end()) {
      faults_.add(path_of(name), "nobody knows this member", &value);
    }
  }
  if (faults_.ok()) return {};
  return faults_.to_error("the body");
}

}  // namespace bl::events
