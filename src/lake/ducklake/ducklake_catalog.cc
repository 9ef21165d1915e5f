#include "lake/ducklake/ducklake_catalog.h"

#include <fmt/format.h>

#include "lake/ducklake/checks.h"
#include "lake/ducklake/types.h"
#include "objects/key.h"

namespace bl::lake {
CatalogMetrics::CatalogMetrics(Metrics& metrics)
    : commits(metrics.counter("bl_lake_catalog_changes_total",
                              "Changes of a lake's catalog, by how they ended",
                              {{"outcome", "committed"}})),
      refused(metrics.counter("bl_lake_catalog_changes_total",
                              "Changes of a lake's catalog, by how they ended",
                              {{"outcome", "refused"}})),
      unknown(metrics.counter("bl_lake_catalog_changes_total",
                              "Changes of a lake's catalog, by how they ended",
                              {{"outcome", "unknown"}})),
      again(metrics.counter("bl_lake_catalog_retries_total",
                            "Attempts on a lake's catalog that met another program's")),
      looked_up(metrics.counter("bl_lake_catalog_looked_up_total",
                                "Commits to a lake's catalog that were looked up, because their "
                                "answer was lost")),
      commit_seconds(metrics.histogram("bl_lake_catalog_change_seconds",
                                       "Duration of a change of a lake's catalog, with its waits",
                                       Metrics::latency_bounds())),
      snapshot_seconds(metrics.histogram("bl_lake_catalog_snapshot_seconds",
                                         "Duration of listing a table's snapshot",
                                         Metrics::latency_bounds())),
      wait_limit(metrics.counter("bl_lake_catalog_limit_hits_total",
                                 "Times that a limit of a lake's catalog was reached",
                                 {{"limit", "wait_max"}})),
      attempts_limit(metrics.counter("bl_lake_catalog_limit_hits_total",
                                     "Times that a limit of a lake's catalog was reached",
                                     {{"limit", "attempts_max"}})),
      files_limit(metrics.counter("bl_lake_catalog_limit_hits_total",
                                  "Times that a limit of a lake's catalog was reached",
                                  {{"limit", "files_max"}})) {}

DuckLakeCatalog::DuckLakeCatalog(CatalogOptions options, CatalogPlace place,
                                 objects::ObjectStore& store, objects::World world)
    : options_(std::move(options)),
      place_(std::move(place)),
      store_(store),
      world_(std::move(world)),
      metrics_(world_.metrics) {
  data_path_ = store_.address("x");
  data_path_.pop_back();
}

Result<std::unique_ptr<Catalog>> DuckLakeCatalog::open(CatalogOptions options,
                                                       objects::ObjectStore& store,
                                                       objects::World world) {
  BL_TRY(CatalogPlace place, catalog_place(options));
  std::unique_ptr<DuckLakeCatalog> catalog(
      new DuckLakeCatalog(std::move(options), std::move(place), store, std::move(world)));
  BL_RETURN_IF_ERROR(catalog->start());
  return std::unique_ptr<Catalog>(std::move(catalog));
}

Result<void> DuckLakeCatalog::start() {
  if (place_.kind == CatalogPlace::Kind::sqlite) {
    const std::string folder = place_.target.substr(0, place_.target.rfind('/'));
    if (!folder.empty()) BL_RETURN_IF_ERROR(world_.disk.make_folder(folder));
  }
  BL_TRY(changing_, changing_session(options_, place_, world_.disk));
  BL_TRY(const auto file, lock_file(deadline()));
  const auto attached = attempts<bool>(changing_, [&]() -> Result<bool> {
    changing_->begin();
    auto done = attach_catalog(*changing_, options_, place_, data_path_, store_, world_.disk);
    if (done.ok()) {
      number_ = std::move(done).value();
      return true;
    }
    const Fate fate = changing_->fate();
    (void)changing_->run("DETACH lake");
    changing_->set_fate(fate);
    return std::move(done).error();
  });
  if (!attached.ok()) return attached.error();
  BL_TRY(reading_, looking_session(options_, place_));
  return {};
}

Result<void> DuckLakeCatalog::create_table(const TableDefinition& definition) {
  const std::string& name = definition.name;
  BL_RETURN_IF_ERROR(check_name(name));
  BL_RETURN_IF_ERROR(check_properties(definition.properties, options_.limits.properties_bytes_max));
  BL_TRY(const std::string columns, sql_columns(definition.schema));
  BL_TRY(const std::string comment, duck::quoted_text(properties_text(definition.properties)));
  const std::string id = new_id();
  const auto made = change(id, [&]() -> Result<void> {
    Listing listing(*changing_, place_, data_path_);
    BL_TRY(const std::int64_t head, listing.head());
    BL_TRY(const auto there, listing.tables(head, name));
    if (!there.empty()) return Error{Code::conflict, "the lake has this table already: " + name};
    BL_RETURN_IF_ERROR(run(fmt::format("CREATE TABLE lake.main.{} ({})", name, columns)));
    BL_RETURN_IF_ERROR(run(fmt::format("COMMENT ON TABLE lake.main.{} IS {}", name, comment)));
    // A table of that name may have been there: its publishers must stay stale.
    BL_TRY(const Rows publisher,
           changing_->query("SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake' "
                            "AND schema_name = $1 AND table_name = $2",
                            {std::string(k_publishers), name}));
    if (publisher.count() > 0) {
      BL_RETURN_IF_ERROR(touch_publisher(name, 1));
    } else {
      BL_RETURN_IF_ERROR(
          run(fmt::format("CREATE TABLE lake.{}.{} (token BIGINT)", k_publishers, name)));
      BL_RETURN_IF_ERROR(run(fmt::format("INSERT INTO lake.{}.{} VALUES (0)", k_publishers, name)));
    }
    return say({.id = id, .table = name, .what = "created"});
  });
  if (!made.ok()) return made.error();
  return {};
}

Result<void> DuckLakeCatalog::alter_table(const PublisherToken& token,
                                          std::vector<columns::Field> added,
                                          const std::map<std::string, std::string>& properties) {
  BL_RETURN_IF_ERROR(check_name(token.table));
  std::vector<std::string> statements;
  for (const columns::Field& field : added) {
    if (!field.nullable) {
      return Error{Code::invalid, "a column that is added must be nullable: " + field.name};
    }
    BL_TRY(const std::string type, sql_type(field));
    statements.push_back(fmt::format("ALTER TABLE lake.main.{} ADD COLUMN {} {}", token.table,
                                     duck::quoted_name(field.name), type));
  }
  const std::string id = new_id();
  const auto altered = change(id, [&]() -> Result<void> {
    BL_TRY(const Held held, hold(token));
    Listing listing(*changing_, place_, data_path_);
    BL_TRY(auto all, listing.properties(held.table, held.head));
    for (const auto& [key, value] : properties) {
      if (value.empty()) all.erase(key);
      if (!value.empty()) all[key] = value;
    }
    BL_RETURN_IF_ERROR(check_properties(all, options_.limits.properties_bytes_max));
    for (const std::string& statement : statements) {
      auto done = run(statement);
      if (!done.ok() && changing_->fate() == Fate::refused) {
        return Error{Code::invalid, done.error().message};
      }
      BL_RETURN_IF_ERROR(std::move(done));
    }
    BL_TRY(const std::string comment, duck::quoted_text(properties_text(all)));
    BL_RETURN_IF_ERROR(
        run(fmt::format("COMMENT ON TABLE lake.main.{} IS {}", token.table, comment)));
    BL_RETURN_IF_ERROR(touch_publisher(token.table, 0));
    const CommitRecord& last = held.newest.record;
    return say({.id = id,
                .table = token.table,
                .what = "altered",
                .before = held.newest.id,
                .watermarks = last.watermarks,
                .note = last.note});
  });
  if (!altered.ok()) return altered.error();
  return {};
}

Result<void> DuckLakeCatalog::drop_table(const PublisherToken& token) {
  BL_RETURN_IF_ERROR(check_name(token.table));
  const std::string id = new_id();
  const auto dropped = change(id, [&]() -> Result<void> {
    BL_TRY(const Held held, hold(token));
    BL_RETURN_IF_ERROR(touch_publisher(token.table, 1));
    BL_RETURN_IF_ERROR(run("DROP TABLE lake.main." + token.table));
    return say({.id = id,
                .table = token.table,
                .what = "dropped",
                .before = held.newest.id,
                .watermarks = held.newest.record.watermarks});
  });
  if (!dropped.ok()) return dropped.error();
  return {};
}

Result<std::vector<std::string>> DuckLakeCatalog::tables() {
  return read<std::vector<std::string>>([](Listing& listing) -> Result<std::vector<std::string>> {
    BL_TRY(const std::int64_t head, listing.head());
    BL_TRY(const auto rows, listing.tables(head));
    std::vector<std::string> names;
    for (const TableRow& row : rows) names.push_back(row.name);
    return names;
  });
}

Result<PublisherToken> DuckLakeCatalog::take(const std::string& table) {
  BL_RETURN_IF_ERROR(check_name(table));
  PublisherToken token{table, 0};
  const std::string id = new_id();
  const auto taken = change(id, [&]() -> Result<void> {
    Listing listing(*changing_, place_, data_path_);
    BL_TRY(const std::int64_t head, listing.head());
    BL_TRY(const TableRow row, listing.table(table, head));
    BL_RETURN_IF_ERROR(touch_publisher(row.name, 1));
    BL_TRY(token.number, publisher_number(row.name));
    std::string extra = start_of_text(id);
    extra += fmt::format(R"(,"publisher":"{}","token":{}}})", table, token.number);
    return say("take " + table, extra);
  });
  if (!taken.ok()) return taken.error();
  return token;
}

Result<std::int64_t> DuckLakeCatalog::publish(const PublisherToken& token, const Commit& commit) {
  BL_RETURN_IF_ERROR(check_name(token.table));
  BL_RETURN_IF_ERROR(check_commit(commit, fmt::format("tables/{}/", token.table), options_.limits));
  auto done = publish_once(token, commit);
  if (done.ok() || done.error().code != Code::forbidden || store_.kind() != "s3") return done;
  {  // the bucket's credentials may have been renewed
    BL_TRY(const Lane held, lane(changing_mutex_));
    BL_RETURN_IF_ERROR(tell_credentials(*changing_, options_, world_.disk));
  }
  return publish_once(token, commit);
}

Result<std::int64_t> DuckLakeCatalog::publish_once(const PublisherToken& token,
                                                   const Commit& commit) {
  return change(commit.id, [&]() -> Result<void> {
    BL_TRY(const Held held, hold(token));
    Listing listing(*changing_, place_, data_path_);
    std::map<std::string, std::int64_t> listed;
    if (!commit.removed.empty() || !commit.added.empty()) {
      BL_TRY(listed, listing.keys(held.table, held.head));
    }
    if (listed.size() + commit.added.size() > options_.limits.files_max + commit.removed.size()) {
      metrics_.files_limit.add();
      return Error{Code::too_large, fmt::format("a table has at most {} files: {}",
                                                options_.limits.files_max, token.table)};
    }
    BL_RETURN_IF_ERROR(remove_files(held, commit.removed, listed));
    BL_RETURN_IF_ERROR(add_files(held, commit.added, listed));
    BL_RETURN_IF_ERROR(touch_publisher(token.table, 0));
    CommitRecord record{.id = commit.id,
                        .table = token.table,
                        .what = commit.what,
                        .before = held.newest.id,
                        .watermarks = held.newest.record.watermarks,
                        .note = commit.note.empty() ? held.newest.record.note : commit.note};
    for (const auto& [journal, next] : commit.watermarks) record.watermarks[journal] = next;
    return say(record);
  });
}

Result<void> DuckLakeCatalog::remove_files(const Held& held, const std::vector<std::string>& keys,
                                           const std::map<std::string, std::int64_t>& listed) {
  if (keys.empty()) return {};
  std::string names;
  std::int64_t rows = 0;
  for (const std::string& key : keys) {
    const auto found = listed.find(key);
    if (found == listed.end()) {
      return Error{Code::not_found, fmt::format("not a file of the newest snapshot of table {}: {}",
                                                held.table.name, objects::quoted(key))};
    }
    rows += found->second;
    BL_TRY(const std::string name, duck::quoted_text(store_.address(key)));
    names += (names.empty() ? "" : ", ") + name;
  }
  // All rows of a file: the extension then ends the file, and writes no list of deleted rows.
  BL_TRY(const std::int64_t deleted,
         changing_->run(fmt::format("DELETE FROM lake.main.{} WHERE filename IN ({})",
                                    held.table.name, names)));
  if (deleted == rows) return {};
  return Error{Code::corrupt, fmt::format("files of table {} hold {} rows, the catalog says: {}",
                                          held.table.name, deleted, rows)};
}

Result<void> DuckLakeCatalog::add_files(const Held& held, const std::vector<DataFile>& files,
                                        const std::map<std::string, std::int64_t>& listed) {
  if (files.empty()) return {};
  BL_TRY(const auto ended, scheduled(*changing_));
  std::set<std::string_view> seen;
  std::string names;
  for (const DataFile& file : files) {
    if (listed.contains(file.key) || ended.contains(file.key) || !seen.insert(file.key).second) {
      return Error{Code::conflict, fmt::format("table {} has or had this file: {}", held.table.name,
                                               objects::quoted(file.key))};
    }
    BL_TRY(const std::string name, duck::quoted_text(store_.address(file.key)));
    names += (names.empty() ? "" : ", ") + name;
  }
  return run(
      fmt::format("CALL ducklake_add_data_files('lake', '{}', [{}], hive_partitioning => "
                  "false, allow_missing => true)",
                  held.table.name, names));
}

Result<std::optional<std::int64_t>> DuckLakeCatalog::committed(const PublisherToken& token,
                                                               std::string_view commit_id) {
  using Found = std::optional<std::int64_t>;
  BL_RETURN_IF_ERROR(check_name(token.table));
  if (!is_commit_id(commit_id)) return Found();
  const auto look = [&] {
    return read<Found>([&](Listing& listing) { return listing.commit(commit_id); });
  };
  BL_TRY(const Found found, look());
  if (found) return found;
  {
    BL_TRY(const Lane held, lane(changing_mutex_));
    changing_->begin();
    BL_RETURN_IF_ERROR(settle());
  }
  return look();
}

Result<std::int64_t> DuckLakeCatalog::newest(const std::string& table) {
  BL_RETURN_IF_ERROR(check_name(table));
  return read<std::int64_t>([&](Listing& listing) -> Result<std::int64_t> {
    BL_TRY(const std::int64_t head, listing.head());
    if (head != known_head_) known_newest_.clear();
    known_head_ = head;
    if (const auto known = known_newest_.find(table); known != known_newest_.end()) {
      return known->second;
    }
    BL_TRY(const TableRow row, listing.table(table, head));
    BL_TRY(const TableChange change, listing.change_at(row, head));
    return known_newest_[table] = change.id;
  });
}

Result<CatalogSnapshot> DuckLakeCatalog::snapshot(const std::string& table,
                                                  std::optional<std::int64_t> at) {
  BL_RETURN_IF_ERROR(check_name(table));
  const auto begun = world_.clock.steady_now();
  auto out = read<CatalogSnapshot>([&](Listing& listing) -> Result<CatalogSnapshot> {
    BL_TRY(const std::int64_t head, listing.head());
    const std::int64_t wanted = at.value_or(head);
    if (wanted != head) {
      BL_TRY(const bool there, listing.has_snapshot(wanted));
      if (!there) {
        return Error{Code::not_found,
                     fmt::format("no such snapshot of the lake, or it is expired: {}", wanted)};
      }
    }
    BL_TRY(const TableRow row, listing.table(table, wanted));
    BL_TRY(const TableChange change, listing.change_at(row, wanted));
    return listing.snapshot(row, change, options_.limits.files_max);
  });
  if (!out.ok() && out.error().code == Code::too_large) metrics_.files_limit.add();
  metrics_.snapshot_seconds.observe(
      std::chrono::duration<double>(world_.clock.steady_now() - begun).count());
  return out;
}

Result<std::vector<SnapshotInfo>> DuckLakeCatalog::history(const std::string& table,
                                                           std::size_t count_max) {
  BL_RETURN_IF_ERROR(check_name(table));
  return read<std::vector<SnapshotInfo>>(
      [&](Listing& listing) -> Result<std::vector<SnapshotInfo>> {
        BL_TRY(const std::int64_t head, listing.head());
        BL_TRY(const TableRow row, listing.table(table, head));
        return listing.history(row, count_max);
      });
}

Result<std::unique_ptr<Catalog>> open_catalog(CatalogOptions options, objects::ObjectStore& store,
                                              objects::World world) {
  return DuckLakeCatalog::open(std::move(options), store, std::move(world));
}

}  // namespace bl::lake
