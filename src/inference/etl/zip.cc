// read_zip over libzip. libzip reads the whole list of entries into memory when it opens an
// archive, so the list's size is looked up first, in the record at the archive's end: an archive
// that is nothing but a list would cost many times its size.
#include <zip.h>

#include <set>
#include <span>

#include "inference/artifacts.h"
#include "inference/etl/entry_names.h"

namespace bl::inference {
namespace {

constexpr std::size_t k_end_bytes = 22;                    // of the record at the end
constexpr std::size_t k_tail_bytes = 65535 + k_end_bytes;  // where it may begin
constexpr std::size_t k_chunk_bytes = 64u << 10;
constexpr std::string_view k_end_magic("PK\5\6", 4);
constexpr std::string_view k_zip64_magic("PK\6\7", 4);
constexpr zip_uint32_t k_unix_kind = 0170000, k_unix_link = 0120000;

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t number = 0;
  for (std::size_t i = count; i > 0; --i) {
    number = number << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  }
  return number;
}

/// A file as libzip's source of bytes. Not movable: libzip keeps its address.
class FileSource {
 public:
  FileSource(File& file, std::uint64_t size) : file_(file), size_(size) { zip_error_init(&error_); }
  ~FileSource() { zip_error_fini(&error_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  static zip_int64_t callback(void* self, void* data, zip_uint64_t length,
                              zip_source_cmd_t command) {
    return static_cast<FileSource*>(self)->answer(data, length, command);
  }
  /// The disk's own error, when it was one.
  const std::optional<Error>& disk_error() const { return disk_error_; }

 private:
  zip_int64_t answer(void* data, zip_uint64_t length, zip_source_cmd_t command) {
    switch (command) {
      case ZIP_SOURCE_OPEN:
        at_ = 0;
        return 0;
      case ZIP_SOURCE_CLOSE:
      case ZIP_SOURCE_FREE:
        return 0;
      case ZIP_SOURCE_READ:
        return read(data, length);
      case ZIP_SOURCE_SEEK:
        return seek(data, length);
      case ZIP_SOURCE_TELL:
        return static_cast<zip_int64_t>(at_);
      case ZIP_SOURCE_STAT: {
        auto* stat = static_cast<zip_stat_t*>(data);
        zip_stat_init(stat);
        stat->size = size_;
        stat->valid |= ZIP_STAT_SIZE;
        return sizeof(zip_stat_t);
      }
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&error_, data, length);
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
            ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
      default:
        zip_error_set(&error_, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
  }

  zip_int64_t read(void* data, zip_uint64_t length) {
    auto read = file_.read_at(at_, {static_cast<std::byte*>(data), length});
    if (!read.ok()) {
      disk_error_ = std::move(read).error();
      zip_error_set(&error_, ZIP_ER_READ, 0);
      return -1;
    }
    at_ += *read;
    return static_cast<zip_int64_t>(*read);
  }

  zip_int64_t seek(void* data, zip_uint64_t length) {
    zip_int64_t to = zip_source_seek_compute_offset(at_, size_, data, length, &error_);
    if (to < 0) return -1;
    at_ = static_cast<std::uint64_t>(to);
    return 0;
  }

  File& file_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
  zip_error_t error_;
  std::optional<Error> disk_error_;
};

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};

/// Why an archive is not opened at all; nullopt when it may be.
Result<std::optional<std::string_view>> archive_refusal(File& file, std::uint64_t size,
                                                        const ArtifactLimits& limits) {
  using Refusal = std::optional<std::string_view>;
  if (size > limits.archive_bytes_max) return Refusal("archive too large");
  std::string tail(std::min<std::uint64_t>(size, k_tail_bytes), '\0');
  BL_TRY(std::size_t count,
         file.read_at(size - tail.size(), std::as_writable_bytes(std::span(tail))));
  if (count != tail.size()) return Refusal("cut off");
  bool has_end = false;
  // Every record that could be the end, since libzip chooses among them.
  for (std::size_t at = tail.find(k_end_magic); at != tail.npos && at + k_end_bytes <= tail.size();
       at = tail.find(k_end_magic, at + 1)) {
    has_end = true;
    if (little_endian(tail, at + 12, 4) > limits.directory_bytes_max ||
        little_endian(tail, at + 10, 2) > limits.entries_max) {
      return Refusal("too many entries");
    }
  }
  if (!has_end) return Refusal("no zip, or cut off");
  if (tail.find(k_zip64_magic) != tail.npos) return Refusal("zip64 is not read");
  return Refusal();
}

class ZipWalk {
 public:
  ZipWalk(zip_t* archive, const FileSource& source, std::string_view artifact,
          const ArtifactLimits& limits, const EntryFilter& wanted, const EntrySink& sink,
          SkipTracker& tracker)
      : archive_(archive),
        source_(source),
        artifact_(artifact),
        limits_(limits),
        wanted_(wanted),
        sink_(sink),
        tracker_(tracker) {}

  Result<void> walk() {
    auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive_, 0));
    for (zip_uint64_t i = 0; i < count; ++i) BL_RETURN_IF_ERROR(read(i));
    return {};
  }

