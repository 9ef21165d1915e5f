#include <algorithm>
#include <cmath>
#include <compare>

#include "traces/filter.h"
#include "traces/model/expression.h"

namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;

/// Exact, where a cast would round: 2^53 + 1 is not 2^53.
std::partial_ordering compare(std::int64_t a, double b) {
  constexpr double k_end = 9'223'372'036'854'775'808.0;  // 2^63
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= k_end) return std::partial_ordering::less;
  if (b < -k_end) return std::partial_ordering::greater;
  const double whole = std::trunc(b);
  const auto truncated = static_cast<std::int64_t>(whole);
  if (a != truncated) return a <=> truncated;
  return 0.0 <=> (b - whole);
}

std::partial_ordering reversed(std::partial_ordering order) {
  return 0 <=> order;
}

bool fits(std::partial_ordering order, Comparison comparison) {
  switch (comparison) {
    case Comparison::equal:
      return order == 0;
    case Comparison::not_equal:
      return order != 0;
    case Comparison::less:
      return order < 0;
    case Comparison::at_most:
      return order <= 0;
    case Comparison::more:
      return order > 0;
    case Comparison::at_least:
      return order >= 0;
    default:
      return false;
  }
}

/// One condition, made ready.
struct ReadyCondition {
  std::variant<IntrinsicField, AttributeField> field;
  Comparison comparison = Comparison::equal;
  AnyValue value;
  std::optional<Expression> expression;

  bool holds(std::string_view text) const;
  bool holds(std::int64_t number) const;
  bool holds(double number) const;
  bool any_holds(const AnyValue& value) const;
  bool holds_of_other_kind() const;
};

/// The field is there, but of a kind that cannot be compared: it differs.
bool ReadyCondition::holds_of_other_kind() const {
  return comparison == Comparison::not_equal || comparison == Comparison::not_matches;
}

bool ReadyCondition::holds(std::string_view text) const {
  const auto* wanted = std::get_if<std::string>(&value.value);
  if (wanted == nullptr) return holds_of_other_kind();
  switch (comparison) {
    case Comparison::contains:
      return text.find(*wanted) != std::string_view::npos;
    case Comparison::matches:
      return expression->matches(text);
    case Comparison::not_matches:
      return !expression->matches(text);
    default:
      return fits(text <=> std::string_view(*wanted), comparison);
  }
}

bool ReadyCondition::holds(std::int64_t number) const {
  if (const auto* integer = std::get_if<std::int64_t>(&value.value))
    return fits(number <=> *integer, comparison);
  if (const auto* real = std::get_if<double>(&value.value))
    return fits(compare(number, *real), comparison);
  return holds_of_other_kind();
}

bool ReadyCondition::holds(double number) const {
  if (const auto* integer = std::get_if<std::int64_t>(&value.value))
    return fits(reversed(compare(*integer, number)), comparison);
  if (const auto* real = std::get_if<double>(&value.value))
    return fits(number <=> *real, comparison);
  return holds_of_other_kind();
}

bool ReadyCondition::any_holds(const AnyValue& of_span) const {
  if (const auto* text = std::get_if<std::string>(&of_span.value))
    return holds(std::string_view(*text));
  if (const auto* integer = std::get_if<std::int64_t>(&of_span.value)) return holds(*integer);
  if (const auto* real = std::get_if<double>(&of_span.value)) return holds(*real);
  if (const auto* array = std::get_if<Array>(&of_span.value))
    return std::ranges::any_of(*array, [&](const AnyValue& one) { return any_holds(one); });
  if (const auto* truth = std::get_if<bool>(&of_span.value)) {
    const auto* wanted = std::get_if<bool>(&value.value);
    if (wanted == nullptr) return holds_of_other_kind();
    return (comparison == Comparison::equal) == (*truth == *wanted);
  }
  return holds_of_other_kind();
}

bool asks_of_trace(const Condition& condition) {
  const auto* field = std::get_if<IntrinsicField>(&condition.field);
  return field != nullptr && (field->name == Name::root_service || field->name == Name::root_name ||
                              field->name == Name::trace_duration);
}

/// Names as spans have them: `server` for `SPAN_KIND_SERVER`, ids in lower case.
void normalise(ReadyCondition& ready) {
  const auto* field = std::get_if<IntrinsicField>(&ready.field);
  auto* text = std::get_if<std::string>(&ready.value.value);
  const bool is_exact =
      ready.comparison == Comparison::equal || ready.comparison == Comparison::not_equal;
  if (field == nullptr || text == nullptr || !is_exact) return;
  if (field->name == Name::kind) {
    if (const auto kind = span_kind_named(*text)) *text = name_of(*kind);
  } else if (field->name == Name::status) {
    if (const auto code = status_code_named(*text)) *text = name_of(*code);
  } else if (field->name == Name::trace_id) {
    if (const auto id = TraceId::from_hex(*text)) *text = id->hex();
  } else if (field->name == Name::span_id) {
    if (const auto id = SpanId::from_hex(*text)) *text = id->hex();
  }
}

