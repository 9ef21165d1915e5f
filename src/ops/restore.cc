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

/// `FILE.replaced-20261121T180000`, or with a number behind it: what is kept is never overwritten.
Result<std::string> name_of_kept(Disk& disk, const std::string& file, Timestamp now) {
  std::string time = to_rfc3339_seconds(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  const std::string name = file + ".replaced-" + time;
  for (int number = 1;; ++number) {
    std::string tried = number == 1 ? name : fmt::format("{}-{}", name, number);
    BL_TRY(const bool is_taken, disk.exists(tried));
    if (!is_taken) return tried;
  }
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
  BL_TRY(const FileDigest digest, copy_file(disk, request.backup, copy, phase_of(progress, "copying")));
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
  BL_RETURN_IF_ERROR(demand_replaceable(request, clock));
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
  BL_RETURN_IF_ERROR(demand_replaceable(request, clock));
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
  RestoreOutcome outcome{std::move(manifest), {}};
  if (request.place.dialect == store::Dialect::sqlite) {
    BL_TRY(outcome.kept, restore_sqlite(request, outcome.manifest, disk, clock, progress));
  } else {
    BL_RETURN_IF_ERROR(restore_postgres(request, outcome.manifest, clock, progress));
  }
  return outcome;
}

}  // namespace bl::ops
