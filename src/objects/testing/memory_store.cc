#include "objects/testing/memory_store.h"

#include <algorithm>

#include "base/check.h"
#include "objects/key.h"

namespace bl::objects::testing {
namespace {

constexpr std::uint64_t k_file_bytes_max = 1u << 30;

Error absent(const std::string& key) {
  return Error{Code::not_found, "no such object: " + quoted(key)};
}

}  // namespace

Result<void> MemoryStore::put_if_absent(const std::string& key, std::string_view bytes) {
  BL_RETURN_IF_ERROR(check_key(key));
  std::lock_guard lock(mutex_);
  const bool is_new = objects_.try_emplace(key, Object{std::string(bytes), clock_.now()}).second;
  if (is_new) return {};
  return Error{Code::conflict, "the object exists: " + quoted(key)};
}

Result<void> MemoryStore::put_file_if_absent(const std::string& key, const std::string& path) {
  BL_RETURN_IF_ERROR(check_key(key));
  BL_TRY(const std::string bytes, read_file(disk_, path, k_file_bytes_max));
  return put_if_absent(key, bytes);
}

Result<void> MemoryStore::replace(const std::string& key, std::string_view bytes) {
  BL_RETURN_IF_ERROR(check_key(key));
  std::lock_guard lock(mutex_);
  objects_[key] = Object{std::string(bytes), clock_.now()};
  return {};
}

Result<std::string> MemoryStore::get_range(const std::string& key, ByteRange range) {
  BL_RETURN_IF_ERROR(check_key(key));
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return absent(key);
  const std::string& bytes = found->second.bytes;
  return bytes.substr(std::min<std::uint64_t>(range.offset, bytes.size()), range.size);
}

Result<ObjectInfo> MemoryStore::head(const std::string& key) {
  BL_RETURN_IF_ERROR(check_key(key));
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return absent(key);
  return ObjectInfo{key, found->second.bytes.size(), found->second.modified};
}

Result<Listing> MemoryStore::list(const ListRequest& request) {
  BL_RETURN_IF_ERROR(check_list(request));
  std::lock_guard lock(mutex_);
  Listing listing;
  for (const auto& [key, object] : objects_) {
    if (!key.starts_with(request.prefix) || key <= request.after) continue;
    if (listing.objects.size() == request.count_max) {
      listing.next = listing.objects.back().key;
      break;
    }
    listing.objects.push_back({key, object.bytes.size(), object.modified});
  }
  return listing;
}

Result<void> MemoryStore::remove(const std::string& key) {
  BL_RETURN_IF_ERROR(check_key(key));
  std::lock_guard lock(mutex_);
  objects_.erase(key);
  return {};
}

Result<std::uint64_t> MemoryStore::sweep_unfinished(Timestamp older_than) {
  std::lock_guard lock(mutex_);
  return std::erase_if(unfinished_, [&](Timestamp begun) { return begun < older_than; });
}

std::string MemoryStore::address(const std::string& key) const {
  BL_CHECK(check_key(key).ok());
  return "memory:" + key;
}

void MemoryStore::damage(const std::string& key, std::string bytes) {
  std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  BL_CHECK(found != objects_.end());
  found->second.bytes = std::move(bytes);
}

void MemoryStore::leave_unfinished() {
  std::lock_guard lock(mutex_);
  unfinished_.push_back(clock_.now());
}

}  // namespace bl::objects::testing
