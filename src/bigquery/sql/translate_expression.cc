// Expressions: literals, names, operators, conversions.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bigquery/model/names.h"
#include "bigquery/sql/lexer.h"
#include "bigquery/sql/translator.h"

namespace bl::bigquery::sql {
namespace {

Typed truth(std::string sql) {
  return {std::move(sql), Kind::boolean, nullptr};
}

std::string plain_number(const Expr& literal) {
  return literal.text;
}

/// The text of an integer literal in decimal digits; nullopt: out of INT64.
std::optional<std::string> decimal_digits(std::string_view text) {
  std::uint64_t value = 0;
  const bool hex = text.size() > 2 && (text[1] == 'x' || text[1] == 'X');
  const std::string_view digits = hex ? text.substr(2) : text;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (hex) return std::to_string(static_cast<std::int64_t>(value));
  if (value > 9223372036854775807ull) return std::nullopt;
  return std::to_string(value);
}

}  // namespace

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  return fmt::format("{}", fmt::join(parts, between));
}

Result<void> Translator::within_limit(const std::string& sql) const {
  if (sql.size() <= limits_.sql_bytes_max) return {};
  return Error{Code::invalid, fmt::format("The query is too complex: its translation is longer "
                                          "than {} bytes",
                                          limits_.sql_bytes_max)};
}

std::string Translator::failure(std::string_view message) const {
  if (safe_ > 0) return "NULL";
  return fmt::format("error({})", quoted_literal(message));
}

std::string Translator::not_zero(const Typed& divisor, std::string_view what) const {
  const bool is_number = divisor.literal != nullptr &&
                         divisor.literal->text.find_first_of("123456789") != std::string::npos;
  if (is_number) return divisor.sql;
  return fmt::format("CASE WHEN {0} = 0 THEN {1} ELSE {0} END", divisor.sql, failure(what));
}

bool Translator::fits(const Typed& value, const Type& to) {
  if (coerces(value.type, to)) return true;
  if (value.literal == nullptr) return false;
  if (value.literal->kind == ExprKind::floating) return to.is_decimal();
  return value.literal->kind == ExprKind::string &&
         (to.kind == Kind::date || to.kind == Kind::datetime || to.kind == Kind::timestamp ||
          to.kind == Kind::time);
}

Result<std::string> Translator::as(const Typed& value, const Type& to, Place place,
                                   std::string_view what) {
  if (to.kind == Kind::null) return value.sql;
  if (!fits(value, to)) {
    return error_at(place, fmt::format("{} has type {}, which does not fit {}", what,
                                       name_of(value.type), name_of(to)));
  }
  if (value.literal != nullptr && to.is_decimal() && value.type.is_number()) {
    const bool plain = value.literal->text.find_first_of("eExX") == std::string::npos;
    if (plain) return plain_number(*value.literal);
  }
  if (value.type == to && value.type.kind != Kind::null) return value.sql;
  if (to.kind == Kind::record && value.type.kind == Kind::record) {
    // The engine casts structs by the names of their fields, GoogleSQL by their places.
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < to.members.size(); ++i) {
      const Typed member{fmt::format("struct_extract({}, {})", value.sql,
                                     quoted_literal(member_name(value.type, i))),
                         value.type.members[i].type, nullptr};
      BL_TRY(const std::string part, as(member, to.members[i].type, place, what));
      parts.push_back(fmt::format("{} := CAST({} AS {})", engine_name(member_name(to, i)), part,
                                  engine_type(to.members[i].type)));
    }
    return fmt::format("CASE WHEN {} IS NOT NULL THEN struct_pack({}) END", value.sql,
                       joined(parts));
  }
  return fmt::format("CAST({} AS {})", value.sql, engine_type(to));
}

Result<Type> Translator::unify(const std::vector<Typed>& values, Place place,
                               std::string_view what) const {
  Type type;
  const auto add = [&](const Typed& value) -> Result<void> {
    if (type.kind != Kind::null && fits(value, type) && value.literal != nullptr) return {};
    const auto common = common_type(type, value.type);
    if (!common) {
      return error_at(place, fmt::format("No common type for {}: {}, {}", what, name_of(type),
                                         name_of(value.type)));
    }
    type = *common;
    return {};
  };
  for (const Typed& value : values) {
    if (value.literal == nullptr) BL_RETURN_IF_ERROR(add(value));
  }
  for (const Typed& value : values) {
    if (value.literal != nullptr) BL_RETURN_IF_ERROR(add(value));
  }
  return type;
}

