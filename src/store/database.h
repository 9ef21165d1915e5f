#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/result.h"

/// Transactional truth. One interface for SQLite (embedded, the default) and PostgreSQL: SQL where
/// both agree is written once with `$1` placeholders; where they differ both texts stand next to
/// each other in an Sql.
namespace bl::store {

enum class Dialect : unsigned char { sqlite, postgres };

/// A statement in both dialects. Placeholders are `$1`..`$n` in either. The texts must outlive the
/// database: literals.
struct Sql {
  // Implicit by design: most statements are the same in both.
  constexpr Sql(const char* both) : sqlite(both), postgres(both) {}
  constexpr Sql(const char* sqlite_text, const char* postgres_text)
      : sqlite(sqlite_text), postgres(postgres_text) {}
  std::string_view sqlite;
  std::string_view postgres;
};

struct Null {
  bool operator==(const Null&) const = default;
};
struct Blob {
  std::string_view bytes;
};
/// A parameter. Texts and blobs are borrowed for the call.
using Param = std::variant<Null, std::int64_t, double, std::string_view, Blob>;
/// optional -> Param.
template <class T>
Param param_of(const std::optional<T>& maybe) {
  if (!maybe) return Null{};
  if constexpr (std::is_integral_v<T>)
    return static_cast<std::int64_t>(*maybe);
  else
    return Param(*maybe);
}
inline Param param_of(const std::optional<std::string>& maybe) {
  return maybe ? Param(std::string_view(*maybe)) : Param(Null{});
}

/// The parameters of many executions of one statement, row after row. Borrows texts as Param does.
class ParamRows {
 public:
  explicit ParamRows(std::size_t columns) : columns_(columns) { BL_CHECK(columns > 0); }
  void add(std::initializer_list<Param> row) { add(std::span(row.begin(), row.size())); }
  void add(std::span<const Param> row) {
    BL_CHECK(row.size() == columns_);
    values_.insert(values_.end(), row.begin(), row.end());
  }
  std::size_t columns() const { return columns_; }
  std::size_t size() const { return values_.size() / columns_; }
  bool empty() const { return values_.empty(); }
  std::span<const Param> row(std::size_t number) const {
    return std::span(values_).subspan(number * columns_, columns_);
  }

 private:
  std::size_t columns_;
  std::vector<Param> values_;
};

/// A table, and the columns of it that insert_many fills.
struct InsertInto {
  struct Column {
    enum class Kind : unsigned char {
      plain,    ///< the parameter as it is
      time,     ///< microseconds since 1970 UTC; a timestamp on PostgreSQL
      numbers,  ///< a JSON array of numbers and nulls; numeric[] on PostgreSQL
    };
    std::string_view name;
    Kind kind = Kind::plain;
  };
  Sql table;
  std::span<const Column> columns;
};

/// `insert into table (a, b) values ($1, $2)`.
std::string insert_text(const InsertInto& into, Dialect dialect);

/// The row under the cursor. Columns count from 0. Texts are valid until the next row. A column of
/// another type than asked for is converted as SQLite does; null gives 0, 0.0 or "".
class Row {
 public:
  virtual ~Row() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string_view text(int column) const = 0;
  std::optional<std::string> text_or_null(int column) const {
    if (is_null(column)) return std::nullopt;
    return std::string(text(column));
  }
  std::optional<double> real_or_null(int column) const {
    if (is_null(column)) return std::nullopt;
    return real(column);
  }
  std::optional<std::int64_t> integer_or_null(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
  }
};

/// One connection inside one transaction, lent to a function. Statements are prepared once per
/// connection and kept. A failed statement spoils the transaction, in both dialects: every later
/// statement fails with the same error and nothing is stored. Where a duplicate is expected, write
/// `ON CONFLICT DO NOTHING` and look at the number of rows.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual Dialect dialect() const = 0;
  /// Calls `each` for every row; it returns false to stop early. Errors: io, corrupt, disk_full,
  /// timeout (read_ms_max, write_ms_max), conflict (a constraint), internal (SQL that does not
  /// prepare, or wants another number of parameters).
  virtual Result<void> query(const Sql& sql, std::span<const Param> params,
                             const std::function<bool(const Row&)>& each) = 0;
  /// Runs a statement; gives the number of rows changed. Errors as above.
  virtual Result<std::int64_t> execute(const Sql& sql, std::span<const Param> params) = 0;
  /// SQL that was put together at run time (filters of a list). Placeholders as above, never
  /// values.
  virtual Result<void> query_text(const std::string& sql, std::span<const Param> params,
                                  const std::function<bool(const Row&)>& each) = 0;

