#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/database.h"
#include "store/sqlite/statement_cache.h"

struct sqlite3;

namespace bl::store {

/// One connection to a SQLite file with its settings (README) and its prepared statements. One
/// thread at a time. The first statement that fails spoils the transaction (store/database.h); a
/// rollback, a new transaction or a return to the savepoint heals it.
class Session final : public Connection {
 public:
  enum class Role : unsigned char {
    writer,  ///< creates the file, turns WAL on, checkpoints
    reader,  ///< the file exists; nothing can be written
    /// Writes beside other processes: creates the file, turns the WAL off. A rollback journal.
    shared_writer,
    /// Reads beside them: may roll back what a writer that died left behind.
    shared_reader,
    memory,  ///< a database of its own, gone with the session
    copy,    ///< a new file that copy_to() fills; neither journal nor sync
  };
  /// Errors: io, corrupt (no database), forbidden (a writer that may not write), unsupported (no
  /// WAL on this file system).
  static Result<std::unique_ptr<Session>> open(const std::string& path, Role role,
                                               const DatabaseLimits& limits);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Dialect dialect() const override { return Dialect::sqlite; }
  Result<void> query(const Sql& sql, std::span<const Param> params,
                     const std::function<bool(const Row&)>& each) override;
  Result<std::int64_t> execute(const Sql& sql, std::span<const Param> params) override;
  Result<void> query_text(const std::string& sql, std::span<const Param> params,
                          const std::function<bool(const Row&)>& each) override;

  /// Runs `work` and gives its error, or the one that spoiled the transaction even when `work` went
  /// on over it. What `work` throws becomes internal. After `time_ms_max` (none: never) its
  /// statements fail with timeout.
  Result<void> run(const std::function<Result<void>(Connection&)>& work,
                   std::optional<std::int64_t> time_ms_max);

  Result<void> begin();            ///< the snapshot is that of the first statement
  Result<void> begin_immediate();  ///< takes the write lock
  Result<void> commit();
  void rollback();  ///< does nothing when no transaction is open
  Result<void> savepoint();
  Result<void> release_savepoint();
  Result<void> rollback_to_savepoint();  ///< and releases it
  /// False also when SQLite rolled back by itself, as it does after I/O errors.
  bool in_transaction() const;

  /// Statements with `;` between, without parameters.
  Result<void> script(std::string_view statements);

  /// Overwrites all of `target` with this session's snapshot; `progress` as in CopyProgress.
  /// Errors: io, disk_full, corrupt, cancelled.
  Result<void> copy_to(Session& target,
                       const std::function<bool(std::uint64_t, std::uint64_t)>& progress);

  /// Writes one page in a commit of its own. The log's frames that a failed commit left behind lie
  /// where this frame goes, so that no later recovery can mistake them for a commit.
  Result<void> seal();

  struct Checkpoint {
    int frames = 0;        ///< in the WAL
    int frames_moved = 0;  ///< of them, now in the database file
  };
  enum class CheckpointMode : unsigned char { passive, restart, truncate };
  /// Errors: overloaded (readers did not go within wait_ms_max; passive never waits), io,
  /// disk_full.
  Result<Checkpoint> checkpoint(CheckpointMode mode, std::int64_t wait_ms_max);
  /// Bytes of the WAL after the last commit of this session.
  std::int64_t wal_bytes() const { return wal_frames_ * frame_bytes_; }

 private:
  Session(sqlite3* db, std::size_t statements_max) : db_(db), statements_(statements_max) {}
  Result<void> configure(Role role, const DatabaseLimits& limits);
  void wait_for_others(const DatabaseLimits& limits);
  Result<void> configure_shared(const DatabaseLimits& limits);
  Result<void> control(const char* fixed_sql);
  Result<std::int64_t> pragma_integer(const char* fixed_sql);
  /// Binds, steps, gives every row to `each` (may be null). The number of rows changed.
  Result<std::int64_t> step_all(std::string_view sql, std::span<const Param> params,
                                const std::function<bool(const Row&)>* each);
  Error spoil(Error error);
  static int on_progress(void* session);
  static int on_commit_to_wal(void* session, sqlite3*, const char* name, int frames);

  sqlite3* db_;
  StatementCache statements_;
  std::optional<Error> spoiled_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::chrono::milliseconds lock_time_max_{0};
  std::chrono::steady_clock::time_point lock_wait_until_;
  std::int64_t wal_frames_ = 0;
  std::int64_t frame_bytes_ = 0;
};

}  // namespace bl::store
