#include "bigquery/catalog/names.h"
#include "bigquery/catalog/rows.h"
#include "bigquery/catalog/schema_change.h"
#include "bigquery/catalog/store_tables.h"
#include "bigquery/lake_schema.h"

// Tables are made, changed, published and dropped.
namespace bl::bigquery {
namespace {

constexpr std::int64_t k_ids_reserved = 64;

/// `defaultTableExpirationMs` of a dataset; nullopt: its tables stay.
std::optional<std::chrono::milliseconds> default_expiration(const DatasetRecord& dataset) {
  const json::Value* value = dataset.properties.find("defaultTableExpirationMs");
  if (value == nullptr) return std::nullopt;
  const std::string text = value->is_string()   ? value->as_string()
                           : value->is_number() ? value->number_text()
                                                : "";
  const auto number = json::parse(text);
  if (!number.ok() || !number->is_number()) return std::nullopt;
  const auto millis = number->as_int64();
  if (!millis || *millis <= 0) return std::nullopt;
  return std::chrono::milliseconds(*millis);
}

}  // namespace

struct StoreTables::Staged final : StagedTable {
  Staged(StoreTables& owner, std::int64_t number, std::shared_ptr<TableRows> made)
      : tables(owner), id(number), table(std::move(made)) {}
  ~Staged() override {
    if (table != nullptr) tables.drop_rows(id);
  }
  lake::Table& rows() override { return table->table(); }

