#include "traces/filter.h"

#include <fmt/format.h>

#include "traces/model/expression.h"

namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;

SpanFilter group_of(SpanFilter::Kind kind, std::vector<SpanFilter> parts) {
  SpanFilter filter;
  filter.kind = kind;
  filter.parts = std::move(parts);
  return filter;
}

bool is_text(const AnyValue& value) {
  return std::holds_alternative<std::string>(value.value);
}
bool is_number(const AnyValue& value) {
  return std::holds_alternative<std::int64_t>(value.value) ||
         std::holds_alternative<double>(value.value);
}

bool wants_text(Comparison comparison) {
  return comparison == Comparison::contains || comparison == Comparison::matches ||
         comparison == Comparison::not_matches;
}
bool wants_order(Comparison comparison) {
  return comparison == Comparison::less || comparison == Comparison::at_most ||
         comparison == Comparison::more || comparison == Comparison::at_least;
}

Error invalid(std::string_view what) {
  return Error{Code::invalid, fmt::format("a condition {}", what)};
}

/// Of a field that spans have by themselves.
Result<void> check_intrinsic(const IntrinsicField& field, const Condition& condition) {
  const bool is_duration = field.name == Name::duration || field.name == Name::trace_duration;
  if (is_duration != is_number(condition.value))
    return invalid(is_duration ? "compares a duration with something that is no number"
                               : "compares a text of spans with something that is none");
  const auto* text = std::get_if<std::string>(&condition.value.value);
  const bool is_name =
      condition.comparison == Comparison::equal || condition.comparison == Comparison::not_equal;
  if (text == nullptr || !is_name) return {};
  if (field.name == Name::kind && !span_kind_named(*text))
    return invalid(fmt::format("names no kind of a span: {}", *text));
  if (field.name == Name::status && !status_code_named(*text))
    return invalid(fmt::format("names no status: {}", *text));
  return {};
}

Result<void> check_condition(const Condition& condition, const FilterLimits& limits) {
  const Comparison comparison = condition.comparison;
  if (comparison == Comparison::exists || comparison == Comparison::absent) return {};
  const AnyValue& value = condition.value;
  const bool is_truth = std::holds_alternative<bool>(value.value);
  if (!is_text(value) && !is_number(value) && !is_truth)
    return invalid("compares with a value that is no text, number or truth value");
  if (wants_text(comparison) && !is_text(value))
    return invalid("looks within something that is no text");
  if (wants_order(comparison) && is_truth) return invalid("asks for the order of a truth value");
  if (const auto* field = std::get_if<IntrinsicField>(&condition.field))
    BL_RETURN_IF_ERROR(check_intrinsic(*field, condition));
  if (comparison != Comparison::matches && comparison != Comparison::not_matches) return {};
  const std::string& text = std::get<std::string>(value.value);
  if (text.size() > limits.expression_bytes_max)
    return Error{Code::too_large, fmt::format("a regular expression has over {} bytes: {}",
                                              limits.expression_bytes_max, text.size())};
  BL_RETURN_IF_ERROR(Expression::make(text));
  return {};
}

Result<void> check_part(const SpanFilter& filter, const FilterLimits& limits, int depth,
                        std::size_t& conditions) {
  if (depth > limits.depth_max)
    return Error{Code::too_large,
                 fmt::format("a filter is nested deeper than {}", limits.depth_max)};
  // Empty groups count, too: else there could be any number of them.
  const bool is_leaf = filter.parts.empty();
  if (is_leaf && ++conditions > limits.conditions_max)
    return Error{Code::too_large,
                 fmt::format("a filter has over {} conditions", limits.conditions_max)};
  if (filter.kind == SpanFilter::Kind::condition) return check_condition(filter.condition, limits);
  for (const SpanFilter& part : filter.parts)
    BL_RETURN_IF_ERROR(check_part(part, limits, depth + 1, conditions));
  return {};
}

}  // namespace

SpanFilter SpanFilter::where(Condition condition) {
  SpanFilter filter;
  filter.kind = Kind::condition;
  filter.condition = std::move(condition);
  return filter;
}
SpanFilter SpanFilter::all_of(std::vector<SpanFilter> parts) {
  return group_of(Kind::all_of, std::move(parts));
}
SpanFilter SpanFilter::any_of(std::vector<SpanFilter> parts) {
  return group_of(Kind::any_of, std::move(parts));
}
SpanFilter SpanFilter::none_of(std::vector<SpanFilter> parts) {
  return group_of(Kind::none_of, std::move(parts));
}

Result<void> check(const SpanFilter& filter, const FilterLimits& limits) {
  std::size_t conditions = 0;
  return check_part(filter, limits, 1, conditions);
}

}  // namespace bl::traces
