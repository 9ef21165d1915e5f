#include "lake/lake.h"

#include "lake/file_journal.h"
#include "lake/table/delta_mirror.h"
#include "lake/table/dropped.h"

namespace bl::lake {
namespace {

constexpr std::chrono::milliseconds k_tick{100};

}  // namespace

Lake::Lake(LakeOptions options, const LakeWorld& world)
    : options_(std::move(options)),
      world_(world),
      ids_(world.clock, world.random),
      scratch_(options_.folder + "/scratch") {}

Lake::~Lake() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
  }
  stopping_.notify_all();
  if (housekeeper_.joinable()) housekeeper_.join();
}

Result<std::unique_ptr<Lake>> Lake::open(LakeOptions options, const LakeWorld& world) {
  std::unique_ptr<Lake> lake(new Lake(std::move(options), world));
  BL_RETURN_IF_ERROR(lake->open_parts());
  BL_RETURN_IF_ERROR(lake->finish_drops());
  BL_TRY(const auto names, lake->catalog_->tables());
  for (const std::string& name : names) {
    auto opened = lake->open_table(name);
    if (!opened.ok()) return std::move(opened).error().with_context("table " + name);
  }
  if (lake->options_.housekeeping) lake->housekeeper_ = std::thread([&at = *lake] { at.run(); });
  return lake;
}

// Opening ------------------------------------------------------------------------------------

bool Lake::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !stopping_.wait_for(lock, time, [&] { return stops_; });
}

Result<void> Lake::open_parts() {
  BL_RETURN_IF_ERROR(world_.disk.make_folder(scratch_));
  BL_TRY(lock_, world_.disk.lock(options_.folder + "/lock", "this lake is open"));
  BL_TRY(const auto left, world_.disk.list(scratch_));
  for (const std::string& name : left) {
    // Folders in it are the engine's, which empties them itself.
    (void)world_.disk.remove(scratch_ + "/" + name).ok();
  }
  const objects::World objects_world{world_.clock, world_.random, world_.disk, world_.metrics,
                                     [this](std::chrono::milliseconds time) { return wait(time); }};
  BL_TRY(store_, objects::open_store(options_.objects, options_.variables, objects_world));
  BL_TRY(engine_, duck::Database::open(
                      {.limits = {.memory_bytes_max = options_.limits.engine_memory_bytes_max,
                                  .threads = options_.limits.engine_threads,
                                  .temp_folder = options_.folder + "/spill"},
                       .counts_progress = false}));
  CatalogOptions catalog;
  catalog.catalog = options_.catalog;
  catalog.objects = options_.objects;
  catalog.variables = options_.variables;
  catalog.limits = options_.limits.catalog;
  BL_TRY(catalog_, open_catalog(std::move(catalog), *store_, objects_world));
  return {};
}

DeltaWorld Lake::delta_world() {
  return {
      *store_,        world_.disk,  scratch_,
      *engine_,       world_.clock, world_.random,
      world_.metrics, world_.log,   [this](std::chrono::milliseconds time) { return wait(time); }};
}

Result<std::unique_ptr<Journal>> Lake::open_journal(const std::string& table) {
  if (options_.journal == JournalKind::file) {
    return open_file_journal(world_.disk, options_.folder + "/" + journal_name(table),
                             options_.limits.journal, world_.clock, world_.random, world_.log,
                             world_.metrics);
  }
  // From now on nobody else appends: what an earlier process has under way comes too late.
  const std::string prefix = journal_name(table);
  BL_TRY(const auto left, list_object_journals(*store_, prefix));
  for (const std::string& id : left) {
    BL_RETURN_IF_ERROR(
        seal_object_journal(*store_, prefix, id, options_.limits.object_journal, journal_world()));
  }
  return open_object_journal(*store_, prefix, options_.limits.object_journal, journal_world());
}

// What earlier processes left in journals of objects goes to files, and then the journals.
Result<void> Lake::adopt_journals(Table& table) {
  const std::string prefix = journal_name(table.name());
  BL_TRY(const auto left, list_object_journals(*store_, prefix));
  for (const std::string& id : left) {
    const auto& limits = options_.limits.object_journal;
    const auto read = [&](RecordNo first, const auto& each) -> Result<void> {
      auto end = read_object_journal(*store_, prefix, id, first, each, limits);
      if (!end.ok()) return std::move(end).error();
      return {};
    };
    BL_TRY(const RecordNo next, table.adopt(id, read));
    BL_RETURN_IF_ERROR(trim_object_journal(*store_, prefix, id, next, limits, journal_world()));
  }
  return {};
}

