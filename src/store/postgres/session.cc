#include "store/postgres/session.h"

#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <cmath>
#include <exception>

#include "base/numbers.h"
#include "base/time.h"
#include "store/postgres/binding.h"
#include "store/postgres/copy_text.h"

namespace bl::store {
namespace {

// pg_type.dat of PostgreSQL: these numbers never change.
constexpr Oid k_bool_oid = 16;
constexpr Oid k_bytea_oid = 17;

// Executions that are sent before the first of their answers is read.
constexpr std::size_t k_window = 256;
// From so many rows on, COPY is faster than one INSERT each.
constexpr std::size_t k_copy_rows_min = 4;
constexpr auto k_no_deadline = std::chrono::hours(24);

class PostgresRow final : public Row {
 public:
  PostgresRow(const PGresult* result, int row) : result_(result), row_(row) {}
  ~PostgresRow() override {
    for (unsigned char* bytes : unescaped_) PQfreemem(bytes);
  }
  PostgresRow(const PostgresRow&) = delete;
  PostgresRow& operator=(const PostgresRow&) = delete;

  bool is_null(int column) const override { return PQgetisnull(result_, row_, column) != 0; }

  std::int64_t integer(int column) const override {
    const std::string_view value = raw(column);
    if (PQftype(result_, column) == k_bool_oid) return value == "t" ? 1 : 0;
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (fault == std::errc() && end == value.data() + value.size()) return number;
    const auto real_value = parse_double(value);
    return real_value && std::abs(*real_value) < 9.2e18 ? static_cast<std::int64_t>(*real_value)
                                                        : number;
  }

  double real(int column) const override { return parse_double(raw(column)).value_or(0); }

  std::string_view text(int column) const override {
    const std::string_view value = raw(column);
    if (PQftype(result_, column) != k_bytea_oid || is_null(column)) return value;
    std::size_t size = 0;
    unsigned char* bytes =
        PQunescapeBytea(reinterpret_cast<const unsigned char*>(value.data()), &size);
    unescaped_.push_back(bytes);
    return {reinterpret_cast<const char*>(bytes), size};
  }

 private:
  std::string_view raw(int column) const {
    return {PQgetvalue(result_, row_, column),
            static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }

  const PGresult* result_;
  int row_;
  mutable std::vector<unsigned char*> unescaped_;
};

std::int64_t rows_changed(PGresult* result) {
  return parse_int64(PQcmdTuples(result)).value_or(0);
}

std::string doing_sql(std::string_view sql) {
  constexpr std::size_t k_shown = 300;
  std::string text = "SQL ";
  text += sql.substr(0, k_shown);
  return text;
}

constexpr std::string_view k_beginning = "beginning";
constexpr const char* k_begin_read = "begin isolation level repeatable read read only";
constexpr const char* k_begin_write = "begin isolation level read committed read write";
// Given out once a transaction, so that a COMMIT whose answer is lost can be looked up.
constexpr const char* k_transaction_id = "select pg_current_xact_id()";
// And once a connection the life that the server is in. Its statistics outlive a stop and are begun
// anew after a crash; so are transaction ids: those that never reached the disk are given out
// again.
constexpr const char* k_transaction_id_and_life =
    "select pg_current_xact_id(), (select stats_reset::text from pg_stat_bgwriter)";

}  // namespace

Result<std::unique_ptr<PostgresSession>> PostgresSession::open(const Link::Keywords& keywords,
                                                               const DatabaseLimits& limits) {
  BL_TRY(auto link, Link::connect(keywords, std::chrono::milliseconds(limits.connect_ms_max)));
  return std::unique_ptr<PostgresSession>(new PostgresSession(std::move(link), limits));
}

Deadline PostgresSession::deadline() const {
  return deadline_ ? *deadline_ : std::chrono::steady_clock::now() + k_no_deadline;
}

Error PostgresSession::spoil(PostgresError error) {
  if (!spoiled_) {
    trouble_ = error.trouble;
    spoiled_ = error.error;
  }
  return *spoiled_;
}

// A failure of the link itself. What ran out of time would do so again.
Error PostgresSession::spoil(Error error) {
  const bool is_lost = !link_->is_usable() && error.code == Code::unavailable;
  const Trouble trouble = is_lost ? Trouble::lost : Trouble::none;
  return spoil(PostgresError{std::move(error), trouble});
}

Result<void> PostgresSession::check(PGresult* result, std::string_view doing) {
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
    case PGRES_COPY_IN:
    case PGRES_PIPELINE_SYNC:
      return {};
    case PGRES_PIPELINE_ABORTED:
      return spoiled_ ? *spoiled_ : spoil(Error(Code::internal, "PostgreSQL: a pipeline ended"));
    default:
      break;
  }
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state == nullptr) {
    link_->give_up();
    return spoil(connection_lost(PQresultErrorMessage(result), doing));
  }
  std::string sentence = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)) {
    sentence += " (";
    sentence += detail;
    sentence += ")";
  }
  PostgresError error = postgres_error(state, sentence, doing);
  const std::string_view sqlstate = state;
  // A write in a read is a mistake of ours, not the server's state.
  if (sqlstate == "25006" && mode_ == Mode::read) error.error.code = Code::internal;
  if (sqlstate == "0A000") {
    // BEGIN READ WRITE on a standby.
    if (doing == k_beginning) error.error.code = Code::unavailable;
    // The tables changed under a prepared statement: a new connection prepares anew.
    if (sentence.starts_with("cached plan")) {
      error = {Error(Code::unavailable, std::move(error.error.message)), Trouble::lost};
    }
  }
  if (error.trouble == Trouble::lost) link_->give_up();
  return spoil(std::move(error));
}

