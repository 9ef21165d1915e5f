#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>

#include "base/disk.h"
#include "base/mapped_file.h"

namespace bl {
namespace {

Error system_error(std::string_view what, const std::string& path, int error_number) {
  Code code = Code::io;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      code = Code::not_found;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = Code::forbidden;
      break;
    case ENOSPC:
    case EDQUOT:
      code = Code::disk_full;
      break;
    case EEXIST:
      code = Code::conflict;
      break;
    default:
      break;
  }
  char buffer[128];
  const char* reason = strerror_r(error_number, buffer, sizeof buffer);
  return Error{code, "cannot " + std::string(what) + " (" + reason + "): " + path};
}

template <class Call>
auto retry_interrupted(Call call) {
  auto outcome = call();
  while (outcome == -1 && errno == EINTR) outcome = call();
  return outcome;
}

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<Descriptor> open_descriptor(const std::string& path, int flags, mode_t mode = 0) {
  int fd = retry_interrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); });
  if (fd < 0) return system_error("open the file", path, errno);
  return Descriptor(fd);
}

class RealFile final : public File {
 public:
  RealFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    BL_RETURN_IF_ERROR(check_usable());
    while (!bytes.empty()) {
      ssize_t written =
          retry_interrupted([&] { return ::write(descriptor_.get(), bytes.data(), bytes.size()); });
      if (written < 0) return fail("write the file", errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      ssize_t got = retry_interrupted([&] {
        return ::pread(descriptor_.get(), out.data() + done, out.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (got < 0) return system_error("read the file", path_, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  Result<void> sync() override {
    BL_RETURN_IF_ERROR(check_usable());
    // An interrupted fdatasync has told us nothing; it counts as failed like any other.
    if (::fdatasync(descriptor_.get()) != 0) return fail("sync the file", errno);
    return {};
  }

  Result<void> truncate(std::uint64_t size) override {
    BL_RETURN_IF_ERROR(check_usable());
    int outcome =
        retry_interrupted([&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(size)); });
    if (outcome != 0) return fail("truncate the file", errno);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat status = {};
    if (::fstat(descriptor_.get(), &status) != 0) {
      return system_error("read the size of the file", path_, errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  Result<void> check_usable() const {
    if (!failed_) return {};
    return Error{Code::io, "the file failed before and must be reopened: " + path_};
  }
  Error fail(std::string_view what, int error_number) {
    failed_ = true;
    return system_error(what, path_, error_number);
  }

  Descriptor descriptor_;
  std::string path_;
  bool failed_ = false;
};

/// flock(2) belongs to the open file: closing it (also by dying) lets go.
class RealLock final : public DiskLock {
 public:
  explicit RealLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;
};

std::string read_note(int fd) {
  char note[256];
  ssize_t got = ::pread(fd, note, sizeof note, 0);
  return got > 0 ? std::string(note, static_cast<std::size_t>(got)) : std::string();
}

class RealDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> create(const std::string& path, FileMode mode) override {
    mode_t bits = mode == FileMode::secret ? 0600 : 0644;
    return open_file(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, bits);
  }

  Result<std::unique_ptr<File>> open_append(const std::string& path) override {
    return open_file(path, O_RDWR | O_CREAT | O_APPEND, 0644);
  }

  Result<std::unique_ptr<File>> open_read(const std::string& path) override {
    return open_file(path, O_RDONLY, 0);
  }

  Result<bool> exists(const std::string& path) override {
    struct stat status = {};
    if (::stat(path.c_str(), &status) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return system_error("look for the file", path, errno);
  }

  Result<FileFacts> facts(const std::string& path) override {
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0) {
      return system_error("look at the file", path, errno);
    }
    FileFacts facts;
    facts.kind = S_ISREG(status.st_mode)   ? FileFacts::Kind::file
                 : S_ISDIR(status.st_mode) ? FileFacts::Kind::folder
                                           : FileFacts::Kind::other;
    facts.size = static_cast<std::uint64_t>(status.st_size);
    facts.modified = Timestamp{static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000 +
                               status.st_mtim.tv_nsec / 1'000};
    facts.links = status.st_nlink;
    return facts;
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(folder.c_str()), ::closedir);
    if (!stream) return system_error("list the folder", folder, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(stream.get())) {
      std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return system_error("list the folder", folder, errno);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> make_folder(const std::string& path) override {
    struct stat status = {};
    if (::stat(path.c_str(), &status) == 0) {
      if (S_ISDIR(status.st_mode)) return {};
      return Error{Code::conflict, "cannot make the folder (a file has that name): " + path};
    }
    if (errno != ENOENT) return system_error("make the folder", path, errno);
    std::string parent = parent_of(path);
    if (parent != path) BL_RETURN_IF_ERROR(make_folder(parent));
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
      return system_error("make the folder", path, errno);
    }
    return sync_folder(parent);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return system_error("rename the file", from, errno);
    return {};
  }

  Result<void> link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) != 0) return system_error("link the file", to, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (std::remove(path.c_str()) != 0) return system_error("remove the file", path, errno);
    return {};
  }

  Result<void> sync_folder(const std::string& folder) override {
    BL_TRY(Descriptor descriptor, open_descriptor(folder, O_RDONLY | O_DIRECTORY));
    if (::fsync(descriptor.get()) != 0) return system_error("sync the folder", folder, errno);
    return {};
  }

  Result<std::unique_ptr<DiskLock>> lock(const std::string& path,
                                         std::string_view holder_note) override {
    BL_TRY(Descriptor descriptor, open_descriptor(path, O_RDWR | O_CREAT, 0644));
    int outcome = retry_interrupted([&] { return ::flock(descriptor.get(), LOCK_EX | LOCK_NB); });
    if (outcome != 0 && errno == EWOULDBLOCK) {
      std::string note = read_note(descriptor.get());
      return Error{Code::conflict, "another process holds the lock " + path +
                                       (note.empty() ? std::string() : ": " + note)};
    }
    if (outcome != 0) return system_error("lock the file", path, errno);
    if (::ftruncate(descriptor.get(), 0) != 0 ||
        ::pwrite(descriptor.get(), holder_note.data(), holder_note.size(), 0) < 0) {
      return system_error("write the lock file", path, errno);
    }
    return std::unique_ptr<DiskLock>(std::make_unique<RealLock>(std::move(descriptor)));
  }

 private:
  static Result<std::unique_ptr<File>> open_file(const std::string& path, int flags, mode_t mode) {
    BL_TRY(Descriptor descriptor, open_descriptor(path, flags, mode));
    return std::unique_ptr<File>(std::make_unique<RealFile>(std::move(descriptor), path));
  }

  static std::string parent_of(const std::string& path) {
    auto end = path.find_last_not_of('/');
    if (end == std::string::npos) return "/";
    auto slash = path.rfind('/', end);
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
  }
};

class Mapping final : public MappedFile {
 public:
  Mapping(void* start, std::size_t size) : start_(start), size_(size) {}
  ~Mapping() override {
    if (size_ != 0) ::munmap(start_, size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  std::string_view bytes() const override { return {static_cast<const char*>(start_), size_}; }
  void fetch(std::size_t offset, std::size_t size) override {
    const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t start = offset / page * page;
    if (start >= size_ || size == 0) return;
    char* const from = static_cast<char*>(start_) + start;
    const std::size_t bytes = std::min(offset + size, size_) - start;
#ifdef MADV_POPULATE_READ
    if (::madvise(from, bytes, MADV_POPULATE_READ) == 0) return;
#endif
    (void)::madvise(from, bytes, MADV_WILLNEED);
  }
  void release() override {
    // Advice only: without it the file is merely slower, or longer in memory.
    if (size_ != 0) (void)::madvise(start_, size_, MADV_DONTNEED);
  }

 private:
  void* start_;
  std::size_t size_;
};

class CopiedFile final : public MappedFile {
 public:
  explicit CopiedFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const override { return bytes_; }
  void fetch(std::size_t, std::size_t) override {}
  void release() override {}

 private:
  std::string bytes_;
};

Result<std::unique_ptr<MappedFile>> map_real_file(const std::string& path) {
  BL_TRY(Descriptor descriptor, open_descriptor(path, O_RDONLY));
  struct stat status = {};
  if (::fstat(descriptor.get(), &status) != 0) {
    return system_error("read the size of the file", path, errno);
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  void* start = nullptr;
  if (size != 0) {
    start = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor.get(), 0);
    if (start == MAP_FAILED) return system_error("map the file", path, errno);
  }
  return std::unique_ptr<MappedFile>(std::make_unique<Mapping>(start, size));
}

}  // namespace

std::unique_ptr<Disk> make_real_disk() {
  return std::make_unique<RealDisk>();
}

Result<std::unique_ptr<MappedFile>> map_file(Disk& disk, const std::string& path) {
  if (dynamic_cast<RealDisk*>(&disk) != nullptr) return map_real_file(path);
  BL_TRY(std::string bytes, read_file(disk, path, std::numeric_limits<std::uint32_t>::max()));
  return std::unique_ptr<MappedFile>(std::make_unique<CopiedFile>(std::move(bytes)));
}

}  // namespace bl
