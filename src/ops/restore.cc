#include "ops/restore.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/file_copy.h"
#include "ops/backup.h"
#include "ops/events_backup.h"
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

/// Makes `copy` and gives it the store's name; from then on it `has_come`, also when it is not
/// known whether that would survive a power cut.
Result<std::string> put_in_place(const RestoreRequest& request, const std::string& copy,
                                 const Manifest& manifest, Disk& disk, const Clock& clock,
                                 const Progress& progress, bool& has_come) {
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
  has_come = true;
  BL_RETURN_IF_ERROR(disk.sync_folder(folder_of(file)));
  return kept;
}

Result<std::string> restore_sqlite(const RestoreRequest& request, const Manifest& manifest,
                                   Disk& disk, const Clock& clock, const Progress& progress,
                                   bool& has_come) {
  const std::string& file = request.place.file;
  const std::string copy = file + ".restoring";
  BL_TRY(const auto lock, disk.lock(file + ".lock", fmt::format("restore, pid {}", getpid())));
  BL_RETURN_IF_ERROR(remove_if_there(disk, copy));  // of a restore that was killed
  auto kept = put_in_place(request, copy, manifest, disk, clock, progress, has_come);
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
                              const Clock& clock, const Progress& progress, bool& has_come) {
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
  has_come = true;
  BL_RETURN_IF_ERROR(drop_tables_of_later_migrations(request.place, manifest, clock));
  return demand_tables(request.place, manifest, clock);
}

std::string unfinished_path(const std::string& data_folder) {
  return data_folder + "/restore.unfinished";
}

/// The lake's part of a restore.
class LakeRestore {
 public:
  /// `goes_on`: one was cut off, and this is it once more.
  LakeRestore(const RestoreRequest& request, Disk& disk, bool goes_on)
      : request_(request), disk_(disk), goes_on_(goes_on) {}

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
    if (goes_on_) return {};
    BL_TRY(is_there_, is_lake_there(*request_.lake, *request_.world));
    if (!is_there_ || request_.existing == Existing::replace) return {};
    return Error(Code::conflict,
                 "a lake is there; --force moves it aside: " + request_.lake->objects);
  }
  bool is_wanted() const { return wanted_; }

  Result<void> move_aside(Timestamp now, std::vector<std::string>& kept) {
    if (!wanted_ || !is_there_) return {};
    return move_lake_aside(*request_.lake, disk_, now, kept);
  }
  Result<void> begin() {
    if (!wanted_) return {};
    return drop_catalog_file(*request_.lake, disk_);
  }
  Result<void> load(const Progress& progress) {
    if (!wanted_) return {};
    const auto loaded = lake::load_lake(*request_.lake, *request_.world, folder_, files_,
                                        phase_of(progress, "restoring the lake"));
    return loaded.ok() ? Result<void>{} : loaded.error();
  }

 private:
  const RestoreRequest& request_;
  Disk& disk_;
  std::string folder_;
  std::vector<lake::CopiedFile> files_;
  bool wanted_ = false, is_there_ = false;
  const bool goes_on_;
};

/// The build events' part, in the same steps.
class EventsRestore {
 public:
  EventsRestore(const RestoreRequest& request, Disk& disk, bool goes_on)
      : request_(request), disk_(disk), goes_on_(goes_on) {}

  Result<void> check(const Manifest& manifest, const Progress& progress) {
    if (!manifest.events || request_.store_alone) return {};
    const EventLogPort* port = request_.events;
    if (port == nullptr || !port->load) {
      return Error(Code::invalid,
                   fmt::format("the backup holds a log of {} build events, and none is kept here "
                               "(events.log); --store-only leaves it out",
                               manifest.events->events));
    }
    manifest_ = *manifest.events;
    folder_ = events_path(request_.backup);
    BL_RETURN_IF_ERROR(verify_events(disk_, folder_, *manifest_, progress));
    if (goes_on_) return {};
    BL_TRY(is_there_, port->is_there());
    if (!is_there_ || request_.existing == Existing::replace) return {};
    return Error(Code::conflict,
                 "a log of build events is there; --force moves it aside: " + port->shown);
  }
  bool is_wanted() const { return manifest_.has_value(); }

  Result<void> move_aside(Timestamp now, std::vector<std::string>& kept) {
    if (!is_wanted() || !is_there_) return {};
    BL_TRY(const auto files, request_.events->files());
    return ops::move_aside(disk_, files, now, kept);
  }
  Result<void> load(const Progress& progress) {
    if (!is_wanted()) return {};
    return load_events(*request_.events, folder_, *manifest_, progress);
  }

