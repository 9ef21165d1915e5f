#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/numbers.h"
#include "traces/go_duration.h"
#include "traces/traceql.h"
#include "traces/views/traceql_fields.h"
#include "traces/views/traceql_lexer.h"

// A parser by descent, a function for each rule:
//
//     query      = spansets { "|" stage } [ "with" "(" hint { "," hint } ")" ]
//     spansets   = spanset { "||" spanset }
//     spanset    = "{" [ or ] "}"  |  "(" spansets ")"
//     stage      = spansets  |  "select" "(" field { "," field } ")"
//     or         = and { "||" and }
//     and        = not { "&&" not }
//     not        = "!" not  |  "(" or ")"  |  comparison
//     comparison = field  |  "true"  |  "false"  |  operand operator operand
namespace bl::traces {
namespace {

using Kind = TraceqlToken::Kind;

constexpr int k_nesting_max = 64;  // of parentheses and `!`: the parser's own depth

constexpr std::array<std::string_view, 22> k_aggregates = {"count",
                                                           "avg",
                                                           "min",
                                                           "max",
                                                           "sum",
                                                           "by",
                                                           "coalesce",
                                                           "rate",
                                                           "count_over_time",
                                                           "min_over_time",
                                                           "max_over_time",
                                                           "avg_over_time",
                                                           "sum_over_time",
                                                           "quantile_over_time",
                                                           "histogram_over_time",
                                                           "compare",
                                                           "topk",
                                                           "bottomk",
                                                           "group",
                                                           "stddev",
                                                           "quantile",
                                                           "log2"};

struct Operator {
  std::string_view sign;
  Comparison comparison;
  Comparison turned;  // with its sides exchanged
};
constexpr std::array<Operator, 8> k_operators = {{
    {"=", Comparison::equal, Comparison::equal},
    {"!=", Comparison::not_equal, Comparison::not_equal},
    {"<", Comparison::less, Comparison::more},
    {"<=", Comparison::at_most, Comparison::at_least},
    {">", Comparison::more, Comparison::less},
    {">=", Comparison::at_least, Comparison::at_most},
    {"=~", Comparison::matches, Comparison::matches},
    {"!~", Comparison::not_matches, Comparison::not_matches},
}};

bool is_order(Comparison comparison) {
  return comparison == Comparison::less || comparison == Comparison::at_most ||
         comparison == Comparison::more || comparison == Comparison::at_least;
}
bool is_expression(Comparison comparison) {
  return comparison == Comparison::matches || comparison == Comparison::not_matches;
}
bool is_equality(Comparison comparison) {
  return comparison == Comparison::equal || comparison == Comparison::not_equal;
}

/// The attribute behind a field, to ask whether it is there: a service always has some name.
std::optional<AttributeField> attribute_of(const SpanField& field) {
  if (const auto* attribute = std::get_if<AttributeField>(&field)) return *attribute;
  const bool is_service = std::get<IntrinsicField>(field).name == IntrinsicField::Name::service;
  if (is_service) return AttributeField{AttributePlace::resource, "service.name"};
  return std::nullopt;
}

struct Nil {};
struct Duration {
  std::int64_t nanoseconds;
};
/// A literal; statuses and kinds are words until the field is known.
struct Keyword {
  std::string_view word;
};
using Literal = std::variant<Nil, std::string, bool, std::int64_t, double, Duration, Keyword>;

/// A side of a comparison.
struct Operand {
  std::variant<SpanField, Literal> value;
  TraceqlToken token;
};

class Parser {
 public:
  Parser(std::string_view text, const TraceqlLimits& limits) : lexer_(text), limits_(limits) {}
  Result<TraceqlQuery> query();

 private:
  Result<void> advance();
  Result<void> expect(std::string_view sign);
  Error error(Code code, std::string_view message) const {
    return lexer_.error_at(code, message, token_.at);
  }

  Result<SpanFilter> spansets();
  Result<SpanFilter> spanset();
  Result<void> refuse_between_spansets() const;
  Result<SpanFilter> stages(SpanFilter filter);
  Result<void> select();
  Result<void> hints();

