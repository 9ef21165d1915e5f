#include "ops/lake_access.h"

#include <array>
#include <filesystem>

#include "base/uri.h"

namespace bl::ops {
namespace {

/// What SQLite keeps of a database, and ends with its name.
constexpr std::array<const char*, 4> k_parts = {"", "-wal", "-shm", "-journal"};

/// The catalog's file; empty when it is no file.
Result<std::string> catalog_file(const lake::LakeOptions& options) {
  BL_TRY(const Uri uri, parse_uri(options.catalog));
  return uri.scheme == "sqlite" ? uri.path : std::string();
}

Result<void> move_catalog(Disk& disk, const std::string& from, const std::string& to) {
  for (const char* part : k_parts) {
    BL_TRY(const bool there, disk.exists(from + part));
    if (there) BL_RETURN_IF_ERROR(disk.rename(from + part, to + part));
  }
  return disk.sync_folder(std::filesystem::path(from).parent_path());
}

Result<void> remove_catalog(Disk& disk, const std::string& file) {
  for (const char* part : k_parts) {
    BL_TRY(const bool there, disk.exists(file + part));
    if (there) BL_RETURN_IF_ERROR(disk.remove(file + part));
  }
  return {};
}

std::string name_aside(const std::string& file, Timestamp now) {
  std::string time = to_rfc3339_seconds(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return file + ".broken-" + time;
}

/// A server that runs keeps its catalog: nobody may move it away below it.
Result<void> demand_no_owner(const lake::LakeOptions& options, Disk& disk) {
  BL_RETURN_IF_ERROR(disk.make_folder(options.folder));
  BL_TRY(const auto lock, disk.lock(options.folder + "/lock", "this lake is being rebuilt"));
  return {};
}

}  // namespace

LakeSurroundings::LakeSurroundings()
    : disk(make_real_disk()), log(clock, LogLevel::warning, stderr_sink()) {}

Result<std::unique_ptr<lake::Lake>> open_lake(const lake::LakeOptions& options,
                                              LakeSurroundings& around) {
  lake::LakeOptions quiet = options;
  quiet.housekeeping = false;
  auto opened = lake::Lake::open(std::move(quiet), around.world());
  if (!opened.ok()) return std::move(opened).error().with_context("the lake " + options.objects);
  return opened;
}

Result<bool> has_catalog_file(const lake::LakeOptions& options, Disk& disk) {
  BL_TRY(const std::string file, catalog_file(options));
  if (file.empty()) return false;
  return disk.exists(file);
}

Result<RebuiltCatalog> rebuild_lake(
    const lake::LakeOptions& options, LakeSurroundings& around,
    const std::function<void(std::size_t done, std::size_t all)>& progress) {
  BL_RETURN_IF_ERROR(demand_no_owner(options, *around.disk));
  BL_TRY(const bool there, has_catalog_file(options, *around.disk));
  BL_TRY(const std::string file, catalog_file(options));
  RebuiltCatalog made;
  if (there) {
    made.aside = name_aside(file, around.clock.now());
    BL_RETURN_IF_ERROR(move_catalog(*around.disk, file, made.aside));
  }
  auto rebuilt = lake::rebuild_catalog(options, around.world(), progress);
  if (!rebuilt.ok()) {
    if (there) {
      BL_RETURN_IF_ERROR(remove_catalog(*around.disk, file));
      BL_RETURN_IF_ERROR(move_catalog(*around.disk, made.aside, file));
    }
    return std::move(rebuilt).error();
  }
  made.rebuilt = *rebuilt;
  return made;
}

}  // namespace bl::ops
