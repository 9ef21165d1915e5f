#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/database.h"
#include "store/sqlite/session.h"
#include "store/store_metrics.h"

namespace bl::store {

/// Read-only connections, opened when first needed, the most recently used lent first. Threads:
/// any.
class ReaderPool {
 public:
  ReaderPool(std::string path, const DatabaseLimits& limits, StoreMetrics metrics,
             Session::Role role = Session::Role::reader)
      : path_(std::move(path)), role_(role), limits_(limits), metrics_(metrics) {}
  ~ReaderPool();  ///< BL_CHECKs that nobody reads
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  /// Database::read.
  Result<void> read(const std::function<Result<void>(Connection&)>& work);

 private:
  Result<std::unique_ptr<Session>> acquire();
  void release(std::unique_ptr<Session> session);

  const std::string path_;
  const Session::Role role_;
  const DatabaseLimits limits_;
  StoreMetrics metrics_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Session>> idle_;  // guarded by mutex_
  std::size_t lent_ = 0;                        // guarded by mutex_
};

}  // namespace bl::store
