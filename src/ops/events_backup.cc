#include "ops/events_backup.h"

#include "base/file_copy.h"
#include "ops/file_list.h"

namespace bl::ops {
namespace {

constexpr const char* k_table = "/events";
constexpr const char* k_phase = "build events";

/// Keys of all files below a folder, in the order of their names.
Result<void> find_files(Disk& disk, const std::string& folder, const std::string& key,
                        std::vector<lake::CopiedFile>& files) {
  BL_TRY(const auto names, disk.list(folder + key));
  for (const std::string& name : names) {
    const std::string path = key + "/" + name;
    BL_TRY(const FileFacts facts, disk.facts(folder + path));
    if (facts.kind == FileFacts::Kind::folder) {
      BL_RETURN_IF_ERROR(find_files(disk, folder, path, files));
    } else {
      files.push_back({path.substr(1), facts.size, {}});
    }
  }
  return {};
}

}  // namespace

std::string events_path(const std::string& backup) {
  return backup + ".events";
}

Result<std::optional<EventsManifest>> back_up_events(const EventLogPort& port, Disk& disk,
                                                     const std::string& folder,
                                                     const Progress& progress) {
  if (!port.copy) return std::optional<EventsManifest>();
  BL_RETURN_IF_ERROR(disk.make_folder(folder));
  BL_TRY(const std::optional<std::int64_t> events, port.copy(folder + k_table, progress));
  if (!events) {
    BL_RETURN_IF_ERROR(remove_tree(disk, folder));
    return std::optional<EventsManifest>();
  }
  EventsManifest manifest;
  manifest.events = *events;
  std::vector<lake::CopiedFile> files;
  BL_RETURN_IF_ERROR(find_files(disk, folder, k_table, files));
  for (lake::CopiedFile& file : files) {
    BL_TRY(const FileDigest digest,
           digest_file(disk, folder + "/" + file.key, phase_of(progress, "checksum")));
    file.bytes = digest.bytes;
    file.sha256 = digest.sha256;
    manifest.bytes += file.bytes;
  }
  manifest.files = files.size();
  BL_TRY(manifest.list_sha256, write_file_list(disk, folder, files));
  return std::optional(std::move(manifest));
}

Result<void> verify_events(Disk& disk, const std::string& folder, const EventsManifest& manifest,
                           const Progress& progress) {
  BL_TRY(const auto files, read_file_list(disk, folder, manifest.list_sha256));
  return lake::verify_copy(disk, folder, files, phase_of(progress, k_phase));
}

Result<void> load_events(const EventLogPort& port, const std::string& folder,
                         const EventsManifest& manifest, const Progress& progress) {
  return port.load(folder + k_table, manifest.events,
                   [&progress](std::string_view, std::uint64_t done, std::uint64_t all) {
                     return progress("restoring the build events", done, all);
                   });
}

}  // namespace bl::ops
