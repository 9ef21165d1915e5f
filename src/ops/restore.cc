#include "ops/restore.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/file_copy.h"
#include "ops/backup.h"
#include "ops/postgres_tools.h"
#include "ops/store_access.h"
#include "store/sqlite_file.h"

namespace bl::ops {
namespace {

using Existing = RestoreRequest::Existing;

/// Rows that somebody would miss: those that a migration itself writes are none.
std::int64_t rows_in(const std::vector<store::TableRows>& tables) {
  std::int64_t rows = 0;
  for (const store::TableRows& table : tables) {
    const bool is_ours_alone = table.table == "bl_migration" || table.table == "bl_counter" ||
                               table.table == "benchlake.migration" ||
                               table.table == "public.alembic_version";
    if (!is_ours_alone) rows += table.rows;
  }
  return rows;
}

Result<std::int64_t> rows_in(const StorePlace& place, const Clock& clock) {
  BL_TRY(const OpenedStore opened, open_for_reading(place, clock));
  BL_TRY(const auto tables, store::count_rows(*opened.database));
  return rows_in(tables);
}

Result<void> demand_replaceable(const RestoreRequest& request, const Clock& clock) {
  if (request.existing == Existing::replace) return {};
  const auto rows = rows_in(request.place, clock);
  if (!rows.ok() && rows.error().code == Code::not_found) return {};
  BL_RETURN_IF_ERROR(rows);
  if (*rows == 0) return {};
  return Error(Code::conflict, fmt::format("the store holds {} rows; --force replaces it: {}",
                                           *rows, request.place.redacted));
}

Result<void> demand_known_schema(const StorePlace& place, const RestoreRequest& request,
                                 const Clock& clock) {
  BL_TRY(const OpenedStore opened, open_for_reading(place, clock));
  BL_TRY(const auto steps, store::plan_migrations(*opened.database, request.migrations));
  for (const store::MigrationStep& step : steps) {
    if (step.state == store::MigrationStep::State::applied ||
        step.state == store::MigrationStep::State::missing)
      continue;
    return Error(Code::conflict,
                 fmt::format("the backup is of another program than this one; its migration is {}: "
                             "{} {}",
                             store::name_of(step.state), step.number, step.name));
  }
  return {};
}

Result<void> demand_tables(const StorePlace& place, const Manifest& manifest, const Clock& clock) {
  BL_TRY(const OpenedStore opened, open_for_reading(place, clock));
  BL_TRY(const auto tables, store::count_rows(*opened.database));
  for (const store::TableRows& table : manifest.tables) {
    if (std::find(tables.begin(), tables.end(), table) != tables.end()) continue;
    return Error(Code::corrupt,
                 fmt::format("the restored table has not the {} rows that the manifest says: {}",
                             table.rows, table.table));
  }
  return {};
}

/// The copy is checked as what it is going to be, before anybody depends on it.
Result<void> check_copy(const RestoreRequest& request, const std::string& copy,
                        const Manifest& manifest, const Clock& clock) {
  BL_TRY(const auto problems, store::check_sqlite_file(copy, store::CheckDepth::quick));
  if (!problems.empty())
    return Error(Code::corrupt, "the backup's database is damaged: " + problems.front());
  StorePlace place = request.place;
  place.file = copy;
  BL_RETURN_IF_ERROR(demand_known_schema(place, request, clock));
  return demand_tables(place, manifest, clock);
}

/// One file, without a WAL that would be replayed into its successor. A broken store cannot be
/// settled: then its WAL is put aside with it.
Result<void> settle(Disk& disk, const std::string& file, const std::string& kept) {
  const auto settled = store::settle_sqlite_file(file);
  if (settled.ok()) return {};
  for (const char* suffix : {"-wal", "-shm"}) {
    BL_TRY(const bool is_there, disk.exists(file + suffix));
    if (is_there) BL_RETURN_IF_ERROR(disk.rename(file + suffix, kept + suffix));
  }
  return disk.sync_folder(folder_of(file));
}

/// The former store by its new name, if any: a second name of the same file, until the rename.
Result<std::string> keep_former(const std::string& file, Disk& disk, const Clock& clock) {
  BL_TRY(const bool is_there, disk.exists(file));
  if (!is_there) return std::string();
  BL_TRY(std::string kept, name_of_kept(disk, file, clock.now()));
  BL_RETURN_IF_ERROR(settle(disk, file, kept));
  BL_RETURN_IF_ERROR(disk.link(file, kept));
  return kept;
}

/// Makes `copy` and gives it the store's name.
Result<std::string> put_in_place(const RestoreRequest& request, const std::string& copy,
                                 const Manifest& manifest, Disk& disk, const Clock& clock,
                                 const Progress& progress) {
  const std::string& file = request.place.file;
  BL_TRY(const FileDigest digest,
         copy_file(disk, request.backup, copy, phase_of(progress, "copying")));
  if (digest.sha256 != manifest.sha256) {
    return Error(Code::corrupt, "the backup changed while it was read: " + request.backup);
  }
  if (!progress("checking", 0, 0)) return Error(Code::cancelled, "the restore was cancelled");
  BL_RETURN_IF_ERROR(check_copy(request, copy, manifest, clock));
  BL_TRY(std::string kept, keep_former(file, disk, clock));
  if (auto renamed = disk.rename(copy, file); !renamed.ok()) {
    if (!kept.empty()) (void)remove_if_there(disk, kept).ok();  // the store has its own name still
    return std::move(renamed).error();
  }
  BL_RETURN_IF_ERROR(disk.sync_folder(folder_of(file)));
  return kept;
}

Result<std::string> restore_sqlite(const RestoreRequest& request, const Manifest& manifest,
                                   Disk& disk, const Clock& clock, const Progress& progress) {
  const std::string& file = request.place.file;
  const std::string copy = file + ".restoring";
  BL_TRY(const auto lock, disk.lock(file + ".lock", fmt::format("restore, pid {}", getpid())));
  BL_RETURN_IF_ERROR(remove_if_there(disk, copy));  // of a restore that was killed
  auto kept = put_in_place(request, copy, manifest, disk, clock, progress);
  // The first error is the one to tell; the next restore removes what this cannot.
  if (!kept.ok()) (void)remove_if_there(disk, copy).ok();
  return kept;
}

/// pg_restore drops what the backup holds, not what a newer program added since: its migrations
/// would meet it again.
Result<void> drop_tables_of_later_migrations(const StorePlace& place, const Manifest& manifest,
                                             const Clock& clock) {
  BL_TRY(const OpenedStore opened, open_as_owner(place, clock));
  return opened.database->write([&](store::Connection& connection) -> Result<void> {
    std::vector<std::pair<std::string, std::string>> drops;  // table, statement
    BL_RETURN_IF_ERROR(
        connection.query("SELECT schemaname || '.' || tablename,"
                         " format('DROP TABLE %I.%I CASCADE', schemaname, tablename)"
                         " FROM pg_catalog.pg_tables WHERE schemaname = 'benchlake' ORDER BY 1",
                         {}, [&](const store::Row& row) {
                           drops.emplace_back(row.text(0), row.text(1));
                           return true;
                         }));
    for (const auto& [table, statement] : drops) {
      const bool is_restored =
          std::any_of(manifest.tables.begin(), manifest.tables.end(),
                      [&](const store::TableRows& rows) { return rows.table == table; });
      if (is_restored) continue;
      BL_RETURN_IF_ERROR(
          connection.query_text(statement, {}, [](const store::Row&) { return true; }));
    }
    return {};
  });
}

Result<void> make_schema(const StorePlace& place, const Clock& clock) {
  BL_TRY(const OpenedStore opened, open_as_owner(place, clock));
  return opened.database->write([](store::Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(connection.execute("CREATE SCHEMA IF NOT EXISTS benchlake", {}));
    return {};
  });
}

Result<void> restore_postgres(const RestoreRequest& request, const Manifest& manifest,
                              const Clock& clock, const Progress& progress) {
  if (manifest.schema > static_cast<std::int64_t>(request.migrations.size())) {
    return Error(Code::conflict,
                 fmt::format("the backup is of a newer program; its newest migration is {} and "
                             "this program knows {}",
                             manifest.schema, request.migrations.size()));
  }
  BL_RETURN_IF_ERROR(make_schema(request.place, clock));
  // A schema without rows is in the way as well: there is nothing in it to lose.
  BL_RETURN_IF_ERROR(
      load_postgres({.place = request.place, .clean = true}, request.backup, progress));
  BL_RETURN_IF_ERROR(drop_tables_of_later_migrations(request.place, manifest, clock));
  return demand_tables(request.place, manifest, clock);
}

std::string unfinished_path(const std::string& data_folder) {
  return data_folder + "/restore.unfinished";
}

/// The lake's part of a restore.
class LakeRestore {
 public:
  LakeRestore(const RestoreRequest& request, Disk& disk) : request_(request), disk_(disk) {}