Result<std::string> Translator::boolean(const Expr& expr, const Scope& scope,
                                        std::string_view where) {
  BL_TRY(const Typed value, expression(expr, scope));
  return as(value, Kind::boolean, expr.place, where);
}

Result<Typed> Translator::expression(const Expr& expr, const Scope& scope) {
  if (scope.keys != nullptr) {
    for (const GroupKey& key : *scope.keys) {
      if (key.expr != nullptr && *key.expr == expr) return key.value;
    }
  }
  BL_TRY(Typed value, expression_now(expr, scope));
  BL_RETURN_IF_ERROR(within_limit(value.sql));
  return value;
}

Result<Typed> Translator::expression_now(const Expr& expr, const Scope& scope) {
  switch (expr.kind) {
    case ExprKind::null_value:
      return Typed{"NULL", Type(), nullptr};
    case ExprKind::boolean:
      return truth(expr.text);
    case ExprKind::integer:
    case ExprKind::floating:
    case ExprKind::string:
    case ExprKind::bytes:
      return literal(expr);
    case ExprKind::typed_literal:
      return typed_literal(expr);
    case ExprKind::interval:
      return interval(expr, scope);
    case ExprKind::parameter:
      return parameter(expr);
    case ExprKind::path:
      return path(expr, scope);
    case ExprKind::field: {
      BL_TRY(Typed of, expression(expr.args[0], scope));
      return field(std::move(of), expr.text, expr.place);
    }
    case ExprKind::subscript:
      return subscript(expr, scope);
    case ExprKind::unary:
      return unary(expr, scope);
    case ExprKind::binary:
      return binary(expr, scope);
    case ExprKind::is: {
      if (expr.text == "NULL") {
        BL_TRY(const Typed value, expression(expr.args[0], scope));
        return truth(fmt::format("({} IS {}NULL)", value.sql, expr.negated ? "NOT " : ""));
      }
      BL_TRY(const std::string value, boolean(expr.args[0], scope, "The operand of IS"));
      const std::string_view other = expr.text == "UNKNOWN" ? "NULL" : std::string_view(expr.text);
      return truth(
          fmt::format("({} IS {}DISTINCT FROM {})", value, expr.negated ? "" : "NOT ", other));
    }
    case ExprKind::distinct_from:
    case ExprKind::between:
    case ExprKind::in_list:
    case ExprKind::in_unnest:
      return comparison(expr, scope);
    case ExprKind::like_quantified:
      return quantified(expr, scope);
    case ExprKind::in_query:
      return in_query(expr, scope);
    case ExprKind::case_when:
      return case_when(expr, scope);
    case ExprKind::cast:
      return cast(expr, scope);
    case ExprKind::array:
      return array(expr, scope);
    case ExprKind::structure:
      return structure(expr, scope);
    case ExprKind::exists:
    case ExprKind::array_query:
    case ExprKind::scalar_query:
      return subquery(expr, scope);
    case ExprKind::extract:
      return extract(expr, scope);
    case ExprKind::call:
      return call(expr, scope);
  }
  return error_at(expr.place, "Unexpected expression");
}

Result<Typed> Translator::literal(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::integer: {
      const auto digits = decimal_digits(expr.text);
      if (!digits) {
        return error_at(expr.place, fmt::format("Invalid integer literal: {}", expr.text));
      }
      return Typed{fmt::format("CAST({} AS BIGINT)", *digits), Kind::int64, &expr};
    }
    case ExprKind::floating: {
      double value = 0;
      const auto [end, error] =
          std::from_chars(expr.text.data(), expr.text.data() + expr.text.size(), value);
      if (error != std::errc()) {
        return error_at(expr.place, fmt::format("Invalid floating point literal: {}", expr.text));
      }
      return Typed{fmt::format("CAST({} AS DOUBLE)", expr.text), Kind::float64, &expr};
    }
    case ExprKind::string:
      return Typed{quoted_literal(expr.text), Kind::text, &expr};
    default:
      break;
  }
  std::string hex;
  for (const char c : expr.text) hex += fmt::format("{:02X}", static_cast<unsigned char>(c));
  return Typed{fmt::format("unhex('{}')", hex), Kind::bytes, nullptr};
}

