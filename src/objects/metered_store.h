#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/time.h"
#include "objects/object_store.h"

namespace bl::objects {

/// Counts and times every call of another store. Threads: any.
class MeteredStore final : public ObjectStore {
 public:
  MeteredStore(std::unique_ptr<ObjectStore> inner, const Clock& clock, Metrics& metrics);

  Result<void> put_if_absent(const std::string& key, std::string_view bytes) override;
  Result<void> put_file_if_absent(const std::string& key, const std::string& path) override;
  Result<void> replace(const std::string& key, std::string_view bytes) override;
  Result<std::string> get_range(const std::string& key, ByteRange range) override;
  Result<ObjectInfo> head(const std::string& key) override;
  Result<Listing> list(const ListRequest& request) override;
  Result<void> remove(const std::string& key) override;
  Result<std::uint64_t> sweep_unfinished(Timestamp older_than) override;
  std::string address(const std::string& key) const override { return inner_->address(key); }
  std::string_view kind() const override { return inner_->kind(); }

 private:
  template <class Call>
  auto timed(const char* operation, Call call);

  const std::unique_ptr<ObjectStore> inner_;
  const Clock& clock_;
  Metrics& metrics_;
  Counter read_bytes_, written_bytes_, skipped_;
};

}  // namespace bl::objects