  /// Looks at all that could refuse it before anything is changed.
  Result<void> check(const Manifest& manifest, const Progress& progress) {
    if (!manifest.lake || request_.store_alone) return {};
    if (request_.lake == nullptr) {
      return Error(Code::invalid,
                   fmt::format("the backup holds a lake of {} tables, and no setting says where it "
                               "goes (lake.objects); --store-only leaves it out",
                               manifest.lake->tables.size()));
    }
    folder_ = lake_path(request_.backup);
    BL_TRY(files_, verify_lake(disk_, folder_, *manifest.lake, progress));
    wanted_ = true;
    BL_TRY(goes_on_, disk_.exists(unfinished_path(request_.data_folder)));
    if (goes_on_) return {};
    BL_TRY(is_there_, is_lake_there(*request_.lake, *request_.world));
    if (!is_there_ || request_.existing == Existing::replace) return {};
    return Error(Code::conflict,
                 "a lake is there; --force moves it aside: " + request_.lake->objects);
  }
  bool is_wanted() const { return wanted_; }
  bool goes_on() const { return goes_on_; }

  /// From here on no server starts until load() is through.
  Result<void> begin(Timestamp now, std::vector<std::string>& kept) {
    if (!wanted_) return {};
    if (is_there_) {
      BL_TRY(kept, move_lake_aside(*request_.lake, disk_, now));
    }
    BL_RETURN_IF_ERROR(write_file_atomically(disk_, unfinished_path(request_.data_folder),
                                             request_.backup + "\n", FileMode::secret));
    return drop_catalog_file(*request_.lake, disk_);
  }
  /// The store did not come back: the lake that was there fits to the one that is.
  void give_back(const std::vector<std::string>& kept) {
    if (!wanted_ || goes_on_) return;
    for (const std::string& path : kept) {
      (void)disk_.rename(path, path.substr(0, path.rfind(k_kept_mark))).ok();
    }
    (void)remove_if_there(disk_, unfinished_path(request_.data_folder)).ok();
  }
  Result<void> load(const Progress& progress) {
    if (!wanted_) return {};
    const auto loaded = lake::load_lake(*request_.lake, *request_.world, folder_, files_,
                                        phase_of(progress, "restoring the lake"));
    if (!loaded.ok()) return loaded.error();
    BL_RETURN_IF_ERROR(remove_if_there(disk_, unfinished_path(request_.data_folder)));
    return disk_.sync_folder(request_.data_folder);
  }

