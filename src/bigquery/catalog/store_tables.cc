#include "bigquery/catalog/store_tables.h"

#include <algorithm>

#include "bigquery/catalog/names.h"
#include "bigquery/catalog/rows.h"
#include "bigquery/lake_schema.h"

namespace bl::bigquery {

Result<std::unique_ptr<Tables>> Tables::open(const TablesWorld& world) {
  auto tables = std::make_unique<StoreTables>(world);
  BL_RETURN_IF_ERROR(tables->drop_orphans());
  return std::unique_ptr<Tables>(std::move(tables));
}

// A table of the lake with an id that this store never gave was made over another store: that is
// no trace of a crash, and stays.
Result<void> StoreTables::drop_orphans() {
  std::vector<std::int64_t> named;
  std::int64_t next = 0;
  BL_RETURN_IF_ERROR(world_.database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(named, rows::table_ids(connection));
    BL_TRY(next, rows::next_id(connection));
    return {};
  }));
  for (const auto& table : world_.lake.tables()) {
    const auto id = id_in_lake_name(table->name());
    if (!id || std::ranges::binary_search(named, *id)) continue;
    if (*id < next) {
      drop_rows(*id);
    } else {
      world_.log.warning("a table of the lake belongs to no table of this store and is left alone",
                         {{"table", table->name()}});
    }
  }
  return {};
}

void StoreTables::drop_rows(std::int64_t id) {
  std::shared_ptr<TableRows> held;
  {
    const std::lock_guard lock(mutex_);
    dropping_.insert(id);
    const auto at = rows_.find(id);
    if (at != rows_.end()) {
      held = at->second.lock();
      rows_.erase(at);
    }
  }
  if (held != nullptr) held->close();
  const auto dropped = world_.lake.drop_table(lake_name(id));
  if (!dropped.ok() && dropped.error().code != Code::not_found) {
    world_.log.warning("a table of the lake could not be dropped; the next start tries again",
                       {{"table", lake_name(id)}, {"error", dropped.error().message}});
    return;
  }
  const std::lock_guard lock(mutex_);
  dropping_.erase(id);
}

Result<std::shared_ptr<TableRows>> StoreTables::rows_of(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  if (dropping_.contains(id)) return Error{Code::not_found, "being dropped: " + lake_name(id)};
  if (const auto at = rows_.find(id); at != rows_.end()) {
    if (auto held = at->second.lock()) return held;
  }
  BL_TRY(auto table, world_.lake.table(lake_name(id)));
  auto made = std::make_shared<TableRows>(std::move(table));
  rows_[id] = made;
  return made;
}

// What is known -------------------------------------------------------------------------------

void StoreTables::forget(const TableName& name) {
  const std::lock_guard lock(mutex_);
  ++changes_;
  known_.erase(name);
}

std::uint64_t StoreTables::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

// What was read before a write may be older than what the write made.
void StoreTables::remember(const TableHandle& table, std::uint64_t changes) {
  const std::lock_guard lock(mutex_);
  if (changes == changes_) known_[table->record().name] = table;
}

bool StoreTables::is_expired(const TableRecord& record) const {
  return record.expires && *record.expires <= world_.clock.now();
}

// Datasets ------------------------------------------------------------------------------------

DatasetRecord StoreTables::lake_dataset(std::string_view project) const {
  DatasetRecord out;
  out.project = project;
  out.dataset = k_lake_dataset;
  out.properties = json::Value::object(
      {{"description", json::Value::string("What benchlake keeps: read-only.")}});
  out.version = 1;
  return out;
}

Result<std::vector<std::string>> StoreTables::projects() {
  std::vector<std::string> all;
  BL_RETURN_IF_ERROR(world_.database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(all, rows::projects(connection));
    return {};
  }));
  return all;
}

