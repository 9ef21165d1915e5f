#pragma once

#include <memory>
#include <string>

#include "objects/object_store.h"

namespace bl::objects {

/// Another store, of which nothing is changed: what would is forbidden, and does not reach it.
/// Threads: as the other.
class ReadOnlyStore final : public ObjectStore {
 public:
  explicit ReadOnlyStore(std::unique_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}

  Result<void> put_if_absent(const std::string& key, std::string_view bytes) override;
  Result<void> put_file_if_absent(const std::string& key, const std::string& path) override;
  Result<void> replace(const std::string& key, std::string_view bytes) override;
  Result<std::string> get_range(const std::string& key, ByteRange range) override {
    return inner_->get_range(key, range);
  }
  Result<ObjectInfo> head(const std::string& key) override { return inner_->head(key); }
  Result<Listing> list(const ListRequest& request) override { return inner_->list(request); }
  Result<void> remove(const std::string& key) override;
  Result<std::uint64_t> sweep_unfinished(Timestamp older_than) override;
  std::string address(const std::string& key) const override { return inner_->address(key); }
  std::string_view kind() const override { return inner_->kind(); }

 private:
  const std::unique_ptr<ObjectStore> inner_;
};

}  // namespace bl::objects
