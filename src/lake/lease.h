#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/ids.h"
#include "base/time.h"
#include "objects/object_store.h"

/// Says to the process that expires snapshots which ones another process still reads: an object
/// `leases/ID.json` that is renewed as long as somebody reads.
namespace bl::lake {

inline constexpr std::chrono::seconds k_lease_time{120};

/// One process's. Threads: one at a time.
class Lease {
 public:
  Lease(objects::ObjectStore& store, IdSource& ids, const Clock& clock)
      : store_(store), clock_(clock), key_("leases/" + ids.next() + ".json") {}
  ~Lease() { drop(); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// Snapshots made at `oldest` or later stay for k_lease_time from now on. To be called before a
  /// snapshot is read for the first time, and then every third of that time. Errors: those of the
  /// store; the lease of before holds until its end.
  Result<void> renew(Timestamp oldest);
  void drop();

 private:
  objects::ObjectStore& store_;
  const Clock& clock_;
  const std::string key_;
  bool is_held_ = false;
};

/// Since when snapshots are leased by any process; `now` when none is. Leases that ended go. A
/// lease that cannot be read counts as one that began with the world, until it is a day old.
/// Errors: those of the store.
Result<Timestamp> leased_since(objects::ObjectStore& store, Timestamp now);

}  // namespace bl::lake
