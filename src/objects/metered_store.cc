#include "objects/metered_store.h"

namespace bl::objects {
namespace {

Counter bytes(Metrics& metrics, std::string_view kind, const char* direction) {
  return metrics.counter("bl_objects_bytes_total", "bytes of objects that calls moved",
                         {{"store", std::string(kind)}, {"direction", direction}});
}

}  // namespace

MeteredStore::MeteredStore(std::unique_ptr<ObjectStore> inner, const Clock& clock, Metrics& metrics)
    : inner_(std::move(inner)),
      clock_(clock),
      metrics_(metrics),
      read_bytes_(bytes(metrics, inner_->kind(), "read")),
      written_bytes_(bytes(metrics, inner_->kind(), "written")),
      skipped_(metrics.counter("bl_objects_names_skipped_total",
                               "names in listings that are no keys of objects",
                               {{"store", std::string(inner_->kind())}})) {}

template <class Call>
auto MeteredStore::timed(const char* operation, Call call) {
  const auto begin = clock_.steady_now();
  auto result = call();
  const std::chrono::duration<double> took = clock_.steady_now() - begin;
  const std::string store(kind());
  metrics_
      .histogram("bl_objects_operation_seconds", "duration of a call to an object store",
                 Metrics::latency_bounds(), {{"store", store}, {"operation", operation}})
      .observe(took.count());
  metrics_
      .counter("bl_objects_operations_total", "calls to object stores, by how they ended",
               {{"store", store},
                {"operation", operation},
                {"outcome", result.ok() ? "ok" : name_of(result.error().code)}})
      .add();
  return result;
}

Result<void> MeteredStore::put_if_absent(const std::string& key, std::string_view bytes) {
  auto result = timed("put_if_absent", [&] { return inner_->put_if_absent(key, bytes); });
  if (result.ok()) written_bytes_.add(static_cast<double>(bytes.size()));
  return result;
}

Result<void> MeteredStore::put_file_if_absent(const std::string& key, const std::string& path) {
  return timed("put_file_if_absent", [&] { return inner_->put_file_if_absent(key, path); });
}

Result<void> MeteredStore::replace(const std::string& key, std::string_view bytes) {
  auto result = timed("replace", [&] { return inner_->replace(key, bytes); });
  if (result.ok()) written_bytes_.add(static_cast<double>(bytes.size()));
  return result;
}

Result<std::string> MeteredStore::get_range(const std::string& key, ByteRange range) {
  auto result = timed("get", [&] { return inner_->get_range(key, range); });
  if (result.ok()) read_bytes_.add(static_cast<double>(result->size()));
  return result;
}

Result<ObjectInfo> MeteredStore::head(const std::string& key) {
  return timed("head", [&] { return inner_->head(key); });
}

Result<Listing> MeteredStore::list(const ListRequest& request) {
  auto result = timed("list", [&] { return inner_->list(request); });
  if (result.ok()) skipped_.add(static_cast<double>(result->skipped));
  return result;
}

Result<void> MeteredStore::remove(const std::string& key) {
  return timed("remove", [&] { return inner_->remove(key); });
}

Result<std::uint64_t> MeteredStore::sweep_unfinished(Timestamp older_than) {
  return timed("sweep_unfinished", [&] { return inner_->sweep_unfinished(older_than); });
}

}  // namespace bl::objects