  /// One execution for each row of parameters, in their order. `each` gets the number of that row
  /// with every row of the answer. PostgreSQL is sent all of them before it has answered the first.
  virtual Result<void> query_many(const Sql& sql, const ParamRows& params,
                                  const std::function<void(std::size_t, const Row&)>& each);
  /// The same for statements; gives the number of rows that each execution changed.
  virtual Result<std::vector<std::int64_t>> execute_many(const Sql& sql, const ParamRows& params);
  /// As query_many, for what is not needed at once: PostgreSQL is sent it together with what comes
  /// next. Its rows are given, and its failure is told, by the next other call of these (wait()
  /// does nothing else) or, the failure alone, by the end of the transaction. What `each` refers to
  /// must live until then; parameters are taken at once.
  virtual Result<void> query_many_later(const Sql& sql, const ParamRows& params,
                                        std::function<void(std::size_t, const Row&)> each);
  virtual Result<void> wait() { return {}; }
  /// Adds rows in the fastest way that the database has (PostgreSQL: COPY). A row that breaks a
  /// constraint fails all.
  virtual Result<void> insert_many(const InsertInto& into, const ParamRows& rows);

  Result<void> query(const Sql& sql, std::initializer_list<Param> params,
                     const std::function<bool(const Row&)>& each) {
    return query(sql, std::span<const Param>(params.begin(), params.size()), each);
  }
  Result<std::int64_t> execute(const Sql& sql, std::initializer_list<Param> params) {
    return execute(sql, std::span<const Param>(params.begin(), params.size()));
  }
};

/// One step of the schema: forward only, its checksum is kept.
struct Migration {
  enum class Kind : unsigned char {
    transaction,  ///< one transaction
    /// Indexes that PostgreSQL builds while others write: every statement of `postgres` is
    /// `create [unique] index concurrently if not exists NAME on ...`, on its own and outside of a
    /// transaction. May be interrupted: what is valid is kept, what is not is built anew. SQLite: a
    /// transaction.
    concurrent_indexes,
  };
  int number = 0;           ///< 1, 2, 3, ... without gaps, over the whole program
  std::string_view name;    ///< snake_case
  std::string_view sqlite;  ///< statements, `;` between
  std::string_view postgres;
  Kind kind = Kind::transaction;
};

/// Threads: any. A function that is lent a connection runs on the calling thread (reads) or on the
/// writer's (SQLite writes): it must not wait for another read or write of this database, and must
/// be repeatable: PostgreSQL runs it again after a serialization failure.
class Database {
 public:
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;
  /// Runs `work` on a read-only connection, in one snapshot. What an acknowledged write stored is
  /// seen. Errors: those of `work`, overloaded (no connection became free within read_wait_ms_max).
  virtual Result<void> read(const std::function<Result<void>(Connection&)>& work) = 0;
  /// Runs `work` in a transaction and returns when it is durable. An error of `work` rolls back all
  /// that it did and nothing else. Errors: those of `work`, overloaded (queue full, no connection
  /// became free, a lock or a serialization failure did not go), io/disk_full (nothing was stored),
  /// unavailable (the server cannot be reached; nothing was stored), outcome_unknown (the disk or
  /// the connection failed during the commit and the outcome could not be looked up: whether the
  /// write is kept shows once the store works again).
  virtual Result<void> write(const std::function<Result<void>(Connection&)>& work) = 0;
  /// Applies what is missing, under a lock. Errors: conflict (a checksum differs, or the database
  /// is newer than this program: it names both; or it holds tables of another program).
  virtual Result<void> migrate(std::span<const Migration> migrations) = 0;
};

struct DatabaseLimits {
  std::size_t readers = 8;  ///< connections that read
  std::size_t write_queue_max = 4096;
  std::size_t group_commit_max = 512;  ///< writes in one transaction
  std::int64_t read_wait_ms_max = 5'000;
  std::int64_t reader_cache_bytes = 8 << 20;  ///< page cache, each
  std::int64_t writer_cache_bytes = 64 << 20;
  std::int64_t checkpoint_wal_bytes = 64 << 20;  ///< the writer checkpoints when the WAL is longer
  std::int64_t checkpoint_wait_ms_max = 100;     ///< for readers, once the WAL is 4 times as long
  std::int64_t checkpoint_idle_ms = 1'000;       ///< and when no write came for so long
  std::int64_t read_ms_max = 30'000;             ///< one read transaction
  std::int64_t write_ms_max = 30'000;            ///< the work of one write; migrations: no limit
  std::size_t statements_max = 256;              ///< kept prepared, each connection
  /// SQLite: normal lets a power cut take the last commits along, whole ones, in their order.
  enum class Synchronous : unsigned char { full, normal };
  Synchronous synchronous = Synchronous::full;

  // PostgreSQL
  std::size_t writers = 4;                         ///< connections that write
  std::int64_t connect_ms_max = 5'000;             ///< one attempt
  std::int64_t lock_ms_max = 5'000;                ///< wait for a lock of another transaction
  std::int64_t idle_ping_ms = 30'000;              ///< idle for so long: asked before it is lent
  std::int64_t connection_age_ms_max = 3'600'000;  ///< then replaced by a new one
  std::size_t write_attempts_max = 8;  ///< of a work that meets 40001, 40P01, a lost connection
  std::int64_t commit_lookup_ms_max = 10'000;  ///< to find out whether a cut COMMIT is kept
  std::int64_t migration_lock_ms_max = 60'000;
};

}  // namespace bl::store
