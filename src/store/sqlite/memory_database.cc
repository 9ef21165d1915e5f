#include "store/sqlite/memory_database.h"

#include "store/migrations.h"

namespace bl::store {

Result<std::unique_ptr<Database>> MemoryDatabase::open(const DatabaseLimits& limits) {
  BL_TRY(auto session, Session::open(":memory:", Session::Role::memory, limits));
  return std::unique_ptr<Database>(new MemoryDatabase(limits, std::move(session)));
}

Result<void> MemoryDatabase::read(const std::function<Result<void>(Connection&)>& work) {
  const std::lock_guard lock(mutex_);
  BL_RETURN_IF_ERROR(session_->script("PRAGMA query_only = ON"));
  auto outcome = transaction(work, limits_.read_ms_max);
  BL_RETURN_IF_ERROR(session_->script("PRAGMA query_only = OFF"));
  return outcome;
}

Result<void> MemoryDatabase::write(const std::function<Result<void>(Connection&)>& work) {
  const std::lock_guard lock(mutex_);
  return transaction(work, limits_.write_ms_max);
}

Result<void> MemoryDatabase::transaction(const std::function<Result<void>(Connection&)>& work,
                                         std::optional<std::int64_t> time_ms_max) {
  BL_RETURN_IF_ERROR(session_->begin());
  auto outcome = session_->run(work, time_ms_max);
  if (outcome.ok()) outcome = session_->commit();
  session_->rollback();
  return outcome;
}

Result<void> MemoryDatabase::migrate(std::span<const Migration> migrations) {
  const std::lock_guard lock(mutex_);
  return apply_migrations(
      migrations, Dialect::sqlite,
      {.transaction = [&](const auto& work) { return transaction(work, std::nullopt); },
       .script =
           [](Connection& connection, std::string_view statements) {
             return static_cast<Session&>(connection).script(statements);
           }});
}

}  // namespace bl::store