 private:
  const RestoreRequest& request_;
  Disk& disk_;
  std::string folder_;
  std::optional<EventsManifest> manifest_;
  bool is_there_ = false;
  const bool goes_on_;
};

/// Both, and the mark that keeps servers away until they fit to the store.
class FolderRestore {
 public:
  FolderRestore(const RestoreRequest& request, Disk& disk, bool goes_on)
      : request_(request),
        disk_(disk),
        goes_on_(goes_on),
        lake_(request, disk, goes_on),
        events_(request, disk, goes_on) {}

  /// Looks at all that could refuse it before anything is changed.
  Result<void> check(const Manifest& manifest, const Progress& progress) {
    BL_RETURN_IF_ERROR(lake_.check(manifest, progress));
    return events_.check(manifest, progress);
  }
  /// From here on no server starts until load() is through. After an error all is as it was.
  Result<void> begin(Timestamp now, RestoreOutcome& outcome) {
    outcome.has_lake = lake_.is_wanted();
    outcome.has_events = events_.is_wanted();
    if (!is_wanted()) return {};
    auto begun = lake_.move_aside(now, outcome.kept_lake);
    if (begun.ok()) begun = events_.move_aside(now, outcome.kept_events);
    if (begun.ok()) {
      begun = write_file_atomically(disk_, unfinished_path(request_.data_folder),
                                    request_.backup + "\n", FileMode::secret);
    }
    if (begun.ok()) begun = lake_.begin();
    if (!begun.ok()) give_back(outcome);
    return begun;
  }
  /// The store did not come back: what was there fits to the one that is.
  void give_back(const RestoreOutcome& outcome) {
    if (!is_wanted() || goes_on_) return;
    for (const auto* kept : {&outcome.kept_lake, &outcome.kept_events}) {
      for (const std::string& path : *kept) {
        (void)disk_.rename(path, path.substr(0, path.rfind(k_kept_mark))).ok();
      }
    }
    (void)remove_if_there(disk_, unfinished_path(request_.data_folder)).ok();
  }
  Result<void> load(const Progress& progress) {
    if (!is_wanted()) return {};
    BL_RETURN_IF_ERROR(lake_.load(progress));
    BL_RETURN_IF_ERROR(events_.load(progress));
    BL_RETURN_IF_ERROR(remove_if_there(disk_, unfinished_path(request_.data_folder)));
    return disk_.sync_folder(request_.data_folder);
  }

 private:
  bool is_wanted() const { return lake_.is_wanted() || events_.is_wanted(); }

  const RestoreRequest& request_;
  Disk& disk_;
  const bool goes_on_;
  LakeRestore lake_;
  EventsRestore events_;
};

Result<void> restore_store(const RestoreRequest& request, Disk& disk, const Clock& clock,
                           const Progress& progress, RestoreOutcome& outcome, bool& has_come) {
  if (request.place.dialect == store::Dialect::sqlite) {
    BL_TRY(outcome.kept,
           restore_sqlite(request, outcome.manifest, disk, clock, progress, has_come));
    return {};
  }
  return restore_postgres(request, outcome.manifest, clock, progress, has_come);
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
  BL_TRY(const bool goes_on, disk.exists(unfinished_path(request.data_folder)));
  FolderRestore folders(request, disk, goes_on);
  BL_RETURN_IF_ERROR(folders.check(manifest, progress));
  RestoreRequest wanted = request;
  // The store that the call brought which was cut off.
  if (goes_on) wanted.existing = Existing::replace;
  BL_RETURN_IF_ERROR(demand_replaceable(wanted, clock));
  RestoreOutcome outcome;
  outcome.manifest = std::move(manifest);
  BL_RETURN_IF_ERROR(folders.begin(clock.now(), outcome));
  bool has_come = false;
  if (auto done = restore_store(wanted, disk, clock, progress, outcome, has_come); !done.ok()) {
    // Else the former lake and events do not fit to it: the same restore again ends it.
    if (!has_come) folders.give_back(outcome);
    return std::move(done).error();
  }
  BL_RETURN_IF_ERROR(folders.load(progress));
  return outcome;
}

Result<void> demand_restored(Disk& disk, const std::string& data_folder) {
  const auto backup = read_file(disk, unfinished_path(data_folder), 64u << 10);
  if (!backup.ok() && backup.error().code == Code::not_found) return {};
  if (!backup.ok()) return backup.error();
  return Error(Code::conflict,
               "a restore was cut off, and its parts may not fit together; restore again: " +
                   backup->substr(0, backup->find('\n')));
}

}  // namespace bl::ops