Result<Typed> Translator::typed_literal(const Expr& expr) {
  if (expr.name == "RANGE") return range_literal(expr);
  TypeName name;
  name.name = expr.name;
  name.place = expr.place;
  BL_TRY(const Type type, type_of(name));
  const bool has_zone_word = expr.text.find('\0') != std::string::npos;
  if (has_zone_word) return error_at(expr.place, fmt::format("Invalid {} literal", expr.name));
  return Typed{fmt::format("CAST({} AS {})", quoted_literal(expr.text), engine_type(type)), type,
               nullptr};
}

/// `[start, end)`; UNBOUNDED is NULL.
Result<Typed> Translator::range_literal(const Expr& expr) {
  BL_TRY(const Type type, type_of(*expr.type));
  const std::string& text = expr.text;
  const std::size_t comma = text.find(',');
  if (text.size() < 5 || text.front() != '[' || text.back() != ')' || comma == std::string::npos) {
    return error_at(expr.place, "Invalid RANGE literal");
  }
  const auto bound = [&](std::string_view part) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    const std::string capitals = in_capitals(part);
    const bool open = capitals == "UNBOUNDED" || capitals == "NULL";
    return fmt::format("CAST({} AS {})", open ? "NULL" : quoted_literal(part),
                       engine_type(type.element()));
  };
  const std::string_view view(text);
  return Typed{
      fmt::format("struct_pack(\"start\" := {}, \"end\" := {})", bound(view.substr(1, comma - 1)),
                  bound(view.substr(comma + 1, text.size() - comma - 2))),
      type, nullptr};
}

Result<Typed> Translator::parameter(const Expr& expr) {
  std::size_t index = 0;
  if (expr.text.empty()) {
    index = static_cast<std::size_t>(std::stoul(expr.name));
    if (index >= options_.parameters.size() || !options_.parameters[index].type.name.empty()) {
      return error_at(expr.place, "Query has more positional parameters than were given");
    }
  } else {
    const auto found = std::ranges::find_if(options_.parameters, [&](const ParameterType& given) {
      return same_name(given.type.name, expr.text);
    });
    if (found == options_.parameters.end()) {
      return error_at(expr.place, fmt::format("Query parameter '{}' not found", expr.text));
    }
    index = static_cast<std::size_t>(found - options_.parameters.begin());
  }
  const auto [at, is_new] = parameter_places_.emplace(index, parameters_.size() + 1);
  if (is_new) parameters_.push_back({index});
  Type type = type_of(options_.parameters[index].type);
  return Typed{engine_parameter(at->second, type), type, nullptr};
}

/// A column of a grouped query must be a key.
Result<Typed> Translator::grouped(Typed found, const Expr& expr, const Scope& scope) const {
  if (scope.keys == nullptr) return found;
  const bool is_key = std::ranges::any_of(
      *scope.keys, [&](const GroupKey& key) { return key.value.sql == found.sql; });
  if (is_key) return found;
  return error_at(expr.place,
                  fmt::format("Expression references column {} which is neither grouped nor "
                              "aggregated",
                              expr.names[0] + (expr.names.size() > 1 ? "." + expr.names[1] : "")));
}

Result<Typed> Translator::path(const Expr& expr, const Scope& scope) {
  if (expr.names.size() == 1 && expr.names[0] == "DEFAULT") {
    return error_at(expr.place, "DEFAULT stands only for a whole value of INSERT and UPDATE");
  }
  for (const Scope* at = &scope; at != nullptr; at = at->outer) {
    std::size_t names = 0;
    BL_TRY(std::optional<Typed> found, path_in(expr, *at, names));
    if (!found) continue;
    Typed value = std::move(*found);
    for (; names < expr.names.size(); ++names) {
      BL_TRY(value, field(std::move(value), expr.names[names], expr.place));
    }
    return value;
  }
  return error_at(expr.place, fmt::format("Unrecognized name: {}", expr.names[0]));
}

