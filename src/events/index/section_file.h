#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/mapped_file.h"

namespace bl::events::index {

/// What tells a file from every other: its length and the hash of its footer, which has the hashes
/// of all the rest.
struct FileIdentity {
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// Writes a file of sections, one after the other, each from a multiple of 8 bytes on. One thread.
class SectionWriter {
 public:
  /// Errors of all: io, disk_full.
  static Result<SectionWriter> create(Disk& disk, const std::string& path);
  Result<void> append(std::string_view bytes);
  template <class T>
  Result<void> append_all(std::span<const T> values) {
    return append({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  /// Bytes of the section that is being written.
  std::uint64_t section_bytes() const { return section_bytes_; }
  Result<void> end_section();
  /// Writes the footer with these numbers and syncs. The name is durable after sync_folder.
  Result<FileIdentity> finish(std::span<const std::int64_t> facts);

 private:
  explicit SectionWriter(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Result<void> write_piece();

  struct Section {
    std::uint64_t offset, bytes, hash;
  };
  std::unique_ptr<File> file_;
  std::string piece_;
  std::string piece_hashes_;
  std::vector<Section> sections_;
  std::uint64_t offset_ = 0, section_start_ = 0, section_bytes_ = 0;
};

/// Reads such a file where it lies. Threads: any.
class SectionFile {
 public:
  /// Checks every byte against the hashes, but those of the section `unchecked`. Errors: corrupt
  /// (another file, damaged, other counts), not_found, io.
  static Result<SectionFile> open(Disk& disk, const std::string& path, const FileIdentity& identity,
                                  std::size_t sections, std::size_t facts,
                                  std::size_t unchecked = std::string::npos);
  std::span<const std::int64_t> facts() const { return facts_; }
  std::string_view section(std::size_t at) const { return sections_[at]; }
  /// Empty when the section's length is no multiple of T's.
  template <class T>
  std::span<const T> all(std::size_t at) const {
    const std::string_view bytes = sections_[at];
    if (bytes.size() % sizeof(T) != 0) return {};
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  void release() const { file_->release(); }
  /// What open() checked of the sections, once more: a disk may have changed them since, or
  /// somebody whose file it is not. Errors: corrupt.
  Result<void> check() const;
  const FileIdentity& identity() const { return identity_; }

 private:
  std::string path_;
  FileIdentity identity_;
  std::unique_ptr<MappedFile> file_;
  std::vector<std::int64_t> facts_;
  std::vector<std::string_view> sections_;
  std::vector<std::uint64_t> hashes_;  ///< of the sections
  std::size_t unchecked_ = std::string::npos;
};

}  // namespace bl::events::index
