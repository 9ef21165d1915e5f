// JSON out: texts of trees, and the Writer that composes a text without a tree.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/json.h"
#include "base/numbers.h"

namespace bl::json {
namespace {

/// Which bytes must be escaped within quotes.
constexpr std::array<bool, 256> escaped_bytes() {
  std::array<bool, 256> table{};
  for (int i = 0; i < 0x20; ++i) table[static_cast<std::size_t>(i)] = true;
  table['"'] = true;
  table['\\'] = true;
  return table;
}

void append_escape(std::string& out, char c) {
  constexpr char k_hex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += k_hex[static_cast<unsigned char>(c) >> 4];
      out += k_hex[static_cast<unsigned char>(c) & 0xf];
  }
}

/// True when one of eight bytes must be escaped: eight comparisons in one word.
bool holds_escaped(const char* eight) {
  constexpr std::uint64_t k_ones = 0x0101010101010101;
  constexpr std::uint64_t k_high_bits = 0x8080808080808080;
  std::uint64_t bytes;
  std::memcpy(&bytes, eight, sizeof bytes);
  const auto below = [](std::uint64_t word, std::uint64_t bound) {  // some byte < bound <= 0x80
    return (word - k_ones * bound) & ~word & k_high_bits;
  };
  return (below(bytes, 0x20) | below(bytes ^ (k_ones * '"'), 1) |
          below(bytes ^ (k_ones * '\\'), 1)) != 0;
}

template <class Integer>
void append_integer(std::string& out, Integer number) {
  std::array<char, 24> buffer;
  out.append(buffer.data(),
             std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr);
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  static constexpr auto k_escaped = escaped_bytes();
  out += '"';
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    while (at + 8 <= text.size() && !holds_escaped(text.data() + at)) at += 8;
    if (at == text.size()) break;
    if (!k_escaped[static_cast<unsigned char>(text[at])]) continue;
    out.append(text, copied, at - copied);
    append_escape(out, text[at]);
    copied = at + 1;
  }
  out.append(text, copied);
  out += '"';
}

void append_text(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      out += "null";
      return;
    case Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      return;
    case Kind::number:
      out += value.number_text();
      return;
    case Kind::string:
      append_quoted(out, value.as_string());
      return;
    case Kind::array: {
      char before = '[';
      for (const Value& item : value.items()) {
        out += before;
        append_text(out, item);
        before = ',';
      }
      out += value.items().empty() ? "[]" : "]";
      return;
    }
    case Kind::object: {
      char before = '{';
      for (const auto& [key, member] : value.members()) {
        out += before;
        append_quoted(out, key);
        out += ':';
        append_text(out, member);
        before = ',';
      }
      out += value.members().empty() ? "{}" : "}";
      return;
    }
  }
}

std::string to_text(const Value& value) {
  std::string out;
  append_text(out, value);
  return out;
}

// stack_ holds one character per open level: '[' an array, '{' an object that waits for a key,
// ':' an object that waits for the value of its key. needs_comma_ is about the innermost level.

void Writer::before_value() {
  if (stack_.empty()) {
    BL_CHECK(!needs_comma_);  // one document, one value
    needs_comma_ = true;
  } else if (stack_.back() == '[') {
    if (needs_comma_) out_ += ',';
    needs_comma_ = true;
  } else {
    BL_CHECK(stack_.back() == ':');  // a member begins with its key
    stack_.back() = '{';
    needs_comma_ = true;
  }
}

Writer& Writer::begin_object() {
  before_value();
  out_ += '{';
  stack_ += '{';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  BL_CHECK(!stack_.empty() && stack_.back() == '{');
  out_ += '}';
  stack_.pop_back();
  needs_comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  before_value();
  out_ += '[';
  stack_ += '[';
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  BL_CHECK(!stack_.empty() && stack_.back() == '[');
  out_ += ']';
  stack_.pop_back();
  needs_comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  BL_CHECK(!stack_.empty() && stack_.back() == '{');
  if (needs_comma_) out_ += ',';
  append_quoted(out_, name);
  out_ += ':';
  stack_.back() = ':';
  return *this;
}

Writer& Writer::value(std::string_view text) {
  before_value();
  append_quoted(out_, text);
  return *this;
}

Writer& Writer::value(bool b) {
  return raw(b ? "true" : "false");
}

Writer& Writer::value(double number) {
  if (!std::isfinite(number)) return null();
  before_value();
  append_json_number(out_, number);
  return *this;
}

Writer& Writer::value(std::int64_t number) {
  before_value();
  append_integer(out_, number);
  return *this;
}

Writer& Writer::value(std::uint64_t number) {
  before_value();
  append_integer(out_, number);
  return *this;
}

Writer& Writer::value(const Value& tree) {
  before_value();
  append_text(out_, tree);
  return *this;
}

Writer& Writer::null() {
  return raw("null");
}

Writer& Writer::raw(std::string_view json_text) {
  before_value();
  out_ += json_text;
  return *this;
}

}  // namespace bl::json