  StoreTables& tables;
  const std::int64_t id;
  std::shared_ptr<TableRows> table;  ///< null: it has a name, or is dropped already
};

Result<std::int64_t> StoreTables::new_id() {
  const std::lock_guard lock(ids_mutex_);
  while (true) {
    if (next_id_ == ids_end_) {
      std::int64_t first = 0;
      BL_RETURN_IF_ERROR(world_.database.write([&](store::Connection& connection) -> Result<void> {
        BL_TRY(first, rows::reserve_ids(connection, k_ids_reserved));
        return {};
      }));
      next_id_ = first;
      ids_end_ = first + k_ids_reserved;
    }
    const std::int64_t id = next_id_++;
    // A lake that lived over another store before may have it.
    if (!world_.lake.table(lake_name(id)).ok()) return id;
  }
}

Result<void> StoreTables::make_rows(std::int64_t id, const TableSchema& schema) {
  if (schema.fields.empty()) {
    return Error{Code::unsupported, "not supported: a table without columns"};
  }
  BL_TRY(const columns::Schema columns, lake_schema_of(schema));
  BL_RETURN_IF_ERROR(world_.lake.create_table(lake_name(id), columns, {}));
  return {};
}

Result<void> StoreTables::complete(TableRecord& wanted) const {
  BL_RETURN_IF_ERROR(check_table_name(wanted.name));
  if (wanted.name.dataset == k_lake_dataset) return is_read_only(wanted.name.table);
  if (!wanted.properties.is_object()) wanted.properties = json::Value::object();
  wanted.version = 1;
  wanted.created = wanted.modified = world_.clock.now();
  return {};
}

Result<std::int64_t> StoreTables::add_row(TableRecord& wanted, Publish how) {
  TableRecord replaced;
  const auto expires = wanted.expires;
  BL_RETURN_IF_ERROR(world_.database.write([&](store::Connection& connection) -> Result<void> {
    replaced = {};
    const TableName& name = wanted.name;
    BL_TRY(const bool is_held, rows::hold_dataset(connection, name.project, name.dataset));
    if (!is_held) return no_dataset(name.project, name.dataset);
    BL_TRY(const auto dataset, rows::dataset(connection, name.project, name.dataset));
    wanted.expires = expires;
    const auto life = dataset ? default_expiration(*dataset) : std::nullopt;
    if (!expires && life && wanted.kind == TableKind::table) {
      wanted.expires = wanted.created + *life;
    }
    BL_TRY(auto there, rows::table(connection, name));
    if (there) {
      if (how == Publish::as_new && !is_expired(*there)) return table_exists(name);
      BL_RETURN_IF_ERROR(rows::remove_table(connection, there->id));
      replaced = *std::move(there);
    }
    BL_TRY(const bool is_new, rows::add(connection, wanted));
    if (!is_new) return table_exists(name);
    return {};
  }));
  return replaced.kind == TableKind::table ? replaced.id : 0;
}

Result<TableHandle> StoreTables::add_named(TableRecord wanted, Publish how) {
  const auto replaced = add_row(wanted, how);
  forget(wanted.name);
  if (!replaced.ok()) {
    // Whether the row is kept is not known where the outcome is not: the next start looks.
    if (wanted.kind == TableKind::table && replaced.error().code != Code::outcome_unknown) {
      drop_rows(wanted.id);
    }
    return replaced.error();
  }
  if (*replaced != 0) drop_rows(*replaced);
  return open_record(std::move(wanted));
}

Result<TableHandle> StoreTables::create(TableRecord wanted) {
  BL_RETURN_IF_ERROR(complete(wanted));
  // Without this a client that creates what is there would make and drop a table of the lake.
  BL_TRY(const auto there, row_of(wanted.name));
  if (there) return table_exists(wanted.name);
  BL_TRY(wanted.id, new_id());
  if (wanted.kind == TableKind::table) {
    BL_RETURN_IF_ERROR(make_rows(wanted.id, wanted.schema));
  }
  return add_named(std::move(wanted), Publish::as_new);
}

Result<std::unique_ptr<StagedTable>> StoreTables::stage(const TableSchema& schema) {
  BL_TRY(const std::int64_t id, new_id());
  BL_RETURN_IF_ERROR(make_rows(id, schema));
  BL_TRY(auto rows, rows_of(id));
  return std::unique_ptr<StagedTable>(std::make_unique<Staged>(*this, id, std::move(rows)));
}

Result<TableHandle> StoreTables::publish(std::unique_ptr<StagedTable> staged, TableRecord wanted,
                                         Publish how) {
  auto& made = static_cast<Staged&>(*staged);
  BL_RETURN_IF_ERROR(complete(wanted));
  BL_TRY(const columns::Schema columns, lake_schema_of(wanted.schema));
  if (!(columns == made.rows().schema())) {
    return Error{Code::invalid, "the table was filled with other columns than it is to have: " +
                                    made.rows().schema().text()};
  }
  wanted.id = made.id;
  wanted.kind = TableKind::table;
  const auto rows = std::exchange(made.table, nullptr);
  return add_named(std::move(wanted), how);
}

Result<TableHandle> StoreTables::change(const TableName& name,
                                        const std::function<Result<void>(TableRecord&)>& change) {
  if (name.dataset == k_lake_dataset) return is_read_only(name.table);
  for (int attempt = 0; attempt < k_change_attempts_max; ++attempt) {
    BL_TRY(const auto before, row_of(name));
    if (!before) return no_table(name);
    TableRecord after = *before;
    BL_RETURN_IF_ERROR(change(after));
    after.id = before->id;
    after.name = before->name;
    after.kind = before->kind;
    after.created = before->created;
    after.modified = world_.clock.now();
    after.version = before->version + 1;
    if (after.kind == TableKind::table) {
      BL_TRY(after.schema, changed_schema(name, before->schema, std::move(after.schema)));
    }
    BL_RETURN_IF_ERROR(lake_schema_of(after.schema));
    bool is_done = false;
    const auto written = world_.database.write([&](store::Connection& connection) -> Result<void> {
      BL_TRY(is_done, rows::change(connection, after, before->version));
      return {};
    });
    forget(name);
    BL_RETURN_IF_ERROR(written);
    if (is_done) return open_record(std::move(after));
  }
  return changed_too_often(text_of(name));
}

Result<void> StoreTables::drop(const TableName& name) {
  if (name.dataset == k_lake_dataset) return is_read_only(name.table);
  std::optional<TableRecord> gone;
  const auto written = world_.database.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(gone, rows::table(connection, name));
    if (!gone) {
      BL_TRY(const auto dataset, rows::dataset(connection, name.project, name.dataset));
      if (!dataset) return no_dataset(name.project, name.dataset);
      return no_table(name);
    }
    BL_RETURN_IF_ERROR(rows::remove_table(connection, gone->id));
    return {};
  });
  forget(name);
  BL_RETURN_IF_ERROR(written);
  if (gone->kind == TableKind::table) drop_rows(gone->id);
  if (is_expired(*gone)) return no_table(name);
  return {};
}

Result<void> StoreTables::drop_expired(const TableRecord& record) {
  bool is_gone = false;
  BL_RETURN_IF_ERROR(world_.database.write([&](store::Connection& connection) -> Result<void> {
    is_gone = false;
    BL_TRY(const auto there, rows::table(connection, record.name));
    if (!there || there->id != record.id || !is_expired(*there)) return {};
    BL_TRY(is_gone, rows::remove_table(connection, record.id));
    return {};
  }));
  forget(record.name);
  if (is_gone && record.kind == TableKind::table) drop_rows(record.id);
  return {};
}

}  // namespace bl::bigquery