/// `used`: how many of the names were taken.
Result<std::optional<Typed>> Translator::path_in(const Expr& expr, const Scope& scope,
                                                 std::size_t& names) {
  const std::string& first = expr.names[0];
  names = 1;
  if (scope.aliases != nullptr) {
    const auto found = scope.aliases->find(lower(first));
    if (found != scope.aliases->end()) return std::optional(found->second);
  }
  if (scope.sources == nullptr) return std::optional<Typed>();
  const auto finish = [&](const Column& column) -> Result<std::optional<Typed>> {
    BL_TRY(Typed value, grouped({column.sql, column.type, nullptr}, expr, scope));
    return std::optional(std::move(value));
  };
  const RangeVariable* variable = nullptr;
  for (const RangeVariable& each : scope.sources->variables) {
    if (same_name(each.alias, first)) variable = &each;
  }
  if (variable != nullptr && expr.names.size() > 1 && !variable->value) {
    for (const Column& column : variable->columns) {
      if (!same_name(column.name, expr.names[1])) continue;
      names = 2;
      return finish(column);
    }
  }
  const Column* found = nullptr;
  for (const Column& column : scope.sources->visible) {
    if (!same_name(column.name, first)) continue;
    if (found != nullptr) {
      return error_at(expr.place, fmt::format("Column name {} is ambiguous", first));
    }
    found = &column;
  }
  if (found != nullptr) return finish(*found);
  if (variable == nullptr) return std::optional<Typed>();
  if (variable->value) return finish(*variable->value);
  if (expr.names.size() > 1) {
    return error_at(expr.place, fmt::format("Name {} not found inside {}", expr.names[1], first));
  }
  // The whole row, as a struct.
  Typed row{"", Kind::record, nullptr};
  std::vector<std::string> parts;
  for (const Column& column : variable->columns) {
    BL_TRY(const Typed value, grouped({column.sql, column.type, nullptr}, expr, scope));
    row.type.members.push_back({column.name, column.type});
    parts.push_back(
        fmt::format("{} := {}", engine_name(member_name(row.type, parts.size())), value.sql));
  }
  row.sql = fmt::format("struct_pack({})", joined(parts));
  return std::optional(std::move(row));
}

Result<Typed> Translator::field(Typed of, const std::string& name, Place place) {
  if (of.type.kind == Kind::json) {
    std::string path = "$.\"";
    for (const char c : name) {
      if (c == '"' || c == '\\') path += '\\';
      path += c;
    }
    return Typed{fmt::format("json_extract({}, {})", of.sql, quoted_literal(path + "\"")),
                 Kind::json, nullptr};
  }
  if (of.type.kind != Kind::record) {
    return error_at(place, fmt::format("Cannot access field {} on a value with type {}", name,
                                       name_of(of.type)));
  }
  for (std::size_t i = 0; i < of.type.members.size(); ++i) {
    if (!same_name(of.type.members[i].name, name)) continue;
    return Typed{
        fmt::format("struct_extract({}, {})", of.sql, quoted_literal(member_name(of.type, i))),
        of.type.members[i].type, nullptr};
  }
  return error_at(place, fmt::format("Field name {} does not exist in {}", name, name_of(of.type)));
}

Result<Typed> Translator::subscript(const Expr& expr, const Scope& scope) {
  BL_TRY(const Typed of, expression(expr.args[0], scope));
  BL_TRY(const Typed index, expression(expr.args[1], scope));
  if (of.type.kind == Kind::json) {
    if (index.type.kind == Kind::text) {
      return Typed{fmt::format("json_extract({}, '$.\"' || {} || '\"')", of.sql, index.sql),
                   Kind::json, nullptr};
    }
    BL_TRY(const std::string at, as(index, Kind::int64, expr.place, "The subscript"));
    return Typed{fmt::format("json_extract({}, '$[' || {} || ']')", of.sql, at), Kind::json,
                 nullptr};
  }
  if (of.type.kind != Kind::array) {
    return error_at(expr.place, fmt::format("Subscript access using [] is not supported on values "
                                            "of type {}",
                                            name_of(of.type)));
  }
  BL_TRY(const std::string at, as(index, Kind::int64, expr.place, "The array's position"));
  const bool is_safe = expr.name.starts_with("SAFE_");
  const bool from_one = expr.name.ends_with("ORDINAL");
  const std::string place = from_one ? at : fmt::format("({} + 1)", at);
  // The engine counts positions below one from the end.
  const std::string otherwise =
      is_safe ? "NULL" : failure(fmt::format("Array index is out of bounds"));
  return Typed{
      fmt::format("CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL WHEN {1} BETWEEN 1 AND len({0}) "
                  "THEN list_extract({0}, {1}) ELSE {2} END",
                  of.sql, place, otherwise),
      of.type.element(), nullptr};
}

