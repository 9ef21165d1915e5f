#include "access/users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/passwords.h"
#include "access/tests/access_fixture.h"

namespace bl::access {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::operator_principal;

class UsersTest : public ::testing::Test, protected testing::AccessFixture {};

TEST_F(UsersTest, a_user_is_found_by_id_and_by_address) {
  const User made = add_user("ada@x.org", "pw", net::Role::reader);
  EXPECT_EQ(users.find(made.id).value()->email, "ada@x.org");
  EXPECT_EQ(users.find_by_email("ada@x.org").value()->id, made.id);
  EXPECT_EQ(users.find(made.id).value()->role, net::Role::reader);
  EXPECT_FALSE(users.find("nobody").value().has_value());
  EXPECT_FALSE(users.find_by_email("Ada@x.org").value().has_value());
}

TEST_F(UsersTest, who_has_no_role_of_their_own_has_that_of_the_limits) {
  const User made =
      users.create({.email = "a@x.org", .name = "A", .password = "p"}, operator_principal())
          .value();
  EXPECT_EQ(made.role, net::Role::writer);
  EXPECT_EQ(value("select count(*) from @user_role"), "0");
}

TEST_F(UsersTest, a_password_is_known_in_conbenchs_format_whoever_wrote_it) {
  const User made = add_user("ada@x.org", "correct horse");
  EXPECT_EQ(users.with_password("ada@x.org", "correct horse").value()->id, made.id);
  EXPECT_FALSE(users.with_password("ada@x.org", "correct horsf").value().has_value());
  EXPECT_FALSE(users.with_password("ada@x.org", "").value().has_value());
  EXPECT_FALSE(users.with_password("eve@x.org", "correct horse").value().has_value());
  EXPECT_FALSE(users.with_password("ada@x.org", std::string(100'000, 'x')).value().has_value());

  SeededRandom seeded(1);
  std::string update = R"(update "user" set password = ')";
  run_sql(update.append(hash_password("new", seeded, 7)).append("'"));
  const auto found = users.with_password("ada@x.org", "new").value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, made.id);
}

TEST_F(UsersTest, the_passwords_text_is_nowhere_in_the_store) {
  add_user("ada@x.org", "plainly-visible");
  EXPECT_THAT(value(R"(select password from "user")"), Not(HasSubstr("plainly-visible")));
  EXPECT_THAT(value("select detail from @audit"), Not(HasSubstr("plainly-visible")));
}

TEST_F(UsersTest, what_is_changed_is_changed_and_nothing_else) {
  const User made = add_user("ada@x.org", "old");
  const User renamed =
      users.change(made.id, {.name = "Ada Lovelace"}, operator_principal()).value();
  EXPECT_EQ(renamed.name, "Ada Lovelace");
  EXPECT_EQ(renamed.email, "ada@x.org");
  ASSERT_TRUE(users.change(made.id, {.password = "new"}, operator_principal()).ok());
  EXPECT_FALSE(users.with_password("ada@x.org", "old").value().has_value());
  EXPECT_TRUE(users.with_password("ada@x.org", "new").value().has_value());
  EXPECT_EQ(users.change(made.id, {.role = net::Role::admin}, operator_principal())->role,
            net::Role::admin);
  EXPECT_EQ(users.change("nobody", {.name = "x"}, operator_principal()).error().code,
            Code::not_found);
}

TEST_F(UsersTest, an_address_belongs_to_one_user) {
  add_user("ada@x.org");
  const User other = add_user("bob@x.org");
  const auto twice =
      users.create({.email = "ada@x.org", .name = "A", .password = "p"}, operator_principal());
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code, Code::conflict);
  EXPECT_EQ(twice.error().faults.front().message, "Email address already in use.");
  EXPECT_EQ(users.change(other.id, {.email = "ada@x.org"}, operator_principal()).error().code,
            Code::conflict);
  EXPECT_TRUE(users.change(other.id, {.email = "bob@x.org"}, operator_principal()).ok());
}

TEST_F(UsersTest, texts_that_are_no_address_name_or_password_are_refused_together) {
  for (const char* email :
       {"", "ada", "@x.org", "ada@", "ada@x", "a da@x.org", "ada@x..org", "ada@-x.org",
        "ada@x.org\n", "a@b@x.org", "\"a\"@x.org", "ada@x.org "}) {
    const auto made =
        users.create({.email = email, .name = "A", .password = "p"}, operator_principal());
    ASSERT_FALSE(made.ok()) << email;
    EXPECT_EQ(made.error().faults.front().message, "Not a valid email address.") << email;
  }
  const auto bad = users.create({.email = "x", .name = "a\nb", .password = std::string(1'001, 'p')},
                                operator_principal());
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().faults.size(), 3u);
  EXPECT_THAT(bad.error().message, Not(HasSubstr("ppp")));
  EXPECT_TRUE(
      users
          .create({.email = "ada@localhost", .name = std::string(120, 'n'), .password = "p"},
                  operator_principal())
          .ok());
  EXPECT_FALSE(users
                   .create({.email = "b@x.org", .name = std::string(121, 'n'), .password = "p"},
                           operator_principal())
                   .ok());
}

TEST_F(UsersTest, nobody_becomes_an_admin_by_writing_an_admins_address_down) {
  net::Principal writer{.role = net::Role::writer, .id = "w"};
  EXPECT_EQ(
      users.create({.email = "ROOT@x.org", .name = "R", .password = "p"}, writer).error().code,
      Code::forbidden);
  const User eve = add_user("eve@x.org");
  EXPECT_EQ(users.change(eve.id, {.email = "root@x.org"}, writer).error().code, Code::forbidden);
  EXPECT_EQ(
      users.create({.email = "Root@x.org", .name = "R", .password = "p"}, operator_principal())
          ->role,
      net::Role::admin);
}

TEST_F(UsersTest, who_signs_in_by_an_issuer_is_found_or_made) {
  const User ada = add_user("ada@x.org");
  EXPECT_EQ(users.find_or_create("ada@x.org", "Another Name")->id, ada.id);
  const User root = users.find_or_create("root@x.org", "Ro\not").value();
  EXPECT_EQ(root.role, net::Role::admin);
  EXPECT_EQ(root.name, "Ro ot");
  EXPECT_EQ(users.find_or_create("bob@x.org", "")->name, "bob@x.org");
  EXPECT_FALSE(users.with_password("bob@x.org", "").value().has_value());
  EXPECT_EQ(users.find_or_create("no address", "N").error().code, Code::invalid);
}

TEST_F(UsersTest, lists_are_by_address_and_paged) {
  for (const char* email : {"b@x.org", "a@x.org", "c@x.org"}) add_user(email);
  EXPECT_EQ(users.list()->size(), 3u);
  EXPECT_EQ(users.list()->front().email, "a@x.org");
  const UserPage first = users.page("", 2).value();
  ASSERT_EQ(first.users.size(), 2u);
  EXPECT_TRUE(first.may_go_on);
  const UserPage second = users.page(first.users.back().email, 2).value();
  ASSERT_EQ(second.users.size(), 1u);
  EXPECT_EQ(second.users.front().email, "c@x.org");
  EXPECT_FALSE(second.may_go_on);
}

TEST_F(UsersTest, a_removed_user_takes_sessions_and_tokens_along) {
  const User ada = add_user("ada@x.org", "p", net::Role::admin);
  const std::string session = sessions.begin(ada.id).value();
  const NewToken token =
      tokens.create({.name = "ci", .user_id = ada.id}, operator_principal()).value();
  ASSERT_TRUE(users.remove(ada.id, operator_principal()).ok());
  EXPECT_FALSE(users.find(ada.id).value().has_value());
  EXPECT_FALSE(sessions.find(session).value().has_value());
  EXPECT_EQ(value("select count(*) from @user_role"), "0");
  EXPECT_EQ(value("select count(*) from @api_token"), "0");
  EXPECT_EQ(users.remove(ada.id, operator_principal()).error().code, Code::not_found);
}

TEST_F(UsersTest, what_belongs_to_a_user_is_named_before_they_can_go) {
  const User ada = add_user("ada@x.org");
  std::vector<std::string> belongings(12, "alert rule 'nightly' (7)");
  Users careful(*database, clock, random, ids, {.password_iterations = 10},
                [&](store::Connection&, std::string_view id) -> Result<std::vector<std::string>> {
                  EXPECT_EQ(id, ada.id);
                  return belongings;
                });
  const auto refused = careful.remove(ada.id, operator_principal());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message,
              HasSubstr("belongs to the user ada@x.org would end with them; remove it first"));
  EXPECT_THAT(refused.error().message, HasSubstr("alert rule 'nightly' (7), alert rule"));
  EXPECT_THAT(refused.error().message, HasSubstr(" and 2 more"));
  EXPECT_TRUE(users.find(ada.id).value().has_value());
  belongings.clear();
  EXPECT_TRUE(careful.remove(ada.id, operator_principal()).ok());
}

TEST_F(UsersTest, a_user_whom_a_table_of_conbench_needs_stays_with_everything) {
  const User ada = add_user("ada@x.org");
  const std::string session = sessions.begin(ada.id).value();
  run_sql(R"(create table rule_of_conbench (user_id varchar(50) references "user" (id)))");
  run_sql(R"(insert into rule_of_conbench select id from "user")");
  const auto removed = users.remove(ada.id, operator_principal());
  if (database->dialect() == store::Dialect::sqlite) GTEST_SKIP() << "no foreign keys there";
  EXPECT_EQ(removed.error().code, Code::conflict);
  EXPECT_THAT(removed.error().message, HasSubstr(ada.id));
  EXPECT_TRUE(sessions.find(session).value().has_value());
}

TEST_F(UsersTest, what_another_program_does_to_users_is_seen_at_once) {
  const User ada = add_user("ada@x.org");
  run_sql(R"(update "user" set name = 'Augusta')");
  EXPECT_EQ(users.find(ada.id).value()->name, "Augusta");
  run_sql(R"(delete from "user")");
  EXPECT_FALSE(users.find(ada.id).value().has_value());
  EXPECT_TRUE(users.list()->empty());
}

TEST_F(UsersTest, every_change_is_an_audit_row_of_who_did_it) {
  net::Principal admin{.role = net::Role::admin, .id = "a1", .name = "root@x.org"};
  const User ada =
      users.create({.email = "ada@x.org", .name = "Ada", .password = "p"}, admin).value();
  ASSERT_TRUE(users.change(ada.id, {.password = "q", .role = net::Role::reader}, admin).ok());
  ASSERT_TRUE(users.remove(ada.id, admin).ok());
  EXPECT_EQ(value("select actor_id || ' ' || actor_name || ' ' || action || ' ' || object || ' ' ||"
                  " detail from @audit where seq = 2"),
            std::string("a1 root@x.org user.change ")
                .append(ada.id)
                .append(R"( {"password":"new","role":"reader"})"));
  EXPECT_EQ(value("select count(*) from @audit"), "3");
  EXPECT_FALSE(users.remove(ada.id, admin).ok());
  EXPECT_EQ(value("select count(*) from @audit"), "3");
}

TEST_F(UsersTest, there_are_no_more_users_than_users_max) {
  Users few(*database, clock, random, ids, {.users_max = 1, .password_iterations = 10});
  const NewUser wanted{.email = "a@x.org", .name = "A", .password = "p"};
  ASSERT_TRUE(few.create(wanted, operator_principal()).ok());
  EXPECT_EQ(few.create({.email = "b@x.org", .name = "B", .password = "p"}, operator_principal())
                .error()
                .code,
            Code::conflict);
}

}  // namespace
}  // namespace bl::access
