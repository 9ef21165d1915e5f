#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "bigquery/model.h"
#include "bigquery/sql/ast.h"

/// The types of expressions: GoogleSQL's, and what the engine calls them. Pure.
namespace bl::bigquery::sql {

enum class Kind : unsigned char {
  null,  ///< of NULL and of parameters without a type: fits everywhere
  int64,
  float64,
  numeric,
  bignumeric,
  boolean,
  text,
  bytes,
  date,
  datetime,
  time,
  timestamp,
  interval,
  json,
  range,   ///< one member
  array,   ///< one member: the element
  record,  ///< members by name; a name may be empty
};

struct TypeMember;
struct Type {
  Kind kind = Kind::null;
  /// Of numeric and bignumeric: the engine's DECIMAL(precision, scale).
  int precision = 0, scale = 0;
  std::vector<TypeMember> members;

  Type() = default;
  Type(Kind k);
  static Type array_of(Type element);
  const Type& element() const;
  bool is_decimal() const { return kind == Kind::numeric || kind == Kind::bignumeric; }
  bool is_number() const { return kind == Kind::int64 || kind == Kind::float64 || is_decimal(); }
  /// Equal but for the engine's precision.
  bool operator==(const Type& other) const;
};
struct TypeMember {
  std::string name;
  Type type;
};

/// `ARRAY<STRUCT<a INT64>>`, as messages have it.
std::string name_of(const Type& type);
/// `DECIMAL(38, 9)`, `STRUCT("a" BIGINT)[]`.
std::string engine_type(const Type& type);
/// Exact, rounded half away from zero at the scale of `kind` (numeric or bignumeric): the engine's
/// functions of duck/engine/decimal_functions.h.
std::string decimal_product(Kind kind, std::string_view left, std::string_view right);
std::string decimal_quotient(Kind kind, std::string_view left, std::string_view right);
/// `CAST($3 AS BIGINT)`; what is nested comes as JSON.
std::string engine_parameter(std::size_t place, const Type& type);
/// What the engine calls member i: its name, or `_field_1` where that is empty or there twice.
std::string member_name(const Type& type, std::size_t index);

Type type_of(const TableField& field);
/// Errors: invalid (no such type), unsupported (GEOGRAPHY and others by name).
Result<Type> type_of(const TypeName& name);
TableField field_of(std::string_view name, const Type& type);

/// Does a value of `from` stand where `to` is wanted, without a CAST?
bool coerces(const Type& from, const Type& to);
/// The type that both come to; nullopt: none.
std::optional<Type> common_type(const Type& a, const Type& b);
bool is_groupable(const Type& type);

std::string engine_name(std::string_view name);
/// An SQL literal of the engine.
std::string quoted_literal(std::string_view text);

}  // namespace bl::bigquery::sql
