#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/check.h"

namespace bl {

/// A new folder of the machine, gone at the end with everything in it. For tests and measurements
/// that need a real disk, or that lend a folder to another program.
class TemporaryFolder {
 public:
  enum class Place : unsigned char {
    disk,    ///< where temporary files belong
    memory,  ///< in memory where the machine has such a place: for tests that bring faults
    here,    ///< in the working folder, whose disk is to be measured
  };
  /// `name` is part of the folder's: of whom it is, or a blank that programs stumble over.
  explicit TemporaryFolder(Place place = Place::disk, std::string_view name = "test")
      : path_((parent_of(place) / ("bl-" + std::string(name) + "-XXXXXX")).string()) {
    BL_CHECK(::mkdtemp(path_.data()) != nullptr);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  static std::filesystem::path parent_of(Place place) {
    if (place == Place::here) return std::filesystem::current_path();
    const std::filesystem::path memory("/dev/shm");
    if (place == Place::memory && std::filesystem::exists(memory)) return memory;
    return std::filesystem::temp_directory_path();
  }

  std::string path_;
};

}  // namespace bl
