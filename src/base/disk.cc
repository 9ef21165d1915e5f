#include "base/disk.h"

#include <algorithm>

#include "base/file_copy.h"

namespace bl {
namespace {

Result<void> write_temporary(Disk& disk, const std::string& path, std::string_view bytes,
                             FileMode mode) {
  BL_TRY(auto file, disk.create(path, mode));
  BL_RETURN_IF_ERROR(file->append(bytes));
  return file->sync();
}

}  // namespace

Result<std::string> read_file(Disk& disk, const std::string& path, std::uint64_t bytes_max) {
  BL_TRY(auto file, disk.open_read(path));
  BL_TRY(std::uint64_t size, file->size());
  std::string bytes;
  // The size is a hint: files of /proc say 0, and a file may grow while it is read.
  for (std::uint64_t chunk = size + 1;; chunk = 64u << 10) {
    if (size > bytes_max || bytes.size() > bytes_max) {
      return Error{Code::too_large,
                   "the file is larger than " + std::to_string(bytes_max) + " bytes: " + path};
    }
    std::size_t start = bytes.size();
    bytes.resize(start + chunk);
    BL_TRY(std::size_t got,
           file->read_at(start, std::as_writable_bytes(std::span(bytes))
                                    .subspan(start, static_cast<std::size_t>(chunk))));
    bytes.resize(start + got);
    if (got < chunk && bytes.size() <= bytes_max) return bytes;
  }
}

Result<void> write_file_atomically(Disk& disk, const std::string& path, std::string_view bytes,
                                   FileMode mode) {
  std::string temporary = path + ".tmp";
  // A temporary file of a writer that died; it may have another mode.
  if (auto removed = disk.remove(temporary);
      !removed.ok() && removed.error().code != Code::not_found) {
    return removed;
  }
  auto written = write_temporary(disk, temporary, bytes, mode);
  if (written.ok()) written = disk.rename(temporary, path);
  if (!written.ok()) {
    (void)disk.remove(temporary);  // best effort: the next writer removes it too
    return written;
  }
  return disk.sync_folder(folder_of(path));
}

}  // namespace bl