/// Asks `visit(value)` of each value that a field has, until one says yes.
template <class Visit>
bool any_value_of(const AttributeField& field, const Span& span, const Visit& visit) {
  const auto is_at = [&](AttributePlace place) {
    return field.place == place || field.place == AttributePlace::any;
  };
  const auto in = [&](const Attributes& attributes) {
    const AnyValue* value = find(attributes, field.key);
    return value != nullptr && visit(*value);
  };
  const auto in_each = [&](const auto& list) {
    return std::ranges::any_of(list, [&](const auto& one) { return in(one.attributes); });
  };
  return (is_at(AttributePlace::span) && in(span.attributes)) ||
         (is_at(AttributePlace::resource) && in(span.resource->attributes)) ||
         (is_at(AttributePlace::scope) && in(span.scope->attributes)) ||
         (is_at(AttributePlace::event) && in_each(span.events)) ||
         (is_at(AttributePlace::link) && in_each(span.links));
}

template <class Visit>
bool any_value_of(const IntrinsicField& field, const Span& span, const TraceFacts& trace,
                  const Visit& visit) {
  const auto unless_empty = [&](std::string_view text) { return !text.empty() && visit(text); };
  switch (field.name) {
    case Name::service:
      return visit(service_of(*span.resource));
    case Name::name:
      return visit(std::string_view(span.name));
    case Name::kind:
      return unless_empty(name_of(span.kind));
    case Name::status:
      return unless_empty(name_of(span.status));
    case Name::status_message:
      return unless_empty(span.status_message);
    case Name::duration:
      return visit(span.duration_ns());
    case Name::scope_name:
      return unless_empty(span.scope->name);
    case Name::event_name:
      return std::ranges::any_of(
          span.events, [&](const SpanEvent& event) { return visit(std::string_view(event.name)); });
    case Name::root_service:
      return unless_empty(trace.root_service);
    case Name::root_name:
      return unless_empty(trace.root_name);
    case Name::trace_duration:
      return visit(trace.duration_ns);
    case Name::run_id:
      return unless_empty(run_id_of(span));
    case Name::trace_id:
      return visit(std::string_view(span.trace_id.hex()));
    case Name::span_id:
      return visit(std::string_view(span.span_id.hex()));
  }
  return false;
}

bool matches(const ReadyCondition& condition, const Span& span, const TraceFacts& trace) {
  const auto any = [&](const auto& visit) {
    if (const auto* field = std::get_if<AttributeField>(&condition.field))
      return any_value_of(*field, span, visit);
    return any_value_of(std::get<IntrinsicField>(condition.field), span, trace, visit);
  };
  const auto is_there = [](const auto&) { return true; };
  if (condition.comparison == Comparison::exists) return any(is_there);
  if (condition.comparison == Comparison::absent) return !any(is_there);
  return any([&]<class T>(const T& value) {
    if constexpr (std::same_as<T, AnyValue>) {
      return condition.any_holds(value);
    } else {
      return condition.holds(value);
    }
  });
}

/// A part of a filter, made ready.
struct Node {
  SpanFilter::Kind kind = SpanFilter::Kind::everything;
  ReadyCondition condition;
  std::vector<Node> parts;

  bool matches(const Span& span, const TraceFacts& trace) const {
    const auto part_matches = [&](const Node& part) { return part.matches(span, trace); };
    switch (kind) {
      case SpanFilter::Kind::everything:
        return true;
      case SpanFilter::Kind::condition:
        return traces::matches(condition, span, trace);
      case SpanFilter::Kind::all_of:
        return std::ranges::all_of(parts, part_matches);
      case SpanFilter::Kind::any_of:
        return std::ranges::any_of(parts, part_matches);
      case SpanFilter::Kind::none_of:
        return std::ranges::none_of(parts, part_matches);
    }
    return false;
  }
};

Result<Node> ready(SpanFilter filter, bool& asks_trace) {
  Node node;
  node.kind = filter.kind;
  if (filter.kind == SpanFilter::Kind::condition) {
    asks_trace = asks_trace || asks_of_trace(filter.condition);
    ReadyCondition& to = node.condition;
    to.field = std::move(filter.condition.field);
    to.comparison = filter.condition.comparison;
    to.value = std::move(filter.condition.value);
    normalise(to);
    if (to.comparison == Comparison::matches || to.comparison == Comparison::not_matches) {
      BL_TRY(to.expression, Expression::make(std::get<std::string>(to.value.value)));
    }
  }
  for (SpanFilter& part : filter.parts) {
    BL_TRY(Node made, ready(std::move(part), asks_trace));
    node.parts.push_back(std::move(made));
  }
  return node;
}

}  // namespace

struct SpanMatcher::State {
  Node root;
  bool asks_of_trace = false;
};

SpanMatcher::SpanMatcher(std::unique_ptr<State> state) : state_(std::move(state)) {}
SpanMatcher::~SpanMatcher() = default;
SpanMatcher::SpanMatcher(SpanMatcher&&) noexcept = default;

Result<SpanMatcher> SpanMatcher::make(SpanFilter filter) {
  BL_RETURN_IF_ERROR(check(filter));
  auto state = std::make_unique<State>();
  BL_TRY(state->root, ready(std::move(filter), state->asks_of_trace));
  return SpanMatcher(std::move(state));
}

bool SpanMatcher::matches(const Span& span, const TraceFacts& trace) const {
  return state_->root.matches(span, trace);
}
bool SpanMatcher::asks_of_trace() const {
  return state_->asks_of_trace;
}

}  // namespace bl::traces
