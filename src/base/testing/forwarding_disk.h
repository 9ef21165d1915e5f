#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"

namespace bl {

/// Hands every call on to another disk; a test overrides what it wants to be otherwise. Keep
/// `inner` longer.
class ForwardingDisk : public Disk {
 public:
  explicit ForwardingDisk(Disk& inner) : inner_(inner) {}
  Result<std::unique_ptr<File>> create(const std::string& path, FileMode mode) override {
    return inner_.create(path, mode);
  }
  Result<std::unique_ptr<File>> open_append(const std::string& path) override {
    return inner_.open_append(path);
  }
  Result<std::unique_ptr<File>> open_read(const std::string& path) override {
    return inner_.open_read(path);
  }
  Result<bool> exists(const std::string& path) override { return inner_.exists(path); }
  Result<FileFacts> facts(const std::string& path) override { return inner_.facts(path); }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    return inner_.list(folder);
  }
  Result<void> make_folder(const std::string& path) override { return inner_.make_folder(path); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return inner_.rename(from, to);
  }
  Result<void> link(const std::string& from, const std::string& to) override {
    return inner_.link(from, to);
  }
  Result<void> remove(const std::string& path) override { return inner_.remove(path); }
  Result<void> sync_folder(const std::string& folder) override {
    return inner_.sync_folder(folder);
  }
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path,
                                         std::string_view holder_note) override {
    return inner_.lock(path, holder_note);
  }

 private:
  Disk& inner_;
};

}  // namespace bl