Result<Typed> Translator::unary(const Expr& expr, const Scope& scope) {
  if (expr.text == "NOT") {
    BL_TRY(const std::string value, boolean(expr.args[0], scope, "The operand of NOT"));
    return truth(fmt::format("(NOT {})", value));
  }
  const Expr& arg = expr.args[0];
  // -9223372036854775808 is a number, though 9223372036854775808 is none.
  if (expr.text == "-" && arg.kind == ExprKind::integer && arg.text == "9223372036854775808") {
    return Typed{"CAST(-9223372036854775808 AS BIGINT)", Kind::int64, nullptr};
  }
  BL_TRY(Typed value, expression(arg, scope));
  const bool fits_sign = value.type.is_number() || value.type.kind == Kind::null ||
                         (expr.text == "-" && value.type.kind == Kind::interval);
  if (expr.text == "~" ? value.type.kind != Kind::int64 : !fits_sign) {
    return error_at(expr.place, fmt::format("No matching signature for operator {} for argument "
                                            "type {}",
                                            expr.text, name_of(value.type)));
  }
  if (expr.text == "+") return value;
  value.sql = fmt::format("({}{})", expr.text, value.sql);
  value.literal = nullptr;
  return value;
}

Result<Typed> Translator::binary(const Expr& expr, const Scope& scope) {
  const std::string& op = expr.text;
  if (op == "AND" || op == "OR") {
    std::vector<std::string> parts;
    for (const Expr& arg : expr.args) {
      BL_TRY(std::string part, boolean(arg, scope, "An operand of " + op));
      parts.push_back(std::move(part));
    }
    return truth(fmt::format("({})", joined(parts, " " + op + " ")));
  }
  const bool is_comparison = op == "LIKE" || op.find_first_of("=<>") != std::string::npos;
  if (is_comparison && op != "<<" && op != ">>") return comparison(expr, scope);
  BL_TRY(std::vector<Typed> values, arguments(expr, scope));
  if (op == "||") {
    BL_TRY(const Type type, unify(values, expr.place, "operator ||"));
    if (type.kind != Kind::text && type.kind != Kind::bytes && type.kind != Kind::array &&
        type.kind != Kind::null) {
      return error_at(expr.place, fmt::format("No matching signature for operator || for argument "
                                              "types: {}",
                                              name_of(type)));
    }
    std::vector<std::string> parts;
    for (const Typed& value : values) {
      BL_TRY(std::string part, as(value, type, expr.place, "An operand of ||"));
      parts.push_back(std::move(part));
    }
    return Typed{fmt::format("({})", joined(parts, " || ")), type, nullptr};
  }
  return arithmetic(expr, std::move(values[0]), std::move(values[1]));
}

