#pragma once

#include <string>

#include "traces/traceql.h"
#include "traces/views/plain_json.h"

namespace bl::traces {

/// A filter in a line, for tests: `all(name = "x", none(.k exists))`; numbers with their type.
inline std::string text_of(const AnyValue& value) {
  if (const auto* text = std::get_if<std::string>(&value.value)) return "\"" + *text + "\"";
  const bool is_double = std::holds_alternative<double>(value.value);
  return (is_double ? "double " : "") + plain_text(value);
}

inline std::string text_of(const SpanFilter& filter) {
  using Kind = SpanFilter::Kind;
  static constexpr const char* signs[] = {
      "=", "!=", "<", "<=", ">", ">=", "contains", "=~", "!~", "exists", "absent"};
  if (filter.kind == Kind::everything) return "everything";
  if (filter.kind == Kind::condition) {
    const Condition& condition = filter.condition;
    const bool is_unary =
        condition.comparison == Comparison::exists || condition.comparison == Comparison::absent;
    return traceql_name_of(condition.field) + " " +
           signs[static_cast<std::size_t>(condition.comparison)] +
           (is_unary ? "" : " " + text_of(condition.value));
  }
  std::string text = filter.kind == Kind::all_of   ? "all("
                     : filter.kind == Kind::any_of ? "any("
                                                   : "none(";
  for (std::size_t i = 0; i < filter.parts.size(); ++i) {
    if (i > 0) text += ", ";
    text += text_of(filter.parts[i]);
  }
  return text + ")";
}

}  // namespace bl::traces
