#include "ops/backup.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include "base/file_copy.h"
#include "ops/events_backup.h"
#include "ops/postgres_tools.h"
#include "ops/store_access.h"
#include "store/sqlite_file.h"

namespace bl::ops {
namespace {

constexpr std::uint64_t k_manifest_bytes_max = 4u << 20;

Result<void> demand_absent(Disk& disk, const std::string& path) {
  BL_TRY(const bool is_there, disk.exists(path));
  if (is_there) return Error(Code::conflict, "a backup is never overwritten; it exists: " + path);
  return {};
}

/// Better to say it before hours of work than after.
Result<void> demand_room(const std::string& folder, std::uint64_t bytes) {
  struct statvfs room{};
  if (statvfs(folder.c_str(), &room) != 0) return {};
  const std::uint64_t available = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
  if (available >= bytes) return {};
  return Error(Code::disk_full, fmt::format("the backup needs {} more bytes and {} are free in: {}",
                                            bytes, available, folder));
}

Result<std::int64_t> newest_schema(store::Database& database) {
  BL_TRY(const auto steps, store::plan_migrations(database, {}));
  return steps.empty() ? std::int64_t{0} : steps.back().number;
}

/// What a copy of SQLite holds, counted in the copy itself; only a sound copy is counted.
Result<void> describe_sqlite(const StorePlace& copy, const Clock& clock, Manifest& manifest) {
  BL_TRY(const auto problems, store::check_sqlite_file(copy.file, store::CheckDepth::full));
  if (!problems.empty()) {
    return Error(Code::corrupt,
                 "the store is damaged, `benchlake doctor` says more: " + problems.front());
  }
  BL_TRY(const OpenedStore opened, open_for_reading(copy, clock));
  BL_TRY(manifest.tables, store::count_rows(*opened.database));
  BL_TRY(manifest.schema, newest_schema(*opened.database));
  return {};
}

Result<void> copy_sqlite(const BackupRequest& request, const std::string& partial,
                         const Clock& clock, Manifest& manifest, const Progress& progress) {
  const std::string folder = folder_of(request.path);
  Result<void> room;
  const auto copied = store::copy_sqlite_file(
      request.place.file, partial, [&](std::uint64_t done, std::uint64_t total) {
        // The size is known with the first piece.
        room = demand_room(folder, total - std::min(done, total));
        return room.ok() && progress("copying", done, total);
      });
  BL_RETURN_IF_ERROR(room);
  BL_RETURN_IF_ERROR(copied);
  if (!progress("checking", 0, 0)) return Error(Code::cancelled, "the backup was cancelled");
  StorePlace copy = request.place;
  copy.file = partial;
  return describe_sqlite(copy, clock, manifest);
}

Result<void> fill(const BackupRequest& request, Disk& disk, const std::string& partial,
                  const Clock& clock, Manifest& manifest, const Progress& progress) {
  if (manifest.dialect == store::Dialect::sqlite) {
    BL_RETURN_IF_ERROR(copy_sqlite(request, partial, clock, manifest, progress));
  } else {
    BL_RETURN_IF_ERROR(dump_postgres(request.place, partial, clock, manifest, progress));
  }
  BL_TRY(const FileDigest digest, digest_file(disk, partial, phase_of(progress, "checksum")));
  manifest.bytes = digest.bytes;
  manifest.sha256 = digest.sha256;
  return sync_file(disk, partial);
}

std::string partial_lake(const std::string& path) {
  return lake_path(path) + ".partial";
}
std::string partial_events(const std::string& path) {
  return events_path(path) + ".partial";
}

/// What a backup that failed or was killed has left.
Result<void> remove_partials(Disk& disk, const std::string& path) {
  auto removed = remove_if_there(disk, path + ".partial");
  for (const std::string& folder : {partial_lake(path), partial_events(path)}) {
    auto gone = remove_tree(disk, folder);
    if (removed.ok()) removed = std::move(gone);
  }
  return removed;
}

Result<void> copy_folders(const BackupRequest& request, Disk& disk, Manifest& manifest,
                          const Progress& progress) {
  if (request.lake != nullptr) {
    BL_TRY(manifest.lake, back_up_lake(*request.lake, partial_lake(request.path), progress));
  }
  if (request.events != nullptr) {
    BL_TRY(manifest.events,
           back_up_events(*request.events, disk, partial_events(request.path), progress));
  }
  return {};
}

Result<void> publish(Disk& disk, const std::string& partial, const std::string& path,
                     const Manifest& manifest) {
  Result<void> published;
  if (manifest.lake) published = disk.rename(partial_lake(path), lake_path(path));
  if (published.ok() && manifest.events) {
    published = disk.rename(partial_events(path), events_path(path));
  }
  // link(2) never overwrites, rename(2) would.
  if (published.ok()) published = disk.link(partial, path);
  if (published.ok()) published = disk.remove(partial);
  if (published.ok()) {
    published =
        write_file_atomically(disk, manifest_path(path), encode(manifest), FileMode::secret);
  }
  if (!published.ok()) {
    // Half a backup would only be in the way of the next one.
    (void)remove_if_there(disk, manifest_path(path)).ok();
    (void)remove_if_there(disk, path).ok();
    if (manifest.lake) (void)remove_tree(disk, lake_path(path)).ok();
    if (manifest.events) (void)remove_tree(disk, events_path(path)).ok();
  }
  return published;
}

/// A mistyped folder is not made: nobody would look for the backup there.
Result<void> demand_folder(Disk& disk, const std::string& folder) {
  const auto facts = disk.facts(folder);
  if (facts.ok() && facts->kind == FileFacts::Kind::file) {
    return Error(Code::invalid, "this is a file, not a folder: " + folder);
  }
  if (!facts.ok()) return facts.error();
  return {};
}

}  // namespace

Result<Manifest> make_backup(const BackupRequest& request, Disk& disk, const Clock& clock,
                             const Progress& progress) {
  if (auto there = demand_folder(disk, folder_of(request.path)); !there.ok()) {
    return std::move(there).error().with_context("backup to " + request.path);
  }
  BL_RETURN_IF_ERROR(demand_absent(disk, request.path));
  BL_RETURN_IF_ERROR(demand_absent(disk, manifest_path(request.path)));
  BL_RETURN_IF_ERROR(demand_absent(disk, lake_path(request.path)));
  BL_RETURN_IF_ERROR(demand_absent(disk, events_path(request.path)));
  const std::string partial = request.path + ".partial";
  BL_RETURN_IF_ERROR(remove_partials(disk, request.path));
  Manifest manifest;
  manifest.dialect = request.place.dialect;
  manifest.program_version = request.program_version;
  auto done = copy_folders(request, disk, manifest, progress);
  manifest.made_at = clock.now();
  if (done.ok()) done = fill(request, disk, partial, clock, manifest, progress);
  if (done.ok()) done = publish(disk, partial, request.path, manifest);
  if (!done.ok()) {
    // The first error is the one to tell.
    (void)remove_partials(disk, request.path).ok();
    return std::move(done).error().with_context("backup to " + request.path);
  }
  return manifest;
}

Result<Manifest> verify_backup(Disk& disk, const std::string& path, const Progress& progress) {
  const auto text = read_file(disk, manifest_path(path), k_manifest_bytes_max);
  if (!text.ok()) {
    Error error = text.error();
    return std::move(error).with_context("a backup is a file and its manifest");
  }
  BL_TRY(Manifest manifest, decode_manifest(*text));
  BL_TRY(const FileDigest digest, digest_file(disk, path, phase_of(progress, "checksum")));
  if (digest.bytes != manifest.bytes) {
    return Error(Code::corrupt, fmt::format("the backup has {} bytes, its manifest says {}: {}",
                                            digest.bytes, manifest.bytes, path));
  }
  if (digest.sha256 != manifest.sha256) {
    return Error(Code::corrupt, "the backup is not what its manifest describes (SHA-256): " + path);
  }
  return manifest;
}

}  // namespace bl::ops
