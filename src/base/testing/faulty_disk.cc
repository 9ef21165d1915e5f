#include "base/testing/faulty_disk.h"

namespace bl {

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyDisk& disk, std::unique_ptr<File> inner, std::string path)
      : disk_(disk), inner_(std::move(inner)), path_(std::move(path)) {}

  Result<void> append(std::string_view bytes) override {
    BL_RETURN_IF_ERROR(check_usable());
    if (auto struck = disk_.strike("append", path_); !struck.ok()) {
      (void)inner_->append(bytes.substr(0, bytes.size() / 2));
      return fail(std::move(struck));
    }
    return inner_->append(bytes);
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) override {
    BL_RETURN_IF_ERROR(disk_.strike("read", path_));
    return inner_->read_at(offset, out);
  }
  Result<void> sync() override {
    BL_RETURN_IF_ERROR(check_usable());
    if (auto struck = disk_.strike("sync", path_); !struck.ok()) return fail(std::move(struck));
    return inner_->sync();
  }
  Result<void> truncate(std::uint64_t size) override {
    BL_RETURN_IF_ERROR(check_usable());
    if (auto struck = disk_.strike("truncate", path_); !struck.ok()) return fail(std::move(struck));
    return inner_->truncate(size);
  }
  Result<std::uint64_t> size() override {
    BL_RETURN_IF_ERROR(disk_.strike("size", path_));
    return inner_->size();
  }

 private:
  Result<void> check_usable() const {
    if (!failed_) return {};
    return Error{Code::io, "the file failed before and must be reopened: " + path_};
  }
  Result<void> fail(Result<void> struck) {
    failed_ = true;
    return struck;
  }

  FaultyDisk& disk_;
  std::unique_ptr<File> inner_;
  std::string path_;
  bool failed_ = false;
};

Result<void> FaultyDisk::strike(std::string_view what, const std::string& path) {
  std::uint64_t call = ++calls_;
  bool fails = plan_.lasting == FaultPlan::Lasting::once
                   ? call == plan_.fail_at
                   : plan_.fail_at != 0 && call >= plan_.fail_at;
  if (!fails) return {};
  return Error{plan_.code, "injected fault at call " + std::to_string(call) + ", " +
                               std::string(what) + ": " + path};
}

Result<std::unique_ptr<File>> FaultyDisk::wrap(Result<std::unique_ptr<File>> file,
                                               const std::string& path) {
  if (!file.ok()) return file;
  return std::unique_ptr<File>(std::make_unique<FaultyFile>(*this, std::move(file).value(), path));
}

Result<std::unique_ptr<File>> FaultyDisk::create(const std::string& path, FileMode mode) {
  BL_RETURN_IF_ERROR(strike("create", path));
  return wrap(inner_.create(path, mode), path);
}

Result<std::unique_ptr<File>> FaultyDisk::open_append(const std::string& path) {
  BL_RETURN_IF_ERROR(strike("open_append", path));
  return wrap(inner_.open_append(path), path);
}

Result<std::unique_ptr<File>> FaultyDisk::open_read(const std::string& path) {
  BL_RETURN_IF_ERROR(strike("open_read", path));
  return wrap(inner_.open_read(path), path);
}

Result<bool> FaultyDisk::exists(const std::string& path) {
  BL_RETURN_IF_ERROR(strike("exists", path));
  return inner_.exists(path);
}

Result<FileFacts> FaultyDisk::facts(const std::string& path) {
  BL_RETURN_IF_ERROR(strike("facts", path));
  return inner_.facts(path);
}

Result<std::vector<std::string>> FaultyDisk::list(const std::string& folder) {
  BL_RETURN_IF_ERROR(strike("list", folder));
  return inner_.list(folder);
}

Result<void> FaultyDisk::make_folder(const std::string& path) {
  BL_RETURN_IF_ERROR(strike("make_folder", path));
  return inner_.make_folder(path);
}

Result<void> FaultyDisk::rename(const std::string& from, const std::string& to) {
  BL_RETURN_IF_ERROR(strike("rename", from));
  return inner_.rename(from, to);
}

Result<void> FaultyDisk::link(const std::string& from, const std::string& to) {
  BL_RETURN_IF_ERROR(strike("link", to));
  return inner_.link(from, to);
}

Result<void> FaultyDisk::remove(const std::string& path) {
  BL_RETURN_IF_ERROR(strike("remove", path));
  return inner_.remove(path);
}

Result<void> FaultyDisk::sync_folder(const std::string& folder) {
  BL_RETURN_IF_ERROR(strike("sync_folder", folder));
  return inner_.sync_folder(folder);
}

Result<std::unique_ptr<DiskLock>> FaultyDisk::lock(const std::string& path,
                                                   std::string_view holder_note) {
  BL_RETURN_IF_ERROR(strike("lock", path));
  return inner_.lock(path, holder_note);
}

}  // namespace bl
