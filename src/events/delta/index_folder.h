#pragma once

#include <memory>
#include <string>

#include "base/disk.h"

namespace bl::events::delta {

/// A folder for an index, of one log at a time; the next one that opens takes it over, as it is.
class IndexFolder {
 public:
  /// The first folder below `parent` that nobody has, the one that was written last first; else a
  /// new one. Errors: those of the disk.
  static Result<IndexFolder> take(Disk& disk, const std::string& parent);
  const std::string& path() const { return path_; }
  /// Of the folder, within `parent`.
  std::string name() const { return path_.substr(path_.rfind('/') + 1); }
  /// Empties it.
  Result<void> clear(Disk& disk) const;

 private:
  IndexFolder(std::string path, std::unique_ptr<DiskLock> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  std::unique_ptr<DiskLock> lock_;
};

}  // namespace bl::events::delta
