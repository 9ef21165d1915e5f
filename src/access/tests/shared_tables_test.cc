#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/cli_login.h"
#include "access/owned_tokens.h"
#include "access/tests/access_fixture.h"
#include "base/hash.h"

// The tables that a new Conbench added (spec/results-conbench.md 1.5), used in place: each program
// knows the tokens of the other. Always on a real PostgreSQL.

namespace bl::access {
namespace {

/// Beside the table of users, what the new Conbench added.
const std::string k_conbench_tables = std::string(testing::k_users_postgres).append(R"sql(
create table api_token (id varchar(50) primary key, user_id varchar(50) not null references "user",
  name text not null, token_hash text not null unique, token_prefix text not null,
  created_at timestamp not null, last_used_at timestamp, revoked_at timestamp);
create table cli_login_code (code_hash text primary key,
  user_id varchar(50) not null references "user", created_at timestamp not null,
  expires_at timestamp not null, redeemed_at timestamp);
insert into "user" values ('u1', 'ada@x.org', 'Ada', '');
)sql");

/// A text that we would never give.
const std::string k_foreign_token = "cbt_0123456789abcdefghij";

class SharedTablesTest : public ::testing::Test {
 protected:
  std::unique_ptr<store::Database> open() {
    auto& server = store::testing::PostgresServer::shared();
    const std::string name = server.create_database();
    auto database = store::open_database(server.uri(name), {}, log_, metrics_).value();
    testing::make_tables(*database, k_conbench_tables);
    server.run(name, "insert into api_token values ('t1', 'u1', 'laptop', '" +
                         sha256_hex(k_foreign_token) +
                         "', 'cbt_0123', '2024-07-01 10:00:00.5', null, null)");
    return database;
  }
  std::string value(const std::string& sql) {
    std::string text;
    BL_CHECK(database_
                 ->read([&](store::Connection& connection) -> Result<void> {
                   return connection.query_text(sql, {}, [&](const store::Row& row) {
                     text = std::string(row.text(0));
                     return false;
                   });
                 })
                 .ok());
    return text;
  }

  ManualClock clock_{testing::k_start};
  SeededRandom random_{7};
  IdSource ids_{clock_, random_};
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  Metrics metrics_;
  std::unique_ptr<store::Database> database_ = open();
  Tokens tokens_{*database_, clock_, random_, ids_};
  Users users_{*database_, clock_, random_, ids_, {.password_iterations = 10}};
  const net::Principal operator_ = testing::operator_principal();
};

TEST_F(SharedTablesTest, a_token_of_a_new_conbench_goes_on_working) {
  const auto view = tokens_.find(k_foreign_token).value();
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->id, "t1");
  EXPECT_EQ(view->user_id, "u1");
  EXPECT_EQ(view->role, net::Role::writer);
  EXPECT_EQ(to_rfc3339(view->created_at), "2024-07-01T10:00:00.500000Z");
  EXPECT_EQ(principal_of(*view, users_).value()->user_id, "u1");
  EXPECT_EQ(value("select last_used_at::text from public.api_token"), "2024-08-01 12:00:00");
  EXPECT_FALSE(tokens_.find(k_foreign_token + "x").value().has_value());
}

TEST_F(SharedTablesTest, it_is_listed_and_revoked_where_it_stands) {
  ASSERT_EQ(tokens_.list({.user_id = "u1"})->size(), 1u);
  ASSERT_TRUE(tokens_.revoke("t1", operator_, "u1").ok());
  EXPECT_EQ(value("select revoked_at::text from public.api_token"), "2024-08-01 12:00:00");
  EXPECT_FALSE(tokens_.find(k_foreign_token).value().has_value());
}

TEST_F(SharedTablesTest, a_new_conbench_knows_our_tokens) {
  const auto made =
      tokens_.create({.name = "ci", .role = net::Role::reader, .user_id = "u1"}, operator_).value();
  EXPECT_EQ(value("select user_id || ' ' || name || ' ' || token_prefix from public.api_token"
                  " where token_hash = '" +
                  sha256_hex(made.plaintext) + "'"),
            "u1 ci " + made.view.prefix);
  EXPECT_EQ(tokens_.find(made.plaintext).value()->role, net::Role::reader);
}

TEST_F(SharedTablesTest, login_codes_stand_in_the_shared_table) {
  CliLogins logins(*database_, clock_, random_, users_, tokens_);
  const std::string code = logins.issue("u1").value();
  EXPECT_EQ(value("select (expires_at - created_at)::text from public.cli_login_code"
                  " where code_hash = '" +
                  sha256_hex(code) + "'"),
            "00:05:00");
  ASSERT_TRUE(logins.redeem(code, "laptop").ok());
  EXPECT_EQ(value("select redeemed_at::text from public.cli_login_code"), "2024-08-01 12:00:00");
}

TEST_F(SharedTablesTest, a_user_with_tokens_and_codes_can_be_removed) {
  CliLogins logins(*database_, clock_, random_, users_, tokens_);
  ASSERT_TRUE(logins.issue("u1").ok());
  const auto removed = users_.remove("u1", operator_);
  ASSERT_TRUE(removed.ok()) << removed.error().message;
  EXPECT_EQ(value("select count(*) from public.api_token"), "0");
  EXPECT_FALSE(tokens_.find(k_foreign_token).value().has_value());
}

}  // namespace
}  // namespace bl::access
