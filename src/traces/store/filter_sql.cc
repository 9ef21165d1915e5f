#include "traces/store/filter_sql.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "duck/connection.h"
#include "traces/columns.h"
#include "traces/store/json_text.h"

namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;

const SqlCondition k_any;

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

// A text column that is never null.
SqlCondition text_condition(std::string_view column, const Condition& condition) {
  const auto* text = std::get_if<std::string>(&condition.value.value);
  if (text == nullptr) return k_any;
  const auto quoted = duck::quoted_text(*text);
  if (!quoted.ok()) return k_any;
  if (condition.comparison == Comparison::contains) {
    return {fmt::format("contains({}, {})", column, *quoted), false};
  }
  if (condition.comparison != Comparison::equal && condition.comparison != Comparison::not_equal) {
    return k_any;
  }
  return {fmt::format("{} {} {}", column, operator_of(condition.comparison), *quoted), true};
}

SqlCondition duration_condition(const Condition& condition) {
  const std::string_view sign = operator_of(condition.comparison);
  const auto* whole = std::get_if<std::int64_t>(&condition.value.value);
  if (sign.empty() || whole == nullptr) return k_any;
  return {fmt::format("duration_ns {} {}", sign, *whole), true};
}

SqlCondition kind_condition(const Condition& condition) {
  const auto* text = std::get_if<std::string>(&condition.value.value);
  const auto kind = text ? span_kind_named(*text) : std::nullopt;
  if (!kind || condition.comparison != Comparison::equal) return k_any;
  return {fmt::format("kind = '{}'", column_word(*kind)), false};
}

SqlCondition status_condition(const Condition& condition) {
  const auto* text = std::get_if<std::string>(&condition.value.value);
  const auto status = text ? status_code_named(*text) : std::nullopt;
  if (!status || condition.comparison != Comparison::equal) return k_any;
  return {fmt::format("status = '{}'", column_word(*status)), false};
}

// The id's hex in any case of the letters may be asked for: only what is sure is said.
SqlCondition id_condition(const Condition& condition, bool is_trace) {
  const auto* text = std::get_if<std::string>(&condition.value.value);
  if (text == nullptr || condition.comparison != Comparison::equal) return k_any;
  if (is_trace) {
    const auto id = TraceId::from_hex(*text);
    if (!id) return k_any;
    return {fmt::format("trace_high = {}", static_cast<std::int64_t>(id->high)), false};
  }
  const auto id = SpanId::from_hex(*text);
  if (!id) return k_any;
  return {fmt::format("span_id = {}", static_cast<std::int64_t>(id->value)), false};
}

SqlCondition intrinsic_condition(Name name, const Condition& condition) {
  switch (name) {
    case Name::service:
      return text_condition("service", condition);
    case Name::name:
      return text_condition("name", condition);
    case Name::duration:
      return duration_condition(condition);
    case Name::kind:
      return kind_condition(condition);
    case Name::status:
      return status_condition(condition);
    case Name::trace_id:
      return id_condition(condition, true);
    case Name::span_id:
      return id_condition(condition, false);
    default:
      return k_any;
  }
}

// Attributes: the text of the column holds the key, and the value as it is written behind it, or an
// array, of which an element may be the one.
std::string contains(std::string_view column, std::string_view fragment) {
  const auto quoted = duck::quoted_text(fragment);
  if (!quoted.ok()) return "true";
  return fmt::format("contains({}, {})", column, *quoted);
}

// How the value may be written; empty: in ways too many to say.
std::string written(const AnyValue& value) {
  constexpr double k_exact = 1e15;  // digits are written out below it
  std::string out;
  if (const auto* whole = std::get_if<std::int64_t>(&value.value)) {
    if (*whole == 0 || std::abs(static_cast<double>(*whole)) >= k_exact) return {};
    append_json(out, value);
    return out;
  }
  if (const auto* number = std::get_if<double>(&value.value)) {
    if (!std::isfinite(*number) || *number == 0 || std::abs(*number) >= k_exact) return {};
    if (*number != std::floor(*number)) {
      append_json(out, value);
      return out;
    }
    return fmt::format("{}", static_cast<std::int64_t>(*number));
  }
  const bool is_plain =
      std::holds_alternative<std::string>(value.value) || std::holds_alternative<bool>(value.value);
  if (is_plain) append_json(out, value);
  return out;
}

std::string column_condition(std::string_view column, std::string_view key,
                             const Condition& condition) {
  std::string fragment;
  append_key(fragment, key);
  const std::string value =
      condition.comparison == Comparison::equal ? written(condition.value) : std::string();
  if (value.empty()) return contains(column, fragment);
  const bool is_text = std::holds_alternative<std::string>(condition.value.value);
  const std::string in_array =
      is_text
          ? fmt::format("({} AND {})", contains(column, fragment + "["), contains(column, value))
          : contains(column, fragment + "[");
  return fmt::format("({} OR {})", contains(column, fragment + value), in_array);
}

SqlCondition attribute_condition(const AttributeField& field, const Condition& condition) {
  if (condition.comparison == Comparison::absent) return k_any;
  const auto of = [&](std::string_view column) {
    return SqlCondition{column_condition(column, field.key, condition), false};
  };
  switch (field.place) {
    case AttributePlace::span:
      return of("attributes");
    case AttributePlace::resource:
      return of("resource");
    case AttributePlace::scope:
      return of("scope");
    case AttributePlace::event:
      return of("events");
    case AttributePlace::link:
      return of("links");
    case AttributePlace::any:
      break;
  }
  std::string sql;
  for (const char* column : {"attributes", "resource", "scope", "events", "links"}) {
    sql += (sql.empty() ? "" : " OR ") + column_condition(column, field.key, condition);
  }
  return {"(" + sql + ")", false};
}

SqlCondition joined(const SpanFilter& filter, std::string_view word, std::string_view none) {
  SqlCondition out{"", true};
  for (const SpanFilter& part : filter.parts) {
    const SqlCondition one = sql_of(part);
    if (!out.sql.empty()) out.sql += word;
    out.sql += "(" + one.sql + ")";
    out.exact = out.exact && one.exact;
  }
  if (out.sql.empty()) out.sql = none;
  return out;
}

}  // namespace

SqlCondition sql_of(const SpanFilter& filter) {
  switch (filter.kind) {
    case SpanFilter::Kind::everything:
      return {"true", true};
    case SpanFilter::Kind::all_of:
      return joined(filter, " AND ", "true");
    case SpanFilter::Kind::any_of:
      return joined(filter, " OR ", "false");
    case SpanFilter::Kind::none_of: {
      const SqlCondition any = joined(filter, " OR ", "false");
      if (!any.exact) return k_any;
      return {"NOT (" + any.sql + ")", true};
    }
    case SpanFilter::Kind::condition:
      break;
  }
  const Condition& condition = filter.condition;
  if (const auto* intrinsic = std::get_if<IntrinsicField>(&condition.field)) {
    return intrinsic_condition(intrinsic->name, condition);
  }
  return attribute_condition(std::get<AttributeField>(condition.field), condition);
}

}  // namespace bl::traces