Result<Typed> Translator::arithmetic(const Expr& expr, Typed left, Typed right) {
  const std::string& op = expr.text;
  const auto refuse = [&]() {
    return error_at(expr.place, fmt::format("No matching signature for operator {} for argument "
                                            "types: {}, {}",
                                            op, name_of(left.type), name_of(right.type)));
  };
  if (op.find_first_of("|&^<>") != std::string::npos) {
    const bool fit = fits(left, Kind::int64) && fits(right, Kind::int64);
    if (!fit) return refuse();
    if (op == "^")
      return Typed{fmt::format("xor({}, {})", left.sql, right.sql), Kind::int64, nullptr};
    return Typed{fmt::format("({} {} {})", left.sql, op, right.sql), Kind::int64, nullptr};
  }
  const bool numbers = (left.type.is_number() || left.type.kind == Kind::null) &&
                       (right.type.is_number() || right.type.kind == Kind::null);
  if (!numbers) {
    BL_TRY(Typed made, with_interval(expr, left, right));
    if (made.sql.empty()) return refuse();
    return made;
  }
  BL_TRY(Type type, unify({left, right}, expr.place, "operator " + op));
  if (type.kind == Kind::null) type = Kind::int64;
  if (op == "/" && type.kind == Kind::int64) type = Kind::float64;
  BL_TRY(const std::string a, as(left, type, expr.place, "An operand"));
  BL_TRY(std::string b, as(right, type, expr.place, "An operand"));
  if (op == "/") {
    const Typed divisor{b, type, right.literal};
    const std::string message = "division by zero";
    if (!type.is_decimal()) {
      return Typed{fmt::format("({} / {})", a, not_zero(divisor, message)), type, nullptr};
    }
    return Typed{decimal_quotient(type.kind, a, not_zero(divisor, message)), Type(type.kind),
                 nullptr};
  }
  if (!type.is_decimal()) return Typed{fmt::format("({} {} {})", a, op, b), type, nullptr};
  // The engine lets digits grow: sums by one, products to the sum of both.
  const auto digits = [](const Typed& value) {
    Type as_decimal = value.type;
    if (value.literal != nullptr) {
      const std::size_t point = value.literal->text.find('.');
      as_decimal.scale =
          point == std::string::npos ? 0 : static_cast<int>(value.literal->text.size() - point - 1);
      as_decimal.precision = static_cast<int>(value.literal->text.size());
    } else if (!value.type.is_decimal()) {
      as_decimal.precision = 19;
      as_decimal.scale = 0;
    }
    return as_decimal;
  };
  const Type l = digits(left), r = digits(right);
  Type result(type.kind);
  const int scale_max = result.scale;
  const int scale = op == "*" ? l.scale + r.scale : std::max(l.scale, r.scale);
  const int whole = std::max(l.precision - l.scale, r.precision - r.scale);
  const int precision = op == "*" ? l.precision + r.precision : whole + scale + 1;
  if (scale > scale_max) {
    return Typed{decimal_product(type.kind, a, b), result, nullptr};
  }
  result.precision = std::min(precision, 38);
  result.scale = scale;
  return Typed{fmt::format("({} {} {})", a, op, b), result, nullptr};
}

/// Dates and intervals; no SQL: no such operator.
Result<Typed> Translator::with_interval(const Expr& expr, const Typed& left, const Typed& right) {
  const std::string& op = expr.text;
  const auto is_time = [](Kind kind) {
    return kind == Kind::date || kind == Kind::datetime || kind == Kind::timestamp ||
           kind == Kind::time;
  };
  const Kind a = left.type.kind, b = right.type.kind;
  const std::string sql = fmt::format("({} {} {})", left.sql, op, right.sql);
  if (op == "*" && a == Kind::interval && b == Kind::int64) return Typed{sql, left.type, nullptr};
  if (op == "*" && b == Kind::interval && a == Kind::int64) return Typed{sql, right.type, nullptr};
  if (op != "+" && op != "-") return Typed{};
  if (a == Kind::interval && b == Kind::interval) return Typed{sql, left.type, nullptr};
  if (is_time(a) && b == Kind::interval) {
    return Typed{sql, a == Kind::date ? Type(Kind::datetime) : left.type, nullptr};
  }
  if (op == "+" && a == Kind::interval && is_time(b)) {
    return Typed{sql, b == Kind::date ? Type(Kind::datetime) : right.type, nullptr};
  }
  if (a == Kind::date && b == Kind::int64) {
    return Typed{fmt::format("({} {} CAST({} AS INTEGER))", left.sql, op, right.sql), Kind::date,
                 nullptr};
  }
  if (op == "+" && a == Kind::int64 && b == Kind::date) {
    return Typed{fmt::format("({} + CAST({} AS INTEGER))", right.sql, left.sql), Kind::date,
                 nullptr};
  }
  if (op == "-" && a == b && is_time(a)) {
    if (a == Kind::date) {
      return Typed{
          fmt::format("to_days(CAST(date_diff('day', {}, {}) AS INTEGER))", right.sql, left.sql),
          Kind::interval, nullptr};
    }
    return Typed{
        fmt::format("to_microseconds(date_diff('microsecond', {}, {}))", right.sql, left.sql),
        Kind::interval, nullptr};
  }
  return Typed{};
}

