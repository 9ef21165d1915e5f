#include "store/postgres/postgres_database.h"

#include <algorithm>
#include <array>
#include <random>
#include <thread>

#include "base/numbers.h"
#include "store/migrations.h"
#include "store/postgres/session_pool.h"
#include "store/store_metrics.h"

namespace bl::store {
namespace {

using namespace std::chrono_literals;
using Work = std::function<Result<void>(Connection&)>;

constexpr std::int64_t k_server_version_min = 130'000;  // pg_current_xact_id
// Conbench's migrations take the same session lock ("conbench"), so that neither runs beside ours.
const Sql k_try_migration_lock("select pg_try_advisory_lock(7165066901057332072)");
const Sql k_migration_unlock("select pg_advisory_unlock(7165066901057332072)");
const Sql k_transaction_status("select pg_xact_status($1::text::xid8)");
constexpr auto k_migration_lock_pause = 25ms;
constexpr auto k_lookup_pause = 50ms;

// Grows with the attempts, and differs between those who met each other.
std::chrono::microseconds pause_before(std::size_t attempt) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = std::int64_t{1'000} << std::min<std::size_t>(attempt, 7);
  return std::chrono::microseconds(std::uniform_int_distribution<std::int64_t>(0, longest)(random));
}

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(const Link::Keywords& keywords, const DatabaseLimits& limits, Log& log,
                   StoreMetrics metrics)
      : limits_(limits),
        log_(log),
        metrics_(metrics),
        readers_(keywords, limits.readers, limits, metrics),
        writers_(keywords, limits.writers, limits, metrics) {}

  Dialect dialect() const override { return Dialect::postgres; }

  Result<void> read(const Work& work) override {
    for (std::size_t attempt = 1;; ++attempt) {
      BL_TRY(auto session, readers_.acquire());
      auto outcome = session->run(PostgresSession::Mode::read, work, limits_.read_ms_max);
      const bool is_lost = session->trouble() == Trouble::lost;
      // What saw a row may not run again; what saw none of a connection that died idle may.
      const bool may_repeat = is_lost && !session->has_given_rows() && attempt <= 2;
      if (is_lost) readers_.forget_idle();
      session->rollback();
      if (!outcome.ok() && outcome.error().code == Code::timeout) metrics_.read_time_limit.add();
      if (!may_repeat) return outcome;
    }
  }

  Result<void> write(const Work& work) override {
    const auto start = std::chrono::steady_clock::now();
    Result<void> outcome;
    for (std::size_t attempt = 1;; ++attempt) {
      Trouble trouble = Trouble::none;
      outcome = write_once(work, limits_.write_ms_max, trouble);
      if (trouble == Trouble::none || attempt >= limits_.write_attempts_max) break;
      // A server that is away is not asked for long: the client may wait better than we do.
      if (trouble == Trouble::lost && attempt >= 3) break;
      metrics_.write_retries.add();
      std::this_thread::sleep_for(pause_before(attempt));
    }
    if (outcome.ok()) {
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      metrics_.commit_seconds.observe(took.count());
      metrics_.commits.add();
      metrics_.writes.add();
    } else if (outcome.error().code == Code::timeout) {
      metrics_.write_time_limit.add();
    }
    return outcome;
  }

  Result<void> migrate(std::span<const Migration> migrations) override {
    BL_TRY(auto session, writers_.acquire());
    BL_RETURN_IF_ERROR(take_migration_lock(*session));
    // An index of a big table takes longer than any statement may that serves somebody, and waits
    // for transactions that began before.
    for (const char* no_limit : {"set statement_timeout = 0", "set lock_timeout = 0",
                                 "set idle_in_transaction_session_timeout = 0"})
      BL_RETURN_IF_ERROR(session->alone(no_limit));
    auto outcome = apply_migrations(
        migrations, Dialect::postgres,
        {.transaction = [&](const auto& work) { return transaction_on(*session, work); },
         .script =
             [](Connection& connection, std::string_view statements) {
               return static_cast<PostgresSession&>(connection).script(statements);
             },
         .alone = [&](std::string_view statement) { return session->alone(statement); }});
    for (const char* limit : {"reset statement_timeout", "reset lock_timeout",
                              "reset idle_in_transaction_session_timeout"}) {
      // Where that fails the connection is gone, and nobody gets it without limits.
      (void)session->alone(limit).ok();
    }
    // A lock that is not given back goes with the connection.
    if (!look(*session, k_migration_unlock, {}).ok()) writers_.forget_idle();
    return outcome;
  }

