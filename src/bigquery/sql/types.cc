#include "bigquery/sql/types.h"
#include "bigquery/model/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "bigquery/sql/lexer.h"

namespace bl::bigquery::sql {
namespace {

struct Name {
  Kind kind;
  std::string_view google, engine;
};
constexpr std::array k_names = std::to_array<Name>({
    {Kind::null, "NULL", "BIGINT"},
    {Kind::int64, "INT64", "BIGINT"},
    {Kind::float64, "FLOAT64", "DOUBLE"},
    {Kind::numeric, "NUMERIC", ""},
    {Kind::bignumeric, "BIGNUMERIC", ""},
    {Kind::boolean, "BOOL", "BOOLEAN"},
    {Kind::text, "STRING", "VARCHAR"},
    {Kind::bytes, "BYTES", "BLOB"},
    {Kind::date, "DATE", "DATE"},
    {Kind::datetime, "DATETIME", "TIMESTAMP"},
    {Kind::time, "TIME", "TIME"},
    {Kind::timestamp, "TIMESTAMP", "TIMESTAMPTZ"},
    {Kind::interval, "INTERVAL", "INTERVAL"},
    {Kind::json, "JSON", "JSON"},
});

struct Spelling {
  std::string_view name;
  Kind kind;
};
constexpr std::array k_spellings = std::to_array<Spelling>({
    {"INT64", Kind::int64},
    {"INT", Kind::int64},
    {"SMALLINT", Kind::int64},
    {"INTEGER", Kind::int64},
    {"BIGINT", Kind::int64},
    {"TINYINT", Kind::int64},
    {"BYTEINT", Kind::int64},
    {"FLOAT64", Kind::float64},
    {"NUMERIC", Kind::numeric},
    {"DECIMAL", Kind::numeric},
    {"BIGNUMERIC", Kind::bignumeric},
    {"BIGDECIMAL", Kind::bignumeric},
    {"BOOL", Kind::boolean},
    {"BOOLEAN", Kind::boolean},
    {"STRING", Kind::text},
    {"BYTES", Kind::bytes},
    {"DATE", Kind::date},
    {"DATETIME", Kind::datetime},
    {"TIME", Kind::time},
    {"TIMESTAMP", Kind::timestamp},
    {"INTERVAL", Kind::interval},
    {"JSON", Kind::json},
});

// In the order of FieldType.
constexpr std::array k_fields{Kind::text,     Kind::bytes,   Kind::int64,      Kind::float64,
                              Kind::boolean,  Kind::numeric, Kind::bignumeric, Kind::timestamp,
                              Kind::datetime, Kind::date,    Kind::time,       Kind::interval,
                              Kind::json,     Kind::range,   Kind::record};

FieldType field_type_of(Kind kind) {
  const auto* found = std::ranges::find(k_fields, kind);
  return found == k_fields.end() ? FieldType::int64
                                 : static_cast<FieldType>(found - k_fields.begin());
}

void set_digits(Type& type, std::optional<int> precision, std::optional<int> scale) {
  if (!type.is_decimal() || !precision) return;
  type.precision = std::clamp(*precision, 1, 38);
  type.scale = std::clamp(scale.value_or(0), 0, type.precision);
}

}  // namespace

Type::Type(Kind k) : kind(k) {
  if (is_decimal()) {
    precision = 38;
    scale = kind == Kind::numeric ? 9 : 19;
  }
}

Type Type::array_of(Type element) {
  Type array(Kind::array);
  array.members.push_back({"", std::move(element)});
  return array;
}

const Type& Type::element() const {
  BL_CHECK(members.size() == 1);
  return members[0].type;
}

bool Type::operator==(const Type& other) const {
  return kind == other.kind &&
         std::ranges::equal(members, other.members, [](const auto& a, const auto& b) {
           return lower(a.name) == lower(b.name) && a.type == b.type;
         });
}

std::string name_of(const Type& type) {
  if (type.kind == Kind::array) return fmt::format("ARRAY<{}>", name_of(type.element()));
  if (type.kind == Kind::range) return fmt::format("RANGE<{}>", name_of(type.element()));
  if (type.kind == Kind::record) {
    std::string text = "STRUCT<";
    for (const TypeMember& member : type.members) {
      if (text.back() != '<') text += ", ";
      if (!member.name.empty()) text += member.name + " ";
      text += name_of(member.type);
    }
    return text + ">";
  }
  return std::string(std::ranges::find(k_names, type.kind, &Name::kind)->google);
}

std::string decimal_product(Kind kind, std::string_view left, std::string_view right) {
  return fmt::format("bl_{}_product({}, {})", kind == Kind::numeric ? "numeric" : "bignumeric",
                     left, right);
}

std::string decimal_quotient(Kind kind, std::string_view left, std::string_view right) {
  return fmt::format("bl_{}_quotient({}, {})", kind == Kind::numeric ? "numeric" : "bignumeric",
                     left, right);
}

std::string engine_type(const Type& type) {
  switch (type.kind) {
    case Kind::numeric:
    case Kind::bignumeric:
      return fmt::format("DECIMAL({}, {})", type.precision, type.scale);
    case Kind::array:
      return engine_type(type.element()) + "[]";
    case Kind::range: {
      const std::string of = engine_type(type.element());
      return fmt::format("STRUCT(\"start\" {0}, \"end\" {0})", of);
    }
    case Kind::record: {
      std::string text = "STRUCT(";
      for (std::size_t i = 0; i < type.members.size(); ++i) {
        if (i > 0) text += ", ";
        text += engine_name(member_name(type, i)) + " " + engine_type(type.members[i].type);
      }
      return text + ")";
    }
    default:
      return std::string(std::ranges::find(k_names, type.kind, &Name::kind)->engine);
  }
}

namespace {

/// JSON has no bytes: they are texts in it, which the engine casts.
Type without_bytes(Type type) {
  if (type.kind == Kind::bytes) return {Kind::text};
  for (TypeMember& member : type.members) member.type = without_bytes(std::move(member.type));
  return type;
}

}  // namespace

std::string engine_parameter(std::size_t place, const Type& type) {
  const bool is_json =
      type.kind == Kind::array || type.kind == Kind::record || type.kind == Kind::range;
  if (!is_json) return fmt::format("CAST(${} AS {})", place, engine_type(type));
  return fmt::format("CAST(CAST(CAST(${} AS JSON) AS {}) AS {})", place,
                     engine_type(without_bytes(type)), engine_type(type));
}

std::string member_name(const Type& type, std::size_t index) {
  const std::string& name = type.members[index].name;
  const std::string small = lower(name);
  bool there = name.empty();
  for (std::size_t i = 0; i < index && !there; ++i) {
    there = lower(type.members[i].name) == small;
  }
  return there ? fmt::format("_field_{}", index + 1) : name;
}

Type type_of(const TableField& field) {
  Type type(k_fields[static_cast<std::size_t>(field.type)]);
  set_digits(type, field.precision, field.scale);
  if (type.kind == Kind::range) {
    type.members.push_back({"", Type(k_fields[static_cast<std::size_t>(field.range_of)])});
  }
  for (const TableField& inner : field.fields) type.members.push_back({inner.name, type_of(inner)});
  return field.mode == FieldMode::repeated ? Type::array_of(std::move(type)) : type;
}

Result<Type> type_of(const TypeName& name) {
  if (name.name == "GEOGRAPHY") return refused_at(name.place, "GEOGRAPHY");
  Type type;
  if (name.name == "ARRAY" || name.name == "RANGE") {
    if (name.parts.size() != 1) return error_at(name.place, name.name + " has one element type");
    BL_TRY(Type element, type_of(name.parts[0].type));
    if (name.name == "ARRAY") {
      if (element.kind == Kind::array) {
        return error_at(name.place, "Arrays of arrays are not supported");
      }
      return Type::array_of(std::move(element));
    }
    if (element.kind != Kind::date && element.kind != Kind::datetime &&
        element.kind != Kind::timestamp) {
      return error_at(name.place, "RANGE is of DATE, DATETIME or TIMESTAMP");
    }
    type = Type(Kind::range);
    type.members.push_back({"", std::move(element)});
    return type;
  }
  if (name.name == "STRUCT") {
    type = Type(Kind::record);
    for (const TypePart& part : name.parts) {
      BL_TRY(Type member, type_of(part.type));
      type.members.push_back({part.name, std::move(member)});
    }
    return type;
  }
  const auto* found = std::ranges::find(k_spellings, name.name, &Spelling::name);
  if (found == k_spellings.end()) {
    return error_at(name.place, fmt::format("Type not found: {}", name.name));
  }
  type = Type(found->kind);
  if (name.parameters.empty()) return type;
  const bool takes_length = type.kind == Kind::text || type.kind == Kind::bytes;
  if (type.is_decimal() && name.parameters.size() <= 2) {
    const std::int64_t precision = name.parameters[0];
    const std::int64_t scale = name.parameters.size() > 1 ? name.parameters[1] : 0;
    const int scale_max = type.kind == Kind::numeric ? 9 : 38;
    if (precision < 1 || precision > 38 || scale < 0 || scale > scale_max || scale > precision ||
        (type.kind == Kind::numeric && precision - scale > 29)) {
      return error_at(name.place, fmt::format("In {}(P, S), P or S is out of range", name.name));
    }
    set_digits(type, static_cast<int>(precision), static_cast<int>(scale));
    return type;
  }
  if (!takes_length || name.parameters.size() != 1 || name.parameters[0] < 1) {
    return error_at(name.place, fmt::format("{} does not take these parameters", name.name));
  }
  return type;
}

TableField field_of(std::string_view name, const Type& type) {
  const bool repeated = type.kind == Kind::array;
  const Type& of = repeated ? type.element() : type;
  TableField field;
  field.name = std::string(name);
  field.type = field_type_of(of.kind);
  field.mode = repeated ? FieldMode::repeated : FieldMode::nullable;
  field.mode_is_given = true;
  if (of.kind == Kind::range) {
    field.range_of = field_type_of(of.element().kind);
    return field;
  }
  if (of.kind != Kind::record) return field;
  for (std::size_t i = 0; i < of.members.size(); ++i) {
    field.fields.push_back(field_of(member_name(of, i), of.members[i].type));
  }
  return field;
}

bool coerces(const Type& from, const Type& to) {
  if (from.kind == Kind::null || from == to) return true;
  switch (from.kind) {
    case Kind::int64:
      return to.is_number();
    case Kind::numeric:
      return to.kind == Kind::bignumeric || to.kind == Kind::float64;
    case Kind::bignumeric:
      return to.kind == Kind::float64;
    case Kind::date:
      return to.kind == Kind::datetime;
    case Kind::array:
      return to.kind == Kind::array && coerces(from.element(), to.element());
    case Kind::record:
      return to.kind == Kind::record && from.members.size() == to.members.size() &&
             std::ranges::equal(from.members, to.members, [](const auto& a, const auto& b) {
               return coerces(a.type, b.type);
             });
    default:
      return false;
  }
}

std::optional<Type> common_type(const Type& a, const Type& b) {
  if (a.kind == Kind::null) return b;
  if (b.kind == Kind::null) return a;
  if (a.is_decimal() && a.kind == b.kind) {
    if (a.precision == b.precision && a.scale == b.scale) return a;
    return Type(a.kind);
  }
  if (a.kind == Kind::record && b.kind == Kind::record && a.members.size() == b.members.size()) {
    Type both = a;
    for (std::size_t i = 0; i < a.members.size(); ++i) {
      auto member = common_type(a.members[i].type, b.members[i].type);
      if (!member) return std::nullopt;
      both.members[i].type = std::move(*member);
    }
    return both;
  }
  if (a.kind == Kind::array && b.kind == Kind::array) {
    auto element = common_type(a.element(), b.element());
    if (!element) return std::nullopt;
    return Type::array_of(std::move(*element));
  }
  if (a == b) return a;
  const auto plain = [](const Type& type) { return type.is_decimal() ? Type(type.kind) : type; };
  if (coerces(a, b)) return plain(b);
  if (coerces(b, a)) return plain(a);
  return std::nullopt;
}

bool is_groupable(const Type& type) {
  return type.kind != Kind::json && type.kind != Kind::array;
}

std::string engine_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string quoted_literal(std::string_view text) {
  // The engine's text of a statement ends at a NUL.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return fmt::format("({} || chr(0) || {})", quoted_literal(text.substr(0, nul)),
                       quoted_literal(text.substr(nul + 1)));
  }
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

}  // namespace bl::bigquery::sql
