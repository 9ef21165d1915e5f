// JSON against slow twins, golden tables of CPython, and its own laws.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>

#include "base/json.h"
#include "base/numbers.h"
#include "base/utf8.h"

namespace bl::json {
namespace {

std::string any_text() {
  static const std::vector<std::string> k_pieces = {
      "a", "B", "/",  "~",      "\"",     "\\",         "\n", std::string(1, '\0'), "\x1f", "\x7f",
      "é", "€", "😀", "\uD7FF", "\uFFFF", "\U0010FFFF", " "};
  const auto picks = *rc::gen::container<std::vector<std::size_t>>(
      rc::gen::inRange<std::size_t>(0, k_pieces.size()));
  std::string text;
  for (const std::size_t pick : picks) text += k_pieces[pick];
  return text;
}

Value any_number() {
  if (*rc::gen::arbitrary<bool>()) return Value::number(*rc::gen::arbitrary<std::int64_t>());
  const double value = std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
  return Value::number(std::isfinite(value) ? value : 0.5);
}

Value any_value(int depth) {
  switch (*rc::gen::inRange(0, depth < 4 ? 6 : 4)) {
    case 0:
      return Value();
    case 1:
      return Value::boolean(*rc::gen::arbitrary<bool>());
    case 2:
      return any_number();
    case 3:
      return Value::string(any_text());
    case 4: {
      Array items;
      const int count = *rc::gen::inRange(0, 5);
      for (int i = 0; i < count; ++i) items.push_back(any_value(depth + 1));
      return Value::array(std::move(items));
    }
    default: {
      Value object = Value::object();
      const int count = *rc::gen::inRange(0, 25);
      for (int i = 0; i < count; ++i) object.set(any_text(), any_value(depth + 2));
      return object;
    }
  }
}

/// The same value, written otherwise: members backwards, numbers with other texts.
Value disguised(const Value& value) {
  if (value.is_number())
    return Value::number_text(value.number_text() + (value.is_integer() ? ".0e0" : ""));
  if (value.is_array()) {
    Array items;
    for (const Value& item : value.items()) items.push_back(disguised(item));
    return Value::array(std::move(items));
  }
  if (value.is_object()) {
    Object members;
    for (const auto& [key, member] : value.members()) members.emplace_back(key, disguised(member));
    std::reverse(members.begin(), members.end());
    return Value::object(std::move(members));
  }
  return value;
}

RC_GTEST_PROP(JsonLaws, text_reads_back_to_the_same_text, ()) {
  const std::string text = to_text(any_value(0));
  const auto value = parse(text);
  RC_ASSERT(value.ok());
  RC_ASSERT(to_text(*value) == text);
}

RC_GTEST_PROP(JsonLaws, canonical_text_is_equality, ()) {
  const Value a = any_value(0);
  const Value twin = disguised(a);
  const Value b = any_value(0);
  RC_ASSERT(a == twin);
  RC_ASSERT(to_canonical(a) == to_canonical(twin));
  RC_ASSERT((a == b) == (to_canonical(a) == to_canonical(b)));
  RC_ASSERT(parse(to_canonical(a)).value() == a);
}

RC_GTEST_PROP(JsonLaws, python_text_is_ascii_and_reads_back, ()) {
  const std::string text = to_python_canonical(any_value(0));
  RC_ASSERT(std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
  RC_ASSERT(to_python_canonical(parse(text).value()) == text);
}

RC_GTEST_PROP(JsonLaws, a_cut_text_never_parses, ()) {
  Value value = Value::array({any_value(0)});
  const std::string text = to_text(value);
  const auto cut = *rc::gen::inRange<std::size_t>(0, text.size());
  RC_ASSERT(!parse(text.substr(0, cut)).ok());
}

RC_GTEST_PROP(JsonLaws, quoted_text_reads_back, ()) {
  const std::string text = any_text();
  std::string quoted;
  append_quoted(quoted, text);
  RC_ASSERT(parse(quoted)->as_string() == text);
}

TEST(JsonPythonCanonical, is_what_json_dumps_prints) {
  const char* source = std::getenv("BL_TEST_SOURCE");
  std::ifstream file(std::string(source ? source : ".") + "/src/base/tests/python_dumps.tsv");
  int rows = 0;
  for (std::string line; std::getline(file, line); ++rows) {
    const std::size_t tab = line.find('\t');
    const auto value = parse(line.substr(0, tab));
    ASSERT_TRUE(value.ok()) << line;
    EXPECT_EQ(to_python_canonical(*value), line.substr(tab + 1)) << line;
  }
  EXPECT_GT(rows, 200);
}

}  // namespace
}  // namespace bl::json
