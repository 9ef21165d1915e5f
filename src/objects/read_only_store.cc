#include "objects/read_only_store.h"

#include "objects/key.h"

namespace bl::objects {
namespace {

Error refused(const std::string& what) {
  return Error{Code::forbidden, "the objects are only read here: " + what};
}

}  // namespace

Result<void> ReadOnlyStore::put_if_absent(const std::string& key, std::string_view) {
  return refused(quoted(key));
}

Result<void> ReadOnlyStore::put_file_if_absent(const std::string& key, const std::string&) {
  return refused(quoted(key));
}

Result<void> ReadOnlyStore::replace(const std::string& key, std::string_view) {
  return refused(quoted(key));
}

Result<void> ReadOnlyStore::remove(const std::string& key) {
  return refused(quoted(key));
}

Result<std::uint64_t> ReadOnlyStore::sweep_unfinished(Timestamp) {
  return refused("what writers have left");
}

}  // namespace bl::objects