const std::string* PostgresSession::find_prepared(std::string_view sql) {
  const auto found = by_text_.find(sql);
  if (found == by_text_.end()) return nullptr;
  statements_.splice(statements_.begin(), statements_, found->second);
  return &found->second->name;
}

void PostgresSession::remember_prepared(std::string_view sql, std::string name) {
  if (statements_.size() >= limits_.statements_max) {
    Statement& oldest = statements_.back();
    to_deallocate_.push_back(oldest.name);
    by_text_.erase(oldest.text);
    statements_.pop_back();
  }
  statements_.push_front({std::string(sql), std::move(name)});
  by_text_.emplace(statements_.front().text, statements_.begin());
}

Result<void> PostgresSession::send_begin(Many& many) {
  if (!begin_pending_ || is_begin_sent_) return {};
  const char* begin = mode_ == Mode::read ? k_begin_read : k_begin_write;
  PGconn* connection = link_->raw();
  bool sent = PQsendQueryParams(connection, begin, 0, nullptr, nullptr, nullptr, nullptr, 0) != 0;
  if (sent && mode_ == Mode::write) {
    const char* ask = server_life_.empty() ? k_transaction_id_and_life : k_transaction_id;
    sent = PQsendQueryParams(connection, ask, 0, nullptr, nullptr, nullptr, nullptr, 0) != 0;
  }
  if (!sent) return spoil(connection_lost(PQerrorMessage(connection), k_beginning));
  many.is_begin_sent = true;
  is_begin_sent_ = true;
  return {};
}

Result<void> PostgresSession::send_prepared(Many& many, std::string_view sql) {
  PGconn* connection = link_->raw();
  for (const std::string& name : to_deallocate_) {
    const std::string text = "deallocate " + name;
    if (PQsendQueryParams(connection, text.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) ==
        0) {
      return spoil(connection_lost(PQerrorMessage(connection), "forgetting a statement"));
    }
    ++many.deallocations;
  }
  to_deallocate_.clear();
  if (const std::string* name = find_prepared(sql)) {
    many.name = *name;
    return {};
  }
  for (const Many& earlier : unanswered_) {
    if (!earlier.is_prepare_sent || earlier.sql != sql) continue;
    many.name = earlier.name;
    return {};
  }
  many.name = "s" + std::to_string(++names_);
  if (PQsendPrepare(connection, many.name.c_str(), std::string(sql).c_str(), 0, nullptr) == 0) {
    return spoil(connection_lost(PQerrorMessage(connection), "preparing"));
  }
  many.is_prepare_sent = true;
  return {};
}

Result<void> PostgresSession::send_execution(const std::string& name,
                                             std::span<const Param> params) {
  if (has_nul(params)) return spoil(text_with_nul());
  const Bound bound(params);
  PGconn* connection = link_->raw();
  if (PQsendQueryPrepared(connection, name.c_str(), bound.count(), bound.values(), bound.lengths(),
                          bound.formats(), 0) == 0) {
    return spoil(connection_lost(PQerrorMessage(connection), "sending"));
  }
  return {};
}

