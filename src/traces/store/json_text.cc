#include "traces/store/json_text.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

#include "base/hash.h"
#include "base/json.h"
#include "base/numbers.h"

namespace bl::traces {
namespace {

constexpr std::string_view k_map = R"({"$map":)";
constexpr int k_depth_max = 160;  // a level of ours is two of JSON at worst

bool looks_special(const Attributes& map) {
  return map.size() == 1 && map.front().key.starts_with('$');
}

void append_double(std::string& out, double value) {
  if (std::isnan(value)) {
    out += R"({"$double":"NaN"})";
  } else if (std::isinf(value)) {
    out += value > 0 ? R"({"$double":"Infinity"})" : R"({"$double":"-Infinity"})";
  } else {
    out += python_repr(value);
  }
}

std::string base64_of(std::string_view bytes) {
  return base64url(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

void append_map(std::string& out, const Attributes& map) {
  out += '{';
  bool is_first = true;
  for (const Attribute& one : map) {
    if (!is_first) out += ',';
    is_first = false;
    append_key(out, one.key);
    append_json(out, one.value);
  }
  out += '}';
}

}  // namespace

void append_key(std::string& out, std::string_view key) {
  json::append_quoted(out, key);
  out += ':';
}

void append_json(std::string& out, const Attributes& attributes) {
  append_map(out, attributes);
}

void append_json(std::string& out, const AnyValue& value) {
  struct Write {
    std::string& out;
    void operator()(std::monostate) const { out += "null"; }
    void operator()(const std::string& text) const { json::append_quoted(out, text); }
    void operator()(bool truth) const { out += truth ? "true" : "false"; }
    void operator()(std::int64_t number) const {
      char digits[k_number_chars_max];
      const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
      out.append(digits, end);
    }
    void operator()(double number) const { append_double(out, number); }
    void operator()(const Bytes& bytes) const {
      out += R"({"$bytes":")";
      out += base64_of(bytes.bytes);
      out += "\"}";
    }
    void operator()(const Array& array) const {
      out += '[';
      for (std::size_t i = 0; i < array.size(); ++i) {
        if (i > 0) out += ',';
        append_json(out, array[i]);
      }
      out += ']';
    }
    void operator()(const Attributes& map) const {
      if (looks_special(map)) out += k_map;
      append_map(out, map);
      if (looks_special(map)) out += '}';
    }
  };
  std::visit(Write{out}, value.value);
}

bool JsonCursor::take(char c) {
  if (failed_ || at_ == end_ || *at_ != c) return fail();
  ++at_;
  return true;
}

bool JsonCursor::literal(std::string_view word) {
  if (static_cast<std::size_t>(end_ - at_) < word.size() ||
      std::string_view(at_, word.size()) != word) {
    return fail();
  }
  at_ += word.size();
  return true;
}

bool JsonCursor::hex4(std::uint32_t& out) {
  if (end_ - at_ < 4) return fail();
  const auto [stop, error] = std::from_chars(at_, at_ + 4, out, 16);
  if (error != std::errc() || stop != at_ + 4) return fail();
  at_ += 4;
  return true;
}

bool JsonCursor::escape(std::string& out) {
  if (at_ == end_) return fail();
  switch (const char c = *at_++) {
    case '"':
    case '\\':
    case '/':
      out += c;
      return true;
    case 'b':
      out += '\b';
      return true;
    case 'f':
      out += '\f';
      return true;
    case 'n':
      out += '\n';
      return true;
    case 'r':
      out += '\r';
      return true;
    case 't':
      out += '\t';
      return true;
    case 'u':
      break;
    default:
      return fail();
  }
  // Only control characters are written so.
  std::uint32_t point = 0;
  if (!hex4(point)) return false;
  if (point >= 0x80) return fail();
  out += static_cast<char>(point);
  return true;
}

bool JsonCursor::text(std::string& out) {
  out.clear();
  if (!take('"')) return false;
  for (;;) {
    const char* from = at_;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\') ++at_;
    out.append(from, at_);
    if (at_ == end_) return fail();
    if (*at_++ == '"') return true;
    if (!escape(out)) return false;
  }
}

bool JsonCursor::integer(std::int64_t& out) {
  const auto [stop, error] = std::from_chars(at_, end_, out);
  if (failed_ || error != std::errc()) return fail();
  at_ = stop;
  return true;
}

bool JsonCursor::number(AnyValue& out) {
  const char* stop = at_;
  bool is_whole = true;
  for (; stop != end_ && (std::isdigit(static_cast<unsigned char>(*stop)) || *stop == '-' ||
                          *stop == '+' || *stop == '.' || *stop == 'e');
       ++stop) {
    if (*stop == '.' || *stop == 'e') is_whole = false;
  }
  if (is_whole) {
    std::int64_t number = 0;
    if (!integer(number)) return false;
    out.value = number;
    return at_ == stop || fail();
  }
  double number = 0;
  const auto [end, error] = std::from_chars(at_, stop, number);
  if (error != std::errc() || end != stop) return fail();
  at_ = stop;
  out.value = number;
  return true;
}

bool JsonCursor::attributes(Attributes& out, int depth) {
  // Most have some: not one by one.
  if (out.empty() && !std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with("{}"))
    out.reserve(4);
  return members([&](std::string& key) {
    Attribute& one = out.emplace_back();
    one.key = std::move(key);
    return value(one.value, depth + 1);
  });
}

// What was no map before it was text.
bool JsonCursor::special(const Attribute& one, AnyValue& out) {
  const auto* text = std::get_if<std::string>(&one.value.value);
  if (text == nullptr) return fail();
  constexpr double k_infinity = std::numeric_limits<double>::infinity();
  if (one.key == "$bytes") {
    auto bytes = base64url_decode(*text);
    if (!bytes) return fail();
    out.value = Bytes{*std::move(bytes)};
    return true;
  }
  if (one.key != "$double") return fail();
  if (*text == "NaN") {
    out.value = std::numeric_limits<double>::quiet_NaN();
  } else if (*text == "Infinity" || *text == "-Infinity") {
    out.value = text->starts_with('-') ? -k_infinity : k_infinity;
  } else {
    return fail();
  }
  return true;
}

// A map, or one of those that stand for what JSON has not.
bool JsonCursor::object(AnyValue& out, int depth) {
  Attributes map;
  if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(k_map)) {
    at_ += k_map.size();
    if (!attributes(map, depth + 1) || !take('}')) return fail();
    out.value = std::move(map);
    return true;
  }
  if (!attributes(map, depth)) return false;
  if (looks_special(map)) return special(map.front(), out);
  out.value = std::move(map);
  return true;
}

bool JsonCursor::value(AnyValue& out, int depth) {
  if (failed_ || at_ == end_ || depth > k_depth_max) return fail();
  switch (*at_) {
    case '{':
      return object(out, depth);
    case '[': {
      Array array;
      if (!elements([&] { return value(array.emplace_back(), depth + 1); })) return false;
      out.value = std::move(array);
      return true;
    }
    case '"': {
      std::string text_value;
      if (!text(text_value)) return false;
      out.value = std::move(text_value);
      return true;
    }
    case 't':
      out.value = true;
      return literal("true");
    case 'f':
      out.value = false;
      return literal("false");
    case 'n':
      out.value = std::monostate();
      return literal("null");
    default:
      return number(out);
  }
}

}  // namespace bl::traces
