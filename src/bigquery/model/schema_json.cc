#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/numbers.h"
#include "bigquery/model.h"
#include "bigquery/model/names.h"

namespace bl::bigquery {
namespace {

Error fault(Code code, std::string path, std::string message, const json::Value* value = nullptr) {
  std::string shown = value != nullptr ? json::to_text(*value) : "";
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  std::string sentence = fmt::format("{}: {}", path, message);
  if (!shown.empty()) sentence += ": " + shown;
  return {code, std::move(sentence), {{std::move(path), std::move(message), std::move(shown)}}};
}

std::string_view mode_name(FieldMode mode) {
  if (mode == FieldMode::required) return "REQUIRED";
  return mode == FieldMode::repeated ? "REPEATED" : "NULLABLE";
}

/// One member of a field, with its place.
struct Place {
  const json::Value& of;
  const std::string& path;
  std::string_view name;

  const json::Value* value() const {
    const json::Value* found = of.find(name);
    return found == nullptr || found->is_null() ? nullptr : found;
  }
  std::string pointer() const { return json::pointer_append(path, name); }
  Error refused(std::string message) const {
    return fault(Code::invalid, pointer(), std::move(message), value());
  }
  Result<std::string> text() const {
    if (value() == nullptr) return std::string();
    if (!value()->is_string()) return refused("not a text");
    return value()->as_string();
  }
  /// Whole numbers come as texts or as numbers.
  Result<std::optional<std::int64_t>> whole(std::int64_t from, std::int64_t to) const {
    if (value() == nullptr) return std::optional<std::int64_t>();
    std::optional<std::int64_t> number;
    if (value()->is_number()) number = value()->as_int64();
    if (value()->is_string()) number = parse_int64(value()->as_string());
    if (!number || *number < from || *number > to) {
      return refused(fmt::format("not a whole number from {} to {}", from, to));
    }
    return number;
  }
};

class SchemaReader {
 public:
  explicit SchemaReader(const SchemaLimits& limits) : limits_(limits) {}

  Result<std::vector<TableField>> fields(const json::Value* value, const std::string& path,
                                         int depth) {
    if (value == nullptr || !value->is_array()) {
      return fault(Code::invalid, path, "not a list of fields", value);
    }
    if (depth > limits_.depth_max) {
      return fault(Code::invalid, path,
                   fmt::format("records nested deeper than: {}", limits_.depth_max));
    }
    std::vector<TableField> out;
    std::set<std::string> names;
    for (std::size_t i = 0; i < value->items().size(); ++i) {
      const std::string at = json::pointer_append(path, i);
      if (++count_ > limits_.fields_max) {
        return fault(Code::invalid, at, fmt::format("more fields than: {}", limits_.fields_max));
      }
      BL_TRY(TableField one, field(value->items()[i], at, depth));
      if (!names.insert(lower(one.name)).second) {
        return fault(Code::invalid, json::pointer_append(at, "name"), "a name that is there twice",
                     value->items()[i].find("name"));
      }
      out.push_back(std::move(one));
    }
    return out;
  }

 private:
  Result<TableField> field(const json::Value& value, const std::string& path, int depth) {
    if (!value.is_object()) return fault(Code::invalid, path, "not a field", &value);
    TableField out;
    const Place name{value, path, "name"};
    BL_TRY(out.name, name.text());
    const std::string_view wrong = name_fault(out.name, limits_.name_bytes_max);
    if (!wrong.empty()) return name.refused(std::string(wrong));
    BL_TRY(out.type, type(Place{value, path, "type"}));
    BL_RETURN_IF_ERROR(mode(Place{value, path, "mode"}, out));
    BL_TRY(out.description, (Place{value, path, "description"}).text());
    BL_TRY(out.default_expression, (Place{value, path, "defaultValueExpression"}).text());
    const Place children{value, path, "fields"};
    if (out.type == FieldType::record) {
      BL_TRY(out.fields, fields(children.value(), children.pointer(), depth + 1));
      if (out.fields.empty()) return children.refused("a record without fields");
    } else if (children.value() != nullptr &&
               !(children.value()->is_array() && children.value()->items().empty())) {
      return children.refused("fields of what is no record");
    }
    BL_RETURN_IF_ERROR(parameters(value, path, out));
    BL_RETURN_IF_ERROR(refuse_what_we_lack(value, path));
    return out;
  }

  Result<FieldType> type(const Place& place) const {
    BL_TRY(const std::string name, place.text());
    const auto found = field_type_named(name);
    if (found) return *found;
    for (const std::string_view known : {"GEOGRAPHY", "FOREIGN"}) {
      if (same_name(name, known)) {
        return fault(Code::unsupported, place.pointer(), "a type that is not supported",
                     place.value());
      }
    }
    return place.refused("not a type of a field");
  }

  Result<void> mode(const Place& place, TableField& out) const {
    BL_TRY(const std::string name, place.text());
    if (name.empty()) return {};
    out.mode_is_given = true;
    for (const FieldMode mode : {FieldMode::nullable, FieldMode::required, FieldMode::repeated}) {
      if (!same_name(name, mode_name(mode))) continue;
      out.mode = mode;
      return {};
    }
    return place.refused("not a mode of a field");
  }

