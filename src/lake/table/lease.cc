#include "lake/lease.h"

#include "base/json.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_folder = "leases/";
constexpr std::chrono::hours k_unreadable_for{24};

struct LeaseTimes {
  Timestamp oldest, until;
};

Result<LeaseTimes> times_of(const std::string& text) {
  BL_TRY(const json::Value value, json::parse(text));
  const auto time = [&](std::string_view name) -> Result<Timestamp> {
    const json::Value* member = value.find(name);
    if (member == nullptr || !member->is_string()) {
      return Error{Code::corrupt, "a lease without its times: " + text.substr(0, 100)};
    }
    return parse_rfc3339(member->as_string());
  };
  BL_TRY(const Timestamp oldest, time("oldest"));
  BL_TRY(const Timestamp until, time("until"));
  return LeaseTimes{oldest, until};
}

}  // namespace

Result<void> Lease::renew(Timestamp oldest) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("oldest", to_rfc3339(oldest))
      .member("until", to_rfc3339(clock_.now() + k_lease_time))
      .end_object();
  is_held_ = true;
  return store_.replace(key_, text);
}

void Lease::drop() {
  if (!is_held_) return;
  is_held_ = false;
  (void)store_.remove(key_).ok();  // else it ends by itself
}

Result<Timestamp> leased_since(objects::ObjectStore& store, Timestamp now) {
  Timestamp since = now;
  objects::ListRequest request{.prefix = std::string(k_folder)};
  while (true) {
    BL_TRY(const objects::Listing page, store.list(request));
    for (const auto& object : page.objects) {
      auto text = store.get(object.key);
      if (!text.ok() && text.error().code == Code::not_found) continue;  // dropped meanwhile
      if (!text.ok()) return std::move(text).error();
      const auto times = times_of(*text);
      const Timestamp until = times.ok() ? times->until : object.modified + k_unreadable_for;
      if (until < now) {
        BL_RETURN_IF_ERROR(store.remove(object.key));
      } else {
        since = std::min(since, times.ok() ? times->oldest : k_timestamp_min);
      }
    }
    if (!page.next) return since;
    request.after = *page.next;
  }
}

}  // namespace bl::lake
