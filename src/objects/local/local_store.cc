#include "objects/local/local_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/file_copy.h"
#include "base/hash.h"
#include "objects/key.h"
#include "objects/local/folder_listing.h"

namespace bl::objects {
namespace {

constexpr std::size_t k_copy_bytes = 1u << 20;

Error taken(const std::string& key) {
  return Error{Code::conflict, "the object exists: " + quoted(key)};
}

Error absent(const std::string& key) {
  return Error{Code::not_found, "no such object: " + quoted(key)};
}

/// The folders of the key, durable.
Result<void> make_folders(Disk& disk, const std::string& target, const std::string& key) {
  auto made = disk.make_folder(folder_of(target));
  if (made.ok() || (made.error().code != Code::conflict && made.error().code != Code::not_found)) {
    return made;
  }
  return Error{Code::invalid, "an object stands where the key has a folder: " + quoted(key)};
}

Result<void> refuse_folder(Disk& disk, const std::string& target, const std::string& key) {
  const auto facts = disk.facts(target);
  if (!facts.ok() || facts->kind != FileFacts::Kind::folder) return {};
  return Error{Code::invalid, "an object's key is a folder of others: " + quoted(key)};
}

Result<void> write_synced(Disk& disk, const std::string& path, std::string_view bytes) {
  BL_TRY(const auto file, disk.create(path, FileMode::normal));
  BL_RETURN_IF_ERROR(file->append(bytes));
  return file->sync();
}

Result<void> copy_synced(Disk& disk, File& source, std::uint64_t size, const std::string& path) {
  BL_TRY(const auto file, disk.create(path, FileMode::normal));
  std::string bytes(k_copy_bytes, '\0');
  for (std::uint64_t done = 0; done < size;) {
    BL_TRY(const std::size_t got, source.read_at(done, std::as_writable_bytes(std::span(bytes))));
    if (got == 0) return Error{Code::io, "the file became shorter while it was copied: " + path};
    BL_RETURN_IF_ERROR(file->append(std::string_view(bytes).substr(0, got)));
    done += got;
  }
  return file->sync();
}

}  // namespace

LocalStore::LocalStore(std::string root, Disk& disk, Random& random, Metrics& metrics,
                       StoreLimits limits)
    : root_(std::move(root)),
      disk_(disk),
      random_(random),
      limits_(limits),
      size_hits_(metrics.counter("bl_objects_limit_hits_total",
                                 "times that a limit of an object store was reached",
                                 {{"limit", "bytes_max"}})) {}

Result<std::unique_ptr<LocalStore>> LocalStore::open(std::string root, Disk& disk, Random& random,
                                                     Metrics& metrics, StoreLimits limits,
                                                     StoreUse use) {
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  if (!root.starts_with('/') || root == "/") {
    return Error{Code::invalid, "a folder for objects is an absolute path below /: " + root};
  }
  std::unique_ptr<LocalStore> store(new LocalStore(std::move(root), disk, random, metrics, limits));
  if (use == StoreUse::read) {
    BL_TRY(const FileFacts facts, disk.facts(store->root_));
    if (facts.kind == FileFacts::Kind::file) {
      return Error{Code::conflict,
                   "a file is where a folder for objects should be: " + store->root_};
    }
    return store;
  }
  BL_RETURN_IF_ERROR(disk.make_folder(store->staging_folder()));
  BL_RETURN_IF_ERROR(store->try_links());
  return store;
}

std::string LocalStore::path_of(std::string_view key) const {
  return root_ + "/" + std::string(key);
}

std::string LocalStore::staging_folder() const {
  return path_of(k_staging_folder);
}

std::string LocalStore::new_staged_path() {
  std::array<std::byte, 16> bytes;
  random_.fill(bytes);
  return staging_folder() + "/" + to_hex(bytes);
}

Result<void> LocalStore::try_links() {
  BL_TRY(const std::string staged, stage("x"));
  const std::string other = staged + ".link";
  const auto linked = disk_.link(staged, other);
  (void)disk_.remove(other);
  (void)disk_.remove(staged);
  if (linked.ok() || linked.error().code == Code::disk_full) return linked;
  return Error{Code::unsupported,
               "not supported: objects on a file system without hard links (link(2)), because no "
               "key could be taken exactly once (" +
                   linked.error().message + "): " + root_};
}

Result<void> LocalStore::check_size(std::uint64_t size, std::uint64_t size_max,
                                    const std::string& key) {
  if (size <= size_max) return {};
  size_hits_.add();
  return Error{Code::too_large, fmt::format("an object of {} bytes, the most are {}: {}", size,
                                            size_max, quoted(key))};
}

Result<std::string> LocalStore::stage(std::string_view bytes) {
  const std::string path = new_staged_path();
  if (auto written = write_synced(disk_, path, bytes); !written.ok()) {
    (void)disk_.remove(path);  // else sweep_unfinished() finds it
    return std::move(written).error();
  }
  return path;
}

Result<std::string> LocalStore::stage_copy(File& source, std::uint64_t size) {
  const std::string path = new_staged_path();
  if (auto written = copy_synced(disk_, source, size, path); !written.ok()) {
    (void)disk_.remove(path);
    return std::move(written).error();
  }
  return path;
}

Result<void> LocalStore::put_if_absent(const std::string& key, std::string_view bytes) {
  BL_RETURN_IF_ERROR(check_key(key));
  BL_RETURN_IF_ERROR(check_size(bytes.size(), limits_.put_bytes_max, key));
  BL_TRY(const std::string staged, stage(bytes));
  return publish_staged(staged, key);
}

Result<void> LocalStore::publish_staged(const std::string& staged, const std::string& key) {
  auto published = publish(staged, 1, key);
  (void)disk_.remove(staged);
  return published;
}

// Gives a synced file the key. On NFS an answer of link(2) may be lost: the count of the file's
// names tells whose the key is.
Result<void> LocalStore::publish(const std::string& path, std::uint64_t links_before,
                                 const std::string& key) {
  const std::string target = path_of(key);
  BL_RETURN_IF_ERROR(make_folders(disk_, target, key));
  if (auto linked = disk_.link(path, target); !linked.ok()) {
    const auto facts = disk_.facts(path);
    if (!facts.ok()) {
      if (linked.error().code == Code::conflict) return taken(key);
      return Error{Code::outcome_unknown, "an object may have been made or not (" +
                                              linked.error().message + "): " + quoted(key)};
    }
    if (facts->links <= links_before) {
      if (linked.error().code != Code::conflict) return linked;
      BL_RETURN_IF_ERROR(refuse_folder(disk_, target, key));
      return taken(key);
    }
  }
  if (auto synced = disk_.sync_folder(folder_of(target)); !synced.ok()) {
    return Error{Code::outcome_unknown, "an object is there, but may not survive a power cut (" +
                                            synced.error().message + "): " + quoted(key)};
  }
  return {};
}

Result<void> LocalStore::put_file_if_absent(const std::string& key, const std::string& path) {
  BL_RETURN_IF_ERROR(check_key(key));
  BL_TRY(const auto source, disk_.open_read(path));
  BL_TRY(const std::uint64_t size, source->size());
  BL_RETURN_IF_ERROR(check_size(size, limits_.object_bytes_max, key));
  BL_RETURN_IF_ERROR(source->sync());
  BL_TRY(const FileFacts facts, disk_.facts(path));
  if (facts.kind == FileFacts::Kind::file) {
    auto published = publish(path, facts.links, key);
    // Else it is a file of another file system, or one that may not be linked: it is copied.
    if (published.ok() || published.error().code == Code::conflict ||
        published.error().code == Code::invalid ||
        published.error().code == Code::outcome_unknown) {
      return published;
    }
  }
  BL_TRY(const std::string staged, stage_copy(*source, size));
  return publish_staged(staged, key);
}

Result<void> LocalStore::replace(const std::string& key, std::string_view bytes) {
  BL_RETURN_IF_ERROR(check_key(key));
  BL_RETURN_IF_ERROR(check_size(bytes.size(), limits_.put_bytes_max, key));
  BL_TRY(const std::string staged, stage(bytes));
  const std::string target = path_of(key);
  auto moved = make_folders(disk_, target, key);
  if (moved.ok()) moved = refuse_folder(disk_, target, key);
  if (moved.ok()) moved = disk_.rename(staged, target);
  if (!moved.ok()) {
    (void)disk_.remove(staged);
    return moved;
  }
  if (auto synced = disk_.sync_folder(folder_of(target)); !synced.ok()) {
    return Error{Code::outcome_unknown,
                 "an object was replaced, but may not survive a power cut (" +
                     synced.error().message + "): " + quoted(key)};
  }
  return {};
}

Result<std::string> LocalStore::get_range(const std::string& key, ByteRange range) {
  BL_RETURN_IF_ERROR(check_key(key));
  const std::string path = path_of(key);
  BL_TRY(const ObjectInfo info, head(key));
  BL_TRY(const auto file, disk_.open_read(path));
  const std::uint64_t start = std::min(range.offset, info.size);
  const std::uint64_t size = std::min(range.size, info.size - start);
  BL_RETURN_IF_ERROR(check_size(size, limits_.get_bytes_max, key));
  std::string bytes(size, '\0');
  BL_TRY(const std::size_t got, file->read_at(start, std::as_writable_bytes(std::span(bytes))));
  if (got < size) {
    return Error{Code::corrupt, fmt::format("an object became shorter, {} bytes are missing: {}",
                                            size - got, quoted(key))};
  }
  return bytes;
}

Result<ObjectInfo> LocalStore::head(const std::string& key) {
  BL_RETURN_IF_ERROR(check_key(key));
  auto facts = disk_.facts(path_of(key));
  if (!facts.ok()) {
    return facts.error().code == Code::not_found ? absent(key) : std::move(facts).error();
  }
  if (facts->kind != FileFacts::Kind::file) return absent(key);
  return ObjectInfo{key, facts->size, facts->modified};
}

Result<Listing> LocalStore::list(const ListRequest& request) {
  BL_RETURN_IF_ERROR(check_list(request));
  return list_folder(disk_, root_, request);
}

Result<void> LocalStore::remove(const std::string& key) {
  BL_RETURN_IF_ERROR(check_key(key));
  const std::string path = path_of(key);
  auto facts = disk_.facts(path);
  const bool is_there = facts.ok() && facts->kind == FileFacts::Kind::file;
  if (!is_there && (facts.ok() || facts.error().code == Code::not_found)) return {};
  if (auto removed = disk_.remove(path); !removed.ok() && removed.error().code != Code::not_found) {
    return removed;
  }
  return disk_.sync_folder(folder_of(path));
}

Result<std::uint64_t> LocalStore::sweep_unfinished(Timestamp older_than) {
  BL_TRY(const auto names, disk_.list(staging_folder()));
  std::uint64_t count = 0;
  for (const std::string& name : names) {
    const std::string path = staging_folder() + "/" + name;
    const auto facts = disk_.facts(path);
    if (!facts.ok() && facts.error().code == Code::not_found) continue;  // its writer took it
    if (!facts.ok()) return facts.error();
    if (facts->modified >= older_than) continue;
    if (auto removed = disk_.remove(path);
        !removed.ok() && removed.error().code != Code::not_found) {
      return std::move(removed).error();
    }
    ++count;
  }
  return count;
}

std::string LocalStore::address(const std::string& key) const {
  BL_CHECK(check_key(key).ok());
  return path_of(key);
}

}  // namespace bl::objects
