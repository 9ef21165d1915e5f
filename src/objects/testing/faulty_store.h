#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/random.h"
#include "objects/object_store.h"

namespace bl::objects::testing {

/// What happens to one call. Reading calls know `fails` only, which the others are to them.
enum class ObjectFault : unsigned char {
  none,
  fails,         ///< nothing is done; `unavailable`
  lost_done,     ///< it is done, and the answer lost: `outcome_unknown` (a removal: `unavailable`)
  lost_undone,   ///< the same words, but nothing is done
  lost_delayed,  ///< the same words; it is done later, at deliver_delayed(), should the key be free
  /// What S3 and the local store never do, but a broken gateway might: half of the bytes stand
  /// under the key. `outcome_unknown`. Whoever reads must find it by a checksum.
  torn,
};

/// One call as a plan sees it.
struct ObjectCall {
  std::uint64_t number = 0;  ///< from 1
  std::string_view operation;
  std::string_view key;  ///< of a list, its prefix
  bool writes = false;
};
using ObjectFaultPlan = std::function<ObjectFault(const ObjectCall&)>;

/// The n-th call meets the fault, the others none.
ObjectFaultPlan fault_at(std::uint64_t number, ObjectFault fault);
/// Every call from the n-th on.
ObjectFaultPlan fault_from(std::uint64_t number, ObjectFault fault);
/// So many of a thousand calls, by chance, and each kind as often: lost, delayed and torn ones at
/// writes only. The same seed gives the same faults for the same calls.
struct FaultChances {
  std::uint32_t per_mille = 50;
  bool torn = false;
};
ObjectFaultPlan faults_by_chance(std::uint64_t seed, FaultChances chances);

/// Hands calls on to another store, and lets some of them fail: the object store of simulations.
/// Threads: any; the plan is asked by one at a time, in the order of the calls. Keep `inner`
/// longer.
class FaultyStore final : public ObjectStore {
 public:
  FaultyStore(ObjectStore& inner, Disk& disk, ObjectFaultPlan plan)
      : inner_(inner), disk_(disk), plan_(std::move(plan)) {}

  /// From the next call on, counted from 1 again.
  void set_plan(ObjectFaultPlan plan);
  std::uint64_t calls() const;
  std::uint64_t faults() const;
  /// Writes whose answers were lost arrive now, in the order in which they were sent: those that
  /// were to make a key find it free or taken. Gives how many took effect.
  std::uint64_t deliver_delayed();

  Result<void> put_if_absent(const std::string& key, std::string_view bytes) override;
  Result<void> put_file_if_absent(const std::string& key, const std::string& path) override;
  Result<void> replace(const std::string& key, std::string_view bytes) override;
  Result<std::string> get_range(const std::string& key, ByteRange range) override;
  Result<ObjectInfo> head(const std::string& key) override;
  Result<Listing> list(const ListRequest& request) override;
  Result<void> remove(const std::string& key) override;
  Result<std::uint64_t> sweep_unfinished(Timestamp older_than) override;
  std::string address(const std::string& key) const override { return inner_.address(key); }
  std::string_view kind() const override { return inner_.kind(); }

 private:
  enum class Write : unsigned char { put_if_absent, replace };
  struct Delayed {
    Write how;
    std::string key, bytes;
  };
  ObjectFault next(std::string_view operation, std::string_view key, bool writes);
  Result<void> read_fault(std::string_view operation, std::string_view key);
  Result<void> write(std::string_view operation, Write how, const std::string& key,
                     std::string_view bytes);
  Result<void> write_inner(Write how, const std::string& key, std::string_view bytes);

  ObjectStore& inner_;
  Disk& disk_;
  mutable std::mutex mutex_;
  ObjectFaultPlan plan_;          // guarded by mutex_
  std::uint64_t calls_ = 0;       // guarded by mutex_
  std::uint64_t faults_ = 0;      // guarded by mutex_
  std::vector<Delayed> delayed_;  // guarded by mutex_
};

}  // namespace bl::objects::testing
