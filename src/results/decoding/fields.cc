#include "results/decoding/fields.h"

#include <algorithm>
#include <cmath>

#include "base/numbers.h"
#include "base/utf8.h"
#include "results/decoding/number_texts.h"

namespace bl::results {

std::optional<json::Value> lenient_number(const json::Value& value) {
  if (value.is_number()) return value;
  if (!value.is_string()) return std::nullopt;
  auto decimal = decimal_text(value.as_string());
  if (!decimal || !is_bounded_number(*decimal)) return std::nullopt;
  return json::Value::number_text(*std::move(decimal));
}

std::string too_long_a_number(const DecodeLimits& limits) {
  return "a number longer than " + std::to_string(limits.number_chars_max) + " characters";
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  for (; count > 0 && end < text.size(); --count) end += decode_utf8(text.substr(end)).bytes;
  return text.substr(0, end);
}

Fields::Fields(const json::Value& value, std::string path, json::Faults& faults,
               const DecodeLimits& limits, Blank blank)
    : value_(value), path_(std::move(path)), faults_(faults), limits_(limits), blank_(blank) {
  if (!value_.is_object()) faults_.add(path_, "not an object", &value_);
}

void Fields::fault(std::string_view name, std::string message, const json::Value* value) {
  faults_.add(path_of(name), std::move(message), value);
}

bool Fields::is_blank(const json::Value& value) const {
  return blank_ == Blank::absent && value.is_string() &&
         value.as_string().find_first_not_of(" \t\r\n\f\v") == std::string::npos;
}

const json::Value* Fields::known(std::string_view name) {
  if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.push_back(name);
  return value_.find(name);
}

const json::Value* Fields::find(std::string_view name) {
  const json::Value* value = known(name);
  return value == nullptr || value->is_null() || is_blank(*value) ? nullptr : value;
}

const json::Value* Fields::require(std::string_view name) {
  const json::Value* value = known(name);
  if (!value_.is_object()) return nullptr;
  if (value == nullptr) {
    fault(name, "required, but missing");
  } else if (value->is_null()) {
    fault(name, "must not be null");
  } else if (is_blank(*value)) {
    fault(name, "must not be blank", value);
  } else {
    return value;
  }
  return nullptr;
}

std::optional<std::string> Fields::checked_text(const std::string& path, const json::Value& value) {
  if (!value.is_string()) {
    faults_.add(path, "not a string", &value);
  } else if (value.as_string().size() > limits_.text_bytes_max) {
    faults_.add(path, "longer than " + std::to_string(limits_.text_bytes_max) + " bytes", &value);
  } else {
    return value.as_string();
  }
  return std::nullopt;
}

std::optional<std::string> Fields::text(std::string_view name) {
  const json::Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  return checked_text(path_of(name), *value);
}

std::string Fields::required_text(std::string_view name) {
  const json::Value* value = require(name);
  if (value == nullptr) return {};
  if (value->is_string() && value->as_string().empty()) fault(name, "must not be empty");
  return checked_text(path_of(name), *value).value_or("");
}

std::string Fields::within(std::string_view name, std::string text, std::size_t bytes_max) {
  if (text.size() > bytes_max && text.size() <= limits_.text_bytes_max) {  // else said already
    faults_.add_text(path_of(name), "longer than " + std::to_string(bytes_max) + " bytes", text);
  }
  return text;
}

std::optional<std::string> Fields::key_text(std::string_view name) {
  auto read = text(name);
  if (read) read = within(name, *std::move(read), limits_.key_bytes_max);
  return read;
}

std::string Fields::required_key_text(std::string_view name) {
  return within(name, required_text(name), limits_.key_bytes_max);
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t least,
                                            std::int64_t most) {
  const json::Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::optional<std::int64_t> read;
  if (value->is_string()) {
    read = parse_int64(value->as_string());
  } else if (value->is_number() && value->is_integer()) {
    read = value->as_int64();
  } else if (value->is_number() && std::abs(value->as_double()) < 9.2e18) {
    read = static_cast<std::int64_t>(value->as_double());
  }
  if (!read) {
    fault(name, "not an integer of 64 bits", value);
  } else if (*read < least || *read > most) {
    fault(name, "not between " + std::to_string(least) + " and " + std::to_string(most), value);
    read.reset();
  }
  return read;
}

std::optional<json::Value> Fields::checked_number(const std::string& path,
                                                  const json::Value& value) {
  if (value.is_string() && value.as_string().size() > limits_.number_chars_max) {
    faults_.add_text(path, too_long_a_number(limits_), value.as_string());
    return std::nullopt;
  }
  auto number = lenient_number(value);
  if (!number) faults_.add(path, "not a finite number", &value);
  return number;
}

std::optional<double> Fields::number(std::string_view name) {
  const json::Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto number = checked_number(path_of(name), *value);
  if (!number) return std::nullopt;
  return number->as_double();
}

std::optional<std::vector<std::string>> Fields::texts(std::string_view name) {
  const json::Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array()) {
    fault(name, "not an array", value);
    return std::nullopt;
  }
  if (value->items().size() > limits_.tags_max) {
    fault(name, "more than " + std::to_string(limits_.tags_max) + " entries");
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < value->items().size(); ++i) {
    const std::string path = json::pointer_append(path_of(name), i);
    if (auto text = checked_text(path, value->items()[i])) texts.push_back(*std::move(text));
  }
  return texts;
}

