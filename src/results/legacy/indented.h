#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

/// JSON indented by two blanks, written without a tree: pages of results are hundreds of objects of
/// fifty members, and as trees they cost more than reading them did. The caller closes what it
/// opened, and gives each member of an object its key. Private to the legacy encoders.
namespace bl::results::legacy {

class IndentedWriter {
 public:
  explicit IndentedWriter(std::string& out) : out_(out) {}

  IndentedWriter& begin_object() { return begin('{'); }
  IndentedWriter& end_object() { return end('}'); }
  IndentedWriter& begin_array() { return begin('['); }
  IndentedWriter& end_array() { return end(']'); }
  IndentedWriter& key(std::string_view name);  ///< needs no escapes
  IndentedWriter& text(std::string_view text);
  IndentedWriter& raw(std::string_view json);  ///< a scalar, or indented for this place
  IndentedWriter& value(const json::Value& tree);

  IndentedWriter& member(std::string_view name, std::string_view value) {
    return key(name).text(value);
  }
  IndentedWriter& member(std::string_view name, const std::string& value) {
    return key(name).text(value);
  }
  IndentedWriter& member(std::string_view name, const std::optional<std::string>& value) {
    return value ? key(name).text(*value) : key(name).raw("null");
  }
  IndentedWriter& member(std::string_view name, const std::optional<std::int64_t>& value);
  /// As Python prints floats; null for what is not a number.
  IndentedWriter& number(std::string_view name, const std::optional<double>& value);
  IndentedWriter& numbers(std::string_view name, const json::Array& samples);
  IndentedWriter& document(std::string_view name, const json::Value& tree) {
    return key(name).value(tree);
  }

 private:
  IndentedWriter& begin(char bracket);
  IndentedWriter& end(char bracket);
  void before_value();
  void new_line();

  std::string& out_;
  std::size_t depth_ = 0;
  bool is_empty_ = true;  // what was opened last
  bool has_key_ = false;  // the next value belongs to it
};

}  // namespace bl::results::legacy
