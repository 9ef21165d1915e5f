#pragma once

#include <chrono>
#include <cstdint>
#include <set>
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

  /// Those snapshots stay for k_lease_time from now on. To be called before a snapshot is read for
  /// the first time (look once more afterwards: it may have gone just then), and then every third
  /// of that time. Errors: those of the store; the lease of before holds until its end.
  Result<void> renew(const std::set<std::int64_t>& snapshots);
  void drop();

 private:
  objects::ObjectStore& store_;
  const Clock& clock_;
  const std::string key_;
  bool is_held_ = false;
};

/// The snapshots that other processes hold. Leases that ended go. Errors: those of the store;
/// corrupt (a lease that cannot be read and is younger than a day: it may hold any).
Result<std::set<std::int64_t>> leased_snapshots(objects::ObjectStore& store, Timestamp now);

}  // namespace bl::lake
