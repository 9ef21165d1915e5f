#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "results/hardware_keys.h"
#include "results/ports.h"
#include "store/database.h"

namespace bl::results {

struct PreparedSubmission;
class KnownDimensions;
class Receipts;

struct WriterLimits {
  std::size_t group_max = 5'000;  ///< submissions in one transaction; see writer_limits()
  /// Transactions at once: while one waits for the disk, the next one is filled.
  std::size_t groups_max = 2;
  /// A second one begins beside the first only when so many wait. Fewer share the next one: what a
  /// transaction costs by itself is then paid once.
  std::size_t beside_min = 1;
  /// When none is at work and so many clients wait with one submission each, it takes half of them,
  /// and a second one the other half: one computes while the other waits for the disk. 0: never.
  std::size_t halved_min = 0;
  /// Clients that store one result after the other come back when they are answered. The next
  /// transaction waits so long for those that the last one answered, unless it was one client
  /// alone.
  std::int64_t gather_us_max = 0;
  std::size_t waiting_max = 65'536;  ///< submissions that wait for a transaction
  /// Rows of dimensions that are not looked up again; some 200 bytes each.
  std::size_t dimensions_max = 65'536;
};

/// SQLite writes each page that a transaction touches once: large ones pay. PostgreSQL works on
/// another core meanwhile: smaller ones keep both busy.
WriterLimits writer_limits(store::Dialect dialect);

/// ResultWriter over the store. Submissions that arrive while a transaction is under way share the
/// next one: who finds no other at work stores all that wait, its own among them. Texts and hashes
/// are made before the transaction. A submission whose rows the store refuses fails alone:
/// a group that fails for such a reason is stored again one by one. Threads: any.
class StoreResultWriter final : public ResultWriter {
 public:
  /// The database is migrated with migrations() (schema.h).
  StoreResultWriter(store::Database& database, IdSource& ids, const Clock& clock)
      : StoreResultWriter(database, ids, clock, writer_limits(database.dialect())) {}
  StoreResultWriter(store::Database& database, IdSource& ids, const Clock& clock,
                    const WriterLimits& limits, Receipts* receipts = nullptr,
                    HardwareKeys keys = {});
  ~StoreResultWriter() override;

  Result<Submitted> submit(const Submission& submission) override;
  std::vector<Result<Submitted>> submit_many(std::span<const Submission> submissions) override;

 private:
  struct Caller;
  struct Entry;
  using Group = std::vector<Entry*>;
  using Lock = std::unique_lock<std::mutex>;

  /// Waits for the entries, working off the queue meanwhile.
  void run(std::span<Entry> entries);
  void work_until(const std::function<bool()>& done, Caller& caller);
  bool may_take() const;
  bool is_gathered() const;
  /// Waits for those who are expected back.
  void gather(Lock& lock, Caller& caller);
  Group take_group();
  void answer(const Group& group);
  void wake_one();
  void store(const Group& group);
  void store_alone(const Group& group);
  Result<void> store_once(const Group& group);

  store::Database& database_;
  IdSource& ids_;
  const Clock& clock_;
  const WriterLimits limits_;
  Receipts* const receipts_;  // may be missing: none are written
  const HardwareKeys keys_;
  const std::unique_ptr<KnownDimensions> known_;

  std::mutex mutex_;
  std::deque<Entry*> waiting_;  // guarded by mutex_
  std::size_t groups_ = 0;      // under way; guarded by mutex_
  // Guarded by mutex_: who waits for others before it takes a group, how many are expected back,
  // and until when.
  Caller* gatherer_ = nullptr;
  std::size_t expected_ = 0;
  std::chrono::steady_clock::time_point expected_until_{};
};

}  // namespace bl::results