Result<Typed> Translator::comparison(const Expr& expr, const Scope& scope) {
  BL_TRY(std::vector<Typed> values, arguments(expr, scope));
  const std::string_view no = expr.negated ? "NOT " : "";
  if (expr.kind == ExprKind::in_unnest) {
    const Typed& list = values[1];
    if (list.type.kind != Kind::array && list.type.kind != Kind::null) {
      return error_at(expr.place, "The operand of IN UNNEST must be an array");
    }
    if (list.type.kind == Kind::array && !common_type(values[0].type, list.type.element()) &&
        !fits(values[0], list.type.element())) {
      return error_at(expr.place, fmt::format("IN UNNEST of {} in {}", name_of(values[0].type),
                                              name_of(list.type)));
    }
    return truth(fmt::format("({} {}IN (SELECT unnest({})))", values[0].sql, no, list.sql));
  }
  const std::string what = expr.kind == ExprKind::binary    ? "operator " + expr.text
                           : expr.kind == ExprKind::between ? std::string("operator BETWEEN")
                           : expr.kind == ExprKind::in_list ? std::string("operator IN")
                                                            : std::string("IS DISTINCT FROM");
  const auto unified = unify(values, expr.place, what);
  if (!unified.ok()) {
    std::vector<std::string> types;
    for (const Typed& value : values) types.push_back(name_of(value.type));
    return error_at(expr.place, fmt::format("No matching signature for {} for argument types: {}",
                                            what, joined(types)));
  }
  if (expr.text == "LIKE" && unified->kind != Kind::text && unified->kind != Kind::null) {
    return error_at(expr.place, fmt::format("No matching signature for operator LIKE for argument "
                                            "types: {}",
                                            name_of(*unified)));
  }
  if (unified->kind == Kind::json) {
    return error_at(expr.place, fmt::format("{} is not defined for arguments of type JSON", what));
  }
  std::vector<std::string> parts;
  for (const Typed& value : values) {
    BL_TRY(std::string part, as(value, *unified, expr.place, "An operand"));
    parts.push_back(std::move(part));
  }
  switch (expr.kind) {
    case ExprKind::between:
      return truth(fmt::format("({} {}BETWEEN {} AND {})", parts[0], no, parts[1], parts[2]));
    case ExprKind::distinct_from:
      return truth(fmt::format("({} IS {}DISTINCT FROM {})", parts[0], no, parts[1]));
    case ExprKind::in_list: {
      const std::string first = std::move(parts[0]);
      parts.erase(parts.begin());
      return truth(fmt::format("({} {}IN ({}))", first, no, joined(parts)));
    }
    default:
      break;
  }
  if (expr.text == "LIKE") {
    return truth(fmt::format("({} {}LIKE {} ESCAPE '\\')", parts[0], no, parts[1]));
  }
  return truth(fmt::format("({} {} {})", parts[0], expr.text, parts[1]));
}

Result<Typed> Translator::quantified(const Expr& expr, const Scope& scope) {
  BL_TRY(std::vector<Typed> values, arguments(expr, scope));
  std::vector<std::string> parts;
  for (const Typed& value : values) {
    BL_TRY(std::string part, as(value, Kind::text, expr.place, "An operand of LIKE"));
    parts.push_back(std::move(part));
  }
  std::vector<std::string> tests;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    tests.push_back(fmt::format("{} LIKE {} ESCAPE '\\'", parts[0], parts[i]));
  }
  return truth(fmt::format("({}({}))", expr.negated ? "NOT " : "",
                           joined(tests, expr.name == "ANY" ? " OR " : " AND ")));
}

Result<Typed> Translator::in_query(const Expr& expr, const Scope& scope) {
  BL_TRY(const Typed value, expression(expr.args[0], scope));
  BL_TRY(const Relation inner, query(*expr.query, &scope));
  if (inner.columns.size() != 1) {
    return error_at(expr.place, "Subquery of type IN must have only one output column");
  }
  const Type& column = inner.columns[0].type;
  const auto type = fits(value, column) ? std::optional(column) : common_type(value.type, column);
  if (!type) {
    return error_at(expr.place, fmt::format("No matching signature for operator IN for argument "
                                            "types: {}, {}",
                                            name_of(value.type), name_of(column)));
  }
  BL_TRY(const std::string left, as(value, *type, expr.place, "The operand of IN"));
  return truth(fmt::format("({} {}IN ({}))", left, expr.negated ? "NOT " : "", inner.sql));
}

}  // namespace bl::bigquery::sql