// Reads the results of one statement up to the null that ends it.
Result<void> PostgresSession::receive_execution(Many& many) {
  for (;;) {
    BL_TRY(const PgResult result, link_->next(deadline()));
    if (result == nullptr) break;
    if (!check(result.get(), doing_sql(many.sql)).ok()) continue;
    if (many.changed != nullptr) many.changed->push_back(rows_changed(result.get()));
    const int rows = PQntuples(result.get());
    for (int i = 0; i < rows && !many.is_stopped && thrown_ == nullptr; ++i) {
      has_given_rows_ = true;
      const PostgresRow row(result.get(), i);
      try {
        many.is_stopped = !many.each(many.received, row);
      } catch (...) {
        thrown_ = std::current_exception();
      }
    }
  }
  ++many.received;
  return {};
}

Result<void> PostgresSession::receive(Many& many) {
  const auto skim = [&](std::string_view doing) -> Result<void> {
    for (;;) {
      BL_TRY(const PgResult result, link_->next(deadline()));
      if (result == nullptr) return {};
      if (!check(result.get(), doing).ok() || PQntuples(result.get()) != 1) continue;
      transaction_id_ = PQgetvalue(result.get(), 0, 0);
      if (PQnfields(result.get()) == 2) server_life_ = PQgetvalue(result.get(), 0, 1);
    }
  };
  if (many.is_begin_sent) {
    many.is_begin_sent = false;
    BL_RETURN_IF_ERROR(skim(k_beginning));
    if (mode_ == Mode::write) BL_RETURN_IF_ERROR(skim(k_beginning));
    if (!spoiled_) {
      begin_pending_ = false;
      in_transaction_ = true;
    }
  }
  for (; many.deallocations > 0; --many.deallocations) {
    BL_RETURN_IF_ERROR(skim("forgetting a statement"));
  }
  if (many.is_prepare_sent) {
    many.is_prepare_sent = false;
    BL_RETURN_IF_ERROR(skim(doing_sql(many.sql)));
    if (!spoiled_) remember_prepared(many.sql, many.name);
  }
  for (; many.executions > 0; --many.executions) {
    BL_RETURN_IF_ERROR(receive_execution(many));
  }
  return {};
}

Result<void> PostgresSession::receive_earlier() {
  for (Many& many : unanswered_) BL_RETURN_IF_ERROR(receive(many));
  unanswered_.clear();
  return {};
}

// The end of the pipeline: everything up to the sync.
Result<void> PostgresSession::finish(std::string_view doing) {
  for (;;) {
    BL_TRY(const PgResult result, link_->next(deadline()));
    if (result == nullptr) continue;
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    if (const auto checked = check(result.get(), doing); checked.ok()) continue;
    if (!link_->is_usable()) break;
  }
  const PGTransactionStatusType status = PQtransactionStatus(link_->raw());
  if (status == PQTRANS_INERROR || status == PQTRANS_INTRANS) in_transaction_ = true;
  return {};
}

// There is one conversation at a time: a row function that asks would read its neighbours' answers.
Result<void> PostgresSession::may_talk() {
  if (spoiled_) return *spoiled_;
  if (!is_talking_) return {};
  return spoil(PostgresError{
      Error(Code::internal, "a statement within the row function of another on PostgreSQL")});
}

// A conversation broke off: nobody knows what would come next.
Result<void> PostgresSession::give_up(Error error) {
  link_->give_up();
  unanswered_.clear();
  return spoil(std::move(error));
}

Result<void> PostgresSession::run_many(
    std::string_view sql, std::size_t count,
    const std::function<std::span<const Param>(std::size_t)>& params, Each each,
    std::vector<std::int64_t>* changed) {
  BL_RETURN_IF_ERROR(may_talk());
  if (count == 0) return {};
  is_talking_ = true;
  Many many{.sql = sql, .each = std::move(each), .changed = changed};
  // What fails here is the connection; the server's own faults are remembered by check().
  const auto converse = [&]() -> Result<void> {
    BL_RETURN_IF_ERROR(send_begin(many));
    BL_RETURN_IF_ERROR(send_prepared(many, sql));
    std::size_t sent = 0;
    while (sent < count) {
      std::optional<Error> refused;
      while (sent < count && many.executions < k_window && !refused) {
        auto done = send_execution(many.name, params(sent));
        if (!done.ok()) {
          refused = done.error();
        } else {
          ++sent;
          ++many.executions;
        }
      }
      const bool is_last = sent == count || refused;
      PGconn* connection = link_->raw();
      const int synced = is_last ? PQpipelineSync(connection) : PQsendFlushRequest(connection);
      if (synced == 0) return connection_lost(PQerrorMessage(connection), "sending").error;
      BL_RETURN_IF_ERROR(link_->flush(deadline()));
      BL_RETURN_IF_ERROR(receive_earlier());
      BL_RETURN_IF_ERROR(receive(many));
      if (is_last) break;
      if (spoiled_) {
        if (PQpipelineSync(connection) == 0) {
          return connection_lost(PQerrorMessage(connection), "sending").error;
        }
        BL_RETURN_IF_ERROR(link_->flush(deadline()));
        break;
      }
    }
    return finish(doing_sql(sql));
  };
  auto talked = converse();
  is_talking_ = false;
  if (!talked.ok()) return give_up(std::move(talked).error());
  if (thrown_ != nullptr) std::rethrow_exception(std::exchange(thrown_, nullptr));
  if (spoiled_) return *spoiled_;
  return {};
}

