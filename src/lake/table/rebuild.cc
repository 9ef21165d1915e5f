#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "lake/lake.h"
#include "lake/table/data_files.h"
#include "lake/table/delta_mirror.h"
#include "lake/table/dropped.h"
#include "objects/listing.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_tables = "tables/";
constexpr std::string_view k_log = "/_delta_log/";

// The tables that have a Delta log, but for those that are being dropped.
Result<std::vector<std::string>> tables_of(objects::ObjectStore& store) {
  BL_TRY(const auto dropped, marked_dropped(store));
  std::set<std::string> names;
  const auto look = [&](const objects::ObjectInfo& object) -> Result<void> {
    const std::string_view rest = std::string_view(object.key).substr(k_tables.size());
    const auto slash = rest.find('/');
    if (slash != std::string_view::npos && rest.substr(slash).starts_with(k_log)) {
      names.emplace(rest.substr(0, slash));
    }
    return {};
  };
  BL_RETURN_IF_ERROR(objects::for_each_object(store, std::string(k_tables), look));
  for (const std::string& name : dropped) names.erase(name);
  return std::vector<std::string>(names.begin(), names.end());
}

void widen(Watermarks& watermarks, const Watermarks& others) {
  for (const auto& [journal, to] : others) {
    std::uint64_t& reached = watermarks[journal];
    reached = std::max(reached, to);
  }
}

// What a commit of the log said of the journals; nothing when the log was cleaned behind it.
Result<MirrorNote> note_of(objects::ObjectStore& store, const std::string& table,
                           DeltaVersion version) {
  auto text = store.get(fmt::format("{}_delta_log/{:020}.json", delta_prefix(table), version));
  if (!text.ok() && text.error().code == Code::not_found) return MirrorNote{};
  if (!text.ok()) return std::move(text).error();
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto action = json::parse(line);
    if (!action.ok()) continue;
    const json::Value* info = action->find("commitInfo");
    const json::Value* user = info == nullptr ? nullptr : info->find("userMetadata");
    if (user != nullptr && user->is_string()) return mirror_note(user->as_string());
  }
  return MirrorNote{};
}

class Rebuild {
 public:
  Rebuild(objects::ObjectStore& store, duck::Database& engine, Catalog& catalog, IdSource& ids,
          const LakeWorld& world, std::string scratch)
      : store_(store),
        engine_(engine),
        catalog_(catalog),
        ids_(ids),
        world_(world),
        scratch_(std::move(scratch)) {}

  Result<void> table(const std::string& name, const DeltaWorld& delta, Rebuilt& report) {
    BL_TRY(const auto log, DeltaLog::open(delta, delta_prefix(name)));
    const auto snapshot = log->snapshot();
    const TableDefinition definition{name, snapshot->metadata->schema,
                                     table_properties(snapshot->metadata->configuration)};
    Commit commit{ids_.next(), "rebuild", {}, {}, {}, {}};
    BL_TRY(MirrorNote note, note_of(store_, name, snapshot->version));
    commit.note = note.note;
    commit.watermarks = note.watermarks;
    for (const auto& file : snapshot->files) {
      BL_TRY(DataFile one, file_of(name, *file, commit.watermarks));
      report.rows += one.rows;
      report.files += 1;
      commit.added.push_back(std::move(one));
    }
    BL_RETURN_IF_ERROR(catalog_.create_table(definition));
    BL_TRY(const PublisherToken token, catalog_.take(name));
    BL_RETURN_IF_ERROR(catalog_.publish(token, commit));
    report.tables += 1;
    return {};
  }

 private:
  Result<DataFile> file_of(const std::string& table, const DeltaFile& listed,
                           Watermarks& watermarks) {
    DataFile file{delta_prefix(table) + listed.path, 0, listed.size, 0, {}};
    DataFiles data(store_, world_.disk, scratch_, ids_, table);
    const DataFile* one = &file;
    BL_TRY(const LocalFiles local, data.fetch({&one, 1}));
    const std::string& path = local.paths().front();
    BL_TRY(const auto connection, engine_.connect());
    auto footer = duck::read_footer(*connection, path);
    if (!footer.ok()) return std::move(footer).error().with_context(file.key);
    file.rows = footer->rows;
    file.bytes = footer->bytes;
    file.footer_bytes = footer->footer_bytes;
    file.columns = std::move(footer->columns);
    BL_TRY(const Watermarks reached, watermarks_of(*connection, path));
    widen(watermarks, reached);
    return file;
  }

  Result<Watermarks> watermarks_of(duck::Connection& connection, const std::string& path) {
    BL_TRY(
        duck::Answer answer,
        connection.query("SELECT decode(value) FROM parquet_kv_metadata(?) WHERE decode(key) = ?",
                         {path, std::string(k_watermarks_text)}));
    BL_TRY(const columns::Batch batch, answer.all());
    BL_TRY(const auto texts, batch.column(0).as<std::string_view>());
    Watermarks reached;
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      BL_TRY(const json::Value value, json::parse(texts[i]));
      if (!value.is_object()) continue;
      for (const auto& [journal, to] : value.members()) {
        if (to.is_number() && to.as_int64()) {
          reached[journal] = static_cast<std::uint64_t>(*to.as_int64());
        }
      }
    }
    return reached;
  }

  objects::ObjectStore& store_;
  duck::Database& engine_;
  Catalog& catalog_;
  IdSource& ids_;
  const LakeWorld& world_;
  const std::string scratch_;
};

}  // namespace

Result<Rebuilt> rebuild_catalog(const LakeOptions& options, const LakeWorld& world,
                                const std::function<void(std::size_t, std::size_t)>& progress) {
  const std::string scratch = options.folder + "/scratch";
  BL_RETURN_IF_ERROR(world.disk.make_folder(scratch));
  BL_TRY(const auto lock, world.disk.lock(options.folder + "/lock", "this lake is being rebuilt"));
  const objects::Wait wait = [](std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
    return true;
  };
  const objects::World objects_world{world.clock, world.random, world.disk, world.metrics, wait};
  BL_TRY(const auto store, objects::open_store(options.objects, options.variables, objects_world));
  BL_TRY(const auto engine, duck::Database::open({}));
  BL_TRY(const auto names, tables_of(*store));
  if (names.empty()) {
    return Error{Code::not_found, "no table with a Delta log to rebuild from: " + options.objects};
  }
  CatalogOptions catalog_options;
  catalog_options.catalog = options.catalog;
  catalog_options.objects = options.objects;
  catalog_options.variables = options.variables;
  catalog_options.creation = CatalogCreation::anew;
  catalog_options.limits = options.limits.catalog;
  BL_TRY(const auto catalog, open_catalog(std::move(catalog_options), *store, objects_world));
  BL_TRY(const auto there, catalog->tables());
  if (!there.empty()) {
    return Error{Code::conflict,
                 "the catalog is not lost, it has tables; move it aside first: " + options.catalog};
  }
  IdSource ids(world.clock, world.random);
  Rebuild rebuild(*store, *engine, *catalog, ids, world, scratch);
  const DeltaWorld delta{*store,       world.disk,    scratch,   *engine, world.clock,
                         world.random, world.metrics, world.log, wait};
  Rebuilt report;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (progress) progress(i, names.size());
    auto done = rebuild.table(names[i], delta, report);
    if (!done.ok()) return std::move(done).error().with_context("table " + names[i]);
  }
  if (progress) progress(names.size(), names.size());
  return report;
}

}  // namespace bl::lake
