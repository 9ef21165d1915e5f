#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/disk.h"
#include "objects/object_store.h"

namespace bl::objects::testing {

/// Objects in memory, with the rules of the real stores. Threads: any. Keep the world longer.
class MemoryStore final : public ObjectStore {
 public:
  /// `disk`: of put_file_if_absent.
  MemoryStore(const Clock& clock, Disk& disk) : clock_(clock), disk_(disk) {}

  Result<void> put_if_absent(const std::string& key, std::string_view bytes) override;
  Result<void> put_file_if_absent(const std::string& key, const std::string& path) override;
  Result<void> replace(const std::string& key, std::string_view bytes) override;
  Result<std::string> get_range(const std::string& key, ByteRange range) override;
  Result<ObjectInfo> head(const std::string& key) override;
  Result<Listing> list(const ListRequest& request) override;
  Result<void> remove(const std::string& key) override;
  Result<std::uint64_t> sweep_unfinished(Timestamp older_than) override;
  std::string address(const std::string& key) const override;
  std::string_view kind() const override { return "memory"; }

  /// What nobody may do: other bytes under a key, for tests of what reads them. BL_CHECKs that the
  /// key is there.
  void damage(const std::string& key, std::string bytes);
  /// A write that died on the way: nobody sees it, sweep_unfinished() finds it.
  void leave_unfinished();

 private:
  struct Object {
    std::string bytes;
    Timestamp modified;
  };
  const Clock& clock_;
  Disk& disk_;
  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;  // guarded by mutex_
  std::vector<Timestamp> unfinished_;      // guarded by mutex_
};

}  // namespace bl::objects::testing