 private:
  void skip(std::string_view name, std::string_view why) {
    std::string entry = valid_utf8(prefix_of_bytes(name, limits_.name_bytes_max));
    tracker_.skip(SkipReason::bad_zip, std::string(artifact_) + "/" + entry, why);
  }

  bool is_link(zip_uint64_t index) const {
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    int got = zip_file_get_external_attributes(archive_, index, 0, &system, &attributes);
    return got == 0 && system == ZIP_OPSYS_UNIX && (attributes >> 16 & k_unix_kind) == k_unix_link;
  }

  Result<void> read(zip_uint64_t index) {
    zip_stat_t stat;
    const char* raw = zip_get_name(archive_, index, ZIP_FL_ENC_RAW);
    if (!raw || zip_stat_index(archive_, index, 0, &stat) != 0) {
      skip("", "damaged list of entries");
      return {};
    }
    std::string_view name(raw);
    if (name.ends_with('/')) return {};
    if (auto why = refusal(name, limits_)) {
      skip(name, *why);
      return {};
    }
    if (!names_.emplace(name).second) {
      skip(name, "a name that is there already");
      return {};
    }
    if (!wanted_(name)) return {};
    if (is_link(index)) {
      skip(name, "no file");
      return {};
    }
    std::unique_ptr<zip_file_t, CloseEntry> entry(zip_fopen_index(archive_, index, 0));
    if (source_.disk_error()) return *source_.disk_error();
    if (!entry) {
      skip(name, stat.encryption_method != ZIP_EM_NONE ? "encrypted" : "cannot be unpacked");
      return {};
    }
    std::string bytes;
    auto why = unpack(*entry, stat.comp_size, bytes);
    if (source_.disk_error()) return *source_.disk_error();
    if (why) {
      skip(name, *why);
      return {};
    }
    return sink_(name, std::move(bytes));
  }

  /// What the archive says of sizes is not believed: bytes are counted as they come.
  std::optional<std::string_view> unpack(zip_file_t& entry, std::uint64_t packed,
                                         std::string& bytes) {
    std::string chunk(k_chunk_bytes, '\0');
    while (true) {
      zip_int64_t count = zip_fread(&entry, chunk.data(), chunk.size());
      if (count < 0) return "damaged";
      if (count == 0) return std::nullopt;
      total_ += static_cast<std::uint64_t>(count);
      std::uint64_t size = bytes.size() + static_cast<std::uint64_t>(count);
      if (size > limits_.entry_bytes_max) return "too large";
      if (total_ > limits_.total_bytes_max) return "more than an artifact may unpack";
      bool is_bomb = size > limits_.ratio_from_bytes && size / limits_.ratio_max > packed;
      if (is_bomb) return "packed too well to be true";
      bytes.append(chunk, 0, static_cast<std::size_t>(count));
    }
  }

  zip_t* archive_;
  const FileSource& source_;
  std::string_view artifact_;
  const ArtifactLimits& limits_;
  const EntryFilter& wanted_;
  const EntrySink& sink_;
  SkipTracker& tracker_;
  std::set<std::string, std::less<>> names_;
  std::uint64_t total_ = 0;
};

}  // namespace

Result<void> read_zip(File& file, std::string_view artifact, const ArtifactLimits& limits,
                      const EntryFilter& wanted, const EntrySink& sink, SkipTracker& tracker) {
  BL_TRY(std::uint64_t size, file.size());
  BL_TRY(auto why, archive_refusal(file, size, limits));
  if (why) {
    tracker.skip(SkipReason::bad_zip, artifact, *why);
    return {};
  }
  FileSource bytes(file, size);
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_function_create(&FileSource::callback, &bytes, &error);
  BL_CHECK(source != nullptr);
  std::unique_ptr<zip_t, CloseArchive> archive(zip_open_from_source(source, ZIP_RDONLY, &error));
  std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (!archive) {
    zip_source_free(source);
    if (bytes.disk_error()) return *bytes.disk_error();
    tracker.skip(SkipReason::bad_zip, artifact, reason);
    return {};
  }
  return ZipWalk(archive.get(), bytes, artifact, limits, wanted, sink, tracker).walk();
}

}  // namespace bl::inference