Result<void> PostgresSession::query_many_later(const Sql& sql, const ParamRows& params,
                                               std::function<void(std::size_t, const Row&)> each) {
  BL_RETURN_IF_ERROR(may_talk());
  if (params.empty()) return {};
  // Answers that nobody reads must not fill the way back.
  if (params.size() > k_window) return query_many(sql, params, each);
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (has_nul(params.row(i))) return spoil(text_with_nul());
  }
  Many many{.sql = sql.postgres, .each = [each = std::move(each)](std::size_t i, const Row& row) {
              each(i, row);
              return true;
            }};
  const auto send = [&]() -> Result<void> {
    BL_RETURN_IF_ERROR(send_begin(many));
    BL_RETURN_IF_ERROR(send_prepared(many, sql.postgres));
    for (; many.executions < params.size(); ++many.executions) {
      BL_RETURN_IF_ERROR(send_execution(many.name, params.row(many.executions)));
    }
    return {};
  };
  if (auto sent = send(); !sent.ok()) return give_up(std::move(sent).error());
  unanswered_.push_back(std::move(many));
  return {};
}

Result<void> PostgresSession::wait() {
  BL_RETURN_IF_ERROR(may_talk());
  if (unanswered_.empty()) return {};
  return settle();
}

Result<void> PostgresSession::settle() {
  is_talking_ = true;
  const auto converse = [&]() -> Result<void> {
    PGconn* connection = link_->raw();
    if (PQpipelineSync(connection) == 0) {
      return connection_lost(PQerrorMessage(connection), "sending").error;
    }
    BL_RETURN_IF_ERROR(link_->flush(deadline()));
    BL_RETURN_IF_ERROR(receive_earlier());
    return finish("waiting for answers");
  };
  auto talked = converse();
  is_talking_ = false;
  if (!talked.ok()) return give_up(std::move(talked).error());
  if (thrown_ != nullptr) std::rethrow_exception(std::exchange(thrown_, nullptr));
  if (spoiled_) return *spoiled_;
  return {};
}

Result<void> PostgresSession::query(const Sql& sql, std::span<const Param> params,
                                    const std::function<bool(const Row&)>& each) {
  return run_many(
      sql.postgres, 1, [&](std::size_t) { return params; },
      [&](std::size_t, const Row& row) { return each(row); }, nullptr);
}

Result<void> PostgresSession::query_text(const std::string& sql, std::span<const Param> params,
                                         const std::function<bool(const Row&)>& each) {
  return run_many(
      sql, 1, [&](std::size_t) { return params; },
      [&](std::size_t, const Row& row) { return each(row); }, nullptr);
}

Result<std::int64_t> PostgresSession::execute(const Sql& sql, std::span<const Param> params) {
  std::vector<std::int64_t> changed;
  BL_RETURN_IF_ERROR(run_many(
      sql.postgres, 1, [&](std::size_t) { return params; },
      [](std::size_t, const Row&) { return false; }, &changed));
  return changed.empty() ? 0 : changed.front();
}

Result<void> PostgresSession::query_many(const Sql& sql, const ParamRows& params,
                                         const std::function<void(std::size_t, const Row&)>& each) {
  return run_many(
      sql.postgres, params.size(), [&](std::size_t i) { return params.row(i); },
      [&](std::size_t i, const Row& row) {
        each(i, row);
        return true;
      },
      nullptr);
}

Result<std::vector<std::int64_t>> PostgresSession::execute_many(const Sql& sql,
                                                                const ParamRows& params) {
  std::vector<std::int64_t> changed;
  changed.reserve(params.size());
  BL_RETURN_IF_ERROR(run_many(
      sql.postgres, params.size(), [&](std::size_t i) { return params.row(i); },
      [](std::size_t, const Row&) { return true; }, &changed));
  return changed;
}

