#include "access/sessions.h"

#include <gtest/gtest.h>

#include "access/tests/access_fixture.h"
#include "base/hash.h"

namespace bl::access {
namespace {

using testing::operator_principal;

constexpr std::int64_t k_day_ms = 24LL * 3600 * 1000;

class SessionsTest : public ::testing::Test, protected testing::AccessFixture {
 protected:
  const User ada = add_user("ada@x.org", "pw");
  bool is_over(const std::string& secret) { return !sessions.find(secret).value().has_value(); }
};

TEST_F(SessionsTest, the_secret_finds_its_user_and_is_not_in_the_store) {
  const std::string secret = sessions.begin(ada.id).value();
  EXPECT_EQ(secret.size(), 43u);
  EXPECT_EQ(sessions.find(secret).value()->id, ada.id);
  EXPECT_EQ(value("select sha256 from @session"), sha256_hex(secret));
  EXPECT_NE(sessions.begin(ada.id).value(), secret);
}

TEST_F(SessionsTest, a_forged_secret_finds_nobody) {
  const std::string secret = sessions.begin(ada.id).value();
  std::string forged = secret;
  forged.front() = forged.front() == 'A' ? 'B' : 'A';
  for (const std::string& text : {forged, std::string(), secret.substr(1), secret + "A",
                                  sha256_hex(secret), std::string(43, '\''), ada.id}) {
    EXPECT_TRUE(is_over(text)) << text;
  }
}

TEST_F(SessionsTest, an_ended_session_is_over_everywhere) {
  const std::string secret = sessions.begin(ada.id).value();
  Sessions elsewhere(*database, clock, random, users);
  ASSERT_TRUE(elsewhere.end(secret).ok());
  EXPECT_TRUE(is_over(secret));
  EXPECT_TRUE(sessions.end(secret).ok());
  EXPECT_TRUE(sessions.end("nonsense").ok());
}

TEST_F(SessionsTest, ending_all_ends_those_of_that_user_only) {
  const User bob = add_user("bob@x.org");
  const std::string first = sessions.begin(ada.id).value(), second = sessions.begin(ada.id).value();
  const std::string of_bob = sessions.begin(bob.id).value();
  ASSERT_TRUE(sessions.end_all_of(ada.id).ok());
  EXPECT_TRUE(is_over(first));
  EXPECT_TRUE(is_over(second));
  EXPECT_FALSE(is_over(of_bob));
}

TEST_F(SessionsTest, a_session_that_nobody_uses_for_a_month_is_over) {
  const std::string secret = sessions.begin(ada.id).value();
  for (int day = 0; day < 100; day += 25) {
    pass(25 * k_day_ms);
    EXPECT_FALSE(is_over(secret)) << day;
  }
  pass(30 * k_day_ms + 1);
  EXPECT_TRUE(is_over(secret));
}

TEST_F(SessionsTest, a_session_is_over_after_a_year_come_what_may) {
  const std::string secret = sessions.begin(ada.id).value();
  for (int month = 1; month <= 13; ++month) {
    pass(28 * k_day_ms);
    EXPECT_FALSE(is_over(secret)) << month;
  }
  pass(2 * k_day_ms);
  EXPECT_TRUE(is_over(secret));
}

TEST_F(SessionsTest, a_new_password_ends_every_session_whoever_sets_it) {
  const std::string first = sessions.begin(ada.id).value();
  ASSERT_TRUE(users.change(ada.id, {.password = "new"}, operator_principal()).ok());
  EXPECT_TRUE(is_over(first));
  const std::string second = sessions.begin(ada.id).value();
  run_sql(R"(update "user" set password = 'pbkdf2:sha256:1$s$0')");
  EXPECT_TRUE(is_over(second));
}

TEST_F(SessionsTest, a_user_that_another_program_deletes_is_signed_out_at_once) {
  const std::string secret = sessions.begin(ada.id).value();
  run_sql(R"(delete from "user")");
  EXPECT_TRUE(is_over(secret));
  EXPECT_EQ(sessions.begin(ada.id).error().code, Code::not_found);
}

TEST_F(SessionsTest, a_new_role_counts_at_once) {
  const std::string secret = sessions.begin(ada.id).value();
  ASSERT_TRUE(users.change(ada.id, {.role = net::Role::reader}, operator_principal()).ok());
  EXPECT_EQ(sessions.find(secret).value()->role, net::Role::reader);
}

TEST_F(SessionsTest, of_too_many_sessions_the_oldest_goes) {
  Sessions few(*database, clock, random, users, {.sessions_per_user_max = 2});
  std::vector<std::string> secrets;
  for (int i = 0; i < 3; ++i) {
    secrets.push_back(few.begin(ada.id).value());
    pass(1);
  }
  EXPECT_TRUE(is_over(secrets[0]));
  EXPECT_FALSE(is_over(secrets[1]));
  EXPECT_FALSE(is_over(secrets[2]));
}

TEST_F(SessionsTest, last_seen_is_written_at_most_once_a_minute) {
  const std::string secret = sessions.begin(ada.id).value();
  const std::string at_first = value("select last_seen_at from @session");
  pass(59'000);
  ASSERT_FALSE(is_over(secret));
  EXPECT_EQ(value("select last_seen_at from @session"), at_first);
  pass(1'000);
  ASSERT_FALSE(is_over(secret));
  EXPECT_NE(value("select last_seen_at from @session"), at_first);
}

TEST(Cookies, a_cookie_is_read_among_others) {
  net::Request request;
  EXPECT_EQ(cookie_of(request, "session"), "");
  request.headers.add("Cookie", "a=1; conbench_session=x; session=\"abc\";remember_token=u|9; e=");
  EXPECT_EQ(cookie_of(request, "session"), "abc");
  EXPECT_EQ(cookie_of(request, "conbench_session"), "x");
  EXPECT_EQ(cookie_of(request, "remember_token"), "u|9");
  EXPECT_EQ(cookie_of(request, "a"), "1");
  EXPECT_EQ(cookie_of(request, "e"), "");
  EXPECT_EQ(cookie_of(request, "ession"), "");
}

TEST(Cookies, broken_headers_have_no_cookie) {
  for (const char* header :
       {"", ";", "=", "session", "session=", ";;=;", "session =", "=session"}) {
    net::Request request;
    request.headers.add("Cookie", header);
    EXPECT_EQ(cookie_of(request, "session"), "") << header;
  }
}

TEST(Cookies, a_session_is_for_no_script_and_no_other_site) {
  EXPECT_EQ(session_cookie("session", "abc", false),
            "session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000");
  EXPECT_EQ(session_cookie("session", "abc", true),
            "session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000; Secure");
  EXPECT_EQ(ended_cookie("session", false).substr(0, 8), "session=");
  EXPECT_NE(ended_cookie("session", false).find("Max-Age=0"), std::string::npos);
}

}  // namespace
}  // namespace bl::access
