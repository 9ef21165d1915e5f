#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

/// Files, as the durable parts of benchlake see them. Everything that must survive a power cut goes
/// through here, so that tests can fail the n-th call (FaultyDisk) and drop what was not synced
/// (MemoryDisk). SQLite and DuckDB do their own I/O. Paths are absolute or relative to the process;
/// `/` separates.
namespace bl {

/// Who may read a new file: everyone (as the umask says), or its owner only (0600).
enum class FileMode { normal, secret };

/// An open file. One thread at a time. The destructor closes without syncing.
class File {
 public:
  virtual ~File() = default;
  /// Adds the bytes at the end. They are not durable before sync() succeeds. Errors: io, disk_full;
  /// then the file's end is unknown and the caller must close it and recover; every later append,
  /// sync and truncate is an io error.
  virtual Result<void> append(std::string_view bytes) = 0;
  /// Reads up to out.size() bytes at the offset; fewer only at the end of the file. Errors: io.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) = 0;
  /// fdatasync. After an error the file must be closed and recovered, as after a failed append.
  virtual Result<void> sync() = 0;
  /// Cuts the file, or fills it up with zeros. Durable after sync(). Errors: io, disk_full.
  virtual Result<void> truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

/// What a folder says of one of its names.
struct FileFacts {
  enum class Kind : unsigned char { file, folder, other };  ///< other: a symbolic link, a socket
  Kind kind = Kind::file;
  std::uint64_t size = 0;   ///< of a file, in bytes
  Timestamp modified;       ///< when its bytes changed last
  std::uint64_t links = 1;  ///< names of a file; link() adds one
};

/// Held while alive; an flock(2) on a file.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;
  /// Creates a new, empty file for appending and reading. Its name is durable after sync_folder.
  /// Errors: conflict (it exists), io, disk_full, not_found (no such folder), forbidden.
  virtual Result<std::unique_ptr<File>> create(const std::string& path, FileMode mode) = 0;
  /// Creates or opens for appending and reading. Errors: io, disk_full, not_found (no such folder),
  /// forbidden.
  virtual Result<std::unique_ptr<File>> open_append(const std::string& path) = 0;
  /// Errors: not_found, io, forbidden.
  virtual Result<std::unique_ptr<File>> open_read(const std::string& path) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  /// Symbolic links are not followed. Errors: not_found, io, forbidden.
  virtual Result<FileFacts> facts(const std::string& path) = 0;
  /// Names (not paths) in a folder, sorted, without `.` and `..`. Errors: not_found, io.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  /// Creates the folder and its parents, durable on return; fine when it exists.
  /// Errors: conflict (a file has that name), io, disk_full, forbidden.
  virtual Result<void> make_folder(const std::string& path) = 0;
  /// Replaces the target atomically (rename(2)); durable after sync_folder.
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  /// link(2): creates `to` only if absent. Errors: conflict (it exists), io. Durable after
  /// sync_folder.
  virtual Result<void> link(const std::string& from, const std::string& to) = 0;
  /// A file or an empty folder. Durable after sync_folder. Errors: not_found, io, forbidden.
  virtual Result<void> remove(const std::string& path) = 0;
  /// fsync of a folder: makes names in it durable.
  virtual Result<void> sync_folder(const std::string& folder) = 0;
  /// Errors: conflict when another process holds it, with the holder's words (`holder_note`) at the
  /// end.
  virtual Result<std::unique_ptr<DiskLock>> lock(const std::string& path,
                                                 std::string_view holder_note) = 0;
};

/// The machine's disk. Threads: any.
std::unique_ptr<Disk> make_real_disk();

/// The whole file. Errors: not_found, io, too_large (over bytes_max).
Result<std::string> read_file(Disk& disk, const std::string& path, std::uint64_t bytes_max);
/// Writes `path` as a whole: temporary name (`path`.tmp), sync, rename, sync of the folder. On
/// success it survives a power cut; on failure, or after a power cut on the way, the old or the new
/// file is there, whole. One writer per path at a time.
/// Errors: io, disk_full, not_found (no such folder), forbidden.
Result<void> write_file_atomically(Disk& disk, const std::string& path, std::string_view bytes,
                                   FileMode mode);

}  // namespace bl