ObjectJournalWorld Lake::journal_world() {
  return {world_.clock, world_.random, world_.log, world_.metrics,
          [this](std::chrono::milliseconds time) { return wait(time); }};
}

Result<std::shared_ptr<Table>> Lake::open_table(const std::string& name) {
  BL_TRY(auto journal, open_journal(name));
  const TableParts parts{*catalog_, *store_,      *engine_,   world_.disk,    scratch_,
                         ids_,      world_.clock, world_.log, world_.metrics, world_.keeper};
  std::unique_ptr<Mirror> mirror;
  if (options_.delta) mirror = make_delta_mirror(delta_world(), name, catalog_->number());
  BL_TRY(std::shared_ptr<Table> table,
         Table::open(parts, name, std::move(journal), std::move(mirror), options_.limits.table));
  // Before the first append of this process: until then its own journal has no chain.
  if (options_.journal == JournalKind::object) BL_RETURN_IF_ERROR(adopt_journals(*table));
  const std::lock_guard lock(mutex_);
  tables_[name] = table;
  return table;
}

Result<std::shared_ptr<Table>> Lake::create_table(const std::string& name,
                                                  const columns::Schema& schema,
                                                  const Layout& layout) {
  BL_RETURN_IF_ERROR(layout_of(properties_of(layout), schema));
  const std::lock_guard one_at_a_time(drop_mutex_);
  BL_TRY(const bool is_dropping, is_marked_dropped(*store_, name));
  if (is_dropping) BL_RETURN_IF_ERROR(finish_drop(name));
  BL_RETURN_IF_ERROR(catalog_->create_table({name, schema, properties_of(layout)}));
  return open_table(name);
}

Result<std::shared_ptr<Table>> Lake::table(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(name);
  if (found == tables_.end()) return Error{Code::not_found, "no table of the lake: " + name};
  return found->second;
}

std::vector<std::shared_ptr<Table>> Lake::tables() {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Table>> all;
  for (const auto& [name, table] : tables_) all.push_back(table);
  return all;
}

// Keeping order ------------------------------------------------------------------------------

Result<Expired> Lake::expire() {
  return expire(world_.clock.now() - options_.limits.keep_snapshots);
}

Result<Expired> Lake::expire(Timestamp keep_from) {
  std::set<std::int64_t> held;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(dropped_, [](const auto& table) { return table->held().empty(); });
    for (const auto& table : dropped_) held.merge(table->held());
  }
  return lake::expire(*catalog_, *store_, tables(), std::move(held), world_.clock.now(), keep_from);
}

Result<std::int64_t> Lake::sweep() {
  const Timestamp older_than = world_.clock.now() - options_.limits.orphan_age;
  std::int64_t removed = 0;
  for (const auto& table : tables()) {
    BL_TRY(const std::int64_t count, lake::sweep(*catalog_, *store_, *table, older_than));
    removed += count;
  }
  BL_TRY(const std::uint64_t unfinished, store_->sweep_unfinished(older_than));
  return removed + static_cast<std::int64_t>(unfinished);
}

void Lake::say(const std::string& what, const std::string& table, const Error& error) {
  world_.log.warning("housekeeping of the lake failed; the next round tries again",
                     {{"what", what}, {"table", table}, {"error", error.message}});
}

void Lake::keep_house() {
  const std::lock_guard one_at_a_time(house_mutex_);
  const auto now = world_.clock.steady_now();
  for (const auto& table : tables()) {
    if (!table->flush_is_due()) continue;
    if (const auto flushed = table->flush(); !flushed.ok()) {
      say("flush", table->name(), flushed.error());
    }
  }
  const auto is_due = [&](std::chrono::steady_clock::time_point& last, std::chrono::seconds every) {
    if (now - last < every) return false;
    last = now;
    return true;
  };
  if (is_due(compacted_, options_.limits.compact_every)) {
    for (const auto& table : tables()) {
      if (const auto done = table->compact(); !done.ok()) {
        say("compact", table->name(), done.error());
      }
    }
  }
  if (is_due(expired_, options_.limits.expire_every)) {
    if (const auto done = expire(); !done.ok()) say("expire", "", done.error());
  }
  if (is_due(swept_, options_.limits.sweep_every)) {
    if (const auto done = sweep(); !done.ok()) say("sweep", "", done.error());
  }
}

void Lake::run() {
  while (wait(k_tick)) keep_house();
}

}  // namespace bl::lake
