#include "traces/store/filter_sql.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "duck/connection.h"
#include "traces/columns.h"

namespace bl::traces {
namespace {

using Kind = RowCondition::Kind;
// Absent: SQL has no text for it.
using Text = std::optional<std::string>;

std::string_view operator_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::equal:
      return "=";
    case Comparison::not_equal:
      return "<>";
    case Comparison::less:
      return "<";
    case Comparison::at_most:
      return "<=";
    case Comparison::more:
      return ">";
    case Comparison::at_least:
      return ">=";
    default:
      return "";
  }
}

Text quoted(std::string_view text) {
  auto out = duck::quoted_text(text);
  if (!out.ok()) return std::nullopt;
  return *std::move(out);
}

Text contains(std::string_view column, std::string_view fragment) {
  const Text text = quoted(fragment);
  if (!text) return std::nullopt;
  return fmt::format("contains({}, {})", column, *text);
}

// The text of the column holds the key, and the value as it is written behind it, or an array, of
// which an element may be the one.
Text attribute(std::string_view column, const RowCondition::Attribute& wanted) {
  const Text plain = contains(column, wanted.key + wanted.value_begins);
  if (!plain || wanted.value_begins.empty()) return plain;
  Text array = contains(column, wanted.key + "[");
  if (!array) return std::nullopt;
  if (wanted.is_text) {
    const Text element = contains(column, wanted.value_begins);
    if (!element) return std::nullopt;
    array = fmt::format("({} AND {})", *array, *element);
  }
  return fmt::format("({} OR {})", *plain, *array);
}

Text written(const RowCondition& condition);

Text joined(const std::vector<RowCondition>& parts, std::string_view word, std::string_view none) {
  std::string out;
  for (const RowCondition& part : parts) {
    const Text one = written(part);
    if (!one) return std::nullopt;
    if (!out.empty()) out += word;
    out += "(" + *one + ")";
  }
  return out.empty() ? std::string(none) : out;
}

Text written(const RowCondition& condition) {
  const std::string& column = SpanTable::schema().fields()[condition.column].name;
  switch (condition.kind) {
    case Kind::always:
      return "true";
    case Kind::all_of:
      return joined(condition.parts, " AND ", "true");
    case Kind::any_of:
      return joined(condition.parts, " OR ", "false");
    case Kind::none_of: {
      const Text any = joined(condition.parts, " OR ", "false");
      if (!any) return std::nullopt;
      return "NOT (" + *any + ")";
    }
    case Kind::number:
      return fmt::format("{} {} {}", column, operator_of(condition.comparison), condition.number);
    case Kind::text: {
      if (condition.comparison == Comparison::contains) return contains(column, condition.text);
      const Text text = quoted(condition.text);
      if (!text) return std::nullopt;
      return fmt::format("{} {} {}", column, operator_of(condition.comparison), *text);
    }
    case Kind::attribute:
      return attribute(column, condition.attribute);
  }
  return std::nullopt;
}

}  // namespace

std::string sql_of(const RowCondition& condition) {
  return written(condition).value_or("true");
}

}  // namespace bl::traces
