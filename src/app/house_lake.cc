#include "app/house_lake.h"

#include <fmt/format.h>

namespace bl::app {
namespace {

/// The folder of its files comes first and stays: a folder `lake` alone may be that of another
/// lake's journals.
Result<bool> is_begun(const std::shared_ptr<lake::LakeOptions>& own, Disk& disk) {
  if (own == nullptr) return false;
  return disk.exists(own->objects);
}

}  // namespace

Result<std::shared_ptr<lake::LakeOptions>> lake_in_use(const Settings& settings, Disk& disk) {
  BL_TRY(const bool has_own, is_begun(settings.own_lake, disk));
  if (settings.lake == nullptr) {
    return has_own ? settings.own_lake : std::shared_ptr<lake::LakeOptions>();
  }
  if (has_own && settings.lake->objects != settings.own_lake->objects) {
    return Error{Code::conflict,
                 fmt::format("this data folder has a lake of its own in {}, and lake.objects names "
                             "another one: {}. To move it: back up without lake.objects, restore "
                             "with it",
                             settings.own_lake->objects, settings.lake->objects)};
  }
  return settings.lake;
}

Result<void> HouseLake::open() {
  BL_TRY(const auto options, lake_in_use(settings_, world_.disk));
  if (options == nullptr) return {};
  const std::lock_guard lock(mutex_);
  return open(options);
}

Result<lake::Lake*> HouseLake::get() {
  const std::lock_guard lock(mutex_);
  if (lake_ == nullptr) {
    if (settings_.own_lake == nullptr) return Error{Code::not_found, "there is no lake"};
    BL_RETURN_IF_ERROR(open(settings_.own_lake));
  }
  return lake_.get();
}

Result<void> HouseLake::open(const std::shared_ptr<lake::LakeOptions>& options) {
  if (options == settings_.own_lake) {
    BL_TRY(const bool begun, is_begun(options, world_.disk));
    // What every lake has there, wherever its files and its catalog lie.
    BL_TRY(const bool is_anothers, world_.disk.exists(options->folder + "/journals"));
    if (is_anothers && !begun) {
      return Error{Code::conflict,
                   "this is of a lake whose files lie elsewhere, set lake.objects "
                   "again: " +
                       options->folder};
    }
    BL_RETURN_IF_ERROR(world_.disk.make_folder(options->objects));
  }
  auto opened = lake::Lake::open(*options, world_);
  if (!opened.ok()) {
    return std::move(opened).error().with_context("the lake (lake.objects = " + options->objects +
                                                  ")");
  }
  options_ = options;
  lake_ = std::move(opened).value();
  open_lake_ = std::make_unique<ops::OpenLake>(ops::OpenLake{*lake_, world_});
  return {};
}

lake::Lake* HouseLake::opened() const {
  const std::lock_guard lock(mutex_);
  return lake_.get();
}

const ops::OpenLake* HouseLake::open_lake() const {
  const std::lock_guard lock(mutex_);
  return open_lake_.get();
}

const lake::LakeOptions* HouseLake::options() const {
  const std::lock_guard lock(mutex_);
  return options_.get();
}

void HouseLake::close() {
  const std::lock_guard lock(mutex_);
  open_lake_.reset();
  lake_.reset();
  options_.reset();
}

}  // namespace bl::app