 private:
  // Runs the work and commits. `trouble` says whether it may be run again.
  Result<void> write_once(const Work& work, std::optional<std::int64_t> time_ms_max,
                          Trouble& trouble) {
    auto acquired = writers_.acquire();
    if (!acquired.ok()) {
      trouble = acquired.error().code == Code::unavailable ? Trouble::lost : Trouble::none;
      return std::move(acquired).error();
    }
    SessionPool::Lease session = std::move(acquired).value();
    auto outcome = session->run(PostgresSession::Mode::write, work, time_ms_max);
    if (outcome.ok()) return commit(*session, trouble);
    trouble = session->trouble();
    session->rollback();
    if (trouble == Trouble::lost) writers_.forget_idle();
    return outcome;
  }

  Result<void> commit(PostgresSession& session, Trouble& trouble) {
    auto committed = session.commit();
    switch (committed.outcome) {
      case PostgresSession::Outcome::committed:
        return {};
      case PostgresSession::Outcome::rolled_back:
        trouble = session.trouble();
        return std::move(*committed.error);
      case PostgresSession::Outcome::unknown:
        break;
    }
    writers_.forget_idle();
    return look_up(session.transaction_id(), *committed.error, trouble);
  }

  // The connection went while COMMIT was under way.
  Result<void> look_up(const std::string& transaction_id, const Error& why, Trouble& trouble) {
    metrics_.commits_looked_up.add();
    log_.warning("store_commit_lookup", {{"transaction", transaction_id}, {"error", why.message}});
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(limits_.commit_lookup_ms_max);
    while (std::chrono::steady_clock::now() < deadline) {
      const std::string status = status_of(transaction_id);
      if (status == "committed") return {};
      if (status == "aborted") {
        trouble = Trouble::lost;
        return why;
      }
      std::this_thread::sleep_for(k_lookup_pause);
    }
    metrics_.commits_unknown.add();
    log_.error("store_commit_unknown", {{"transaction", transaction_id}});
    return Error(Code::outcome_unknown,
                 "the connection to PostgreSQL broke during COMMIT, and whether the write is kept "
                 "could not be looked up: transaction " +
                     transaction_id);
  }

  // `committed`, `aborted`, `in progress`, or empty when nobody answers.
  std::string status_of(const std::string& transaction_id) {
    std::string status;
    auto session = writers_.acquire();
    if (!session.ok()) return status;
    const auto asked = (*session)->run(
        PostgresSession::Mode::read,
        [&](Connection& connection) {
          return connection.query(k_transaction_status, {std::string_view(transaction_id)},
                                  [&](const Row& row) {
                                    status = row.text(0);
                                    return true;
                                  });
        },
        limits_.read_ms_max);
    (*session)->rollback();
    return asked.ok() ? status : std::string();
  }

  static Result<std::int64_t> look(PostgresSession& session, const Sql& sql,
                                   std::span<const Param> params) {
    std::int64_t answer = 0;
    auto outcome = session.run(
        PostgresSession::Mode::write,
        [&](Connection& connection) {
          return connection.query(sql, params, [&](const Row& row) {
            answer = row.integer(0);
            return true;
          });
        },
        std::nullopt);
    session.rollback();
    if (!outcome.ok()) return std::move(outcome).error();
    return answer;
  }

