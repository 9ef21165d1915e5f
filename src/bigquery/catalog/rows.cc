#include "bigquery/catalog/rows.h"

#include "store/both_dialects.h"

namespace bl::bigquery::rows {
namespace {

using store::both_dialects;
using store::Connection;
using store::Row;

#define BL_BQ_DATASET_COLUMNS "project, dataset, properties, version, created, modified"
#define BL_BQ_TABLE_COLUMNS                                                                       \
  "id, project, dataset, name, kind, schema, view_query, properties, expires, version, created, " \
  "modified"

constexpr std::string_view k_view = "view";

Error corrupt(std::string_view what, const Error& why) {
  return {Code::corrupt, std::string(what) + " of the store cannot be read: " + why.message};
}

Result<DatasetRecord> dataset_of(const Row& row) {
  DatasetRecord out;
  out.project = row.text(0);
  out.dataset = row.text(1);
  auto properties = json::parse(row.text(2));
  if (!properties.ok()) return corrupt("the dataset " + out.dataset, properties.error());
  out.properties = std::move(*properties);
  out.version = row.integer(3);
  out.created = {row.integer(4)};
  out.modified = {row.integer(5)};
  return out;
}

Result<TableRecord> table_of(const Row& row) {
  TableRecord out;
  out.id = row.integer(0);
  out.name = {std::string(row.text(1)), std::string(row.text(2)), std::string(row.text(3))};
  out.kind = row.text(4) == k_view ? TableKind::view : TableKind::table;
  const auto schema_json = json::parse(row.text(5));
  if (!schema_json.ok()) return corrupt("the table " + out.name.table, schema_json.error());
  auto schema = schema_from_json(*schema_json);
  if (!schema.ok()) return corrupt("the table " + out.name.table, schema.error());
  out.schema = std::move(*schema);
  out.view_query = row.text(6);
  auto properties = json::parse(row.text(7));
  if (!properties.ok()) return corrupt("the table " + out.name.table, properties.error());
  out.properties = std::move(*properties);
  if (const auto expires = row.integer_or_null(8)) out.expires = Timestamp{*expires};
  out.version = row.integer(9);
  out.created = {row.integer(10)};
  out.modified = {row.integer(11)};
  return out;
}

template <class T>
Result<std::vector<T>> all_of(Connection& connection, const store::Sql& sql,
                              std::initializer_list<store::Param> params,
                              Result<T> (*record_of)(const Row&)) {
  std::vector<T> all;
  Result<void> read;
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const Row& row) {
    auto one = record_of(row);
    if (!one.ok()) {
      read = std::move(one).error();
      return false;
    }
    all.push_back(std::move(*one));
    return true;
  }));
  BL_RETURN_IF_ERROR(read);
  return all;
}

template <class T>
Result<std::optional<T>> first_of(Result<std::vector<T>> all) {
  if (!all.ok()) return std::move(all).error();
  if (all->empty()) return std::optional<T>();
  return std::optional<T>(std::move(all->front()));
}

Result<bool> changed(Result<std::int64_t> count) {
  if (!count.ok()) return std::move(count).error();
  return *count > 0;
}

std::optional<std::int64_t> micros_of(const std::optional<Timestamp>& time) {
  if (!time) return std::nullopt;
  return time->micros;
}

}  // namespace

Result<std::vector<std::string>> projects(Connection& connection) {
  std::vector<std::string> all;
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"select distinct project from @bq_datasets order by project">(), {},
      [&](const Row& row) {
        all.emplace_back(row.text(0));
        return true;
      }));
  return all;
}

Result<std::optional<DatasetRecord>> dataset(Connection& connection, std::string_view project,
                                             std::string_view dataset) {
  return first_of(all_of<DatasetRecord>(
      connection,
      both_dialects<"select " BL_BQ_DATASET_COLUMNS
                    " from @bq_datasets where project = $1 and dataset = $2">(),
      {project, dataset}, dataset_of));
}

Result<bool> hold_dataset(Connection& connection, std::string_view project,
                          std::string_view dataset) {
  bool is_there = false;
  BL_RETURN_IF_ERROR(
      connection.query(both_dialects<"select 1 from @bq_datasets where project = $1 and dataset = "
                                     "$2 @postgres{for update}">(),
                       {project, dataset}, [&](const Row&) { return is_there = true; }));
  return is_there;
}

Result<std::vector<DatasetRecord>> datasets(Connection& connection, std::string_view project) {
  return all_of<DatasetRecord>(
      connection,
      both_dialects<"select " BL_BQ_DATASET_COLUMNS
                    " from @bq_datasets where project = $1 order by dataset">(),
      {project}, dataset_of);
}

