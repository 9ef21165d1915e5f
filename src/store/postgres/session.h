#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/database.h"
#include "store/postgres/link.h"

namespace bl::store {

/// One connection with its prepared statements, and the transaction that runs on it. One thread at
/// a time. BEGIN travels with the first statement; a statement that is new is prepared in the same
/// round trip that runs it. The first failure spoils the transaction (store/database.h).
class PostgresSession final : public Connection {
 public:
  static Result<std::unique_ptr<PostgresSession>> open(const Link::Keywords& keywords,
                                                       const DatabaseLimits& limits);

  Dialect dialect() const override { return Dialect::postgres; }
  Result<void> query(const Sql& sql, std::span<const Param> params,
                     const std::function<bool(const Row&)>& each) override;
  Result<std::int64_t> execute(const Sql& sql, std::span<const Param> params) override;
  Result<void> query_text(const std::string& sql, std::span<const Param> params,
                          const std::function<bool(const Row&)>& each) override;
  Result<void> query_many(const Sql& sql, const ParamRows& params,
                          const std::function<void(std::size_t, const Row&)>& each) override;
  Result<std::vector<std::int64_t>> execute_many(const Sql& sql, const ParamRows& params) override;
  Result<void> query_many_later(const Sql& sql, const ParamRows& params,
                                std::function<void(std::size_t, const Row&)> each) override;
  Result<void> wait() override;
  Result<void> insert_many(const InsertInto& into, const ParamRows& rows) override;

  enum class Mode : unsigned char {
    read,   ///< one snapshot, nothing can be written
    write,  ///< read committed; its transaction has an id, so that its outcome can be looked up
  };
  /// Begins, and runs `work`; gives its error, or the one that spoiled the transaction even when
  /// `work` went on over it. What `work` throws becomes internal. The transaction stays open.
  Result<void> run(Mode mode, const std::function<Result<void>(Connection&)>& work,
                   std::optional<std::int64_t> time_ms_max);

  enum class Outcome : unsigned char { committed, rolled_back, unknown };
  struct Commit {
    Outcome outcome = Outcome::committed;
    std::optional<Error> error;  ///< set unless committed
  };
  /// Unknown: the connection went while COMMIT was under way; see transaction_id().
  Commit commit();
  /// Does nothing when no transaction is open.
  void rollback();
  /// Of the running or the last write; empty before its first statement.
  const std::string& transaction_id() const { return transaction_id_; }
  /// Differs between two lives of a server with a crash between them; empty before the first write.
  const std::string& server_life() const { return server_life_; }

  /// Statements with `;` between, without parameters.
  Result<void> script(std::string_view statements);
  /// One statement outside of any transaction, without a deadline of ours; none is open.
  Result<void> alone(std::string_view statement);
  /// A round trip. False: the connection is gone.
  bool ping();

  bool is_usable() const { return link_->is_usable(); }
  /// Of the last failure that spoiled a transaction.
  Trouble trouble() const { return trouble_; }
  /// True when the transaction handed a row to its work: then the work may not be repeatable.
  bool has_given_rows() const { return has_given_rows_; }
  std::chrono::steady_clock::time_point opened_at() const { return opened_at_; }

 private:
  using Each = std::function<bool(std::size_t, const Row&)>;
  struct Statement {
    std::string text;
    std::string name;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  /// A statement that was sent: executions of one text, and what went with them.
  struct Many {
    std::string_view sql;
    Each each;
    std::vector<std::int64_t>* changed = nullptr;
    std::size_t executions = 0;  // sent and not yet answered
    std::string name{};
    bool is_begin_sent = false;
    bool is_prepare_sent = false;
    std::size_t deallocations = 0;
    bool is_stopped = false;   // `each` wants no more rows
    std::size_t received = 0;  // executions
  };

  PostgresSession(std::unique_ptr<Link> link, const DatabaseLimits& limits)
      : link_(std::move(link)), limits_(limits), opened_at_(std::chrono::steady_clock::now()) {}

  /// Runs one text for every row of parameters. `changed` may be null.
  Result<void> run_many(std::string_view sql, std::size_t count,
                        const std::function<std::span<const Param>(std::size_t)>& params, Each each,
                        std::vector<std::int64_t>* changed);
  Result<void> may_talk();
  Result<void> send_begin(Many& many);
  Result<void> send_prepared(Many& many, std::string_view sql);
  Result<void> send_execution(const std::string& name, std::span<const Param> params);
  Result<void> receive(Many& many);
  Result<void> receive_execution(Many& many);
  /// The answers of unanswered_.
  Result<void> receive_earlier();
  Result<void> finish(std::string_view doing);
  /// Waits for unanswered_.
  Result<void> settle();
  Result<void> give_up(Error error);
  Result<void> copy_rows(const InsertInto& into, const ParamRows& rows);
  Result<void> begin_now();
  Result<void> send_copy(const InsertInto& into, const ParamRows& rows);
  /// The statement's own words and the transaction's state after a result; remembers the first
  /// failure.
  Result<void> check(pg_result* result, std::string_view doing);
  Error spoil(PostgresError error);
  Error spoil(Error error);
  Deadline deadline() const;
  const std::string* find_prepared(std::string_view sql);
  void remember_prepared(std::string_view sql, std::string name);

  std::unique_ptr<Link> link_;
  const DatabaseLimits limits_;
  std::chrono::steady_clock::time_point opened_at_;

  std::list<Statement> statements_;  // the newest first
  std::unordered_map<std::string_view, std::list<Statement>::iterator, TextHash> by_text_;
  std::uint64_t names_ = 0;
  std::vector<std::string> to_deallocate_;  // statements that fell out of the cache

  Mode mode_ = Mode::read;
  bool begin_pending_ = false;  // its answer is not here yet
  bool is_begin_sent_ = false;
  bool in_transaction_ = false;
  bool has_given_rows_ = false;
  std::string transaction_id_;
  std::string server_life_;
  bool is_talking_ = false;       // a pipeline is open: the row function runs
  std::vector<Many> unanswered_;  // sent by query_many_later, in this order
  std::exception_ptr thrown_{};   // by a row function: the pipeline must be drained all the same
  std::optional<Error> spoiled_;
  Trouble trouble_ = Trouble::none;
  std::optional<Deadline> deadline_;
};

}  // namespace bl::store
