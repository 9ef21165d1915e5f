#include "bigquery/jobs/parquet_rows.h"

#include <fmt/format.h>

#include <vector>

#include "bigquery/lake_schema.h"
#include "bigquery/model/names.h"
#include "columns/ipc_messages.h"

namespace bl::bigquery {
namespace {

struct FileColumn {
  std::string name, type;
};

Error no_parquet(const Error& error) {
  return {Code::invalid,
          "Error while reading data, error message: the file is no Parquet that can be read: " +
              error.message};
}

Result<std::vector<FileColumn>> columns_of(duck::Connection& connection, const std::string& path) {
  auto answer = connection.query(
      "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(" +
      duck::quoted_text(path).value() + "))");
  if (!answer.ok()) return no_parquet(answer.error());
  BL_TRY(const columns::Batch rows, answer->all());
  BL_TRY(const auto names, rows.column(0).as<std::string_view>());
  BL_TRY(const auto types, rows.column(1).as<std::string_view>());
  std::vector<FileColumn> columns;
  for (std::int64_t row = 0; row < rows.rows(); ++row) {
    columns.push_back({std::string(names[row]), std::string(types[row])});
  }
  return columns;
}

/// The column as one of the types that arrow_rows.h takes.
std::string taken(const FileColumn& column, const TableField* field) {
  const std::string name = duck::quoted_name(column.name);
  const auto cast = [&](std::string_view type) {
    return fmt::format("CAST({} AS {})", name, type);
  };
  const std::string& type = column.type;
  const bool is_naive = type == "TIMESTAMP" || type == "TIMESTAMP_S" || type == "TIMESTAMP_MS" ||
                        type == "TIMESTAMP_NS";
  const bool is_zoned = type == "TIMESTAMP WITH TIME ZONE";
  if (is_naive && field != nullptr && field->type == FieldType::timestamp) {
    return fmt::format("(CAST({} AS TIMESTAMP) AT TIME ZONE 'UTC')", name);
  }
  if (is_zoned && field != nullptr && field->type == FieldType::datetime) {
    return fmt::format("({} AT TIME ZONE 'UTC')", name);
  }
  if (is_naive) return cast("TIMESTAMP");
  if (type == "UTINYINT" || type == "USMALLINT" || type == "UINTEGER" || type == "UBIGINT" ||
      type == "HUGEINT" || type == "UHUGEINT" || type == "TINYINT" || type == "SMALLINT" ||
      type == "INTEGER") {
    return cast("BIGINT");
  }
  if (type == "FLOAT") return cast("DOUBLE");
  if (type == "UUID" || type.starts_with("ENUM(") || type == "JSON") return cast("VARCHAR");
  if (type == "TIME WITH TIME ZONE") return cast("TIME");
  return name;
}

columns::WireField wire_field(const columns::Field& field) {
  columns::WireField wire{.name = field.name, .nullable = field.nullable};
  for (const columns::Field& child : field.type.children)
    wire.children.push_back(wire_field(child));
  return wire;
}

}  // namespace

Result<std::unique_ptr<ParquetRows>> ParquetRows::open(duck::Database& engine,
                                                       const std::string& path,
                                                       const std::optional<TableSchema>& wanted,
                                                       bool ignore_unknown) {
  std::unique_ptr<ParquetRows> rows(new ParquetRows());
  BL_TRY(rows->connection_, engine.connect());
  BL_TRY(const auto columns, columns_of(*rows->connection_, path));
  std::string items;
  for (const FileColumn& column : columns) {
    const TableField* field = wanted ? wanted->find(column.name) : nullptr;
    if (wanted && field == nullptr) {
      if (ignore_unknown) continue;
      return Error{Code::invalid, fmt::format("Error while reading data, error message: no such "
                                              "field: {}.",
                                              column.name)};
    }
    items += fmt::format("{}{} AS {}", items.empty() ? "" : ", ", taken(column, field),
                         duck::quoted_name(column.name));
  }
  if (items.empty()) return Error{Code::invalid, "the file has no column of the table"};
  auto answer = rows->connection_->query(
      fmt::format("SELECT {} FROM read_parquet({})", items, duck::quoted_text(path).value()));
  if (!answer.ok()) return no_parquet(answer.error());
  rows->answer_ = *std::move(answer);
  if (wanted) {
    rows->schema_ = *wanted;
  } else {
    BL_TRY(rows->schema_, table_schema_of(rows->answer_->schema()));
    for (TableField& field : rows->schema_.fields) {
      if (field.mode == FieldMode::required) field.mode = FieldMode::nullable;
    }
  }
  return rows;
}

Result<std::optional<RowsIn>> ParquetRows::next(const TableSchema& table) {
  if (!plan_) {
    std::vector<columns::WireField> wires;
    for (const columns::Field& field : answer_->schema().fields()) {
      wires.push_back(wire_field(field));
    }
    BL_TRY(const auto messages, columns::IpcMessages::make(answer_->schema(), std::move(wires),
                                                           columns::IpcCompression::none));
    auto plan = ArrowPlan::compile(messages.schema_message(), table);
    if (!plan.ok()) return Error{Code::invalid, plan.error().message};
    plan_ = *std::move(plan);
  }
  auto batch = answer_->next();
  if (!batch.ok()) return no_parquet(batch.error());
  if (!*batch) return std::optional<RowsIn>();
  BL_TRY(RowsIn rows, plan_->decode(**batch, {}));
  return std::optional(std::move(rows));
}

}  // namespace bl::bigquery
