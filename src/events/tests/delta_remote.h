#pragma once

#include <memory>
#include <string>

#include "events/tests/delta_log_world.h"
#include "objects/testing/memory_store.h"

namespace bl::events::testing {

/// Hands a store over, though somebody keeps it.
class Lent final : public objects::ObjectStore {
 public:
  explicit Lent(objects::ObjectStore& store) : store_(store) {}
  Result<void> put_if_absent(const std::string& key, std::string_view bytes) override {
    return store_.put_if_absent(key, bytes);
  }
  Result<void> put_file_if_absent(const std::string& key, const std::string& path) override {
    return store_.put_file_if_absent(key, path);
  }
  Result<void> replace(const std::string& key, std::string_view bytes) override {
    return store_.replace(key, bytes);
  }
  Result<std::string> get_range(const std::string& key, objects::ByteRange range) override {
    return store_.get_range(key, range);
  }
  Result<objects::ObjectInfo> head(const std::string& key) override { return store_.head(key); }
  Result<objects::Listing> list(const objects::ListRequest& request) override {
    return store_.list(request);
  }
  Result<void> remove(const std::string& key) override { return store_.remove(key); }
  Result<std::uint64_t> sweep_unfinished(Timestamp older_than) override {
    return store_.sweep_unfinished(older_than);
  }
  std::string address(const std::string& key) const override { return store_.address(key); }
  std::string_view kind() const override { return store_.kind(); }

 private:
  objects::ObjectStore& store_;
};

/// A table that is not on this disk: journals are objects, files are copied.
struct Remote {
  explicit Remote(DeltaWorld& of) : Remote(of, of.clock) {}
  /// `clock`: the store's own.
  Remote(DeltaWorld& of, const Clock& clock) : world(of), memory(clock, *of.disk) {}
  Result<delta::TablePlace> place(std::unique_ptr<objects::ObjectStore> store) {
    delta::TablePlace place;
    place.store = std::move(store);
    place.local = world.folder.at("local");
    place.shown = "delta+s3://bucket/table";
    return place;
  }
  Result<delta::TablePlace> place() { return place(std::make_unique<Lent>(memory)); }
  DeltaWorld& world;
  objects::testing::MemoryStore memory;
};

}  // namespace bl::events::testing