Result<bool> add(Connection& connection, const DatasetRecord& record) {
  const std::string properties = json::to_text(record.properties);
  return changed(connection.execute(
      both_dialects<"insert into @bq_datasets (" BL_BQ_DATASET_COLUMNS
                    ") values ($1, $2, $3, $4, $5, $6) on conflict do nothing">(),
      {std::string_view(record.project), std::string_view(record.dataset),
       std::string_view(properties), record.version, record.created.micros,
       record.modified.micros}));
}

Result<bool> change(Connection& connection, const DatasetRecord& record, std::int64_t version) {
  const std::string properties = json::to_text(record.properties);
  return changed(connection.execute(
      both_dialects<"update @bq_datasets set properties = $4, version = $5, modified = $6 where "
                    "project = $1 and dataset = $2 and version = $3">(),
      {std::string_view(record.project), std::string_view(record.dataset), version,
       std::string_view(properties), record.version, record.modified.micros}));
}

Result<bool> remove_dataset(Connection& connection, std::string_view project,
                            std::string_view dataset) {
  return changed(connection.execute(
      both_dialects<"delete from @bq_datasets where project = $1 and dataset = $2">(),
      {project, dataset}));
}

Result<std::optional<TableRecord>> table(Connection& connection, const TableName& name) {
  return first_of(all_of<TableRecord>(
      connection,
      both_dialects<"select " BL_BQ_TABLE_COLUMNS
                    " from @bq_tables where project = $1 and dataset = $2 and name = $3">(),
      {std::string_view(name.project), std::string_view(name.dataset),
       std::string_view(name.table)},
      table_of));
}

Result<std::vector<TableRecord>> tables(Connection& connection, std::string_view project,
                                        std::string_view dataset) {
  return all_of<TableRecord>(
      connection,
      both_dialects<"select " BL_BQ_TABLE_COLUMNS
                    " from @bq_tables where project = $1 and dataset = $2 order by name">(),
      {project, dataset}, table_of);
}

Result<bool> add(Connection& connection, const TableRecord& record) {
  const std::string schema = json::to_text(schema_to_json(record.schema));
  const std::string properties = json::to_text(record.properties);
  return changed(connection.execute(
      both_dialects<"insert into @bq_tables (" BL_BQ_TABLE_COLUMNS
                    ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
                    "on conflict do nothing">(),
      {record.id, std::string_view(record.name.project), std::string_view(record.name.dataset),
       std::string_view(record.name.table),
       record.kind == TableKind::view ? k_view : std::string_view("table"),
       std::string_view(schema), std::string_view(record.view_query), std::string_view(properties),
       store::param_of(micros_of(record.expires)), record.version, record.created.micros,
       record.modified.micros}));
}

Result<bool> change(Connection& connection, const TableRecord& record, std::int64_t version) {
  const std::string schema = json::to_text(schema_to_json(record.schema));
  const std::string properties = json::to_text(record.properties);
  return changed(connection.execute(
      both_dialects<"update @bq_tables set schema = $3, view_query = $4, properties = $5, expires "
                    "= $6, version = $7, modified = $8 where id = $1 and version = $2">(),
      {record.id, version, std::string_view(schema), std::string_view(record.view_query),
       std::string_view(properties), store::param_of(micros_of(record.expires)), record.version,
       record.modified.micros}));
}

Result<bool> remove_table(Connection& connection, std::int64_t id) {
  return changed(connection.execute(both_dialects<"delete from @bq_tables where id = $1">(), {id}));
}

Result<std::vector<std::int64_t>> table_ids(Connection& connection) {
  std::vector<std::int64_t> ids;
  BL_RETURN_IF_ERROR(connection.query(both_dialects<"select id from @bq_tables order by id">(), {},
                                      [&](const Row& row) {
                                        ids.push_back(row.integer(0));
                                        return true;
                                      }));
  return ids;
}

Result<std::int64_t> reserve_ids(Connection& connection, std::int64_t count) {
  std::int64_t next = 0;
  BL_RETURN_IF_ERROR(connection.query(
      both_dialects<"update @bq_ids set next_id = next_id + $1 returning next_id">(), {count},
      [&](const Row& row) {
        next = row.integer(0);
        return true;
      }));
  return next - count;
}

Result<std::int64_t> next_id(Connection& connection) {
  std::int64_t next = 0;
  BL_RETURN_IF_ERROR(
      connection.query(both_dialects<"select next_id from @bq_ids">(), {}, [&](const Row& row) {
        next = row.integer(0);
        return true;
      }));
  return next;
}

}  // namespace bl::bigquery::rows
