#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/disk.h"

namespace bl {

/// The bytes of a file that nobody changes any more, read where they lie: for what is asked here
/// and there, and is larger than memory should hold. Threads: any.
class MappedFile {
 public:
  virtual ~MappedFile() = default;
  /// Valid as long as this object, also when the file was removed. A page that the machine's disk
  /// cannot read ends the process (SIGBUS): for copies that can be made anew, not for the truth.
  virtual std::string_view bytes() const = 0;
  /// Brings a part of the file into memory at once, for a pass over it; advice only.
  virtual void fetch(std::size_t offset, std::size_t size) = 0;
  /// Lets go of the memory that a pass over the file took; pages come back when they are touched.
  virtual void release() = 0;
};

/// Maps a file of the machine's disk (mmap(2)); reads the whole file of any other disk into memory.
/// Errors: not_found, io, forbidden.
Result<std::unique_ptr<MappedFile>> map_file(Disk& disk, const std::string& path);

}  // namespace bl
