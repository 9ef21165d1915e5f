#include "bigquery/arrow_rows.h"
#include "bigquery/lake_schema.h"

namespace bl::bigquery {
namespace {

using columns::WireField;

WireField value_of(const TableField& field);

WireField wire_field(const TableField& field) {
  if (field.mode != FieldMode::repeated) {
    WireField out = value_of(field);
    out.nullable = field.mode == FieldMode::nullable;
    return out;
  }
  WireField element = value_of(field);
  WireField out;
  out.name = field.name;
  out.nullable = false;
  // The list carries what is said of its elements, as clients look for it there.
  out.metadata = element.metadata;
  element.name = "item";
  element.nullable = false;
  out.children.push_back(std::move(element));
  return out;
}

WireField value_of(const TableField& field) {
  WireField out;
  out.name = field.name;
  switch (field.type) {
    case FieldType::bignumeric:
      out.form = WireField::Form::decimal256;
      out.precision = 76;
      out.scale = 38;
      break;
    case FieldType::interval:
      out.form = WireField::Form::month_day_nano;
      break;
    case FieldType::datetime:
      out.metadata = {{"ARROW:extension:name", "google:sqlType:datetime"}};
      break;
    case FieldType::json:
      out.metadata = {{"ARROW:extension:name", "google:sqlType:json"}};
      break;
    case FieldType::range: {
      TableField bound;
      bound.type = field.range_of;
      for (const char* name : {"start", "end"}) {
        bound.name = name;
        out.children.push_back(wire_field(bound));
      }
      break;
    }
    case FieldType::record:
      for (const TableField& child : field.fields) out.children.push_back(wire_field(child));
      break;
    default:
      break;
  }
  return out;
}

}  // namespace

Result<columns::IpcMessages> arrow_messages(const TableSchema& schema,
                                            columns::IpcCompression compression) {
  BL_TRY(const columns::Schema lake, lake_schema_of(schema));
  std::vector<WireField> fields;
  for (const TableField& field : schema.fields) fields.push_back(wire_field(field));
  return columns::IpcMessages::make(lake, std::move(fields), compression);
}

}  // namespace bl::bigquery
