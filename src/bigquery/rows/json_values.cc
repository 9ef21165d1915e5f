#include <fmt/format.h>

#include <cmath>

#include "base/hash.h"
#include "base/numbers.h"
#include "base/utf8.h"
#include "bigquery/model/names.h"
#include "bigquery/rows/row_builder.h"
#include "bigquery/rows/wide.h"

namespace bl::bigquery {
namespace {

/// Null instead of a value that is none.
void refuse(RowBuilder& builder, FieldColumn& column, std::string message) {
  column.put_null();
  builder.fault(std::move(message));
}

void refuse_value(RowBuilder& builder, FieldColumn& column, std::string_view value) {
  const auto bad = [&](std::string_view to) {
    return fmt::format("Cannot convert value to {} (bad value): {}", to, builder.quoted(value));
  };
  switch (column.field().type) {
    case FieldType::int64:
      return refuse(builder, column, bad("integer"));
    case FieldType::float64:
      return refuse(builder, column, bad("floating point"));
    case FieldType::boolean:
      return refuse(builder, column, bad("boolean"));
    case FieldType::bytes:
      return refuse(builder, column, "Could not decode base64 string to bytes.");
    default:
      return refuse(builder, column,
                    fmt::format("Invalid {} value: {}", sql_name_of(column.field().type),
                                builder.quoted(value)));
  }
}

template <class T>
void put_or_refuse(RowBuilder& builder, FieldColumn& column, const std::optional<T>& value,
                   std::string_view text) {
  if (value) {
    column.put(*value);
  } else {
    refuse_value(builder, column, text);
  }
}

std::optional<bool> truth_of(std::string_view text) {
  const std::string low = lower(text);
  for (const std::string_view word : {"true", "t", "yes", "y", "1"}) {
    if (low == word) return true;
  }
  for (const std::string_view word : {"false", "f", "no", "n", "0"}) {
    if (low == word) return false;
  }
  return std::nullopt;
}

/// Also `12.0` and `1e3`.
std::optional<std::int64_t> whole_of(std::string_view text) {
  if (const auto plain = parse_int64(text)) return plain;
  if (!is_json_number(text)) return std::nullopt;
  const auto decimal = parse_decimal(text, 9);
  if (!decimal) return std::nullopt;
  const Wide value = wide(*decimal);
  const auto unit = static_cast<Wide>(k_powers_of_ten[9]);
  if (value % unit != 0 || value / unit > INT64_MAX || value / unit < INT64_MIN) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(value / unit);
}

std::optional<std::int64_t> instant_of(std::string_view text) {
  if (const auto time = parse_timestamp(text)) return time->micros;
  if (!is_json_number(text)) return std::nullopt;
  const auto seconds = parse_decimal(text, 6);
  if (!seconds) return std::nullopt;
  const Wide micros = wide(*seconds);
  if (micros < k_timestamp_min.micros || micros > k_timestamp_max.micros) return std::nullopt;
  return static_cast<std::int64_t>(micros);
}

/// A bound of a range, in the unit that its type is kept in; nullopt: no such value.
std::optional<std::int64_t> bound_of(FieldType type, std::string_view text) {
  if (type == FieldType::timestamp) return instant_of(text);
  if (type == FieldType::date) {
    const auto date = parse_date(text);
    return date ? std::optional<std::int64_t>(date->days) : std::nullopt;
  }
  const auto datetime = parse_datetime(text);
  return datetime ? std::optional<std::int64_t>(datetime->micros) : std::nullopt;
}

bool is_unbounded(std::string_view text) {
  return same_name(text, "UNBOUNDED") || same_name(text, "NULL");
}

/// `[a, b)`
void put_range_text(RowBuilder& builder, FieldColumn& column, std::string_view text) {
  const std::size_t comma = text.find(',');
  if (!text.starts_with('[') || !text.ends_with(')') || comma == std::string_view::npos) {
    return refuse_value(builder, column, text);
  }
  std::optional<std::int64_t> bounds[2];
  const std::string_view parts[2] = {text.substr(1, comma - 1),
                                     text.substr(comma + 1, text.size() - comma - 2)};
  for (int i = 0; i < 2; ++i) {
    std::string_view part = parts[i];
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (is_unbounded(part)) continue;
    bounds[i] = bound_of(column.field().range_of, part);
    if (!bounds[i]) return refuse_value(builder, column, text);
  }
  put_range(builder, column, bounds[0], bounds[1]);
}

/// `{"start": a, "end": b}`
void put_range_object(RowBuilder& builder, FieldColumn& column, const json::Value& value) {
  std::optional<std::int64_t> bounds[2];
  for (const auto& [name, bound] : value.members()) {
    const int at = same_name(name, "start") ? 0 : same_name(name, "end") ? 1 : -1;
    if (at < 0) return refuse(builder, column, fmt::format("no such field: {}.", name));
    if (bound.is_null()) continue;
    const std::string text = bound.is_string() ? bound.as_string() : json::to_text(bound);
    if (is_unbounded(text)) continue;
    bounds[at] = bound_of(column.field().range_of, text);
    if (!bounds[at]) return refuse_value(builder, column, text);
  }
  put_range(builder, column, bounds[0], bounds[1]);
}

void put_json_text(RowBuilder& builder, FieldColumn& column, std::string_view text) {
  const auto value = json::parse(text);
  if (!value.ok()) return refuse_value(builder, column, text);
  column.put_text(json::to_text(*value));
}

void put_record(RowBuilder& builder, FieldColumn& column, const json::Value& value,
                bool ignore_unknown);

/// One value, of a repeated field one element.
void put_one(RowBuilder& builder, FieldColumn& column, const json::Value& value,
             bool ignore_unknown) {
  const FieldType type = column.field().type;
  if (type == FieldType::json && !value.is_string()) return column.put_text(json::to_text(value));
  switch (value.kind()) {
    case json::Kind::string:
      return put_text_value(builder, column, value.as_string());
    case json::Kind::number:
      if (type == FieldType::int64) {
        return put_or_refuse(builder, column, whole_of(value.number_text()), value.number_text());
      }
      if (type == FieldType::float64) return column.put(value.as_double());
      if (type == FieldType::text || type == FieldType::numeric || type == FieldType::bignumeric ||
          type == FieldType::timestamp) {
        return put_text_value(builder, column, value.number_text());
      }
      return refuse_value(builder, column, value.number_text());
    case json::Kind::boolean:
      if (type == FieldType::boolean) return column.put_bool(value.as_bool());
      if (type == FieldType::text) {
        return put_text_value(builder, column, value.as_bool() ? "true" : "false");
      }
      return refuse_value(builder, column, value.as_bool() ? "true" : "false");
    case json::Kind::object:
      if (type == FieldType::record) return put_record(builder, column, value, ignore_unknown);
      if (type == FieldType::range) return put_range_object(builder, column, value);
      return refuse(builder, column,
                    fmt::format("This field: {} is not a record.", builder.location()));
    case json::Kind::array:
      return refuse(builder, column,
                    fmt::format("Array specified for non-repeated field: {}.", builder.location()));
    case json::Kind::null:
      return refuse(builder, column,
                    fmt::format("Only optional fields can be set to NULL. Field: {}; Value: NULL",
                                builder.location()));
  }
}

void put_record(RowBuilder& builder, FieldColumn& column, const json::Value& value,
                bool ignore_unknown) {
  // This value's row in each child; the children of a record always have as many rows as it.
  const std::int64_t rows = column.values() + 1;
  std::size_t hint = 0;
  for (const auto& [name, member] : value.members()) {
    const int at = column.find(name, hint);
    if (at < 0) {
      if (ignore_unknown) continue;
      const std::string within = builder.location();
      const std::string location = (within.empty() ? "" : within + ".") + builder.quoted(name);
      builder.fault_at(location, fmt::format("no such field: {}.", location));
      continue;
    }
    FieldColumn& child = column.children()[static_cast<std::size_t>(at)];
    hint = static_cast<std::size_t>(at) + 1;
    if (child.rows() >= rows) {
      builder.enter(child.field());
      builder.fault(fmt::format("Field specified more than once: {}.", builder.location()));
      builder.leave();
      continue;
    }
    put_json(builder, child, member, ignore_unknown);
  }
  builder.complete(column, rows);
  column.put_struct();
}

}  // namespace

void put_decimal(RowBuilder& builder, FieldColumn& column, std::optional<columns::Decimal> value,
                 std::string_view shown) {
  const TableField& field = column.field();
  const int scale = scale_of(field.type);
  if (value && field.precision) {
    const int behind = field.scale.value_or(0);
    value = rounded(*value, scale, behind);
    if (!has_digits_before(*value, scale, *field.precision - behind)) value.reset();
  }
  put_or_refuse(builder, column, value, shown);
}

void put_checked_text(RowBuilder& builder, FieldColumn& column, std::string_view text) {
  const TableField& field = column.field();
  if (field.max_length && text.size() > static_cast<std::size_t>(*field.max_length)) {
    const std::size_t length = field.type == FieldType::text ? code_point_count(text) : text.size();
    if (length > static_cast<std::size_t>(*field.max_length)) {
      return refuse(builder, column,
                    fmt::format("Field {}: {}({}) has maximum length {} but got a value with "
                                "length {}",
                                builder.location(), sql_name_of(field.type), *field.max_length,
                                *field.max_length, length));
    }
  }
  column.put_text(text);
}

void put_range(RowBuilder& builder, FieldColumn& column, std::optional<std::int64_t> start,
               std::optional<std::int64_t> end) {
  if (start && end && *start >= *end) {
    return refuse(builder, column, "The start of a RANGE is before its end.");
  }
  const bool is_date = column.field().range_of == FieldType::date;
  for (int i = 0; i < 2; ++i) {
    FieldColumn& child = column.children()[static_cast<std::size_t>(i)];
    const auto& bound = i == 0 ? start : end;
    if (!bound) {
      child.put_null();
    } else if (is_date) {
      child.put(static_cast<std::int32_t>(*bound));
    } else {
      child.put(*bound);
    }
  }
  column.put_struct();
}

void put_text_value(RowBuilder& builder, FieldColumn& column, std::string_view text) {
  const FieldType type = column.field().type;
  switch (type) {
    case FieldType::text:
      return put_checked_text(builder, column, text);
    case FieldType::bytes: {
      const auto bytes = base64_decode(text);
      if (!bytes) return refuse_value(builder, column, text);
      return put_checked_text(builder, column, *bytes);
    }
    case FieldType::int64:
      return put_or_refuse(builder, column, whole_of(text), text);
    case FieldType::float64:
      return put_or_refuse(builder, column, parse_float(text), text);
    case FieldType::boolean: {
      const auto truth = truth_of(text);
      if (!truth) return refuse_value(builder, column, text);
      return column.put_bool(*truth);
    }
    case FieldType::numeric:
    case FieldType::bignumeric:
      return put_decimal(builder, column, parse_decimal(text, scale_of(type)), text);
    case FieldType::timestamp:
      return put_or_refuse(builder, column, instant_of(text), text);
    case FieldType::datetime:
      return put_or_refuse(builder, column, bound_of(type, text), text);
    case FieldType::date: {
      const auto date = parse_date(text);
      if (!date) return refuse_value(builder, column, text);
      return column.put(date->days);
    }
    case FieldType::time: {
      const auto time = parse_time(text);
      if (!time) return refuse_value(builder, column, text);
      return column.put(time->micros);
    }
    case FieldType::interval: {
      const auto interval = parse_interval(text);
      if (!interval) return refuse_value(builder, column, text);
      return column.put_interval(*interval);
    }
    case FieldType::json:
      return put_json_text(builder, column, text);
    case FieldType::range:
      return put_range_text(builder, column, text);
    case FieldType::record:
      return refuse(builder, column,
                    fmt::format("This field: {} is a record.", builder.location()));
  }
}

void put_json(RowBuilder& builder, FieldColumn& column, const json::Value& value,
              bool ignore_unknown) {
  if (value.is_null() && !column.is_repeated()) {
    if (column.field().mode != FieldMode::required) return column.put_null();
  }
  builder.enter(column.field());
  if (!column.is_repeated()) {
    put_one(builder, column, value, ignore_unknown);
  } else {
    if (value.is_array()) {
      for (const json::Value& element : value.items()) {
        if (builder.is_full()) break;
        put_one(builder, column, element, ignore_unknown);
      }
    } else if (!value.is_null()) {
      builder.fault(
          fmt::format("Value is not an array for the repeated field: {}.", builder.location()));
    }
    column.end_list();
  }
  builder.leave();
}

}  // namespace bl::bigquery
