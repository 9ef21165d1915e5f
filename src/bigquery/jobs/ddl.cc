#include "bigquery/jobs/ddl.h"

#include <fmt/format.h>

#include "bigquery/literals.h"
#include "bigquery/sql/parser.h"

namespace bl::bigquery {
namespace {

using sql::StatementKind;

Error bad_option(const std::string& name, const std::string& value) {
  return {Code::invalid, fmt::format("Invalid value for option {}: {}", name, value)};
}

Result<std::string> text_of(const std::string& name, const std::string& googlesql) {
  BL_TRY(const sql::Expr value, sql::parse_expression(googlesql));
  if (value.kind != sql::ExprKind::string) return bad_option(name, googlesql);
  return value.text;
}

/// `[("a", "b")]` or `[STRUCT("a", "b")]`.
Result<json::Value> labels_of(const std::string& name, const std::string& googlesql) {
  BL_TRY(const sql::Expr value, sql::parse_expression(googlesql));
  json::Value labels = json::Value::object();
  if (value.kind != sql::ExprKind::array) return bad_option(name, googlesql);
  for (const sql::Expr& pair : value.args) {
    const bool is_pair = pair.kind == sql::ExprKind::structure && pair.args.size() == 2 &&
                         pair.args[0].kind == sql::ExprKind::string &&
                         pair.args[1].kind == sql::ExprKind::string;
    if (!is_pair) return bad_option(name, googlesql);
    labels.set(pair.args[0].text, json::Value::string(pair.args[1].text));
  }
  return labels;
}

Result<double> number_of(const std::string& name, const std::string& googlesql) {
  BL_TRY(const sql::Expr value, sql::parse_expression(googlesql));
  const bool is_number =
      value.kind == sql::ExprKind::integer || value.kind == sql::ExprKind::floating;
  const auto number = is_number ? parse_float(value.text) : std::nullopt;
  if (!number || *number < 0) return bad_option(name, googlesql);
  return *number;
}

/// `day`, `DATE(at)`, `TIMESTAMP_TRUNC(at, HOUR)` as a table's `timePartitioning`: kept and shown;
/// rows of the lake are not divided by it.
Result<json::Value> partitioning_of(const std::string& googlesql) {
  BL_TRY(const sql::Expr value, sql::parse_expression(googlesql));
  const bool is_call = value.kind == sql::ExprKind::call && !value.args.empty();
  const sql::Expr& column = is_call ? value.args[0] : value;
  std::string unit = "DAY";
  if (is_call && value.args.size() == 2 && value.args[1].kind == sql::ExprKind::path) {
    unit = value.args[1].names[0];
  }
  const bool is_unit = unit == "DAY" || unit == "HOUR" || unit == "MONTH" || unit == "YEAR";
  if (column.kind != sql::ExprKind::path || column.names.size() != 1 || !is_unit) {
    return Error{Code::unsupported, "not supported: PARTITION BY " + googlesql};
  }
  json::Value partitioning = json::Value::object();
  partitioning.set("type", json::Value::string(unit));
  partitioning.set("field", json::Value::string(column.names[0]));
  return partitioning;
}

/// What schemas and tables have in common. False: another option.
Result<bool> put_common(const std::string& name, const std::string& value,
                        json::Value& properties) {
  if (name == "description" || name == "friendly_name" || name == "location") {
    BL_TRY(std::string text, text_of(name, value));
    properties.set(name == "friendly_name" ? "friendlyName" : name,
                   json::Value::string(std::move(text)));
    return true;
  }
  if (name == "labels") {
    BL_TRY(json::Value labels, labels_of(name, value));
    properties.set("labels", std::move(labels));
    return true;
  }
  return false;
}

Error unknown_option(const std::string& name) {
  return {Code::unsupported, "not supported: the option " + name};
}

Result<std::string> create_schema(Tables& tables, const sql::Ddl& ddl) {
  DatasetRecord record;
  record.project = ddl.name.project;
  record.dataset = ddl.name.dataset;
  record.properties = json::Value::object();
  for (const auto& [name, value] : ddl.options) {
    BL_TRY(const bool is_put, put_common(name, value, record.properties));
    if (is_put) continue;
    if (name != "default_table_expiration_days") return unknown_option(name);
    BL_TRY(const double days, number_of(name, value));
    record.properties.set(
        "defaultTableExpirationMs",
        json::Value::string(std::to_string(static_cast<std::int64_t>(days * 86'400'000))));
  }
  const auto made = tables.create_dataset(std::move(record));
  if (made.ok()) return std::string("CREATE");
  if (ddl.if_not_exists && made.error().code == Code::conflict) return std::string("SKIP");
  return made.error();
}

Result<std::string> create(Tables& tables, StatementKind kind, const sql::Ddl& ddl) {
  TableRecord record;
  record.name = ddl.name;
  record.kind = kind == StatementKind::create_view ? TableKind::view : TableKind::table;
  record.schema = ddl.schema;
  record.view_query = ddl.view;
  BL_RETURN_IF_ERROR(put_options(ddl, record));
  auto found = tables.find(ddl.name);
  if (!found.ok() && found.error().code != Code::not_found) return std::move(found).error();
  if (found.ok() && ddl.if_not_exists) return std::string("SKIP");
  if (!found.ok() || !ddl.or_replace) {
    const auto made = tables.create(std::move(record));
    if (made.ok()) return std::string("CREATE");
    if (ddl.if_not_exists && made.error().code == Code::conflict) return std::string("SKIP");
    return made.error();
  }
  if ((*found)->record().kind != record.kind) {
    return Error{Code::invalid, "CREATE OR REPLACE of another kind of table: " + ddl.name.table};
  }
  if (record.kind == TableKind::view) {
    BL_RETURN_IF_ERROR(tables.change(ddl.name, [&](TableRecord& there) -> Result<void> {
      there.schema = record.schema;
      there.view_query = record.view_query;
      there.properties = record.properties;
      there.expires = record.expires;
      return {};
    }));
    return std::string("REPLACE");
  }
  BL_TRY(auto staged, tables.stage(record.schema));
  BL_RETURN_IF_ERROR(tables.publish(std::move(staged), std::move(record), Publish::or_replace));
  return std::string("REPLACE");
}

Result<std::string> drop(Tables& tables, StatementKind kind, const sql::Ddl& ddl) {
  auto found = tables.find(ddl.name);
  if (!found.ok()) {
    if (found.error().code == Code::not_found && ddl.if_exists) return std::string("SKIP");
    return std::move(found).error();
  }
  const bool is_view = (*found)->record().kind == TableKind::view;
  if (is_view != (kind == StatementKind::drop_view)) {
    return Error{Code::invalid,
                 fmt::format("{}:{}.{} is {}", ddl.name.project, ddl.name.dataset, ddl.name.table,
                             is_view ? "a view: DROP VIEW drops it" : "no view: DROP TABLE")};
  }
  const auto dropped = tables.drop(ddl.name);
  if (dropped.ok()) return std::string("DROP");
  if (ddl.if_exists && dropped.error().code == Code::not_found) return std::string("SKIP");
  return dropped.error();
}

Result<std::string> drop_schema(Tables& tables, const sql::Ddl& ddl) {
  const auto dropped = tables.drop_dataset(ddl.name.project, ddl.name.dataset, ddl.cascade);
  if (dropped.ok()) return std::string("DROP");
  if (ddl.if_exists && dropped.error().code == Code::not_found) return std::string("SKIP");
  return dropped.error();
}

Result<std::string> add_columns(Tables& tables, const sql::Ddl& ddl) {
  bool is_changed = false;
  const auto changed = tables.change(ddl.name, [&](TableRecord& record) -> Result<void> {
    for (const TableField& field : ddl.schema.fields) {
      if (record.schema.find(field.name) != nullptr) {
        if (ddl.column_if_not_exists) continue;
        return Error{Code::invalid, "Column already exists: " + field.name};
      }
      record.schema.fields.push_back(field);
      is_changed = true;
    }
    return {};
  });
  if (!changed.ok()) {
    if (ddl.if_exists && changed.error().code == Code::not_found) return std::string("SKIP");
    return changed.error();
  }
  return std::string(is_changed ? "ALTER" : "SKIP");
}

}  // namespace

Result<void> put_options(const sql::Ddl& ddl, TableRecord& record) {
  record.properties = json::Value::object();
  for (const auto& [name, value] : ddl.options) {
    BL_TRY(const bool is_put, put_common(name, value, record.properties));
    if (is_put) continue;
    if (name != "expiration_timestamp") return unknown_option(name);
    BL_TRY(const sql::Expr given, sql::parse_expression(value));
    if (given.kind == sql::ExprKind::null_value) continue;
    const auto at = parse_timestamp(given.text);
    if (!at) return bad_option(name, value);
    record.expires = *at;
  }
  if (!ddl.partition_by.empty()) {
    BL_TRY(json::Value partitioning, partitioning_of(ddl.partition_by));
    record.properties.set("timePartitioning", std::move(partitioning));
  }
  if (!ddl.cluster_by.empty()) {
    json::Value fields = json::Value::array();
    for (const std::string& name : ddl.cluster_by) {
      fields.items().push_back(json::Value::string(name));
    }
    json::Value clustering = json::Value::object();
    clustering.set("fields", std::move(fields));
    record.properties.set("clustering", std::move(clustering));
  }
  return {};
}

Result<std::string> define(Tables& tables, StatementKind kind, const sql::Ddl& ddl) {
  switch (kind) {
    case StatementKind::create_schema:
      return create_schema(tables, ddl);
    case StatementKind::drop_schema:
      return drop_schema(tables, ddl);
    case StatementKind::create_table:
    case StatementKind::create_view:
      return create(tables, kind, ddl);
    case StatementKind::drop_table:
    case StatementKind::drop_view:
      return drop(tables, kind, ddl);
    case StatementKind::alter_table_add_column:
      return add_columns(tables, ddl);
    default:
      return Error{Code::internal, "no statement that defines something"};
  }
}

}  // namespace bl::bigquery
