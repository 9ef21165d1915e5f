#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
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
class Receipts;

struct WriterLimits {
  std::size_t group_max = 5'000;  ///< submissions in one transaction; see writer_limits()
  /// Transactions at once: while one waits for the disk, the next one is filled.
  std::size_t groups_max = 2;
  std::size_t waiting_max = 65'536;  ///< submissions that wait for a transaction
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
                    HardwareKeys keys = {})
      : database_(database),
        ids_(ids),
        clock_(clock),
        limits_(limits),
        receipts_(receipts),
        keys_(std::move(keys)) {}

  Result<Submitted> submit(const Submission& submission) override;
  std::vector<Result<Submitted>> submit_many(std::span<const Submission> submissions) override;

 private:
  struct Caller;
  struct Entry;
  using Group = std::vector<Entry*>;

  /// Waits for the entries, working off the queue meanwhile.
  void run(std::span<Entry> entries);
  void work_until(const std::function<bool()>& done, Caller& caller);
  Group take_group();
  void store(const Group& group);
  void store_alone(const Group& group);
  Result<void> store_once(const Group& group);

  store::Database& database_;
  IdSource& ids_;
  const Clock& clock_;
  const WriterLimits limits_;
  Receipts* const receipts_;  // may be missing: none are written
  const HardwareKeys keys_;

  std::mutex mutex_;
  std::deque<Entry*> waiting_;  // guarded by mutex_
  std::size_t groups_ = 0;      // under way; guarded by mutex_
};

}  // namespace bl::results
