#include "base/toml.h"

#include <toml++/toml.h>

#include <cmath>
#include <sstream>

namespace bl {
namespace {

class Converter {
 public:
  explicit Converter(TomlDocument& document) : document_(document) {}

  json::Value convert(const toml::node& node, const std::string& pointer) {
    document_.lines.emplace(pointer, node.source().begin.line);
    if (const toml::table* table = node.as_table()) return convert(*table, pointer);
    if (const toml::array* array = node.as_array()) {
      json::Array items;
      for (const toml::node& item : *array) {
        items.push_back(convert(item, json::pointer_append(pointer, items.size())));
      }
      return json::Value::array(std::move(items));
    }
    if (auto text = node.value_exact<std::string>()) return json::Value::string(std::move(*text));
    if (auto truth = node.value_exact<bool>()) return json::Value::boolean(*truth);
    if (auto integer = node.value_exact<std::int64_t>()) return json::Value::number(*integer);
    if (auto number = node.value_exact<double>()) {
      if (std::isfinite(*number)) return json::Value::number(*number);
      if (not_finite_.empty()) not_finite_ = pointer;
      return {};
    }
    std::ostringstream date;
    node.visit([&](const auto& value) {
      if constexpr (toml::is_value<decltype(value)>) date << value;
    });
    return json::Value::string(std::move(date).str());
  }

  /// Pointer of the first number that is none; empty when all are.
  const std::string& not_finite() const { return not_finite_; }

 private:
  json::Value convert(const toml::table& table, const std::string& pointer) {
    std::multimap<std::uint32_t, json::Member> by_line;  // toml++ sorts by name
    for (auto&& [key, value] : table) {
      std::string name(key.str());
      json::Value converted = convert(value, json::pointer_append(pointer, name));
      by_line.emplace(key.source().begin.line, json::Member(name, std::move(converted)));
    }
    json::Object members;
    for (auto& [line, member] : by_line) members.push_back(std::move(member));
    return json::Value::object(std::move(members));
  }

  TomlDocument& document_;
  std::string not_finite_;
};

}  // namespace

std::string TomlDocument::place_of(std::string_view pointer) const {
  auto found = lines.find(pointer);
  while (found == lines.end() && !pointer.empty()) {
    pointer = pointer.substr(0, pointer.rfind('/'));
    found = lines.find(pointer);
  }
  std::uint32_t line = found == lines.end() ? 1 : std::max(found->second, 1u);
  return file_name + ":" + std::to_string(line);
}

Result<TomlDocument> parse_toml(std::string_view text, std::string file_name) {
  TomlDocument document;
  document.file_name = std::move(file_name);
  Converter converter(document);
  try {
    toml::table root = toml::parse(text, document.file_name);
    document.root = converter.convert(static_cast<const toml::node&>(root), "");
  } catch (const toml::parse_error& error) {
    std::string place = document.file_name + ":" + std::to_string(error.source().begin.line);
    std::string what = "not TOML: " + std::string(error.description());
    return Error{Code::malformed, place + ": " + what, {{place, what, ""}}};
  }
  if (!converter.not_finite().empty()) {
    std::string place = document.place_of(converter.not_finite());
    return Error{
        Code::invalid, place + ": not a finite number", {{place, "not a finite number", ""}}};
  }
  return document;
}

}  // namespace bl
