#include "store/sqlite/sqlite_database.h"

#include <unistd.h>

#include "base/disk.h"
#include "base/time.h"
#include "store/migrations.h"
#include "store/sqlite/group_writer.h"
#include "store/sqlite/memory_database.h"
#include "store/sqlite/reader_pool.h"
#include "store/store_metrics.h"

namespace bl::store {
namespace {

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::unique_ptr<Disk> disk, std::unique_ptr<DiskLock> lock,
                 std::unique_ptr<GroupWriter> writer, const std::string& path,
                 const DatabaseLimits& limits, StoreMetrics metrics)
      : disk_(std::move(disk)),
        lock_(std::move(lock)),
        limits_(limits),
        writer_(std::move(writer)),
        readers_(path, limits, metrics) {}

  Dialect dialect() const override { return Dialect::sqlite; }

  Result<void> read(const std::function<Result<void>(Connection&)>& work) override {
    return readers_.read(work);
  }

  Result<void> write(const std::function<Result<void>(Connection&)>& work) override {
    return writer_->write(work, limits_.write_ms_max);
  }

  Result<void> migrate(std::span<const Migration> migrations) override {
    const std::lock_guard lock(migration_mutex_);
    return apply_migrations(
        migrations, Dialect::sqlite,
        {.transaction = [&](const auto& work) { return writer_->write(work, std::nullopt); },
         .script =
             [](Connection& connection, std::string_view statements) {
               return static_cast<Session&>(connection).script(statements);
             }});
  }

 private:
  // Torn down from below: readers, then the writer with its last checkpoint, then the lock.
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<DiskLock> lock_;
  const DatabaseLimits limits_;
  std::mutex migration_mutex_;
  std::unique_ptr<GroupWriter> writer_;
  ReaderPool readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, const DatabaseLimits& limits,
                                              Log& log, Metrics& metrics) {
  BL_CHECK(limits.readers > 0 && limits.write_queue_max > 0 && limits.group_commit_max > 0);
  if (path == ":memory:") return MemoryDatabase::open(limits);
  std::unique_ptr<Disk> disk = make_real_disk();
  const std::string note =
      "pid " + std::to_string(getpid()) + " since " + to_rfc3339(SystemClock().now());
  BL_TRY(auto lock, disk->lock(path + ".lock", note));
  const StoreMetrics store_metrics(metrics);
  BL_TRY(auto writer, GroupWriter::open(path, limits, log, store_metrics));
  return std::unique_ptr<Database>(std::make_unique<SqliteDatabase>(
      std::move(disk), std::move(lock), std::move(writer), path, limits, store_metrics));
}

}  // namespace bl::store
