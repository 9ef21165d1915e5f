#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columns/batch.h"
#include "duck/value.h"

/// A session of the engine: SQL in, batches out.
namespace bl::duck {

struct QueryOptions {
  /// From the start to the last batch taken; then the query is interrupted. Zero: no limit.
  std::chrono::milliseconds time_max{0};
  /// Asked once, when interrupt() reaches the query from then on: true ends it. Who may interrupt
  /// sooner says it here, or is not heard. Empty: nobody does.
  std::function<bool()> is_unwanted = {};
};

/// How far the running query is; zeros when none runs or the engine cannot tell (it can for scans
/// of tables and Parquet files, not of offered batches).
struct Progress {
  double fraction = 0;  ///< 0 to 1
  std::uint64_t rows_done = 0;
  std::uint64_t rows_total = 0;
};

/// The rows of one query, as they come. The connection answers nothing else before this is gone.
/// One thread.
class Answer {
 public:
  Answer(Answer&&) noexcept;
  Answer& operator=(Answer&&) noexcept;
  ~Answer();

  const columns::Schema& schema() const;
  /// The next batch (about 2,048 rows, never none); nullopt at the end. Errors: as
  /// Connection::query.
  Result<std::optional<columns::Batch>> next();
  /// All that is left, in one batch. Errors: also too_large (more rows than rows_max).
  Result<columns::Batch> all(std::int64_t rows_max = 1 << 22);

 private:
  friend class Connection;
  friend class Statement;
  Answer();
  struct State;
  std::unique_ptr<State> state_;
};

/// SQL that was parsed and bound once. One thread; keep the connection longer.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  int parameters() const;
  /// Does it only read: a SELECT, also in other words (VALUES, DESCRIBE, SHOW, SUMMARIZE), or an
  /// EXPLAIN?
  bool is_query() const;
  /// Errors: invalid (another count of parameters, or one that is not of the type that the SQL
  /// wants, with its position), and as Connection::query.
  Result<Answer> query(const Values& values = {}, const QueryOptions& options = {});
  /// Runs to the end; rows that were inserted, updated or deleted, else 0.
  Result<std::int64_t> run(const Values& values = {}, const QueryOptions& options = {});

 private:
  friend class Connection;
  Statement();
  struct State;
  std::unique_ptr<State> state_;
};

/// Batches under a name that SQL of one connection may read, until this is gone. Not while an
/// Answer is open. Keep the connection longer.
class OfferedTable {
 public:
  OfferedTable(OfferedTable&&) noexcept;
  OfferedTable& operator=(OfferedTable&&) noexcept;
  ~OfferedTable();

 private:
  friend class Connection;
  OfferedTable();
  struct State;
  std::unique_ptr<State> state_;
};

/// Are offered rows read in their order, by one thread, or by all threads, in any order?
enum class RowOrder { kept, any };

/// One thread, but interrupt() and progress(): any.
class Connection {
 public:
  ~Connection();

  /// One statement. The rows come as the engine finds them. Errors: malformed (no SQL), invalid (it
  /// does not bind, or a value does not convert; with line and column where the engine knows them),
  /// not_found (a table, or a file), conflict (a constraint, or another transaction), overloaded
  /// (memory and spill used up), disk_full, io, corrupt (a file that is no Parquet), forbidden
  /// (access is off), unsupported, timeout (with the limit), cancelled (interrupt()), internal (the
  /// engine's own fault: close the database).
  Result<Answer> query(std::string_view sql, const Values& values = {},
                       const QueryOptions& options = {});
  /// The same to the end; rows that were inserted, updated or deleted, else 0.
  Result<std::int64_t> run(std::string_view sql, const Values& values = {},
                           const QueryOptions& options = {});
  Result<Statement> prepare(std::string_view sql);

  /// BEGIN, the statements that `body` runs here, COMMIT; ROLLBACK when it fails. A commit that
  /// meets another's is a conflict: nothing of it is kept.
  template <class Body>
  Result<void> transaction(const Body& body) {
    BL_RETURN_IF_ERROR(run("BEGIN"));
    Result<void> done = body();
    if (done.ok()) done = commit();
    if (!done.ok()) roll_back();
    return done;
  }

  /// Lets SQL read the batches as a table of that name, without copying them. The name must not be
  /// taken in this session. Errors: invalid (a batch of another schema), unsupported (a type that
  /// the engine does not know), conflict (the name is taken).
  Result<OfferedTable> offer(std::string_view name, const columns::Schema& schema,
                             std::vector<columns::Batch> batches, RowOrder order = RowOrder::kept);

  /// From now on no SQL changes a setting, of any session, and no session can be opened. Before SQL
  /// that a user wrote.
  Result<void> lock_settings();

  /// Ends the query that runs now, if one does, with `cancelled`; within some 10 ms, in a sort or
  /// a file some 100 ms.
  void interrupt();
  Progress progress() const;

 private:
  friend class Database;
  friend class Statement;
  friend class Answer;
  friend class OfferedTable;
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  Result<void> commit();
  void roll_back();
  std::unique_ptr<State> state_;
};

/// An SQL name, quoted: `a"b` -> `"a""b"`.
std::string quoted_name(std::string_view name);
/// An SQL text, quoted: for the few places where the engine takes no parameter (paths of COPY,
/// ATTACH). Errors: invalid (a NUL byte).
Result<std::string> quoted_text(std::string_view text);

}  // namespace bl::duck
