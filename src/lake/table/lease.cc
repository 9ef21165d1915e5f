#include "lake/lease.h"

#include "base/json.h"
#include "objects/listing.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_folder = "leases/";
constexpr std::chrono::hours k_unreadable_for{24};

struct LeaseWords {
  std::set<std::int64_t> snapshots;
  Timestamp until;
};

Result<LeaseWords> words_of(const std::string& text) {
  const Error error{Code::corrupt, "a lease that cannot be read: " + text.substr(0, 100)};
  const auto value = json::parse(text);
  if (!value.ok()) return error;
  const json::Value* snapshots = value->find("snapshots");
  const json::Value* until = value->find("until");
  if (snapshots == nullptr || !snapshots->is_array()) return error;
  if (until == nullptr || !until->is_string()) return error;
  LeaseWords words;
  BL_TRY(words.until, parse_rfc3339(until->as_string()));
  for (const json::Value& id : snapshots->items()) {
    if (!id.is_number() || !id.as_int64()) return error;
    words.snapshots.insert(*id.as_int64());
  }
  return words;
}

}  // namespace

Result<void> Lease::renew(const std::set<std::int64_t>& snapshots) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("until", to_rfc3339(clock_.now() + k_lease_time));
  writer.key("snapshots").begin_array();
  for (const std::int64_t id : snapshots) writer.value(id);
  writer.end_array().end_object();
  is_held_ = true;
  return store_.replace(key_, text);
}

void Lease::drop() {
  if (!is_held_) return;
  is_held_ = false;
  (void)store_.remove(key_).ok();  // else it ends by itself
}

Result<std::set<std::int64_t>> leased_snapshots(objects::ObjectStore& store, Timestamp now) {
  std::set<std::int64_t> leased;
  const auto look = [&](const objects::ObjectInfo& object) -> Result<void> {
    const auto text = store.get(object.key);
    if (!text.ok() && text.error().code == Code::not_found) return {};  // dropped meanwhile
    if (!text.ok()) return text.error();
    const auto words = words_of(*text);
    if (!words.ok() && object.modified + k_unreadable_for >= now) return words.error();
    if (!words.ok() || words->until < now) return store.remove(object.key);
    leased.insert(words->snapshots.begin(), words->snapshots.end());
    return {};
  };
  BL_RETURN_IF_ERROR(objects::for_each_object(store, std::string(k_folder), look));
  return leased;
}

}  // namespace bl::lake
