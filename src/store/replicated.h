#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "store/database.h"

/// Reads from a PostgreSQL read replica, writes to the writer. A replica lags: what was written a
/// moment ago may not be there yet. So these reads go to the writer: those of a thread that wrote
/// through this object within `own_writes_kept`; those whose work ended in not_found; and all for
/// `pause` after the replica failed (counted, and said once in the log). What must never be old
/// (tokens, sessions, one result, verdicts) asks the writer itself.
namespace bl::store {

struct ReplicaLimits {
  std::chrono::milliseconds own_writes_kept{10'000};
  std::chrono::milliseconds pause{5'000};
};

class ReplicatedDatabase final : public Database {
 public:
  using Open = std::function<Result<std::unique_ptr<Database>>()>;
  /// `open` is called when the replica is first read, and again while it fails.
  ReplicatedDatabase(Database& writer, Open open, const Clock& clock, Log& log, Metrics& metrics,
                     ReplicaLimits limits = {});

  Dialect dialect() const override { return writer_.dialect(); }
  Result<void> read(const std::function<Result<void>(Connection&)>& work) override;
  Result<void> write(const std::function<Result<void>(Connection&)>& work) override;
  Result<void> migrate(std::span<const Migration> migrations) override;

 private:
  bool is_for_writer() const;
  void note_failure(const Error& error);
  Result<Database*> replica();

  Database& writer_;
  const Open open_;
  const Clock& clock_;
  Log& log_;
  const ReplicaLimits limits_;
  Counter replica_reads_, writer_reads_, failures_;
  std::mutex mutex_;                   // of opening
  std::unique_ptr<Database> replica_;  // guarded by mutex_ until opened_ shows it
  std::atomic<Database*> opened_ = nullptr;
  std::atomic<std::int64_t> paused_until_ns_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace bl::store
