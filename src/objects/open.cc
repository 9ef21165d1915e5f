#include "objects/open.h"

#include <array>

#include "base/hash.h"
#include "base/uri.h"
#include "objects/local/local_store.h"
#include "objects/metered_store.h"
#include "objects/read_only_store.h"
#include "objects/s3/s3_store.h"

namespace bl::objects {
namespace {

using Opened = Result<std::unique_ptr<ObjectStore>>;

Opened open_folder(const std::string& path, World& world, const OpenOptions& options) {
  BL_TRY(
      std::unique_ptr<ObjectStore> store,
      LocalStore::open(path, world.disk, world.random, world.metrics, options.limits, options.use));
  return store;
}

Opened open_bucket(const Uri& uri, const std::map<std::string, std::string>& variables,
                   World& world, const OpenOptions& options) {
  BL_TRY(S3Settings settings, s3_settings(uri, variables));
  BL_TRY(auto credentials, CredentialSource::open(variables, world.disk));
  return std::unique_ptr<ObjectStore>(std::make_unique<S3Store>(
      std::move(settings), options.limits, options.s3, std::move(credentials), world));
}

Opened open_plain(const std::string& place, const std::map<std::string, std::string>& variables,
                  World& world, const OpenOptions& options) {
  if (place.starts_with('/')) return open_folder(place, world, options);
  BL_TRY(const Uri uri, parse_uri(place));
  if (uri.scheme == "s3") return open_bucket(uri, variables, world, options);
  if (uri.scheme == "file") {
    if (!uri.host.empty() || !uri.query.empty()) {
      return Error{Code::invalid, "a folder for objects is file:///PATH: " + uri.redacted()};
    }
    return open_folder(uri.path, world, options);
  }
  return Error{Code::unsupported,
               "not supported: objects in a place of this kind (there are /PATH, file:///PATH and "
               "s3://BUCKET/PREFIX): " +
                   uri.redacted()};
}

}  // namespace

Opened open_store(const std::string& place, const std::map<std::string, std::string>& variables,
                  World world, const OpenOptions& options) {
  BL_TRY(auto store, open_plain(place, variables, world, options));
  if (options.use == StoreUse::read) store = std::make_unique<ReadOnlyStore>(std::move(store));
  return std::unique_ptr<ObjectStore>(
      std::make_unique<MeteredStore>(std::move(store), world.clock, world.metrics));
}

Result<void> prove_put_if_absent(ObjectStore& store, Random& random) {
  std::array<std::byte, 16> number;
  random.fill(number);
  const std::string key = "benchlake-probe/" + to_hex(number);
  BL_RETURN_IF_ERROR(store.put_if_absent(key, "one"));
  const auto second = store.put_if_absent(key, "two");
  const auto removed = store.remove(key);
  if (second.ok()) {
    return Error{Code::unsupported,
                 "not supported: a store that lets a second writer have a key that is taken "
                 "(If-None-Match: * is not honoured): " +
                     store.address(key)};
  }
  if (second.error().code != Code::conflict) return second;
  return removed;
}

}  // namespace bl::objects
