#pragma once

#include <memory>
#include <vector>

#include "access/tokens.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/audit.h"
#include "store/open.h"

/// A real SQLite database in memory with the tables of access.
namespace bl::access::testing {

inline constexpr Timestamp k_start{1'722'513'600'000'000};  ///< 2024-08-01T12:00:00Z

/// Conbench's table of users; a part of the first migration of results.
inline constexpr std::string_view k_user_table_sqlite =
    "create table user (id text primary key not null, email text not null unique,"
    " name text not null, password text not null) strict";
inline constexpr std::string_view k_user_table_postgres =
    "create table if not exists \"user\" (id varchar(50) primary key, email varchar(120) not null"
    " unique, name varchar(120) not null, password varchar(128) not null)";

/// Every table of access, and what they stand on; the other numbers belong to results.
inline void make_tables(store::Database& database) {
  std::vector<store::Migration> steps = {
      {1, "of_results", k_user_table_sqlite, k_user_table_postgres},
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
  auto database = store::open_database("sqlite::memory:", {}, log, metrics).value();
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

  void pass(std::int64_t milliseconds) { clock.advance(std::chrono::milliseconds(milliseconds)); }
};

}  // namespace bl::access::testing