json::Value Fields::checked_document(std::string_view name, const json::Value& value) {
  if (!value.is_object()) {
    fault(name, "not an object", &value);
    return {};
  }
  const std::size_t bytes = json::to_text(value).size();
  if (bytes > limits_.document_bytes_max) {
    faults_.add_text(path_of(name),
                     "larger than " + std::to_string(limits_.document_bytes_max) + " bytes",
                     std::to_string(bytes));
    return {};
  }
  return value;
}

json::Value Fields::document(std::string_view name) {
  const json::Value* value = find(name);
  return value == nullptr ? json::Value() : checked_document(name, *value);
}

json::Value Fields::required_document(std::string_view name) {
  const json::Value* value = require(name);
  return value == nullptr ? json::Value() : checked_document(name, *value);
}

std::optional<json::Array> Fields::samples(std::string_view name) {
  const json::Value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array()) {
    fault(name, "not an array", value);
    return std::nullopt;
  }
  const json::Array& items = value->items();
  if (items.size() > limits_.samples_max) {
    faults_.add_text(path_of(name), "more than " + std::to_string(limits_.samples_max) + " samples",
                     std::to_string(items.size()));
    return std::nullopt;
  }
  json::Array samples;
  samples.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].is_null() || items[i].is_number()) {  // a path costs
      samples.push_back(items[i]);
    } else if (auto number = checked_number(json::pointer_append(path_of(name), i), items[i])) {
      samples.push_back(*std::move(number));
    }
  }
  return samples;
}

json::Value Fields::text_map(std::string_view name) {
  json::Value map = json::Value::object();
  const json::Value* value = find(name);
  if (value == nullptr) return map;
  if (!value->is_object()) {
    fault(name, "not an object", value);
    return map;
  }
  if (value->members().size() > limits_.tags_max) {
    fault(name, "more than " + std::to_string(limits_.tags_max) + " members");
    return map;
  }
  for (const auto& [key, member] : value->members()) {
    const std::string path = json::pointer_append(path_of(name), key);
    if (key.empty()) faults_.add(path, "an empty key is not allowed", &member);
    if (key.size() > limits_.text_bytes_max) faults_.add(path, "the key is too long");
    if (auto text = checked_text(path, member)) {
      map.members().emplace_back(key, json::Value::string(*std::move(text)));
    }
  }
  return map;
}

void Fields::finish() {
  if (!value_.is_object()) return;
  for (const auto& [name, value] : value_.members()) {
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      fault(first_characters(name, 200), "unknown field", &value);
    }
  }
}

}  // namespace bl::results