 private:
  const RestoreRequest& request_;
  Disk& disk_;
  std::string folder_;
  std::vector<lake::CopiedFile> files_;
  bool wanted_ = false, goes_on_ = false, is_there_ = false;
};

Result<void> restore_store(const RestoreRequest& request, Disk& disk, const Clock& clock,
                           const Progress& progress, RestoreOutcome& outcome) {
  if (request.place.dialect == store::Dialect::sqlite) {
    BL_TRY(outcome.kept, restore_sqlite(request, outcome.manifest, disk, clock, progress));
    return {};
  }
  return restore_postgres(request, outcome.manifest, clock, progress);
}

}  // namespace

Result<RestoreOutcome> restore_backup(const RestoreRequest& request, Disk& disk, const Clock& clock,
                                      const Progress& progress) {
  BL_TRY(Manifest manifest, verify_backup(disk, request.backup, progress));
  if (manifest.dialect != request.place.dialect) {
    return Error(Code::unsupported, "not supported: a backup of one kind of store into another: " +
                                        request.place.redacted);
  }
  BL_RETURN_IF_ERROR(disk.make_folder(request.data_folder));
  BL_TRY(const auto lock,
         disk.lock(request.data_folder + "/server.lock", fmt::format("restore, pid {}", getpid())));
  LakeRestore lake(request, disk);
  BL_RETURN_IF_ERROR(lake.check(manifest, progress));
  RestoreRequest wanted = request;
  // The store that the call brought which was cut off.
  if (lake.goes_on()) wanted.existing = Existing::replace;
  BL_RETURN_IF_ERROR(demand_replaceable(wanted, clock));
  RestoreOutcome outcome;
  outcome.manifest = std::move(manifest);
  outcome.has_lake = lake.is_wanted();
  BL_RETURN_IF_ERROR(lake.begin(clock.now(), outcome.kept_lake));
  if (auto done = restore_store(wanted, disk, clock, progress, outcome); !done.ok()) {
    lake.give_back(outcome.kept_lake);
    return std::move(done).error();
  }
  BL_RETURN_IF_ERROR(lake.load(progress));
  return outcome;
}

Result<void> demand_restored(Disk& disk, const std::string& data_folder) {
  const auto backup = read_file(disk, unfinished_path(data_folder), 64u << 10);
  if (!backup.ok() && backup.error().code == Code::not_found) return {};
  if (!backup.ok()) return backup.error();
  return Error(
      Code::conflict,
      "a restore of store and lake was cut off, they may not fit together; restore again: " +
          backup->substr(0, backup->find('\n')));
}

}  // namespace bl::ops
