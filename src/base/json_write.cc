// JSON out: texts of trees, and the Writer that composes a text without a tree.
#include <algorithm>
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

/// True when no byte of the text must be escaped. The last word may overlap the one before.
bool is_plain(std::string_view text) {
  static constexpr auto k_escaped = escaped_bytes();
  if (text.size() < 8) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return k_escaped[static_cast<unsigned char>(c)]; });
  }
  const char* const last = text.data() + text.size() - 8;
  for (const char* at = text.data(); at < last; at += 8) {
    if (holds_escaped(at)) return false;
  }
  return !holds_escaped(last);
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
  Writer(out).value(value);
}

std::string to_text(const Value& value) {
  std::string out;
  append_text(out, value);
  return out;
}

// stack_ holds one character per open level: '[' an array, '{' an object that waits for a key,
// ':' an object that waits for the value of its key. needs_comma_ is about the innermost level.
// out_ ends at at_, with room behind it until the document is whole: one look at the room serves
// several pieces.

char* Writer::room(std::size_t bytes) {
  if (out_.size() - at_ < bytes) {
    out_.resize(at_ + std::max(bytes, std::clamp<std::size_t>(at_, 32, 4096)));
  }
  return out_.data() + at_;
}

void Writer::put(std::string_view text) {
  std::copy(text.begin(), text.end(), room(text.size()));
  at_ += text.size();
}

void Writer::put(char c) {
  *room(1) = c;
  ++at_;
}

void Writer::put_quoted(std::string_view text) {
  if (!is_plain(text)) {
    std::string escaped;
    append_quoted(escaped, text);
    put(escaped);
    return;
  }
  char* to = room(text.size() + 2);
  *to++ = '"';
  to = std::copy(text.begin(), text.end(), to);
  *to = '"';
  at_ += text.size() + 2;
}

void Writer::before_value() {
  if (stack_.empty()) {
    BL_CHECK(!needs_comma_);  // one document, one value
    needs_comma_ = true;
  } else if (stack_.back() == '[') {
    if (needs_comma_) put(',');
    needs_comma_ = true;
  } else {
    BL_CHECK(stack_.back() == ':');  // a member begins with its key
    stack_.back() = '{';
    needs_comma_ = true;
  }
}

void Writer::after_value() {
  if (stack_.empty()) out_.resize(at_);
}

Writer& Writer::begin(char bracket) {
  before_value();
  put(bracket);
  stack_ += bracket;
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end(char opened, char bracket) {
  BL_CHECK(!stack_.empty() && stack_.back() == opened);
  put(bracket);
  stack_.pop_back();
  needs_comma_ = true;
  after_value();
  return *this;
}

Writer& Writer::begin_object() {
  return begin('{');
}

Writer& Writer::end_object() {
  return end('{', '}');
}

Writer& Writer::begin_array() {
  return begin('[');
}

Writer& Writer::end_array() {
  return end('[', ']');
}

Writer& Writer::key(std::string_view name) {
  BL_CHECK(!stack_.empty() && stack_.back() == '{');
  if (needs_comma_) put(',');
  put_quoted(name);
  put(':');
  stack_.back() = ':';
  return *this;
}

Writer& Writer::value(std::string_view text) {
  before_value();
  put_quoted(text);
  after_value();
  return *this;
}

Writer& Writer::value(bool b) {
  return raw(b ? "true" : "false");
}

Writer& Writer::value(double number) {
  if (!std::isfinite(number)) return null();
  before_value();
  at_ += write_json_number(room(k_number_chars_max), number);
  after_value();
  return *this;
}

Writer& Writer::value(std::int64_t number) {
  before_value();
  char* const to = room(k_number_chars_max);
  at_ += static_cast<std::size_t>(std::to_chars(to, to + k_number_chars_max, number).ptr - to);
  after_value();
  return *this;
}

Writer& Writer::value(std::uint64_t number) {
  before_value();
  char* const to = room(k_number_chars_max);
  at_ += static_cast<std::size_t>(std::to_chars(to, to + k_number_chars_max, number).ptr - to);
  after_value();
  return *this;
}

Writer& Writer::value(const Value& tree) {
  switch (tree.kind()) {
    case Kind::null:
      return null();
    case Kind::boolean:
      return value(tree.as_bool());
    case Kind::number:
      return raw(tree.number_text());
    case Kind::string:
      return value(std::string_view(tree.as_string()));
    case Kind::array:
      begin_array();
      for (const Value& item : tree.items()) value(item);
      return end_array();
    case Kind::object:
      begin_object();
      for (const auto& [name, member] : tree.members()) key(name).value(member);
      return end_object();
  }
  return *this;
}

Writer& Writer::null() {
  return raw("null");
}

Writer& Writer::raw(std::string_view json_text) {
  before_value();
  put(json_text);
  after_value();
  return *this;
}

}  // namespace bl::json
