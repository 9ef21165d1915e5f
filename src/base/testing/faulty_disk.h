#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"

namespace bl {

/// Which call of a disk fails, and how.
struct FaultPlan {
  enum class Lasting { once, for_good };
  std::uint64_t fail_at = 0;  ///< the n-th call, from 1; 0 = none
  Lasting lasting = Lasting::once;
  Code code = Code::io;  ///< io or disk_full
};

/// Hands every call on to another disk and counts it; by its plan the n-th call, or every call from
/// there on, fails. A call is one of Disk or of one of its Files; a failing append writes half of
/// its bytes first. As with the real disk, a file that failed is good for reading only. Threads:
/// any. Keep `inner` and this longer than the files.
class FaultyDisk final : public Disk {
 public:
  FaultyDisk(Disk& inner, FaultPlan plan) : inner_(inner), plan_(plan) {}

  std::uint64_t calls() const { return calls_; }
  /// True when a call has failed by the plan.
  bool struck() const { return plan_.fail_at != 0 && calls_ >= plan_.fail_at; }

  Result<std::unique_ptr<File>> create(const std::string& path, FileMode mode) override;
  Result<std::unique_ptr<File>> open_append(const std::string& path) override;
  Result<std::unique_ptr<File>> open_read(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<FileFacts> facts(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<void> make_folder(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> link(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> sync_folder(const std::string& folder) override;
  Result<std::unique_ptr<DiskLock>> lock(const std::string& path,
                                         std::string_view holder_note) override;

 private:
  friend class FaultyFile;
  /// Counts one call; the error when the plan says so.
  Result<void> strike(std::string_view what, const std::string& path);
  Result<std::unique_ptr<File>> wrap(Result<std::unique_ptr<File>> file, const std::string& path);

  Disk& inner_;
  FaultPlan plan_;
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace bl
