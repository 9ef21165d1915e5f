// What decides identity: equality, and texts that are equal for equal documents.
#include <algorithm>

#include "base/json.h"
#include "base/numbers.h"

namespace bl::json {
namespace {

std::vector<const Member*> sorted_by_key(const Object& members) {
  std::vector<const Member*> sorted;
  sorted.reserve(members.size());
  for (const Member& member : members) sorted.push_back(&member);
  // UTF-8 bytes sort as code points do, hence as Python sorts its strings.
  std::sort(sorted.begin(), sorted.end(),
            [](const Member* a, const Member* b) { return a->first < b->first; });
  return sorted;
}

void append_unicode_escape(std::string& out, unsigned unit) {
  constexpr char k_hex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += k_hex[unit >> shift & 0xf];
}

/// One code point of valid UTF-8; moves `at` behind it.
unsigned next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  BL_CHECK(at + size <= text.size());
  unsigned point = size == 1 ? lead : lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) point = point << 6 | (byte(at + i) & 0x3fu);
  at += size;
  return point;
}

/// As json.dumps with ensure_ascii: all but printable ASCII escaped, surrogate pairs above U+FFFF.
void append_ascii_quoted(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const unsigned point = next_code_point(text, at);
    if (point == '"' || point == '\\') {
      out += '\\';
      out += static_cast<char>(point);
    } else if (point == '\n') {
      out += "\\n";
    } else if (point == '\r') {
      out += "\\r";
    } else if (point == '\t') {
      out += "\\t";
    } else if (point == '\f') {
      out += "\\f";
    } else if (point == '\b') {
      out += "\\b";
    } else if (point >= 0x20 && point < 0x7f) {
      out += static_cast<char>(point);
    } else if (point <= 0xffff) {
      append_unicode_escape(out, point);
    } else {
      append_unicode_escape(out, 0xd800 + ((point - 0x10000) >> 10));
      append_unicode_escape(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  out += '"';
}

/// What json.dumps(json.loads(token)) prints for a number.
void append_python_number(std::string& out, const Value& number) {
  if (number.is_integer()) {
    out += number.number_text() == "-0" ? "0" : number.number_text();
  } else {
    out += python_repr(number.as_double());
  }
}

struct PythonStyle {
  static constexpr std::string_view k_item_separator = ", ";
  static constexpr std::string_view k_key_separator = ": ";
  static void string(std::string& out, std::string_view text) { append_ascii_quoted(out, text); }
  static void number(std::string& out, const Value& number) { append_python_number(out, number); }
};

struct PythonCompactStyle : PythonStyle {
  static constexpr std::string_view k_item_separator = ",";
  static constexpr std::string_view k_key_separator = ":";
};

struct CompactStyle {
  static constexpr std::string_view k_item_separator = ",";
  static constexpr std::string_view k_key_separator = ":";
  static void string(std::string& out, std::string_view text) { append_quoted(out, text); }
  static void number(std::string& out, const Value& number) {
    append_exact_decimal(out, number.number_text());
  }
};

struct StoredStyle {
  static constexpr std::string_view k_item_separator = ",";
  static constexpr std::string_view k_key_separator = ":";
  static void string(std::string& out, std::string_view text) { append_quoted(out, text); }
  static void number(std::string& out, const Value& number) {
    append_plain_decimal(out, number.number_text());
  }
};

bool same_number(const std::string& a, const std::string& b) {
  if (a == b) return true;
  std::string exact_a;
  std::string exact_b;
  append_exact_decimal(exact_a, a);
  append_exact_decimal(exact_b, b);
  return exact_a == exact_b;
}

bool same_members(const Object& a, const Object& b) {
  if (a.size() != b.size()) return false;
  const auto sorted_a = sorted_by_key(a);
  const auto sorted_b = sorted_by_key(b);
  return std::equal(sorted_a.begin(), sorted_a.end(), sorted_b.begin(),
                    [](const Member* x, const Member* y) { return *x == *y; });
}

template <class Style>
void append_sorted(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::null:
    case Kind::boolean:
      append_text(out, value);
      return;
    case Kind::number:
      Style::number(out, value);
      return;
    case Kind::string:
      Style::string(out, value.as_string());
      return;
    case Kind::array: {
      out += '[';
      bool first = true;
      for (const Value& item : value.items()) {
        if (!first) out += Style::k_item_separator;
        append_sorted<Style>(out, item);
        first = false;
      }
      out += ']';
      return;
    }
    case Kind::object: {
      out += '{';
      bool first = true;
      for (const Member* member : sorted_by_key(value.members())) {
        if (!first) out += Style::k_item_separator;
        Style::string(out, member->first);
        out += Style::k_key_separator;
        append_sorted<Style>(out, member->second);
        first = false;
      }
      out += '}';
      return;
    }
  }
}

}  // namespace

bool Value::operator==(const Value& other) const {
  if (kind_ != other.kind_) return false;
  if (is_number()) return same_number(number_text(), other.number_text());
  if (is_object()) return same_members(members(), other.members());
  return content_ == other.content_;
}

std::string to_python_canonical(const Value& value) {
  std::string out;
  append_sorted<PythonStyle>(out, value);
  return out;
}

std::string to_python_compact(const Value& value) {
  std::string out;
  append_sorted<PythonCompactStyle>(out, value);
  return out;
}

std::string to_canonical(const Value& value) {
  std::string out;
  append_sorted<CompactStyle>(out, value);
  return out;
}

std::string to_stored_text(const Value& value) {
  std::string out;
  append_sorted<StoredStyle>(out, value);
  return out;
}

}  // namespace bl::json