  Result<void> parameters(const json::Value& value, const std::string& path,
                          TableField& out) const {
    const Place length{value, path, "maxLength"};
    const Place precision{value, path, "precision"};
    const Place scale{value, path, "scale"};
    BL_TRY(out.max_length, length.whole(1, INT64_MAX));
    const bool is_text = out.type == FieldType::text || out.type == FieldType::bytes;
    if (out.max_length && !is_text) return length.refused("only of STRING and BYTES");
    BL_TRY(const auto digits, precision.whole(1, 76));
    BL_TRY(const auto behind, scale.whole(0, 38));
    if (digits) out.precision = static_cast<int>(*digits);
    if (behind) out.scale = static_cast<int>(*behind);
    BL_RETURN_IF_ERROR(check_digits(precision, scale, out));
    const Place of{value, path, "rangeElementType"};
    if (out.type != FieldType::range) return {};
    if (of.value() == nullptr) return of.refused("missing of a RANGE");
    const std::string of_path = of.pointer();
    BL_TRY(out.range_of, type(Place{*of.value(), of_path, "type"}));
    if (out.range_of != FieldType::date && out.range_of != FieldType::datetime &&
        out.range_of != FieldType::timestamp) {
      return of.refused("a RANGE is of DATE, DATETIME or TIMESTAMP");
    }
    return {};
  }

  static Result<void> check_digits(const Place& precision, const Place& scale,
                                   const TableField& field) {
    if (!field.precision && !field.scale) return {};
    const bool is_big = field.type == FieldType::bignumeric;
    if (field.type != FieldType::numeric && !is_big) {
      return (field.precision ? precision : scale).refused("only of NUMERIC and BIGNUMERIC");
    }
    if (!field.precision) return scale.refused("a scale without a precision");
    const int behind = field.scale.value_or(0);
    const int before = *field.precision - behind;
    if (behind > (is_big ? 38 : 9)) return scale.refused("more digits than the type has");
    if (before < 0 || *field.precision < 1 || before > (is_big ? 38 : 29)) {
      return precision.refused("more or fewer digits than the type has");
    }
    if (is_big && (behind > 19 || before > 19)) {
      return fault(Code::unsupported, precision.pointer(),
                   "BIGNUMERIC has 19 digits before and 19 behind the point here",
                   precision.value());
    }
    return {};
  }

  /// What would change values or who may see them is refused, never passed over.
  static Result<void> refuse_what_we_lack(const json::Value& value, const std::string& path) {
    const auto refused = [](const Place& place) {
      return fault(Code::unsupported, place.pointer(), "not supported", place.value());
    };
    const Place collation{value, path, "collation"};
    BL_TRY(const std::string collated, collation.text());
    if (!collated.empty()) return refused(collation);
    const Place rounding{value, path, "roundingMode"};
    BL_TRY(const std::string rounded, rounding.text());
    if (rounded == "ROUND_HALF_EVEN") return refused(rounding);
    const Place tags{value, path, "policyTags"};
    const json::Value* names = tags.value() != nullptr ? tags.value()->find("names") : nullptr;
    if (names != nullptr && names->is_array() && !names->items().empty()) return refused(tags);
    const Place picos{value, path, "timestampPrecision"};
    BL_TRY(const auto digits, picos.whole(0, 12));
    if (digits && *digits > 6) return refused(picos);
    return {};
  }

  SchemaLimits limits_;
  int count_ = 0;
};

json::Value fields_to_json(const std::vector<TableField>& fields) {
  json::Array out;
  for (const TableField& field : fields) {
    json::Value one = json::Value::object();
    const auto put = [&one](std::string_view key, std::string value) {
      one.set(std::string(key), json::Value::string(std::move(value)));
    };
    put("name", field.name);
    put("type", std::string(legacy_name_of(field.type)));
    if (field.mode_is_given || field.mode != FieldMode::nullable) {
      put("mode", std::string(mode_name(field.mode)));
    }
    if (field.type == FieldType::record) one.set("fields", fields_to_json(field.fields));
    if (!field.description.empty()) put("description", field.description);
    if (field.max_length) put("maxLength", std::to_string(*field.max_length));
    if (field.precision) put("precision", std::to_string(*field.precision));
    if (field.scale) put("scale", std::to_string(*field.scale));
    if (!field.default_expression.empty()) put("defaultValueExpression", field.default_expression);
    if (field.type == FieldType::range) {
      json::Value of = json::Value::object();
      of.set("type", json::Value::string(std::string(legacy_name_of(field.range_of))));
      one.set("rangeElementType", std::move(of));
    }
    out.push_back(std::move(one));
  }
  return json::Value::array(std::move(out));
}

}  // namespace

Result<TableSchema> schema_from_json(const json::Value& value, const SchemaLimits& limits) {
  TableSchema out;
  BL_TRY(out.fields, SchemaReader(limits).fields(value.find("fields"), "/fields", 1));
  return out;
}

json::Value schema_to_json(const TableSchema& schema) {
  json::Value out = json::Value::object();
  out.set("fields", fields_to_json(schema.fields));
  return out;
}

}  // namespace bl::bigquery
