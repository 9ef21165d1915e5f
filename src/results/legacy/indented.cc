#include "results/legacy/indented.h"

#include <cmath>

#include "base/numbers.h"
#include "results/legacy/json.h"

namespace bl::results::legacy {

void IndentedWriter::new_line() {
  out_ += '\n';
  out_.append(2 * depth_, ' ');
}

void IndentedWriter::before_value() {
  if (has_key_) {
    has_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!is_empty_) out_ += ',';
  is_empty_ = false;
  new_line();
}

IndentedWriter& IndentedWriter::begin(char bracket) {
  before_value();
  out_ += bracket;
  ++depth_;
  is_empty_ = true;
  return *this;
}

IndentedWriter& IndentedWriter::end(char bracket) {
  --depth_;
  if (!is_empty_) new_line();
  out_ += bracket;
  is_empty_ = false;
  return *this;
}

IndentedWriter& IndentedWriter::key(std::string_view name) {
  before_value();
  out_ += '"';
  out_ += name;
  out_ += "\": ";
  has_key_ = true;
  return *this;
}

IndentedWriter& IndentedWriter::text(std::string_view text) {
  before_value();
  json::append_quoted(out_, text);
  return *this;
}

IndentedWriter& IndentedWriter::raw(std::string_view json) {
  before_value();
  out_ += json;
  return *this;
}

IndentedWriter& IndentedWriter::value(const json::Value& tree) {
  before_value();
  append_indented(out_, tree, 2 * depth_ + 2);
  return *this;
}

IndentedWriter& IndentedWriter::member(std::string_view name,
                                       const std::optional<std::int64_t>& value) {
  return key(name).raw(value ? std::to_string(*value) : "null");
}

IndentedWriter& IndentedWriter::number(std::string_view name, const std::optional<double>& value) {
  return key(name).raw(value && std::isfinite(*value) ? python_repr(*value) : "null");
}

IndentedWriter& IndentedWriter::numbers(std::string_view name, const json::Array& samples) {
  key(name).begin_array();
  for (const json::Value& sample : samples) {
    raw(sample.is_number() ? python_repr(sample.as_double()) : "null");
  }
  return end_array();
}

}  // namespace bl::results::legacy