Result<DatasetRecord> StoreTables::create_dataset(DatasetRecord wanted) {
  BL_RETURN_IF_ERROR(check_dataset_name(wanted.project, wanted.dataset));
  if (wanted.dataset == k_lake_dataset) return dataset_exists(wanted.project, wanted.dataset);
  if (!wanted.properties.is_object()) wanted.properties = json::Value::object();
  wanted.version = 1;
  wanted.created = wanted.modified = world_.clock.now();
  BL_RETURN_IF_ERROR(world_.database.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const bool is_new, rows::add(connection, wanted));
    if (!is_new) return dataset_exists(wanted.project, wanted.dataset);
    return {};
  }));
  return wanted;
}

Result<DatasetRecord> StoreTables::dataset(std::string_view project, std::string_view dataset) {
  if (dataset == k_lake_dataset) {
    BL_RETURN_IF_ERROR(check_project(project));
    return lake_dataset(project);
  }
  std::optional<DatasetRecord> found;
  BL_RETURN_IF_ERROR(world_.database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(found, rows::dataset(connection, project, dataset));
    return {};
  }));
  if (!found) return no_dataset(project, dataset);
  return *std::move(found);
}

Result<std::vector<DatasetRecord>> StoreTables::datasets(std::string_view project) {
  BL_RETURN_IF_ERROR(check_project(project));
  std::vector<DatasetRecord> all;
  BL_RETURN_IF_ERROR(world_.database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(all, rows::datasets(connection, project));
    return {};
  }));
  const auto place = std::ranges::lower_bound(
      all, k_lake_dataset, {}, [](const DatasetRecord& d) { return std::string_view(d.dataset); });
  all.insert(place, lake_dataset(project));
  return all;
}

Result<DatasetRecord> StoreTables::change_dataset(
    std::string_view project, std::string_view dataset,
    const std::function<Result<void>(DatasetRecord&)>& change) {
  if (dataset == k_lake_dataset) return is_read_only(dataset);
  for (int attempt = 0; attempt < k_change_attempts_max; ++attempt) {
    BL_TRY(const DatasetRecord before, this->dataset(project, dataset));
    DatasetRecord after = before;
    BL_RETURN_IF_ERROR(change(after));
    after.project = before.project;
    after.dataset = before.dataset;
    after.created = before.created;
    after.modified = world_.clock.now();
    after.version = before.version + 1;
    bool is_done = false;
    BL_RETURN_IF_ERROR(world_.database.write([&](store::Connection& connection) -> Result<void> {
      BL_TRY(is_done, rows::change(connection, after, before.version));
      return {};
    }));
    if (is_done) return after;
  }
  return changed_too_often(dataset);
}

Result<void> StoreTables::drop_dataset(std::string_view project, std::string_view dataset,
                                       bool with_tables) {
  if (dataset == k_lake_dataset) return is_read_only(dataset);
  std::vector<TableRecord> gone;
  BL_RETURN_IF_ERROR(world_.database.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const bool is_there, rows::hold_dataset(connection, project, dataset));
    if (!is_there) return no_dataset(project, dataset);
    BL_TRY(gone, rows::tables(connection, project, dataset));
    const auto stays = [&](const TableRecord& one) { return !is_expired(one); };
    if (!with_tables && std::ranges::any_of(gone, stays)) return dataset_in_use(project, dataset);
    for (const TableRecord& one : gone) {
      BL_RETURN_IF_ERROR(rows::remove_table(connection, one.id));
    }
    BL_RETURN_IF_ERROR(rows::remove_dataset(connection, project, dataset));
    return {};
  }));
  for (const TableRecord& one : gone) {
    forget(one.name);
    if (one.kind == TableKind::table) drop_rows(one.id);
  }
  return {};
}

// Finding tables ------------------------------------------------------------------------------

Result<std::optional<TableRecord>> StoreTables::row_of(const TableName& name) {
  std::optional<TableRecord> found;
  BL_RETURN_IF_ERROR(world_.database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(found, rows::table(connection, name));
    if (found) return {};
    BL_TRY(const auto dataset, rows::dataset(connection, name.project, name.dataset));
    if (!dataset) return no_dataset(name.project, name.dataset);
    return {};
  }));
  if (found && is_expired(*found)) {
    BL_RETURN_IF_ERROR(drop_expired(*found));
    found.reset();
  }
  return found;
}

