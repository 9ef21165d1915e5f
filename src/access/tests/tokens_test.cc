#include "access/tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/tests/access_fixture.h"

namespace bl::access {
namespace {

using testing::AccessFixture;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class TokensTest : public ::testing::Test, protected AccessFixture {};

/// Hands on to another database, with faults and surprises.
class OddDatabase final : public store::Database {
 public:
  explicit OddDatabase(store::Database& inner) : inner_(inner) {}
  store::Dialect dialect() const override { return inner_.dialect(); }
  Result<void> read(const std::function<Result<void>(store::Connection&)>& work) override {
    auto outcome = inner_.read(work);
    ++reads;
    if (after_read) std::exchange(after_read, nullptr)();
    return outcome;
  }
  Result<void> write(const std::function<Result<void>(store::Connection&)>& work) override {
    if (write_fails) return Error{Code::disk_full, "no space"};
    ++writes;
    return inner_.write(work);
  }
  Result<void> migrate(std::span<const store::Migration> steps) override {
    return inner_.migrate(steps);
  }

  int reads = 0;
  int writes = 0;
  bool write_fails = false;
  std::function<void()> after_read;

 private:
  store::Database& inner_;
};

TEST_F(TokensTest, a_new_token_is_found_with_its_role) {
  auto made = tokens.create("ci", net::Role::writer).value();
  EXPECT_THAT(made.plaintext, MatchesRegex("bl_[A-Za-z0-9_-]{43}"));
  EXPECT_EQ(made.view.prefix, made.plaintext.substr(0, 8));
  auto found = tokens.find(made.plaintext).value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, made.view.id);
  EXPECT_EQ(found->name, "ci");
  EXPECT_EQ(found->role, net::Role::writer);
  EXPECT_EQ(found->created_at, testing::k_start);
}

TEST_F(TokensTest, the_plaintext_is_not_stored) {
  auto made = tokens.create("ci", net::Role::admin).value();
  std::string everything;
  ASSERT_TRUE(database
                  ->read([&](store::Connection& connection) {
                    return connection.query_text(
                        store::in_dialect("select * from @token", connection.dialect()), {},
                        [&](const store::Row& row) {
                          for (int i = 0; i < 8; ++i) everything += std::string(row.text(i)) + "\n";
                          return true;
                        });
                  })
                  .ok());
  EXPECT_THAT(everything, HasSubstr(made.view.id));
  EXPECT_THAT(everything, Not(HasSubstr(made.plaintext.substr(8))));
}

TEST_F(TokensTest, nobody_has_another_text) {
  ASSERT_TRUE(tokens.create("ci", net::Role::writer).ok());
  EXPECT_FALSE(tokens.find("bl_" + std::string(43, 'A')).value().has_value());
}

TEST_F(TokensTest, a_text_that_cannot_be_a_token_costs_no_query) {
  if (database->dialect() == store::Dialect::postgres)
    GTEST_SKIP() << "most texts can be one there";
  OddDatabase odd(*database);
  Tokens mine(odd, clock, random, ids);
  for (std::string text : {std::string(), std::string("bl_"), "bl_" + std::string(42, 'A'),
                           "bl_" + std::string(42, 'A') + "!", "BL_" + std::string(43, 'A'),
                           std::string(1 << 20, 'A'), std::string("bl_\0", 4)}) {
    EXPECT_FALSE(mine.find(text).value().has_value());
  }
  EXPECT_EQ(odd.reads, 0);
}

TEST_F(TokensTest, a_token_that_was_seen_is_not_read_again_for_a_while) {
  OddDatabase odd(*database);
  Tokens mine(odd, clock, random, ids, {.cache_ms_max = 5'000});
  auto made = mine.create("ci", net::Role::writer).value();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(mine.find(made.plaintext).value().has_value());
  EXPECT_EQ(odd.reads, 1);
  pass(5'000);
  EXPECT_TRUE(mine.find(made.plaintext).value().has_value());
  EXPECT_EQ(odd.reads, 2);
}

TEST_F(TokensTest, a_revoked_token_stops_working_at_once) {
  auto made = tokens.create("ci", net::Role::writer).value();
  ASSERT_TRUE(tokens.find(made.plaintext).value().has_value());
  ASSERT_TRUE(tokens.revoke(made.view.id, testing::operator_principal()).ok());
  EXPECT_FALSE(tokens.find(made.plaintext).value().has_value());
}

TEST_F(TokensTest, a_revocation_elsewhere_is_seen_when_the_cache_is_old) {
  Tokens other(*database, clock, random, ids);
  auto made = tokens.create("ci", net::Role::writer).value();
  ASSERT_TRUE(tokens.find(made.plaintext).value().has_value());
  ASSERT_TRUE(other.revoke(made.view.id, testing::operator_principal()).ok());
  pass(4'999);
  EXPECT_TRUE(tokens.find(made.plaintext).value().has_value());
  pass(1);
  EXPECT_FALSE(tokens.find(made.plaintext).value().has_value());
}

TEST_F(TokensTest, a_revocation_while_a_token_is_looked_up_is_not_forgotten) {
  OddDatabase odd(*database);
  Tokens mine(odd, clock, random, ids);
  auto made = mine.create("ci", net::Role::writer).value();
  odd.after_read = [&] {
    ASSERT_TRUE(mine.revoke(made.view.id, testing::operator_principal()).ok());
  };
  EXPECT_TRUE(mine.find(made.plaintext).value().has_value()) << "it worked when it was read";
  EXPECT_FALSE(mine.find(made.plaintext).value().has_value()) << "but must not be remembered";
}

TEST_F(TokensTest, revoking_twice_keeps_the_first_time) {
  auto made = tokens.create("ci", net::Role::writer).value();
  ASSERT_TRUE(tokens.revoke(made.view.id, testing::operator_principal()).ok());
  pass(1'000);
  ASSERT_TRUE(tokens.revoke(made.view.id, testing::operator_principal()).ok());
  EXPECT_EQ(tokens.list()->at(0).revoked_at, testing::k_start);
}

TEST_F(TokensTest, an_unknown_id_cannot_be_revoked) {
  auto revoked = tokens.revoke("06a", testing::operator_principal());
  ASSERT_FALSE(revoked.ok());
  EXPECT_EQ(revoked.error().code, Code::not_found);
}

TEST_F(TokensTest, names_that_break_a_rule_are_refused) {
  for (std::string name : {std::string(), std::string("  "), std::string(201, 'x'),
                           std::string("a\nb"), std::string("a\x1b[0m"), std::string("\xff")}) {
    auto made = tokens.create(name, net::Role::writer);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, Code::invalid);
    ASSERT_EQ(made.error().faults.size(), 1u);
    EXPECT_EQ(made.error().faults[0].path, "/name");
  }
  EXPECT_TRUE(tokens.create(std::string(200, 'x'), net::Role::writer).ok());
  EXPECT_EQ(tokens.list()->size(), 1u);
}

TEST_F(TokensTest, tokens_that_work_are_limited_and_revoking_makes_room) {
  Tokens few(*database, clock, random, ids, {.tokens_max = 2});
  auto first = few.create("a", net::Role::reader).value();
  ASSERT_TRUE(few.create("b", net::Role::reader).ok());
  EXPECT_EQ(few.create("c", net::Role::reader).error().code, Code::conflict);
  ASSERT_TRUE(few.revoke(first.view.id, testing::operator_principal()).ok());
  EXPECT_TRUE(few.create("c", net::Role::reader).ok());
}

TEST_F(TokensTest, the_list_is_newest_first_with_the_last_revoked_ones) {
  Tokens mine(*database, clock, random, ids, {.revoked_shown_max = 1});
  std::vector<std::string> made;
  for (const char* name : {"a", "b", "c", "d"}) {
    pass(1);
    made.push_back(mine.create(name, net::Role::reader)->view.id);
  }
  pass(1);
  ASSERT_TRUE(mine.revoke(made[2], testing::operator_principal()).ok());
  pass(1);
  ASSERT_TRUE(mine.revoke(made[1], testing::operator_principal()).ok());
  std::string names;
  const auto listed = mine.list();
  for (const TokenView& view : *listed) names += view.name;
  EXPECT_EQ(names, "dba");
}

TEST_F(TokensTest, the_last_use_is_written_at_most_once_a_minute) {
  OddDatabase odd(*database);
  Tokens mine(odd, clock, random, ids);
  auto made = mine.create("ci", net::Role::writer).value();
  int before = odd.writes;
  for (int i = 0; i < 59; ++i) {
    ASSERT_TRUE(mine.find(made.plaintext).ok());
    pass(1'000);
  }
  EXPECT_EQ(odd.writes, before + 1);
  EXPECT_EQ(mine.list()->at(0).last_used_at, testing::k_start);
  pass(1'000);
  ASSERT_TRUE(mine.find(made.plaintext).ok());
  EXPECT_EQ(odd.writes, before + 2);
  EXPECT_EQ(mine.list()->at(0).last_used_at, testing::k_start + std::chrono::minutes(1));
}

TEST_F(TokensTest, a_store_that_cannot_write_does_not_lock_out) {
  OddDatabase odd(*database);
  Tokens mine(odd, clock, random, ids);
  auto made = mine.create("ci", net::Role::writer).value();
  odd.write_fails = true;
  EXPECT_TRUE(mine.find(made.plaintext).value().has_value());
  EXPECT_EQ(mine.create("other", net::Role::writer).error().code, Code::disk_full);
}

TEST_F(TokensTest, more_tokens_than_the_cache_holds_all_work) {
  Tokens mine(*database, clock, random, ids, {.cache_entries_max = 3});
  std::vector<std::string> texts;
  for (int i = 0; i < 10; ++i) {
    texts.push_back(mine.create("t" + std::to_string(i), net::Role::reader)->plaintext);
  }
  for (int round = 0; round < 2; ++round) {
    for (const std::string& text : texts) EXPECT_TRUE(mine.find(text).value().has_value());
  }
}

TEST_F(TokensTest, tokens_differ) {
  auto a = tokens.create("same", net::Role::reader).value();
  auto b = tokens.create("same", net::Role::reader).value();
  EXPECT_NE(a.plaintext, b.plaintext);
  EXPECT_NE(a.view.id, b.view.id);
}

TEST(ParseRole, knows_the_three_that_a_token_may_have) {
  EXPECT_EQ(parse_role("reader"), net::Role::reader);
  EXPECT_EQ(parse_role("writer"), net::Role::writer);
  EXPECT_EQ(parse_role("admin"), net::Role::admin);
  EXPECT_EQ(parse_role("anonymous"), std::nullopt);
  EXPECT_EQ(parse_role(""), std::nullopt);
}

}  // namespace
}  // namespace bl::access