// COPY ---------------------------------------------------------------------------------------

Result<void> PostgresSession::begin_now() {
  if (!begin_pending_) return {};
  return query("select 1", std::span<const Param>(), [](const Row&) { return true; });
}

Result<void> PostgresSession::insert_many(const InsertInto& into, const ParamRows& rows) {
  BL_RETURN_IF_ERROR(may_talk());
  if (rows.empty()) return {};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (has_nul(rows.row(i))) return spoil(text_with_nul());
  }
  if (rows.size() >= k_copy_rows_min) return copy_rows(into, rows);
  const std::string text = insert_text(into, Dialect::postgres);
  std::vector<std::string> texts;
  std::vector<Param> params;
  std::vector<std::vector<std::string>> kept(rows.size());
  return run_many(
      text, rows.size(),
      [&](std::size_t i) {
        const auto row = rows.row(i);
        params.assign(row.begin(), row.end());
        kept[i] = postgres_texts(into, row);
        for (std::size_t c = 0; c < row.size(); ++c) {
          if (!kept[i][c].empty()) params[c] = std::string_view(kept[i][c]);
        }
        return std::span<const Param>(params);
      },
      [](std::size_t, const Row&) { return true; }, nullptr);
}

Result<void> PostgresSession::copy_rows(const InsertInto& into, const ParamRows& rows) {
  BL_RETURN_IF_ERROR(wait());
  BL_RETURN_IF_ERROR(begin_now());
  auto sent = send_copy(into, rows);
  if (!sent.ok()) {
    if (!link_->is_usable()) return spoil(std::move(sent).error());
    return sent;
  }
  if (spoiled_) return *spoiled_;
  return {};
}

Result<void> PostgresSession::send_copy(const InsertInto& into, const ParamRows& rows) {
  PGconn* connection = link_->raw();
  const auto lost = [&] {
    link_->give_up();
    return connection_lost(PQerrorMessage(connection), "COPY").error;
  };
  BL_RETURN_IF_ERROR(link_->leave_pipeline());
  const std::string sql = copy_sql(into);
  if (PQsendQuery(connection, sql.c_str()) == 0) return lost();
  BL_RETURN_IF_ERROR(link_->flush(deadline()));
  BL_TRY(const PgResult started, link_->next(deadline()));
  if (started == nullptr) return lost();
  const bool is_started = PQresultStatus(started.get()) == PGRES_COPY_IN;
  if (!is_started) (void)check(started.get(), sql);
  std::string text;
  for (std::size_t i = 0; is_started && i < rows.size(); ++i) {
    append_copy_row(text, into, rows.row(i));
    constexpr std::size_t k_piece_bytes = 64 << 10;
    if (text.size() < k_piece_bytes && i + 1 < rows.size()) continue;
    if (PQputCopyData(connection, text.data(), static_cast<int>(text.size())) != 1) return lost();
    BL_RETURN_IF_ERROR(link_->flush(deadline()));
    text.clear();
  }
  if (is_started && PQputCopyEnd(connection, nullptr) != 1) return lost();
  BL_RETURN_IF_ERROR(link_->flush(deadline()));
  for (;;) {
    BL_TRY(const PgResult result, link_->next(deadline()));
    if (result == nullptr) break;
    (void)check(result.get(), sql);
    if (!link_->is_usable()) return lost();
  }
  return link_->enter_pipeline();
}

// Transactions -------------------------------------------------------------------------------

Result<void> PostgresSession::run(Mode mode, const std::function<Result<void>(Connection&)>& work,
                                  std::optional<std::int64_t> time_ms_max) {
  mode_ = mode;
  begin_pending_ = true;
  is_begin_sent_ = false;
  in_transaction_ = false;
  has_given_rows_ = false;
  transaction_id_.clear();
  is_talking_ = false;
  unanswered_.clear();
  thrown_ = nullptr;
  spoiled_.reset();
  trouble_ = Trouble::none;
  deadline_.reset();
  if (time_ms_max) {
    deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(*time_ms_max);
  }
  Result<void> outcome;
  try {
    outcome = work(*this);
    // A write's COMMIT brings the rest.
    if (outcome.ok() && mode == Mode::read) outcome = wait();
  } catch (const std::exception& thrown) {
    outcome = Error(Code::internal, std::string("work on the store threw: ") + thrown.what());
  } catch (...) {
    outcome = Error(Code::internal, "work on the store threw something that is no exception");
  }
  if (outcome.ok() && spoiled_) return *spoiled_;
  return outcome;
}

