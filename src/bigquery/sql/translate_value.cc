// Values that are made: CASE, arrays, structs, subqueries, conversions.
#include <fmt/format.h>

#include <algorithm>

#include "bigquery/sql/lexer.h"
#include "bigquery/sql/translator.h"

namespace bl::bigquery::sql {

Result<Typed> Translator::case_when(const Expr& expr, const Scope& scope) {
  std::vector<Typed> whens, thens;
  std::size_t i = 0;
  if (expr.flag) {
    BL_TRY(Typed operand, expression(expr.args[i++], scope));
    whens.push_back(std::move(operand));
  }
  for (; i < expr.args.size(); ++i) {
    const bool is_when = (i - (expr.flag ? 1 : 0)) % 2 == 0 && i + 1 < expr.args.size();
    BL_TRY(Typed value, expression(expr.args[i], scope));
    (is_when ? whens : thens).push_back(std::move(value));
  }
  Type when_type(Kind::boolean);
  if (expr.flag) {
    BL_TRY(when_type, unify(whens, expr.place, "CASE"));
  }
  BL_TRY(const Type type, unify(thens, expr.place, "CASE"));
  std::string sql = "CASE";
  std::size_t when = 0;
  const auto next = [&]() {
    return as(whens[when++], when_type, expr.place, "A condition of CASE");
  };
  if (expr.flag) {
    BL_TRY(const std::string operand, next());
    sql += " " + operand;
  }
  for (const Typed& value : thens) {
    BL_TRY(const std::string then, as(value, type, expr.place, "A result of CASE"));
    if (when < whens.size()) {
      BL_TRY(const std::string condition, next());
      sql += fmt::format(" WHEN {} THEN {}", condition, then);
    } else {
      sql += " ELSE " + then;
    }
  }
  return Typed{sql + " END", type, nullptr};
}

Result<Typed> Translator::array(const Expr& expr, const Scope& scope) {
  BL_TRY(std::vector<Typed> values, arguments(expr, scope));
  BL_TRY(Type element, unify(values, expr.place, "an array's elements"));
  if (expr.type) {
    BL_TRY(const Type given, type_of(*expr.type));
    element = given.element();
  }
  if (element.kind == Kind::array) {
    return error_at(expr.place, "Cannot construct array with element type ARRAY");
  }
  std::vector<std::string> parts;
  for (const Typed& value : values) {
    BL_TRY(std::string part, as(value, element, expr.place, "An array's element"));
    parts.push_back(std::move(part));
  }
  Type type = Type::array_of(element);
  if (parts.empty()) return Typed{fmt::format("CAST([] AS {})", engine_type(type)), type, nullptr};
  if (element.is_decimal() || element.kind == Kind::null) {
    return Typed{fmt::format("CAST([{}] AS {})", joined(parts), engine_type(type)), type, nullptr};
  }
  return Typed{fmt::format("[{}]", joined(parts)), std::move(type), nullptr};
}

Result<Typed> Translator::structure(const Expr& expr, const Scope& scope) {
  BL_TRY(std::vector<Typed> values, arguments(expr, scope));
  Type type(Kind::record);
  if (expr.type) {
    BL_TRY(type, type_of(*expr.type));
    if (type.members.size() != values.size()) {
      return error_at(expr.place, fmt::format("STRUCT has {} fields, but {} values were given",
                                              type.members.size(), values.size()));
    }
  }
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!expr.type) {
      std::string name = expr.names[i];
      const Expr& arg = expr.args[i];
      if (name.empty() && !expr.flag && arg.kind == ExprKind::path) name = arg.names.back();
      if (name.empty() && !expr.flag && arg.kind == ExprKind::field) name = arg.text;
      type.members.push_back({std::move(name), values[i].type});
    }
    BL_TRY(const std::string value,
           as(values[i], type.members[i].type, expr.place, "A field of STRUCT"));
    parts.push_back(fmt::format("{} := {}", engine_name(member_name(type, i)), value));
  }
  if (parts.empty()) return refused_at(expr.place, "STRUCT without fields");
  return Typed{fmt::format("struct_pack({})", joined(parts)), std::move(type), nullptr};
}

