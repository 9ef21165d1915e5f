#include "ops/lake_access.h"

#include <filesystem>
#include <thread>

#include "base/file_copy.h"
#include "base/uri.h"
#include "objects/open.h"

namespace bl::ops {
namespace {

Result<void> move_catalog(Disk& disk, const std::string& from, const std::string& to) {
  for (const char* part : k_catalog_parts) {
    BL_TRY(const bool there, disk.exists(from + part));
    if (there) BL_RETURN_IF_ERROR(disk.rename(from + part, to + part));
  }
  return disk.sync_folder(std::filesystem::path(from).parent_path());
}

std::string name_aside(const std::string& file, Timestamp now) {
  std::string time = to_rfc3339_seconds(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return file + ".broken-" + time;
}

/// What the lake's objects say of the catalog that is theirs: a new one says so there.
class Marker {
 public:
  Marker(const lake::LakeOptions& options, LakeSurroundings& around)
      : store_(objects::open_store(options.objects, options.variables,
                                   {around.clock, around.random, *around.disk, around.metrics,
                                    [](std::chrono::milliseconds time) {
                                      std::this_thread::sleep_for(time);
                                      return true;
                                    }})) {}
  Result<void> remember() {
    if (!store_.ok()) return store_.error();
    auto text = (*store_)->get(k_key);
    if (text.ok()) {
      text_ = std::move(text).value();
    } else if (text.error().code != Code::not_found) {
      return std::move(text).error();
    }
    return {};
  }
  Result<void> bring_back() {
    if (text_) return (*store_)->replace(k_key, *text_);
    return (*store_)->remove(k_key);
  }

 private:
  static constexpr const char* k_key = "catalog.json";
  Result<std::unique_ptr<objects::ObjectStore>> store_;
  std::optional<std::string> text_;
};

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

Result<std::string> catalog_file(const lake::LakeOptions& options) {
  BL_TRY(const Uri uri, parse_uri(options.catalog));
  return uri.scheme == "sqlite" ? uri.path : std::string();
}

Result<void> remove_catalog(const std::string& file, Disk& disk) {
  for (const char* part : k_catalog_parts) BL_RETURN_IF_ERROR(remove_if_there(disk, file + part));
  return {};
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
  Marker marker(options, around);
  BL_RETURN_IF_ERROR(marker.remember());
  RebuiltCatalog made;
  if (there) {
    made.aside = name_aside(file, around.clock.now());
    BL_RETURN_IF_ERROR(move_catalog(*around.disk, file, made.aside));
  }
  auto rebuilt = lake::rebuild_catalog(options, around.world(), progress);
  if (!rebuilt.ok()) {
    if (there) {
      BL_RETURN_IF_ERROR(remove_catalog(file, *around.disk));
      BL_RETURN_IF_ERROR(move_catalog(*around.disk, made.aside, file));
      BL_RETURN_IF_ERROR(marker.bring_back());
    }
    return std::move(rebuilt).error();
  }
  made.rebuilt = *rebuilt;
  return made;
}

}  // namespace bl::ops
