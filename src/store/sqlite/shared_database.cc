#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "store/migrations.h"
#include "store/sqlite/reader_pool.h"
#include "store/sqlite/session.h"
#include "store/sqlite_file.h"
#include "store/store_metrics.h"

namespace bl::store {
namespace {

/// A share in FILE.lock, which a process that owns the file has for itself.
class LockShare {
 public:
  static Result<std::unique_ptr<LockShare>> take(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) {
      const Code code = errno == ENOENT ? Code::not_found : Code::io;
      return Error(code, "cannot open the lock file " + path + ": " + std::strerror(errno));
    }
    std::unique_ptr<LockShare> share(new LockShare(descriptor));
    if (::flock(descriptor, LOCK_SH | LOCK_NB) == 0) return share;
    return Error(Code::conflict, "a process owns the file and shares it with nobody: " + path);
  }
  ~LockShare() { ::close(descriptor_); }
  LockShare(const LockShare&) = delete;
  LockShare& operator=(const LockShare&) = delete;

 private:
  explicit LockShare(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
};

class SharedDatabase final : public Database {
 public:
  SharedDatabase(const std::string& path, std::unique_ptr<LockShare> share,
                 std::unique_ptr<Session> writer, const DatabaseLimits& limits, Log& log,
                 StoreMetrics metrics)
      : path_(path),
        limits_(limits),
        log_(log),
        metrics_(metrics),
        share_(std::move(share)),
        writer_(std::move(writer)),
        readers_(path, limits, metrics, Session::Role::shared_reader) {}

  Dialect dialect() const override { return Dialect::sqlite; }

  Result<void> read(const std::function<Result<void>(Connection&)>& work) override {
    return readers_.read(work);
  }

  Result<void> write(const std::function<Result<void>(Connection&)>& work) override {
    const std::lock_guard lock(mutex_);
    BL_RETURN_IF_ERROR(
        commit([&](Session& session) { return session.run(work, limits_.write_ms_max); }));
    metrics_.writes.add();
    return {};
  }

  // All steps in one transaction: another process may be about to apply them too.
  Result<void> migrate(std::span<const Migration> migrations) override {
    const std::lock_guard lock(mutex_);
    return commit([&](Session& session) {
      return apply_migrations(
          migrations, Dialect::sqlite,
          {.transaction = [&](const auto& work) { return session.run(work, std::nullopt); },
           .script =
               [](Connection& connection, std::string_view statements) {
                 return static_cast<Session&>(connection).script(statements);
               }});
    });
  }

 private:
  Result<void> commit(const std::function<Result<void>(Session&)>& work) {
    if (writer_ == nullptr) {
      BL_TRY(writer_, Session::open(path_, Session::Role::shared_writer, limits_));
    }
    BL_RETURN_IF_ERROR(writer_->begin_immediate());
    auto outcome = work(*writer_);
    if (!outcome.ok()) {
      writer_->rollback();
      return outcome;
    }
    const auto start = std::chrono::steady_clock::now();
    if (auto committed = writer_->commit(); !committed.ok()) return failed(committed.error());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    metrics_.commit_seconds.observe(took.count());
    metrics_.commits.add();
    return {};
  }

  // A commit that could not begin (others read, the disk is full) is rolled back. One that failed
  // at the disk may be in the file with its journal's end unknown: the next who opens it decides.
  Error failed(const Error& error) {
    writer_->rollback();
    log_.error("store_commit_failed", {{"error", error.message}});
    if (error.code == Code::overloaded || error.code == Code::disk_full) return error;
    writer_.reset();
    return Error(Code::outcome_unknown,
                 "the commit failed; whether the write is kept shows once the store works again: " +
                     error.message);
  }

  const std::string path_;
  const DatabaseLimits limits_;
  Log& log_;
  StoreMetrics metrics_;
  const std::unique_ptr<LockShare> share_;
  std::mutex mutex_;                 // of the one who writes
  std::unique_ptr<Session> writer_;  // guarded by mutex_; null behind a commit that failed
  ReaderPool readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_shared_sqlite(const std::string& path,
                                                     const DatabaseLimits& limits, Log& log,
                                                     Metrics& metrics) {
  BL_TRY(auto share, LockShare::take(path + ".lock"));
  BL_TRY(auto writer, Session::open(path, Session::Role::shared_writer, limits));
  return std::unique_ptr<Database>(std::make_unique<SharedDatabase>(
      path, std::move(share), std::move(writer), limits, log, StoreMetrics(metrics)));
}

}  // namespace bl::store
