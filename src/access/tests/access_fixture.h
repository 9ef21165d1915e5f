#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/sessions.h"
#include "access/tokens.h"
#include "access/users.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/audit.h"
#include "store/both_dialects.h"
#include "store/open.h"
#include "store/testing/postgres_server.h"

/// A real store with the tables of access: SQLite in memory, or, when the environment says
/// BL_TEST_STORE=postgres, a database of a real PostgreSQL.
namespace bl::access::testing {

inline constexpr Timestamp k_start{1'722'513'600'000'000};  ///< 2024-08-01T12:00:00Z

inline std::string store_uri() {
  const char* store = std::getenv("BL_TEST_STORE");
  if (store == nullptr || std::string_view(store) != "postgres") return "sqlite::memory:";
  auto& server = store::testing::PostgresServer::shared();
  return server.uri(server.create_database());
}

inline constexpr std::string_view k_users_sqlite =
    R"(create table user (id text primary key not null, email text not null,
       name text not null, password text not null) strict;
       create unique index ix_user_email on user (email);)";
inline constexpr std::string_view k_users_postgres =
    R"(create schema if not exists benchlake;
       create table if not exists "user" (id varchar(50) not null primary key,
       email varchar(120) not null, name varchar(120) not null, password varchar(128) not null);
       create unique index if not exists ix_user_email on "user" (email);)";

/// Every table of access, and what they stand on; the other numbers belong to results.
inline void make_tables(store::Database& database,
                        std::string_view first_on_postgres = k_users_postgres) {
  std::vector<store::Migration> steps = {{1, "users_of_results", k_users_sqlite, first_on_postgres},
                                         {2, "of_results_too", "select 1", "select 1"}};
  const auto append = [&](std::span<const store::Migration> part) {
    steps.insert(steps.end(), part.begin(), part.end());
  };
  append(migrations());
  steps.push_back({4, "commits", "select 1", "select 1"});
  steps.push_back({5, "later", "select 1", "select 1"});
  append(store::audit_migrations());
  append(user_migrations());
  BL_CHECK(database.migrate(steps).ok());
}

inline std::unique_ptr<store::Database> open_store(Log& log, Metrics& metrics) {
  auto database = store::open_database(store_uri(), {}, log, metrics).value();
  make_tables(*database);
  return database;
}

inline net::Principal operator_principal() {
  return {
      .role = net::Role::admin, .name = "operator", .kind = net::Principal::Kind::operator_token};
}

struct AccessFixture {
  ManualClock clock{k_start};
  SeededRandom random{7};
  IdSource ids{clock, random};
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  Metrics metrics;
  std::unique_ptr<store::Database> database = open_store(log, metrics);
  Tokens tokens{*database, clock, random, ids};
  /// Passwords cost little here.
  Users users{*database, clock, random, ids, {.password_iterations = 10, .admins = {"root@x.org"}}};
  Sessions sessions{*database, clock, random, users};

  void pass(std::int64_t milliseconds) { clock.advance(std::chrono::milliseconds(milliseconds)); }
  /// BL_CHECKs success.
  User add_user(const std::string& email, const std::string& password = "secret",
                net::Role role = net::Role::writer) {
    return users
        .create({.email = email, .name = "Somebody", .password = password, .role = role},
                operator_principal())
        .value();
  }
  /// As another program does it, behind our back. With the marks of store/both_dialects.h.
  void run_sql(const std::string& sql) {
    BL_CHECK(database
                 ->write([&](store::Connection& connection) -> Result<void> {
                   return connection.query_text(store::in_dialect(sql, connection.dialect()), {},
                                                [](const store::Row&) { return true; });
                 })
                 .ok());
  }
  /// One column of one row, as text; "" when there is none.
  std::string value(const std::string& sql) {
    std::string text;
    BL_CHECK(database
                 ->read([&](store::Connection& connection) -> Result<void> {
                   return connection.query_text(store::in_dialect(sql, connection.dialect()), {},
                                                [&](const store::Row& row) {
                                                  text = std::string(row.text(0));
                                                  return false;
                                                });
                 })
                 .ok());
    return text;
  }
};

}  // namespace bl::access::testing
