#pragma once

#include <memory>
#include <mutex>

#include "store/database.h"
#include "store/sqlite/session.h"

namespace bl::store {

/// `:memory:`: one connection under one lock, for tests of pure SQL. Reads cannot write. Threads:
/// any, one after the other.
class MemoryDatabase final : public Database {
 public:
  static Result<std::unique_ptr<Database>> open(const DatabaseLimits& limits);

  Dialect dialect() const override { return Dialect::sqlite; }
  Result<void> read(const std::function<Result<void>(Connection&)>& work) override;
  Result<void> write(const std::function<Result<void>(Connection&)>& work) override;
  Result<void> migrate(std::span<const Migration> migrations) override;

 private:
  MemoryDatabase(const DatabaseLimits& limits, std::unique_ptr<Session> session)
      : limits_(limits), session_(std::move(session)) {}
  Result<void> transaction(const std::function<Result<void>(Connection&)>& work,
                           std::optional<std::int64_t> time_ms_max);

  const DatabaseLimits limits_;
  std::mutex mutex_;
  std::unique_ptr<Session> session_;  // guarded by mutex_
};

}  // namespace bl::store