  Result<SpanFilter> any_of();
  Result<SpanFilter> all_of();
  Result<SpanFilter> negation();
  Result<SpanFilter> comparison();
  Result<Operand> operand();
  Result<Literal> number();
  Result<Literal> keyword();
  Result<SpanFilter> bare(const Operand& operand) const;
  Result<SpanFilter> compared(const Operand& left, const Operator& sign,
                              const Operand& right) const;
  Result<Condition> condition(const SpanField& field, Comparison comparison,
                              const Operand& value) const;
  Result<AnyValue> value_for(TraceqlType type, Comparison comparison, const Operand& value) const;
  Result<AnyValue> plain_value(Comparison comparison, const Operand& value) const;
  Result<AnyValue> name_value(TraceqlType type, const Operand& value) const;
  Result<AnyValue> id_value(TraceqlType type, const Operand& value) const;

  /// One level deeper while it lives.
  struct Deeper {
    explicit Deeper(int& counted) : depth(counted) { ++depth; }
    ~Deeper() { --depth; }
    int& depth;
  };

  TraceqlLexer lexer_;
  const TraceqlLimits& limits_;
  TraceqlToken token_;  // the one that we stand before
  int depth_ = 0;
  TraceqlQuery query_;
};

Result<void> Parser::advance() {
  BL_TRY(token_, lexer_.next());
  return {};
}

Result<void> Parser::expect(std::string_view sign) {
  if (!token_.is(sign)) return error(Code::malformed, fmt::format("expected {}", sign));
  return advance();
}

Result<TraceqlQuery> Parser::query() {
  BL_RETURN_IF_ERROR(advance());
  if (token_.kind == Kind::end) return query_;
  BL_TRY(SpanFilter filter, spansets());
  BL_TRY(filter, stages(std::move(filter)));
  if (token_.is_word("with")) BL_RETURN_IF_ERROR(hints());
  if (token_.kind != Kind::end) return error(Code::malformed, "expected the end");
  query_.filter = std::move(filter);
  BL_RETURN_IF_ERROR(check(query_.filter, limits_.filter));
  return std::move(query_);
}

/// Parts joined; one part is itself.
SpanFilter joined(SpanFilter (*join)(std::vector<SpanFilter>), std::vector<SpanFilter> parts) {
  return parts.size() == 1 ? std::move(parts.front()) : join(std::move(parts));
}

Result<SpanFilter> Parser::spansets() {
  std::vector<SpanFilter> parts;
  for (;;) {
    BL_TRY(parts.emplace_back(), spanset());
    BL_RETURN_IF_ERROR(refuse_between_spansets());
    if (!token_.is("||")) return joined(SpanFilter::any_of, std::move(parts));
    BL_RETURN_IF_ERROR(advance());
  }
}

Result<void> Parser::refuse_between_spansets() const {
  if (token_.kind != Kind::sign) return {};
  const std::string sign = lexer_.operator_at(token_.at);
  if (sign == "&&") {
    return error(Code::unsupported,
                 "not supported: && between spansets (conditions about one span go into one {})");
  }
  if (sign.empty() || sign == "|" || sign == "||") return {};
  return error(Code::unsupported, fmt::format("not supported: the structural operator {}", sign));
}

Result<SpanFilter> Parser::spanset() {
  const Deeper deeper(depth_);
  if (depth_ > k_nesting_max) return error(Code::too_large, "nested too deep");
  if (token_.is("(")) {
    BL_RETURN_IF_ERROR(advance());
    BL_TRY(SpanFilter inner, spansets());
    BL_RETURN_IF_ERROR(expect(")"));
    return inner;
  }
  BL_RETURN_IF_ERROR(expect("{"));
  if (token_.is("}")) {
    BL_RETURN_IF_ERROR(advance());
    return SpanFilter::everything();
  }
  BL_TRY(SpanFilter filter, any_of());
  BL_RETURN_IF_ERROR(expect("}"));
  return filter;
}

Result<SpanFilter> Parser::stages(SpanFilter filter) {
  while (token_.is("|")) {
    BL_RETURN_IF_ERROR(advance());
    if (token_.is_word("select")) {
      BL_RETURN_IF_ERROR(select());
      continue;
    }
    if (token_.kind == Kind::word && std::ranges::count(k_aggregates, token_.text) > 0) {
      return error(Code::unsupported, fmt::format("not supported: the function {}", token_.text));
    }
    BL_TRY(SpanFilter more, spansets());
    std::vector<SpanFilter> both;
    both.push_back(std::move(filter));
    both.push_back(std::move(more));
    filter = SpanFilter::all_of(std::move(both));
  }
  return filter;
}

Result<void> Parser::select() {
  BL_RETURN_IF_ERROR(advance());
  BL_RETURN_IF_ERROR(expect("("));
  for (;;) {
    if (token_.kind != Kind::word) return error(Code::malformed, "expected a field");
    BL_TRY(auto field, traceql_field(lexer_, token_));
    if (!field) return error(Code::malformed, "expected a field");
    if (query_.selected.size() == limits_.selected_max) {
      return error(Code::too_large,
                   fmt::format("more than {} fields selected", limits_.selected_max));
    }
    query_.selected.push_back(*std::move(field));
    BL_RETURN_IF_ERROR(advance());
    if (!token_.is(",")) return expect(")");
    BL_RETURN_IF_ERROR(advance());
  }
}

Result<void> Parser::hints() {
  BL_RETURN_IF_ERROR(advance());
  BL_RETURN_IF_ERROR(expect("("));
  for (;;) {
    if (token_.kind != Kind::word) return error(Code::malformed, "expected a hint");
    if (token_.text != "most_recent") {
      return error(Code::unsupported, fmt::format("not supported: the hint {}", token_.text));
    }
    BL_RETURN_IF_ERROR(advance());
    BL_RETURN_IF_ERROR(expect("="));
    query_.most_recent = token_.is_word("true");
    if (!query_.most_recent && !token_.is_word("false")) {
      return error(Code::malformed, "expected true or false");
    }
    BL_RETURN_IF_ERROR(advance());
    if (!token_.is(",")) return expect(")");
    BL_RETURN_IF_ERROR(advance());
  }
}

Result<SpanFilter> Parser::any_of() {
  std::vector<SpanFilter> parts;
  for (;;) {
    BL_TRY(parts.emplace_back(), all_of());
    if (!token_.is("||")) return joined(SpanFilter::any_of, std::move(parts));
    BL_RETURN_IF_ERROR(advance());
  }
}

Result<SpanFilter> Parser::all_of() {
  std::vector<SpanFilter> parts;
  for (;;) {
    BL_TRY(parts.emplace_back(), negation());
    if (!token_.is("&&")) return joined(SpanFilter::all_of, std::move(parts));
    BL_RETURN_IF_ERROR(advance());
  }
}

Result<SpanFilter> Parser::negation() {
  const Deeper deeper(depth_);
  if (depth_ > k_nesting_max) return error(Code::too_large, "nested too deep");
  if (token_.is("!")) {
    BL_RETURN_IF_ERROR(advance());
    std::vector<SpanFilter> parts;
    BL_TRY(parts.emplace_back(), negation());
    return SpanFilter::none_of(std::move(parts));
  }
  if (token_.is("(")) {
    BL_RETURN_IF_ERROR(advance());
    BL_TRY(SpanFilter inner, any_of());
    BL_RETURN_IF_ERROR(expect(")"));
    return inner;
  }
  return comparison();
}

Result<SpanFilter> Parser::comparison() {
  BL_TRY(const Operand left, operand());
  const auto sign = std::ranges::find_if(
      k_operators, [&](const Operator& candidate) { return token_.is(candidate.sign); });
  constexpr std::array<std::string_view, 6> arithmetic = {"+", "-", "*", "/", "%", "^"};
  if (token_.kind == Kind::sign && std::ranges::count(arithmetic, token_.text) > 0) {
    return error(Code::unsupported, "not supported: arithmetic");
  }
  if (sign == k_operators.end()) return bare(left);
  BL_RETURN_IF_ERROR(advance());
  BL_TRY(const Operand right, operand());
  if (token_.kind == Kind::sign && std::ranges::count(arithmetic, token_.text) > 0) {
    return error(Code::unsupported, "not supported: arithmetic");
  }
  return compared(left, *sign, right);
}

Result<Operand> Parser::operand() {
  Operand operand{Literal(Nil{}), token_};
  const bool is_negative = token_.is("-");
  if (is_negative) BL_RETURN_IF_ERROR(advance());
  if (token_.kind == Kind::number) {
    BL_TRY(Literal literal, number());
    if (is_negative) {
      if (auto* integer = std::get_if<std::int64_t>(&literal)) *integer = -*integer;
      if (auto* decimal = std::get_if<double>(&literal)) *decimal = -*decimal;
      if (auto* duration = std::get_if<Duration>(&literal)) {
        duration->nanoseconds = -duration->nanoseconds;
      }
    }
    operand.value = std::move(literal);
  } else if (is_negative) {
    return error(Code::malformed, "expected a number");
  } else if (token_.kind == Kind::text) {
    operand.value = Literal(token_.text);
  } else if (token_.kind == Kind::word) {
    BL_TRY(auto field, traceql_field(lexer_, token_));
    if (field) {
      operand.value = *std::move(field);
    } else {
      BL_TRY(operand.value, keyword());
    }
  } else {
    return error(Code::malformed, "expected a field or a value");
  }
  BL_RETURN_IF_ERROR(advance());
  return operand;
}

Result<Literal> Parser::number() {
  if (const auto integer = parse_int64(token_.text)) return Literal(*integer);
  if (const auto decimal = parse_double(token_.text)) return Literal(*decimal);
  if (const auto duration = parse_go_duration(token_.text); duration.ok()) {
    return Literal(Duration{*duration});
  }
  return error(Code::malformed, "neither a number nor a duration");
}

Result<Literal> Parser::keyword() {
  if (token_.text == "nil") return Literal(Nil{});
  if (token_.text == "true") return Literal(true);
  if (token_.text == "false") return Literal(false);
  if (const auto status = status_code_named(token_.text)) return Literal(Keyword{name_of(*status)});
  if (const auto kind = span_kind_named(token_.text)) return Literal(Keyword{name_of(*kind)});
  return error(Code::malformed, "neither a field nor a value");
}

/// `{ span.is_cached }`, `{ true }`.
Result<SpanFilter> Parser::bare(const Operand& operand) const {
  if (const auto* literal = std::get_if<Literal>(&operand.value)) {
    const bool* truth = std::get_if<bool>(literal);
    if (truth && *truth) return SpanFilter::everything();
    if (truth) {
      std::vector<SpanFilter> nothing(1);
      return SpanFilter::none_of(std::move(nothing));
    }
    return lexer_.error_at(Code::malformed, "a value alone", operand.token.at);
  }
  const auto& field = std::get<SpanField>(operand.value);
  if (std::holds_alternative<IntrinsicField>(field)) {
    return lexer_.error_at(Code::malformed, "a field that is neither true nor false alone",
                           operand.token.at);
  }
  return SpanFilter::where({field, Comparison::equal, AnyValue(AnyValue::Value(true))});
}

Result<SpanFilter> Parser::compared(const Operand& left, const Operator& sign,
                                    const Operand& right) const {
  const auto* left_field = std::get_if<SpanField>(&left.value);
  const auto* right_field = std::get_if<SpanField>(&right.value);
  if (left_field && right_field) {
    return lexer_.error_at(Code::unsupported, "not supported: two fields compared", right.token.at);
  }
  if (!left_field && !right_field) {
    return lexer_.error_at(Code::unsupported, "not supported: two values compared", right.token.at);
  }
  Condition made;
  if (left_field) {
    BL_TRY(made, condition(*left_field, sign.comparison, right));
  } else {
    BL_TRY(made, condition(*right_field, sign.turned, left));
  }
  return SpanFilter::where(std::move(made));
}

Result<Condition> Parser::condition(const SpanField& field, Comparison comparison,
                                    const Operand& value) const {
  const auto& literal = std::get<Literal>(value.value);
  if (std::holds_alternative<Nil>(literal)) {
    const auto attribute = attribute_of(field);
    if (!attribute || !is_equality(comparison)) {
      return lexer_.error_at(Code::invalid, "nil is compared with attributes by = and != only",
                             value.token.at);
    }
    const bool is_absent = comparison == Comparison::equal;
    return Condition{*attribute, is_absent ? Comparison::absent : Comparison::exists, {}};
  }
  BL_TRY(AnyValue wanted, value_for(traceql_type_of(field), comparison, value));
  return Condition{field, comparison, std::move(wanted)};
}

Result<AnyValue> Parser::value_for(TraceqlType type, Comparison comparison,
                                   const Operand& value) const {
  const auto& literal = std::get<Literal>(value.value);
  const auto refused = [&](std::string_view message) {
    return lexer_.error_at(Code::invalid, message, value.token.at);
  };
  switch (type) {
    case TraceqlType::any:
      return plain_value(comparison, value);
    case TraceqlType::text:
      if (!std::holds_alternative<std::string>(literal)) return refused("expected a text");
      return plain_value(comparison, value);
    case TraceqlType::duration:
      if (const auto* duration = std::get_if<Duration>(&literal)) {
        if (is_expression(comparison)) return refused("an expression is a text");
        return AnyValue(AnyValue::Value(duration->nanoseconds));
      }
      if (std::holds_alternative<std::int64_t>(literal)) return plain_value(comparison, value);
      return refused("expected a duration such as 1.2ms");
    case TraceqlType::kind:
    case TraceqlType::status:
      if (!is_equality(comparison)) return refused("compared by = and != only");
      return name_value(type, value);
    case TraceqlType::trace_id:
    case TraceqlType::span_id:
      if (!is_equality(comparison)) return refused("compared by = and != only");
      return id_value(type, value);
  }
  return refused("no such field");
}

Result<AnyValue> Parser::plain_value(Comparison comparison, const Operand& value) const {
  const auto& literal = std::get<Literal>(value.value);
  const auto refused = [&](std::string_view message) {
    return lexer_.error_at(Code::invalid, message, value.token.at);
  };
  if (is_expression(comparison) && !std::holds_alternative<std::string>(literal)) {
    return refused("an expression is a text");
  }
  if (is_order(comparison) && std::holds_alternative<bool>(literal)) {
    return refused("true and false have no order");
  }
  if (const auto* text = std::get_if<std::string>(&literal)) return AnyValue(*text);
  if (const auto* truth = std::get_if<bool>(&literal)) return AnyValue(AnyValue::Value(*truth));
  if (const auto* integer = std::get_if<std::int64_t>(&literal)) {
    return AnyValue(AnyValue::Value(*integer));
  }
  if (const auto* decimal = std::get_if<double>(&literal)) {
    return AnyValue(AnyValue::Value(*decimal));
  }
  if (const auto* duration = std::get_if<Duration>(&literal)) {
    return AnyValue(AnyValue::Value(duration->nanoseconds));
  }
  return refused("statuses and kinds are compared with status and kind only");
}

Result<AnyValue> Parser::name_value(TraceqlType type, const Operand& value) const {
  const auto& literal = std::get<Literal>(value.value);
  std::string_view name;
  if (const auto* keyword = std::get_if<Keyword>(&literal)) name = keyword->word;
  if (const auto* text = std::get_if<std::string>(&literal)) name = *text;
  if (type == TraceqlType::status) {
    if (const auto status = status_code_named(name)) return AnyValue(std::string(name_of(*status)));
    return lexer_.error_at(Code::invalid, "expected unset, ok or error", value.token.at);
  }
  if (const auto kind = span_kind_named(name)) return AnyValue(std::string(name_of(*kind)));
  return lexer_.error_at(Code::invalid,
                         "expected unspecified, internal, server, client, producer or consumer",
                         value.token.at);
}

Result<AnyValue> Parser::id_value(TraceqlType type, const Operand& value) const {
  const auto* text = std::get_if<std::string>(&std::get<Literal>(value.value));
  if (type == TraceqlType::trace_id) {
    if (const auto id = TraceId::from_text(text ? *text : "")) return AnyValue(id->hex());
  } else if (text && text->size() <= 16) {
    const std::string padded = std::string(16 - text->size(), '0') + *text;
    if (const auto id = SpanId::from_hex(padded)) return AnyValue(id->hex());
  }
  return lexer_.error_at(Code::invalid, "expected the hex digits of an id, in quotes",
                         value.token.at);
}

}  // namespace

Result<TraceqlQuery> parse_traceql(std::string_view text, const TraceqlLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return Error(Code::too_large,
                 fmt::format("TraceQL of more than {} bytes: {}", limits.bytes_max, text.size()));
  }
  return Parser(text, limits).query();
}

}  // namespace bl::traces
