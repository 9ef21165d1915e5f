#pragma once

#include <memory>
#include <string>

#include "base/disk.h"
#include "base/metrics.h"
#include "base/random.h"
#include "objects/limits.h"
#include "objects/object_store.h"
#include "objects/open.h"

/// Objects as files below a folder: the key is the path. Several processes may share the folder.
///
/// A file is written under a name in `.benchlake-staging`, synced, and gets its key by link(2),
/// which fails when the key is taken; then the folder is synced. Hence nobody ever sees half a
/// file, and a key that was seen twice is the same file. Folders that became empty stay.
namespace bl::objects {

class LocalStore final : public ObjectStore {
 public:
  /// Makes the folder where it is absent, and tries link(2) in it; to be read only, it looks
  /// whether the folder is there, and must not be asked to write. Keep the world longer. Errors:
  /// unsupported (the file system has no hard links), invalid (not an absolute path), conflict (a
  /// file has the folder's name), not_found (StoreUse::read), io, disk_full, forbidden.
  static Result<std::unique_ptr<LocalStore>> open(std::string root, Disk& disk, Random& random,
                                                  Metrics& metrics, StoreLimits limits,
                                                  StoreUse use = StoreUse::write);

  Result<void> put_if_absent(const std::string& key, std::string_view bytes) override;
  Result<void> put_file_if_absent(const std::string& key, const std::string& path) override;
  Result<void> replace(const std::string& key, std::string_view bytes) override;
  Result<std::string> get_range(const std::string& key, ByteRange range) override;
  Result<ObjectInfo> head(const std::string& key) override;
  Result<Listing> list(const ListRequest& request) override;
  Result<void> remove(const std::string& key) override;
  Result<std::uint64_t> sweep_unfinished(Timestamp older_than) override;
  std::string address(const std::string& key) const override;
  std::string_view kind() const override { return "file"; }

 private:
  LocalStore(std::string root, Disk& disk, Random& random, Metrics& metrics, StoreLimits limits);

  std::string path_of(std::string_view key) const;
  std::string staging_folder() const;
  std::string new_staged_path();
  Result<void> try_links();
  Result<void> check_size(std::uint64_t size, std::uint64_t size_max, const std::string& key);
  /// A new synced file with these bytes, in the staging folder.
  Result<std::string> stage(std::string_view bytes);
  Result<std::string> stage_copy(File& source, std::uint64_t size);
  Result<void> publish_staged(const std::string& staged, const std::string& key);
  Result<void> publish(const std::string& path, std::uint64_t links_before, const std::string& key);

  const std::string root_;
  Disk& disk_;
  Random& random_;
  const StoreLimits limits_;
  Counter size_hits_;
};

}  // namespace bl::objects
