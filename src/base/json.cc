#include "base/json.h"

#include "base/numbers.h"

namespace bl::json {

Value Value::boolean(bool b) {
  return {Kind::boolean, b};
}

Value Value::number_text(std::string text) {
  BL_CHECK(is_json_number(text) && is_bounded_number(text));
  return {Kind::number, std::move(text)};
}

Value Value::number(double finite) {
  return {Kind::number, json_number(finite)};
}

Value Value::number(std::int64_t integer) {
  return {Kind::number, std::to_string(integer)};
}

Value Value::string(std::string text) {
  return {Kind::string, std::move(text)};
}

Value Value::array(Array items) {
  return {Kind::array, std::move(items)};
}

Value Value::object(Object members) {
  return {Kind::object, std::move(members)};
}

bool Value::as_bool() const {
  BL_CHECK(is_bool());
  return std::get<bool>(content_);
}

const std::string& Value::as_string() const {
  BL_CHECK(is_string());
  return std::get<std::string>(content_);
}

const std::string& Value::number_text() const {
  BL_CHECK(is_number());
  return std::get<std::string>(content_);
}

double Value::as_double() const {
  const auto value = parse_double(number_text());
  BL_CHECK(value.has_value());
  return *value;
}

bool Value::is_integer() const {
  return is_number() && number_text().find_first_of(".eE") == std::string::npos;
}

std::optional<std::int64_t> Value::as_int64() const {
  if (!is_integer()) return std::nullopt;
  return parse_int64(number_text());
}

const Array& Value::items() const {
  BL_CHECK(is_array());
  return std::get<Array>(content_);
}

Array& Value::items() {
  BL_CHECK(is_array());
  return std::get<Array>(content_);
}

const Object& Value::members() const {
  BL_CHECK(is_object());
  return std::get<Object>(content_);
}

Object& Value::members() {
  BL_CHECK(is_object());
  return std::get<Object>(content_);
}

const Value* Value::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const Member& member : members()) {
    if (member.first == key) return &member.second;
  }
  return nullptr;
}

void Value::set(std::string key, Value value) {
  for (Member& member : members()) {
    if (member.first == key) {
      member.second = std::move(value);
      return;
    }
  }
  members().emplace_back(std::move(key), std::move(value));
}

std::string pointer_append(std::string_view pointer, std::string_view token) {
  std::string out(pointer);
  out += '/';
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string pointer_append(std::string_view pointer, std::size_t index) {
  std::string out(pointer);
  return out.append("/").append(std::to_string(index));
}

}  // namespace bl::json