PostgresSession::Commit PostgresSession::commit() {
  for (Many& many : unanswered_) many.is_stopped = true;
  // What it is called must be known before COMMIT is sent: it is looked up by that.
  if (begin_pending_ && !unanswered_.empty()) {
    if (auto begun = wait(); !begun.ok()) {
      rollback();
      return {Outcome::rolled_back, std::move(begun).error()};
    }
  }
  if (begin_pending_ || !in_transaction_) return {};
  in_transaction_ = false;
  deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(limits_.write_ms_max);
  PGconn* connection = link_->raw();
  const auto unknown = [&](Error error) {
    link_->give_up();
    return Commit{mode_ == Mode::write ? Outcome::unknown : Outcome::rolled_back, std::move(error)};
  };
  if (PQsendQueryParams(connection, "commit", 0, nullptr, nullptr, nullptr, nullptr, 0) == 0 ||
      PQpipelineSync(connection) == 0) {
    return unknown(connection_lost(PQerrorMessage(connection), "COMMIT").error);
  }
  if (auto flushed = link_->flush(deadline()); !flushed.ok()) return unknown(flushed.error());
  if (auto earlier = receive_earlier(); !earlier.ok()) return unknown(earlier.error());
  std::optional<Error> refused;
  bool is_committed = false;
  for (;;) {
    auto result = link_->next(deadline());
    if (!result.ok()) return unknown(result.error());
    if (*result == nullptr) continue;
    const ExecStatusType status = PQresultStatus(result->get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (const auto checked = check(result->get(), "COMMIT"); !checked.ok()) {
      if (trouble_ == Trouble::lost || !link_->is_usable()) return unknown(checked.error());
      refused = checked.error();
    } else if (status == PGRES_COMMAND_OK) {
      is_committed = std::string_view(PQcmdStatus(result->get())) == "COMMIT";
    }
  }
  if (is_committed) return {};
  if (!refused) refused = Error(Code::internal, "PostgreSQL rolled back instead of committing");
  // After a statement that failed COMMIT is passed over.
  in_transaction_ = PQtransactionStatus(connection) != PQTRANS_IDLE;
  rollback();
  return {Outcome::rolled_back, std::move(refused)};
}

void PostgresSession::rollback() {
  deadline_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(limits_.connect_ms_max);
  if (!unanswered_.empty()) {
    for (Many& many : unanswered_) many.is_stopped = true;
    (void)settle().ok();
  }
  if (!in_transaction_) return;
  in_transaction_ = false;
  if (!link_->is_usable()) return;
  PGconn* connection = link_->raw();
  if (PQsendQueryParams(connection, "rollback", 0, nullptr, nullptr, nullptr, nullptr, 0) == 0 ||
      PQpipelineSync(connection) == 0 || !link_->flush(deadline()).ok()) {
    return link_->give_up();
  }
  for (;;) {
    const auto result = link_->next(deadline());
    if (!result.ok()) return link_->give_up();
    if (*result == nullptr) continue;
    if (PQresultStatus(result->get()) == PGRES_PIPELINE_SYNC) return;
    if (PQresultStatus(result->get()) == PGRES_FATAL_ERROR) return link_->give_up();
  }
}

Result<void> PostgresSession::script(std::string_view statements) {
  BL_RETURN_IF_ERROR(wait());
  BL_RETURN_IF_ERROR(begin_now());
  auto answer = link_->simple(std::string(statements), deadline());
  if (!answer.ok()) return spoil(std::move(answer).error());
  if (*answer == nullptr) return {};  // nothing but blanks
  return check(answer->get(), doing_sql(statements));
}

Result<void> PostgresSession::alone(std::string_view statement) {
  BL_CHECK(!in_transaction_);
  spoiled_.reset();
  trouble_ = Trouble::none;
  deadline_.reset();
  auto answer = link_->simple(std::string(statement), deadline());
  auto outcome = answer.ok() ? Result<void>() : Result<void>(spoil(std::move(answer).error()));
  if (outcome.ok() && *answer != nullptr) outcome = check(answer->get(), doing_sql(statement));
  spoiled_.reset();
  return outcome;
}

bool PostgresSession::ping() {
  const auto asked = run(
      Mode::read,
      [](Connection& connection) {
        return connection.query("select 1", {}, [](const Row&) { return true; });
      },
      limits_.connect_ms_max);
  rollback();
  return asked.ok() && is_usable();
}

}  // namespace bl::store
