#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"

/// Disks for tests. MemoryDisk forgets at a power cut what was not synced; FaultyDisk fails the
/// n-th call of another. A test of durable code runs one scenario for every n and every seed, and
/// looks at what is left.
namespace bl {

/// A disk in memory that knows what a power cut would leave: of each file the bytes of its last
/// sync(), of each folder the names of its last sync_folder(); what came later survives, or not, by
/// chance. Folders are durable at once. The folders `/` and `.` exist. Threads: any. Files and
/// locks may outlive it.
class MemoryDisk final : public Disk {
 public:
  MemoryDisk();  ///< every file was modified in 1970
  /// Files get their times from a clock, which is kept longer than this disk and its files.
  explicit MemoryDisk(const Clock& clock);
  ~MemoryDisk() override;

  /// A new disk with what is left after a power cut now; the same seed gives the same disk.
  /// Appended bytes that were not synced may be gone, cut in the middle, or end in zeros or
  /// rubbish; names that were not synced may be as before or after, but a rename happens as a whole
  /// or not at all. Seed 0 loses all that was not synced, seed 1 nothing.
  std::unique_ptr<MemoryDisk> after_power_cut(std::uint64_t seed) const;

  /// The file's bytes now; nullopt-like error not_found. For assertions.
  Result<std::string> content(const std::string& path) const;
  /// Replaces a file's bytes, durable: for corruption tests.
  void overwrite(const std::string& path, std::string bytes);
  /// BL_CHECKs that the file exists.
  FileMode mode(const std::string& path) const;

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
  struct Image;
  explicit MemoryDisk(std::shared_ptr<Image> image);
  std::shared_ptr<Image> image_;  // shared with open files and locks
};

}  // namespace bl