  Result<void> take_migration_lock(PostgresSession& session) {
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(limits_.migration_lock_ms_max);
    for (;;) {
      BL_TRY(const std::int64_t taken, look(session, k_try_migration_lock, {}));
      if (taken != 0) return {};
      if (std::chrono::steady_clock::now() > deadline) {
        return Error(Code::overloaded, "another program migrates this database since ms: " +
                                           std::to_string(limits_.migration_lock_ms_max));
      }
      std::this_thread::sleep_for(k_migration_lock_pause);
    }
  }

  static Result<void> transaction_on(PostgresSession& session, const Work& work) {
    auto outcome = session.run(PostgresSession::Mode::write, work, std::nullopt);
    if (!outcome.ok()) {
      session.rollback();
      return outcome;
    }
    auto committed = session.commit();
    if (committed.outcome == PostgresSession::Outcome::committed) return {};
    return std::move(*committed.error);
  }

  const DatabaseLimits limits_;
  Log& log_;
  StoreMetrics metrics_;
  SessionPool readers_;
  SessionPool writers_;
};

// What a URI may say beyond who and where.
constexpr std::array<std::string_view, 9> k_parameters = {
    "sslmode",  "sslrootcert",          "sslcert", "sslkey",         "application_name",
    "passfile", "target_session_attrs", "service", "channel_binding"};

Result<Link::Keywords> keywords_of(const Uri& uri, const DatabaseLimits& limits) {
  Link::Keywords keywords = {{"client_encoding", "UTF8"},
                             {"fallback_application_name", "benchlake"}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) keywords.emplace_back(name, value);
  };
  add("host", uri.host);
  add("port", uri.port);
  add("user", uri.user);
  add("password", uri.password);
  add("dbname", uri.path.starts_with('/') ? uri.path.substr(1) : uri.path);
  for (const auto& [name, value] : uri.query) {
    if (std::ranges::find(k_parameters, name) == k_parameters.end()) {
      return Error(Code::invalid, "unknown parameter of the store's URI: " + name);
    }
    keywords.emplace_back(name, value);
  }
  // The statement's own limit is a net under ours: a client that vanished must not leave work.
  const std::int64_t statement_ms = std::max(limits.read_ms_max, limits.write_ms_max) + 5'000;
  keywords.emplace_back(
      "options", "-c statement_timeout=" + std::to_string(statement_ms) +
                     " -c lock_timeout=" + std::to_string(limits.lock_ms_max) +
                     " -c idle_in_transaction_session_timeout=" + std::to_string(statement_ms) +
                     " -c timezone=UTC -c datestyle=ISO -c extra_float_digits=1" +
                     " -c standard_conforming_strings=on -c jit=off -c enable_seqscan=off" +
                     " -c search_path=public");
  return keywords;
}

Result<void> check_server(Database& database) {
  std::int64_t version = 0;
  std::string encoding;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) {
    return connection.query(
        "select current_setting('server_version_num')::bigint, pg_encoding_to_char(encoding) "
        "from pg_database where datname = current_database()",
        {}, [&](const Row& row) {
          version = row.integer(0);
          encoding = row.text(1);
          return true;
        });
  }));
  if (version < k_server_version_min) {
    return Error(Code::unsupported,
                 "not supported: PostgreSQL older than 13: " + std::to_string(version));
  }
  if (encoding != "UTF8") {
    return Error(Code::unsupported,
                 "not supported: a database whose encoding is not UTF8: " + encoding);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(const Uri& uri, const DatabaseLimits& limits,
                                                Log& log, Metrics& metrics) {
  BL_CHECK(limits.readers > 0 && limits.writers > 0);
  BL_TRY(const Link::Keywords keywords, keywords_of(uri, limits));
  std::unique_ptr<Database> database =
      std::make_unique<PostgresDatabase>(keywords, limits, log, StoreMetrics(metrics));
  if (auto checked = check_server(*database); !checked.ok()) {
    return std::move(checked).error().with_context(uri.redacted());
  }
  return database;
}

}  // namespace bl::store
