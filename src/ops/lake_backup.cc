#include "ops/lake_backup.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/file_copy.h"
#include "objects/open.h"
#include "ops/file_list.h"
#include "ops/lake_access.h"

namespace bl::ops {
namespace {

constexpr const char* k_end = ".lake";
constexpr std::size_t k_earlier_max = 3;
constexpr const char* k_phase = "lake";

/// Other backups' lakes in that folder, the newest names first.
Result<std::vector<std::string>> lakes_in(Disk& disk, const std::string& folder) {
  BL_TRY(const auto names, disk.list(folder));
  std::vector<std::string> lakes;
  for (auto name = names.rbegin(); name != names.rend() && lakes.size() < k_earlier_max; ++name) {
    if (name->ends_with(k_end)) lakes.push_back(folder + "/" + *name);
  }
  return lakes;
}

/// The folder of objects on this machine's disk; empty: they lie elsewhere.
std::string objects_folder(const lake::LakeOptions& options) {
  constexpr std::string_view k_file = "file://";
  if (options.objects.starts_with('/')) return options.objects;
  return options.objects.starts_with(k_file) ? options.objects.substr(k_file.size()) : "";
}

Result<bool> is_empty_folder(Disk& disk, const std::string& folder) {
  BL_TRY(const bool is_there, disk.exists(folder));
  if (!is_there) return true;
  BL_TRY(const auto names, disk.list(folder));
  return names.empty();
}

}  // namespace

std::string lake_path(const std::string& backup) {
  return backup + k_end;
}

Result<LakeManifest> back_up_lake(const OpenLake& open, const std::string& folder,
                                  const Progress& progress) {
  Disk& disk = open.world.disk;
  BL_TRY(const auto earlier, lakes_in(disk, folder_of(folder)));
  BL_TRY(const lake::LakeCopy copy,
         lake::copy_lake(open.lake, open.world, folder, earlier, phase_of(progress, k_phase)));
  LakeManifest manifest;
  for (const lake::CopiedTable& table : copy.tables) {
    manifest.tables.push_back({table.name, table.rows});
  }
  manifest.files = copy.files.size();
  for (const lake::CopiedFile& file : copy.files) manifest.bytes += file.bytes;
  BL_TRY(manifest.list_sha256, write_file_list(disk, folder, copy.files));
  return manifest;
}

Result<std::vector<lake::CopiedFile>> verify_lake(Disk& disk, const std::string& folder,
                                                  const LakeManifest& manifest,
                                                  const Progress& progress) {
  BL_TRY(auto files, read_file_list(disk, folder, manifest.list_sha256));
  BL_RETURN_IF_ERROR(lake::verify_copy(disk, folder, files, phase_of(progress, k_phase)));
  return files;
}

Result<bool> is_lake_there(const lake::LakeOptions& options, const lake::LakeWorld& world) {
  BL_TRY(const std::string catalog, catalog_file(options));
  if (!catalog.empty()) {
    BL_TRY(const bool is_there, world.disk.exists(catalog));
    if (is_there) return true;
  }
  if (const std::string folder = objects_folder(options); !folder.empty()) {
    BL_TRY(const bool is_empty, is_empty_folder(world.disk, folder));
    return !is_empty;
  }
  const auto wait = [](std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
    return true;
  };
  BL_TRY(const auto store,
         objects::open_store(options.objects, options.variables,
                             {world.clock, world.random, world.disk, world.metrics, wait}));
  BL_TRY(const auto listing, store->list({.prefix = "", .after = "", .count_max = 1}));
  return !listing.objects.empty();
}

Result<void> move_lake_aside(const lake::LakeOptions& options, Disk& disk, Timestamp now,
                             std::vector<std::string>& moved) {
  BL_TRY(const std::string catalog, catalog_file(options));
  const std::string objects = objects_folder(options);
  if (catalog.empty() || objects.empty()) {
    return Error(
        Code::unsupported,
        fmt::format("not supported: moving a lake aside that is not on this machine's disk; "
                    "name another place, or remove what is there: {}",
                    objects.empty() ? options.objects : "the schema of its catalog"));
  }
  std::vector<std::string> parts{objects};
  for (const char* part : k_catalog_parts) parts.push_back(catalog + part);
  parts.push_back(options.folder + "/journals");
  return move_aside(disk, parts, now, moved);
}

Result<void> move_aside(Disk& disk, const std::vector<std::string>& paths, Timestamp now,
                        std::vector<std::string>& moved) {
  for (const std::string& path : paths) {
    BL_TRY(const bool is_there, disk.exists(path));
    if (!is_there) continue;
    BL_TRY(std::string kept, name_of_kept(disk, path, now));
    BL_RETURN_IF_ERROR(disk.rename(path, kept));
    moved.push_back(std::move(kept));
    BL_RETURN_IF_ERROR(disk.sync_folder(folder_of(path)));
  }
  return {};
}

Result<void> drop_catalog_file(const lake::LakeOptions& options, Disk& disk) {
  BL_TRY(const std::string catalog, catalog_file(options));
  if (catalog.empty()) return {};
  return remove_catalog(catalog, disk);
}

Result<std::string> name_of_kept(Disk& disk, const std::string& path, Timestamp now) {
  std::string time = to_rfc3339_seconds(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  const std::string name = path + std::string(k_kept_mark) + time;
  for (int number = 1;; ++number) {
    std::string tried = number == 1 ? name : fmt::format("{}-{}", name, number);
    BL_TRY(const bool is_taken, disk.exists(tried));
    if (!is_taken) return tried;
  }
}

}  // namespace bl::ops
