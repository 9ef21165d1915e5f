#include "bigquery/jobs/parameters.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <functional>

#include "base/hash.h"
#include "base/numbers.h"
#include "bigquery/literals.h"
#include "bigquery/model/names.h"
#include "bigquery/sql/types.h"

namespace bl::bigquery {
namespace {

Error invalid(std::string message) {
  return {Code::invalid, std::move(message)};
}

/// The text of a scalar however it was sent; nullopt: null.
Result<std::optional<std::string>> text_of(const json::Value& value) {
  if (value.is_null()) return std::optional<std::string>();
  if (value.is_string()) return std::optional(value.as_string());
  if (value.is_number()) return std::optional(value.number_text());
  if (value.is_bool()) return std::optional<std::string>(value.as_bool() ? "true" : "false");
  return invalid("a parameter's value is no scalar: " + json::to_text(value).substr(0, 100));
}

Error no_value(const TableField& type, const std::string& text) {
  return invalid(
      fmt::format("Invalid value for type {}: '{}'", sql_name_of(type.type), text.substr(0, 100)));
}

template <class Writer, class... Values>
std::string written(const Writer& write, const Values&... values) {
  std::array<char, k_literal_chars_max> chars{};
  char* const end = write(chars.data(), values...);
  return {chars.data(), static_cast<std::size_t>(end - chars.data())};
}

/// The engine's own words for an interval.
std::string interval_text(const Interval& interval) {
  return fmt::format("{} months {} days {} microseconds", interval.months, interval.days,
                     interval.micros);
}

/// `\x41\x42`: what the engine casts to BLOB.
std::string blob_text(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 4);
  for (const char byte : bytes) {
    fmt::format_to(std::back_inserter(text), "\\x{:02X}", static_cast<unsigned char>(byte));
  }
  return text;
}

std::optional<std::int64_t> int64_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<bool> bool_of(const std::string& text) {
  const std::string small = lower(text);
  if (small == "true" || small == "1") return true;
  if (small == "false" || small == "0") return false;
  return std::nullopt;
}

/// Any scalar but null.
Result<duck::Value> scalar(const TableField& type, const std::string& text) {
  const auto or_fault = [&](const auto& value) -> Result<duck::Value> {
    if (!value) return no_value(type, text);
    return duck::Value(*value);
  };
  const auto text_or_fault = [&](const auto& value, const auto& write) -> Result<duck::Value> {
    if (!value) return no_value(type, text);
    return duck::Value(write(*value));
  };
  const auto decimal = [&](int scale) {
    return text_or_fault(parse_decimal(text, scale), [&](columns::Decimal value) {
      return written([](char* to, columns::Decimal d, int s) { return write_decimal(to, d, s); },
                     value, scale);
    });
  };
  switch (type.type) {
    case FieldType::text:
      return duck::Value(text);
    case FieldType::bytes:
      return text_or_fault(base64_decode(text), blob_text);
    case FieldType::int64:
      return or_fault(int64_of(text));
    case FieldType::float64:
      return or_fault(parse_float(text));
    case FieldType::boolean:
      return or_fault(bool_of(text));
    case FieldType::numeric:
      return decimal(9);
    case FieldType::bignumeric:
      return decimal(19);
    case FieldType::timestamp:
      return or_fault(parse_timestamp(text));
    case FieldType::date:
      return or_fault(parse_date(text));
    case FieldType::datetime:
      return text_or_fault(parse_datetime(text), [](columns::NaiveTimestamp value) {
        return written(write_datetime, value.micros);
      });
    case FieldType::time:
      return text_or_fault(parse_time(text),
                           [](columns::TimeOfDay value) { return written(write_time, value); });
    case FieldType::interval:
      return text_or_fault(parse_interval(text), interval_text);
    case FieldType::json:
      if (const auto parsed = json::parse(text); !parsed.ok()) return no_value(type, text);
      return duck::Value(text);
    case FieldType::range:
    case FieldType::record:
      break;
  }
  return invalid(fmt::format("a value of {} is no scalar", sql_name_of(type.type)));
}

/// A scalar as JSON that the engine casts to its type.
Result<void> write_scalar(json::Writer& writer, const TableField& type, const json::Value& value) {
  BL_TRY(const auto text, text_of(value));
  if (!text) {
    writer.null();
    return {};
  }
  BL_TRY(const duck::Value engine, scalar(type, *text));
  if (type.type == FieldType::json) {
    writer.raw(*text);
  } else if (const auto* number = std::get_if<std::int64_t>(&engine)) {
    writer.value(*number);
  } else if (const auto* truth = std::get_if<bool>(&engine)) {
    writer.value(*truth);
  } else if (const auto* real = std::get_if<double>(&engine); real != nullptr) {
    if (std::isfinite(*real)) {
      writer.value(*real);
    } else {
      writer.value(std::isnan(*real) ? "NaN" : *real > 0 ? "Infinity" : "-Infinity");
    }
  } else if (const auto* date = std::get_if<columns::Date>(&engine)) {
    writer.value(written(write_date, *date));
  } else if (const auto* instant = std::get_if<Timestamp>(&engine)) {
    writer.value(written(write_datetime, instant->micros) + "+00");
  } else {
    writer.value(std::get<std::string>(engine));
  }
  return {};
}

const json::Value& member(const json::Value& object, std::string_view name) {
  static const json::Value k_null;
  const json::Value* found = object.find(name);
  return found == nullptr ? k_null : *found;
}

Result<void> write_value(json::Writer& writer, const TableField& type, const json::Value& value);

Result<void> write_one(json::Writer& writer, const TableField& type, const json::Value& value) {
  if (type.type == FieldType::record) {
    const json::Value& values = member(value, "structValues");
    if (values.is_null()) {
      writer.null();
      return {};
    }
    const sql::Type names = sql::type_of(type);
    writer.begin_object();
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
      writer.key(sql::member_name(names, i));
      const TableField& field = type.fields[i];
      BL_RETURN_IF_ERROR(write_value(writer, field, member(values, field.name)));
    }
    writer.end_object();
    return {};
  }
  if (type.type == FieldType::range) {
    const json::Value& range = member(value, "rangeValue");
    if (range.is_null()) {
      writer.null();
      return {};
    }
    TableField element;
    element.type = type.range_of;
    writer.begin_object();
    for (const char* const bound : {"start", "end"}) {
      writer.key(bound);
      BL_RETURN_IF_ERROR(write_scalar(writer, element, member(member(range, bound), "value")));
    }
    writer.end_object();
    return {};
  }
  return write_scalar(writer, type, member(value, "value"));
}