Result<Typed> Translator::subquery(const Expr& expr, const Scope& scope) {
  BL_TRY(const Relation inner, query(*expr.query, &scope));
  if (expr.kind == ExprKind::exists) {
    return Typed{fmt::format("EXISTS ({})", inner.sql), Kind::boolean, nullptr};
  }
  if (inner.columns.size() != 1) {
    return error_at(expr.place,
                    fmt::format("{} subquery cannot have more than one column unless "
                                "using SELECT AS STRUCT to build STRUCT values",
                                expr.kind == ExprKind::scalar_query ? "Scalar" : "ARRAY"));
  }
  const Column& column = inner.columns[0];
  if (expr.kind == ExprKind::scalar_query) {
    return Typed{fmt::format("({})", inner.sql), column.type, nullptr};
  }
  Type type = Type::array_of(column.type.kind == Kind::null ? Type(Kind::int64) : column.type);
  const std::string of = new_name();
  return Typed{
      fmt::format("coalesce((SELECT array_agg({0}.{1}) FROM ({2}) AS {0}), CAST([] AS {3}))",
                  engine_name(of), engine_name(column.sql), inner.sql, engine_type(type)),
      type, nullptr};
}

Result<Typed> Translator::cast(const Expr& expr, const Scope& scope) {
  BL_TRY(const Typed value, expression(expr.args[0], scope));
  BL_TRY(const Type type, type_of(*expr.type));
  const bool is_literal = fits(value, type) && value.type.kind != type.kind;
  if (expr.flag) ++safe_;
  auto sql = is_literal && value.type.kind != Kind::text
                 ? Result<std::string>(fmt::format("CAST({} AS {})", value.sql, engine_type(type)))
                 : cast_to(value, type, expr.place);
  if (expr.flag) --safe_;
  if (!sql.ok()) return std::move(sql).error();
  if (expr.flag) *sql = fmt::format("TRY({})", *sql);
  return Typed{std::move(*sql), type, nullptr};
}

/// An explicit CAST: GoogleSQL's rules where the engine has others.
Result<std::string> Translator::cast_to(const Typed& value, const Type& to, Place place) {
  const Kind from = value.type.kind;
  const auto plain = [&] { return fmt::format("CAST({} AS {})", value.sql, engine_type(to)); };
  if (from == Kind::null) return plain();
  const auto is_time = [](Kind kind) {
    return kind == Kind::date || kind == Kind::datetime || kind == Kind::timestamp;
  };
  switch (to.kind) {
    case Kind::text:
      if (from != Kind::array && from != Kind::record && from != Kind::json &&
          from != Kind::range) {
        return text_of(value);
      }
      break;
    case Kind::bytes:
      if (from == Kind::text) return fmt::format("encode({})", value.sql);
      if (from == Kind::bytes) return value.sql;
      break;
    case Kind::int64:
      // The engine rounds halves to even.
      if (from == Kind::float64) return fmt::format("CAST(round({}) AS BIGINT)", value.sql);
      if (value.type.is_number() || from == Kind::boolean || from == Kind::text) return plain();
      break;
    case Kind::float64:
    case Kind::numeric:
    case Kind::bignumeric:
      if (value.type.is_number() || from == Kind::text) return plain();
      break;
    case Kind::boolean:
      if (from == Kind::int64) return fmt::format("({} <> 0)", value.sql);
      if (from == Kind::text || from == Kind::boolean) return plain();
      break;
    case Kind::date:
    case Kind::datetime:
    case Kind::time:
      if (from == Kind::timestamp) {
        return fmt::format("CAST({} AT TIME ZONE 'UTC' AS {})", value.sql, engine_type(to));
      }
      if (from == Kind::text || from == to.kind || (is_time(from) && to.kind != Kind::time) ||
          from == Kind::datetime) {
        return plain();
      }
      break;
    case Kind::timestamp:
      if (from == Kind::date || from == Kind::datetime) {
        return fmt::format("(CAST({} AS TIMESTAMP) AT TIME ZONE 'UTC')", value.sql);
      }
      if (from == Kind::text || from == Kind::timestamp) return plain();
      break;
    case Kind::interval:
    case Kind::json:
      if (from == to.kind) return value.sql;
      if (from == Kind::text && to.kind == Kind::interval) return plain();
      break;
    case Kind::array:
    case Kind::record:
      if (common_type(value.type, to)) return plain();
      break;
    default:
      if (value.type == to) return value.sql;
      break;
  }
  return error_at(place,
                  fmt::format("Invalid cast from {} to {}", name_of(value.type), name_of(to)));
}

}  // namespace bl::bigquery::sql
