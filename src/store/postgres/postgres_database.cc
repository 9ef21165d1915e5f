#include "store/postgres/postgres_database.h"

#include <algorithm>
#include <array>
#include <random>
#include <thread>

#include "base/numbers.h"
#include "store/conbench_schema.h"
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
const Sql k_transaction_status(
    "select pg_xact_status($1::text::xid8), (select stats_reset::text from pg_stat_bgwriter)");
const Sql k_end_transaction(
    "select pg_terminate_backend(pid) from pg_stat_activity where backend_xid = "
    "$1::text::xid8::xid");
constexpr auto k_migration_lock_pause = 25ms;
constexpr auto k_lookup_pause = 50ms;
constexpr std::size_t k_read_repeats_max = 2;
constexpr std::size_t k_lost_repeats_max = 2;

// Grows with the attempts, and differs between those who met each other.
std::chrono::microseconds pause_before(std::size_t attempt) {
  static thread_local std::minstd_rand random{std::random_device{}()};
  const auto longest = std::int64_t{1'000} << std::min<std::size_t>(attempt, 7);
  return std::chrono::microseconds(std::uniform_int_distribution<std::int64_t>(0, longest)(random));
}

// What is written comes as parameters and arrays of them, found by keys: a plan for their values is
// none better, and PostgreSQL would make one for each execution of a statement with arrays.
Link::Keywords with_generic_plans(Link::Keywords keywords) {
  for (auto& [name, value] : keywords) {
    if (name == "options") value += " -c plan_cache_mode=force_generic_plan";
  }
  return keywords;
}

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(const Link::Keywords& keywords, const DatabaseLimits& limits, Log& log,
                   StoreMetrics metrics)
      : limits_(limits),
        log_(log),
        metrics_(metrics),
        readers_(keywords, limits.readers, limits, metrics),
        writers_(with_generic_plans(keywords), limits.writers, limits, metrics) {}

  Dialect dialect() const override { return Dialect::postgres; }

  Result<void> read(const Work& work) override {
    for (std::size_t attempt = 1;; ++attempt) {
      BL_TRY(auto session, readers_.acquire());
      auto outcome = session->run(PostgresSession::Mode::read, work, limits_.read_ms_max);
      // What saw a row may not run again; what saw none of a connection that died idle may.
      const bool may_repeat = session->trouble() != Trouble::none && !session->has_given_rows() &&
                              attempt <= k_read_repeats_max;
      session->rollback();
      if (!session->is_usable()) readers_.forget_idle();
      if (!outcome.ok() && outcome.error().code == Code::timeout) metrics_.read_time_limit.add();
      if (!may_repeat) return outcome;
    }
  }

  Result<void> write(const Work& work) override {
    Result<void> outcome;
    for (std::size_t attempt = 1;; ++attempt) {
      Trouble trouble = Trouble::none;
      outcome = write_once(work, limits_.write_ms_max, trouble);
      if (trouble == Trouble::none || attempt >= limits_.write_attempts_max) break;
      // A server that goes again and again is not asked for long: the client may wait better.
      if (trouble == Trouble::lost && attempt > k_lost_repeats_max) break;
      metrics_.write_retries.add();
      std::this_thread::sleep_for(pause_before(attempt));
    }
    if (outcome.ok()) {
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
    auto outcome = migrate_under_lock(*session, migrations);
    // A lock that is not given back goes with the connection.
    if (!look(*session, k_migration_unlock, {}).ok()) writers_.forget_idle();
    return outcome;
  }

 private:
  static Result<void> migrate_under_lock(PostgresSession& session,
                                         std::span<const Migration> migrations) {
    BL_RETURN_IF_ERROR(transaction_on(session, [](Connection& connection) -> Result<void> {
      BL_TRY([[maybe_unused]] const auto schema, recognise_conbench(connection));
      return {};
    }));
    // An index of a big table takes longer than any statement may that serves somebody, and waits
    // for transactions that began before.
    for (const char* no_limit : {"set statement_timeout = 0", "set lock_timeout = 0",
                                 "set idle_in_transaction_session_timeout = 0"})
      BL_RETURN_IF_ERROR(session.alone(no_limit));
    auto outcome = apply_migrations(
        migrations, Dialect::postgres,
        {.transaction = [&](const auto& work) { return transaction_on(session, work); },
         .script =
             [](Connection& connection, std::string_view statements) {
               return static_cast<PostgresSession&>(connection).script(statements);
             },
         .alone = [&](std::string_view statement) { return session.alone(statement); }});
    for (const char* limit : {"reset statement_timeout", "reset lock_timeout",
                              "reset idle_in_transaction_session_timeout"}) {
      // Where that fails the connection is gone, and nobody gets it without limits.
      (void)session.alone(limit).ok();
    }
    return outcome;
  }

  // A transaction whose COMMIT was sent and not answered.
  struct Cut {
    std::string transaction_id, server_life;
    Error why;
  };

  // Runs the work and commits. `trouble` says whether it may be run again.
  Result<void> write_once(const Work& work, std::optional<std::int64_t> time_ms_max,
                          Trouble& trouble) {
    std::optional<Cut> cut;
    {
      BL_TRY(SessionPool::Lease session, writers_.acquire());
      auto outcome = session->run(PostgresSession::Mode::write, work, time_ms_max);
      if (!outcome.ok()) {
        trouble = session->trouble();
        session->rollback();
        if (!session->is_usable()) writers_.forget_idle();
        return outcome;
      }
      const auto start = std::chrono::steady_clock::now();
      auto committed = session->commit();
      if (committed.outcome == PostgresSession::Outcome::committed) {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        metrics_.commit_seconds.observe(took.count());
        return {};
      }
      trouble = session->trouble();
      if (committed.outcome == PostgresSession::Outcome::rolled_back) {
        return std::move(*committed.error);
      }
      cut = {session->transaction_id(), session->server_life(), std::move(*committed.error)};
    }
    // The broken connection's place in the pool is free again: the look-up needs one, and when a
    // server goes, all that write look up at once.
    writers_.forget_idle();
    return look_up(*cut, trouble);
  }

  enum class Fate : unsigned char { committed, aborted, in_progress, unheard, untold };

  // The connection went while COMMIT was under way.
  Result<void> look_up(const Cut& cut, Trouble& trouble) {
    trouble = Trouble::none;
    metrics_.commits_looked_up.add();
    log_.warning("store_commit_lookup",
                 {{"transaction", cut.transaction_id}, {"error", cut.why.message}});
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(limits_.commit_lookup_ms_max);
    Fate fate = Fate::unheard;
    while (fate == Fate::unheard || fate == Fate::in_progress) {
      fate = fate_of(cut, deadline);
      if (fate == Fate::committed) return {};
      if (fate == Fate::aborted) {
        trouble = Trouble::lost;
        return cut.why;
      }
      if (std::chrono::steady_clock::now() + k_lookup_pause > deadline) break;
      std::this_thread::sleep_for(k_lookup_pause);
    }
    metrics_.commits_unknown.add();
    log_.error("store_commit_unknown", {{"transaction", cut.transaction_id}});
    return Error(Code::outcome_unknown,
                 "the connection to PostgreSQL broke during COMMIT, and whether the write is kept "
                 "could not be looked up: transaction " +
                     cut.transaction_id);
  }

  Fate fate_of(const Cut& cut, Deadline deadline) {
    auto acquired = writers_.acquire();
    if (!acquired.ok()) return Fate::unheard;
    SessionPool::Lease session = std::move(acquired).value();
    std::string status, life;
    const std::string_view id = cut.transaction_id;
    const auto ask = [&](const Sql& sql, const std::function<bool(const Row&)>& each) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      auto asked = session->run(
          PostgresSession::Mode::read,
          [&](Connection& connection) { return connection.query(sql, {id}, each); },
          std::max<std::int64_t>(left.count(), 1));
      session->rollback();
      return asked;
    };
    const auto asked = ask(k_transaction_status, [&](const Row& row) {
      status = row.text(0);
      life = row.text(1);
      return true;
    });
    // An id that was never given out, as the server sees it: a crash took it back, and all that was
    // done under it.
    if (!asked.ok()) return asked.error().code == Code::invalid ? Fate::aborted : Fate::unheard;
    if (status == "aborted") return Fate::aborted;
    // After a crash the id may be another's: what it says is no word about ours.
    if (life != cut.server_life) return Fate::untold;
    if (status == "committed") return Fate::committed;
    if (status != "in progress") return Fate::unheard;
    // The server has not noticed that we went. Its end says what became of the transaction.
    (void)ask(k_end_transaction, [](const Row&) { return true; }).ok();
    return Fate::in_progress;
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
  // A server that went without a word is noticed even while it has nothing to say for long.
  keywords.insert(
      keywords.end(),
      {{"keepalives_idle", "30"}, {"keepalives_interval", "10"}, {"keepalives_count", "3"}});
  // The statement's own limit is a net under ours: a client that vanished must not leave work.
  const std::int64_t statement_ms = std::max(limits.read_ms_max, limits.write_ms_max) + 5'000;
  keywords.emplace_back(
      "options", "-c statement_timeout=" + std::to_string(statement_ms) +
                     " -c lock_timeout=" + std::to_string(limits.lock_ms_max) +
                     " -c idle_in_transaction_session_timeout=" + std::to_string(statement_ms) +
                     " -c timezone=UTC -c datestyle=ISO -c extra_float_digits=1" +
                     " -c standard_conforming_strings=on -c jit=off -c enable_seqscan=off" +
                     " -c search_path=public" +
                     // Triggers of ours on Conbench's tables pass over what we write ourselves.
                     " -c benchlake.writer=on");
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