Result<TableHandle> StoreTables::find(const TableName& name) {
  if (name.dataset == k_lake_dataset) return find_lake_table(name);
  std::uint64_t before = 0;
  {
    const std::lock_guard lock(mutex_);
    before = changes_;
    const auto known = known_.find(name);
    if (known != known_.end() && !is_expired(known->second->record())) return known->second;
  }
  std::int64_t missing = 0;  // an id whose rows were not there
  for (int attempt = 0; attempt < k_change_attempts_max; ++attempt) {
    BL_TRY(auto record, row_of(name));
    if (!record) return no_table(name);
    const std::int64_t id = record->id;
    auto opened = open_record(*std::move(record));
    if (opened.ok()) {
      remember(*opened, before);
      return opened;
    }
    // Dropped or replaced since its row was read, or else lost.
    if (opened.error().code != Code::not_found) return opened;
    if (id == missing) {
      return Error{Code::corrupt,
                   "the rows of " + text_of(name) + " are not in the lake: " + lake_name(id)};
    }
    missing = id;
    before = changes();
  }
  return changed_too_often(text_of(name));
}

Result<TableHandle> StoreTables::find_lake_table(const TableName& name) {
  BL_RETURN_IF_ERROR(check_project(name.project));
  auto table = world_.lake.table(name.table);
  if (!table.ok() || id_in_lake_name(name.table)) return no_table(name);
  BL_TRY(TableRecord record, record_of_lake_table(name.project, **table));
  return TableHandle(std::make_shared<NamedTable>(
      std::move(record), std::make_shared<TableRows>(*std::move(table)), NamedTable::Access::read));
}

Result<TableHandle> StoreTables::open_record(TableRecord record) {
  std::shared_ptr<TableRows> rows;
  if (record.kind == TableKind::table) {
    BL_TRY(rows, rows_of(record.id));
    BL_RETURN_IF_ERROR(add_missing_columns(rows->table(), record.schema));
  }
  return TableHandle(
      std::make_shared<NamedTable>(std::move(record), std::move(rows), NamedTable::Access::write));
}

// The row is changed first: whoever finds the table next goes on where a crash was.
Result<void> StoreTables::add_missing_columns(lake::Table& table, const TableSchema& schema) {
  const auto columns_of = [&] { return static_cast<std::size_t>(table.schema().columns()); };
  if (columns_of() >= schema.fields.size()) return {};
  BL_TRY(const columns::Schema wanted, lake_schema_of(schema));
  const std::lock_guard one_at_a_time(columns_mutex_);
  const std::size_t there = columns_of();
  if (there >= schema.fields.size()) return {};
  return table.add_columns(
      {wanted.fields().begin() + static_cast<std::ptrdiff_t>(there), wanted.fields().end()});
}

Result<std::vector<TableRecord>> StoreTables::tables(std::string_view project,
                                                     std::string_view dataset) {
  std::vector<TableRecord> all;
  if (dataset == k_lake_dataset) {
    BL_RETURN_IF_ERROR(check_project(project));
    for (const auto& table : world_.lake.tables()) {
      if (!id_in_lake_name(table->name())) all.push_back(listed_lake_table(project, *table));
    }
    std::ranges::sort(all, {}, &TableRecord::name);
    return all;
  }
  BL_RETURN_IF_ERROR(world_.database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const auto is_there, rows::dataset(connection, project, dataset));
    if (!is_there) return no_dataset(project, dataset);
    BL_TRY(all, rows::tables(connection, project, dataset));
    return {};
  }));
  for (const TableRecord& one : all) {
    if (is_expired(one)) BL_RETURN_IF_ERROR(drop_expired(one));
  }
  std::erase_if(all, [&](const TableRecord& one) { return is_expired(one); });
  return all;
}

}  // namespace bl::bigquery