Result<void> write_value(json::Writer& writer, const TableField& type, const json::Value& value) {
  if (type.mode != FieldMode::repeated) return write_one(writer, type, value);
  const json::Value& values = member(value, "arrayValues");
  writer.begin_array();
  if (values.is_array()) {
    TableField element = type;
    element.mode = FieldMode::nullable;
    for (const json::Value& one : values.items()) {
      BL_RETURN_IF_ERROR(write_one(writer, element, one));
    }
  }
  writer.end_array();
  return {};
}

Result<TableField> type_of(const json::Value& type, int depth);

Result<TableField> element_of(const json::Value& type, std::string_view key, int depth) {
  const json::Value* inner = type.find(key);
  if (inner == nullptr) return invalid(fmt::format("a parameter's type has no {}", key));
  return type_of(*inner, depth - 1);
}

Result<TableField> type_of(const json::Value& type, int depth) {
  if (depth == 0) return invalid("a parameter's type is nested too deep");
  const json::Value* name = type.find("type");
  if (name == nullptr || !name->is_string()) return invalid("a parameter has no type");
  const std::string word = lower(name->as_string());
  if (word == "array") {
    BL_TRY(TableField field, element_of(type, "arrayType", depth));
    if (field.mode == FieldMode::repeated) return invalid("a parameter is an array of arrays");
    field.mode = FieldMode::repeated;
    return field;
  }
  if (word == "geography") return Error{Code::unsupported, "not supported: GEOGRAPHY"};
  const auto known = field_type_named(word);
  if (!known) return invalid("a parameter's type is not known: " + name->as_string());
  TableField field;
  field.type = *known;
  if (*known == FieldType::range) {
    BL_TRY(const TableField element, element_of(type, "rangeElementType", depth));
    field.range_of = element.type;
  } else if (*known == FieldType::record) {
    const json::Value* members = type.find("structTypes");
    if (members == nullptr || !members->is_array() || members->items().empty()) {
      return invalid("a parameter's type STRUCT has no structTypes");
    }
    for (const json::Value& one : members->items()) {
      BL_TRY(TableField inner, element_of(one, "type", depth));
      if (const json::Value* called = one.find("name"); called != nullptr && called->is_string()) {
        inner.name = called->as_string();
      }
      field.fields.push_back(std::move(inner));
    }
  }
  return field;
}

}  // namespace

Result<std::vector<QueryParameter>> query_parameters_of(const json::Value& list,
                                                        const ParameterLimits& limits) {
  std::vector<QueryParameter> made;
  if (list.is_null()) return made;
  if (!list.is_array()) return invalid("queryParameters: not an array");
  if (list.items().size() > limits.parameters_max) {
    return invalid(fmt::format("queryParameters: more than {}", limits.parameters_max));
  }
  for (const json::Value& one : list.items()) {
    const json::Value* name = one.find("name");
    const bool is_named = name != nullptr && name->is_string();
    const std::string called =
        is_named ? name->as_string() : fmt::format("at position {}", made.size() + 1);
    auto type = type_of(member(one, "parameterType"), limits.depth_max);
    if (!type.ok()) return std::move(type).error().with_context("Query parameter " + called);
    QueryParameter parameter{*std::move(type), member(one, "parameterValue")};
    parameter.type.name = is_named ? name->as_string() : "";
    made.push_back(std::move(parameter));
  }
  return made;
}

Result<duck::Value> engine_value(const QueryParameter& parameter) {
  const TableField& type = parameter.type;
  const bool is_nested = type.mode == FieldMode::repeated || type.type == FieldType::record ||
                         type.type == FieldType::range;
  if (!is_nested) {
    BL_TRY(const auto text, text_of(member(parameter.value, "value")));
    if (!text) return duck::Value(duck::Null{});
    return scalar(type, *text);
  }
  std::string text;
  json::Writer writer(text);
  BL_RETURN_IF_ERROR(write_value(writer, type, parameter.value));
  if (text == "null") return duck::Value(duck::Null{});
  return duck::Value(std::move(text));
}

}  // namespace bl::bigquery
