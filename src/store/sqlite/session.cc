#include "store/sqlite/session.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <exception>
#include <mutex>
#include <thread>

#include "store/sqlite/sql_functions.h"
#include "store/sqlite/sqlite_error.h"

namespace bl::store {
namespace {

constexpr int k_busy_timeout_ms = 5'000;
constexpr int k_progress_operations = 4'000;  // virtual machine steps between looks at the clock
constexpr int k_wal_frame_header_bytes = 24;
constexpr int k_copy_pages = 256;  // between two looks at the progress

// Without its malloc statistics SQLite takes no process-wide lock for each allocation.
void initialize_library() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  std::int64_t integer(int column) const override {
    return sqlite3_column_int64(statement_, column);
  }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string_view text(int column) const override {
    // A blob is given as it is; asking SQLite for its text would convert it.
    const void* bytes = sqlite3_column_type(statement_, column) == SQLITE_BLOB
                            ? sqlite3_column_blob(statement_, column)
                            : sqlite3_column_text(statement_, column);
    if (bytes == nullptr) return {};
    return {static_cast<const char*>(bytes),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3_stmt* statement_;
};

// Texts and blobs are borrowed: the caller keeps them until the statement is reset.
struct Binder {
  sqlite3_stmt* statement;
  int variable;
  int operator()(Null) const { return sqlite3_bind_null(statement, variable); }
  int operator()(std::int64_t value) const {
    return sqlite3_bind_int64(statement, variable, value);
  }
  int operator()(double value) const {
    // SQLite would store NULL in its place.
    if (std::isnan(value)) return SQLITE_MISMATCH;
    return sqlite3_bind_double(statement, variable, value);
  }
  int operator()(std::string_view value) const {
    return sqlite3_bind_text64(statement, variable, value.data() == nullptr ? "" : value.data(),
                               value.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(Blob value) const {
    return sqlite3_bind_blob64(statement, variable,
                               value.bytes.data() == nullptr ? "" : value.bytes.data(),
                               value.bytes.size(), SQLITE_STATIC);
  }
};

Result<void> bind(sqlite3* db, const PreparedStatement& statement, std::string_view sql,
                  std::span<const Param> params) {
  if (params.size() != statement.parameters) {
    return Error(Code::internal, fmt::format("{} parameters for the {} of SQL: {}", params.size(),
                                             statement.parameters, sql));
  }
  for (std::size_t i = 0; i < statement.number_of_variable.size(); ++i) {
    const Param& param = params[statement.number_of_variable[i] - 1];
    const int rc = std::visit(Binder{statement.raw, static_cast<int>(i) + 1}, param);
    if (rc != SQLITE_OK) {
      return sqlite_error(
          db, rc, fmt::format("binding ${} of SQL {}", statement.number_of_variable[i], sql));
    }
  }
  return {};
}

// Takes a statement from the cache, and gives it back, reset, also when a callback throws.
class StatementLease {
 public:
  StatementLease(StatementCache& cache, std::string_view text,
                 std::unique_ptr<PreparedStatement> statement)
      : cache_(cache), text_(text), statement_(std::move(statement)) {}
  ~StatementLease() {
    sqlite3_reset(statement_->raw);
    cache_.give_back(text_, std::move(statement_));
  }
  StatementLease(const StatementLease&) = delete;
  StatementLease& operator=(const StatementLease&) = delete;
  const PreparedStatement& statement() const { return *statement_; }

 private:
  StatementCache& cache_;
  std::string_view text_;
  std::unique_ptr<PreparedStatement> statement_;
};

std::string synchronous(const DatabaseLimits& limits) {
  return limits.synchronous == DatabaseLimits::Synchronous::full ? "PRAGMA synchronous = FULL;"
                                                                 : "PRAGMA synchronous = NORMAL;";
}

std::string kib(std::int64_t bytes) {
  return std::to_string(std::max<std::int64_t>(bytes, 1024) / 1024);
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::string& path, Role role,
                                               const DatabaseLimits& limits) {
  initialize_library();
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= role == Role::reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* db = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  if (rc != SQLITE_OK) {
    Error error = sqlite_error(db, rc, "opening " + path);
    sqlite3_close(db);
    return error;
  }
  std::unique_ptr<Session> session(new Session(db, limits.statements_max));
  // SQLite opens a file that it may not write for reading, and says so with the first write only.
  const bool is_writer = role == Role::writer || role == Role::shared_writer;
  if (is_writer && sqlite3_db_readonly(db, "main") != 0) {
    return Error(Code::forbidden, "the database may not be written: " + path);
  }
  if (auto configured = session->configure(role, limits); !configured.ok()) {
    return std::move(configured).error().with_context("opening " + path);
  }
  return session;
}

Session::~Session() {
  statements_.clear();
  BL_CHECK(sqlite3_close(db_) == SQLITE_OK);
}

Result<void> Session::configure(Role role, const DatabaseLimits& limits) {
  sqlite3_busy_timeout(db_, k_busy_timeout_ms);
  if (role == Role::shared_writer || role == Role::shared_reader) wait_for_others(limits);
  // A session never checkpoints behind our back: the writer says when, the last close included.
  for (const int setting :
       {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_ENABLE_FKEY}) {
    sqlite3_db_config(db_, setting, 1, nullptr);
  }
  for (const int setting : {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_DQS_DDL,
                            SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION}) {
    sqlite3_db_config(db_, setting, 0, nullptr);
  }
  sqlite3_limit(db_, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_progress_handler(db_, k_progress_operations, &Session::on_progress, this);

  BL_RETURN_IF_ERROR(add_sql_functions(db_));

  const bool is_reader = role == Role::reader || role == Role::shared_reader;
  const auto cache_bytes = is_reader ? limits.reader_cache_bytes : limits.writer_cache_bytes;
  BL_RETURN_IF_ERROR(script("PRAGMA cache_size = -" + kib(cache_bytes) +
                            "; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY"));
  if (is_reader) BL_RETURN_IF_ERROR(script("PRAGMA query_only = ON"));
  if (role == Role::copy) return script("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  if (role == Role::shared_writer) return configure_shared(limits);
  if (role == Role::writer) {
    // The first statement that touches the file: it tells whether it is a database at all.
    bool is_wal = false;
    BL_RETURN_IF_ERROR(query("PRAGMA journal_mode = WAL", {}, [&](const Row& row) {
      is_wal = row.text(0) == "wal";
      return true;
    }));
    if (!is_wal) return Error(Code::unsupported, "the file system does not support WAL");
    BL_RETURN_IF_ERROR(script(synchronous(limits) +
                              "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = " +
                              std::to_string(limits.checkpoint_wal_bytes)));
    BL_TRY(const std::int64_t page_bytes, pragma_integer("PRAGMA page_size"));
    frame_bytes_ = page_bytes + k_wal_frame_header_bytes;
    sqlite3_wal_hook(db_, &Session::on_commit_to_wal, this);
  }
  BL_RETURN_IF_ERROR(pragma_integer("PRAGMA schema_version"));
  return {};
}

// SQLite's own handler naps for longer and longer, up to a tenth of a second: of several writers
// the one that waits longest would come last.
void Session::wait_for_others(const DatabaseLimits& limits) {
  lock_time_max_ = std::chrono::milliseconds(limits.lock_ms_max);
  const auto keep_waiting = [](void* session, int tries) {
    auto& self = *static_cast<Session*>(session);
    const auto now = std::chrono::steady_clock::now();
    if (tries == 0) self.lock_wait_until_ = now + self.lock_time_max_;
    if (now >= self.lock_wait_until_) return 0;
    // Odd steps keep processes from looking in step.
    std::this_thread::sleep_for(
        std::chrono::microseconds(300 + (now.time_since_epoch().count() % 700)));
    return 1;
  };
  sqlite3_busy_handler(db_, keep_waiting, this);
}

// The journal stays and its header is overwritten, which is synced: a commit needs no change of the
// folder, and no power cut brings the journal back.
Result<void> Session::configure_shared(const DatabaseLimits& limits) {
  BL_RETURN_IF_ERROR(script(synchronous(limits) + "PRAGMA journal_size_limit = " +
                            std::to_string(limits.checkpoint_wal_bytes)));
  std::string mode;
  BL_RETURN_IF_ERROR(query("PRAGMA journal_mode = PERSIST", {}, [&](const Row& row) {
    mode = row.text(0);
    return true;
  }));
  if (mode != "persist") return Error(Code::unsupported, "no rollback journal but: " + mode);
  BL_RETURN_IF_ERROR(pragma_integer("PRAGMA schema_version"));
  return {};
}

int Session::on_progress(void* session) {
  const auto& deadline = static_cast<Session*>(session)->deadline_;
  return deadline && std::chrono::steady_clock::now() >= *deadline ? 1 : 0;
}

int Session::on_commit_to_wal(void* session, sqlite3*, const char*, int frames) {
  static_cast<Session*>(session)->wal_frames_ = frames;
  return SQLITE_OK;
}

Error Session::spoil(Error error) {
  spoiled_ = error;
  return error;
}

Result<std::int64_t> Session::step_all(std::string_view sql, std::span<const Param> params,
                                       const std::function<bool(const Row&)>* each) {
  if (spoiled_) return *spoiled_;
  auto taken = statements_.take(db_, sql);
  if (!taken.ok()) return spoil(std::move(taken).error());
  const StatementLease lease(statements_, sql, std::move(taken).value());
  sqlite3_stmt* raw = lease.statement().raw;
  if (auto bound = bind(db_, lease.statement(), sql, params); !bound.ok()) {
    return spoil(std::move(bound).error());
  }
  const std::int64_t total_before = sqlite3_total_changes64(db_);
  const SqliteRow row(raw);
  int rc = SQLITE_OK;
  while ((rc = sqlite3_step(raw)) == SQLITE_ROW) {
    if (each != nullptr && !(*each)(row)) break;
  }
  if (rc != SQLITE_DONE && rc != SQLITE_ROW) return spoil(sqlite_error(db_, rc, "the store"));
  // changes() keeps its value over statements that change no rows.
  return sqlite3_total_changes64(db_) == total_before ? 0 : sqlite3_changes64(db_);
}

Result<void> Session::query(const Sql& sql, std::span<const Param> params,
                            const std::function<bool(const Row&)>& each) {
  BL_RETURN_IF_ERROR(step_all(sql.sqlite, params, &each));
  return {};
}

Result<std::int64_t> Session::execute(const Sql& sql, std::span<const Param> params) {
  return step_all(sql.sqlite, params, nullptr);
}

Result<void> Session::query_text(const std::string& sql, std::span<const Param> params,
                                 const std::function<bool(const Row&)>& each) {
  BL_RETURN_IF_ERROR(step_all(sql, params, &each));
  return {};
}

Result<void> Session::run(const std::function<Result<void>(Connection&)>& work,
                          std::optional<std::int64_t> time_ms_max) {
  spoiled_.reset();
  if (time_ms_max) {
    deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(*time_ms_max);
  }
  Result<void> outcome;
  try {
    outcome = work(*this);
  } catch (const std::exception& thrown) {
    outcome = Error(Code::internal, fmt::format("work on the store threw: {}", thrown.what()));
  } catch (...) {
    outcome = Error(Code::internal, "work on the store threw something unknown");
  }
  deadline_.reset();
  if (outcome.ok() && spoiled_) outcome = *spoiled_;
  spoiled_.reset();
  return outcome;
}

Result<void> Session::control(const char* fixed_sql) {
  BL_RETURN_IF_ERROR(step_all(fixed_sql, {}, nullptr));
  return {};
}

Result<void> Session::begin() {
  spoiled_.reset();
  return control("BEGIN");
}

Result<void> Session::begin_immediate() {
  spoiled_.reset();
  return control("BEGIN IMMEDIATE");
}

Result<void> Session::commit() {
  return control("COMMIT");
}

void Session::rollback() {
  spoiled_.reset();
  // A rollback that fails leaves no transaction behind all the same: SQLite then poisons its pager
  // until every statement has ended.
  if (in_transaction()) (void)control("ROLLBACK").ok();
  spoiled_.reset();
}

Result<void> Session::savepoint() {
  return control("SAVEPOINT one_write");
}

Result<void> Session::release_savepoint() {
  return control("RELEASE one_write");
}

Result<void> Session::rollback_to_savepoint() {
  spoiled_.reset();
  BL_RETURN_IF_ERROR(control("ROLLBACK TO one_write"));
  return control("RELEASE one_write");
}

bool Session::in_transaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}

Result<void> Session::script(std::string_view statements) {
  if (spoiled_) return *spoiled_;
  const char* rest = statements.data();
  const char* const end = rest + statements.size();
  while (rest < end) {
    sqlite3_stmt* raw = nullptr;
    int rc = sqlite3_prepare_v2(db_, rest, static_cast<int>(end - rest), &raw, &rest);
    const PreparedStatement statement(raw);
    while (rc == SQLITE_OK && raw != nullptr) {
      rc = sqlite3_step(raw);
      if (rc == SQLITE_ROW) rc = SQLITE_OK;
    }
    if (rc != SQLITE_OK && rc != SQLITE_DONE) return spoil(sqlite_error(db_, rc, "the store"));
  }
  return {};
}

Result<std::int64_t> Session::pragma_integer(const char* fixed_sql) {
  std::int64_t value = 0;
  BL_RETURN_IF_ERROR(query(fixed_sql, std::span<const Param>(), [&](const Row& row) {
    value = row.integer(0);
    return true;
  }));
  return value;
}

Result<void> Session::copy_to(Session& target,
                              const std::function<bool(std::uint64_t, std::uint64_t)>& progress) {
  BL_TRY(const std::int64_t page_bytes, pragma_integer("PRAGMA page_size"));
  const auto bytes_of = [&](int pages) {
    return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
  };
  sqlite3_backup* copy = sqlite3_backup_init(target.db_, "main", db_, "main");
  if (copy == nullptr) return sqlite_error(target.db_, sqlite3_errcode(target.db_), "the copy");
  int rc = SQLITE_OK;
  bool is_wanted = true;
  while (rc == SQLITE_OK && is_wanted) {
    rc = sqlite3_backup_step(copy, k_copy_pages);
    const int total = sqlite3_backup_pagecount(copy);
    is_wanted = progress(bytes_of(total - sqlite3_backup_remaining(copy)), bytes_of(total));
  }
  const int finished = sqlite3_backup_finish(copy);
  if (rc != SQLITE_DONE && finished != SQLITE_OK) rc = finished;
  if (!is_wanted) return Error(Code::cancelled, "the copy was cancelled");
  if (rc == SQLITE_DONE) return {};
  return sqlite_error(target.db_, rc, "the copy");
}

Result<void> Session::seal() {
  spoiled_.reset();
  BL_TRY(const std::int64_t version, pragma_integer("PRAGMA user_version"));
  return script("PRAGMA user_version = " + std::to_string((version + 1) & 0x7fffffff));
}

Result<Session::Checkpoint> Session::checkpoint(CheckpointMode mode, std::int64_t wait_ms_max) {
  int sqlite_mode = SQLITE_CHECKPOINT_PASSIVE;
  if (mode == CheckpointMode::restart) sqlite_mode = SQLITE_CHECKPOINT_RESTART;
  if (mode == CheckpointMode::truncate) sqlite_mode = SQLITE_CHECKPOINT_TRUNCATE;
  Checkpoint done;
  // Looks every half millisecond: the handler of busy_timeout naps for up to a tenth of a second,
  // and the writer's queue waits with it.
  auto wait_until = std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_ms_max);
  const auto keep_waiting = [](void* until, int) {
    using TimePoint = std::chrono::steady_clock::time_point;
    if (std::chrono::steady_clock::now() >= *static_cast<TimePoint*>(until)) return 0;
    std::this_thread::sleep_for(std::chrono::microseconds(500));
    return 1;
  };
  sqlite3_busy_handler(db_, keep_waiting, &wait_until);
  const int rc =
      sqlite3_wal_checkpoint_v2(db_, nullptr, sqlite_mode, &done.frames, &done.frames_moved);
  sqlite3_busy_timeout(db_, k_busy_timeout_ms);
  if (rc != SQLITE_OK) return sqlite_error(db_, rc, "checkpoint");
  if (mode == CheckpointMode::truncate) wal_frames_ = 0;
  return done;
}

}  // namespace bl::store
