#include "access/cli_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/oidc_routes.h"
#include "access/owned_tokens.h"
#include "access/tests/access_fixture.h"
#include "access/tests/test_browser.h"
#include "base/json.h"

namespace bl::access {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::TestBrowser;

class CliLoginTest : public ::testing::Test, protected testing::AccessFixture {
 protected:
  CliLoginTest() {
    add_sign_in_routes(router_, {.users = users,
                                 .sessions = sessions,
                                 .cli_logins = logins_,
                                 .log = log,
                                 .metrics = metrics});
  }
  static std::string start(const std::string& redirect_uri, const std::string& state = "s-1") {
    std::string target = "/api/auth/cli-start?redirect_uri=";
    return target.append(percent_encode(redirect_uri))
        .append("&state=")
        .append(percent_encode(state));
  }
  /// What a person does who wants it: follows the link, and presses the button.
  static net::Response allow(TestBrowser& browser, const std::string& link) {
    const auto page = browser.get(link);
    EXPECT_EQ(page.status, 200) << page.body;
    return browser.ask(net::Method::post, "/api/auth/cli-start", testing::form_of(page.body));
  }
  std::string code_in(const net::Response& answer) {
    const std::string location(answer.headers.get("Location"));
    const std::size_t from = location.find("?code=") + 6;
    return location.substr(from, location.find('&') - from);
  }
  net::Response exchange(const std::string& code, const std::string& name = "laptop") {
    std::string body;
    json::Writer(body).begin_object().member("code", code).member("name", name).end_object();
    return TestBrowser(router_).ask(net::Method::post, "/api/auth/cli-exchange", body);
  }

  CliLogins logins_{*database, clock, random, users, tokens};
  net::Router router_;
  const User ada_ = add_user("ada@x.org");
};

TEST_F(CliLoginTest, a_signed_in_browser_gives_a_command_its_token) {
  TestBrowser browser(router_);
  browser.cookies["conbench_session"] = sessions.begin(ada_.id).value();
  const std::string html = browser.get(start("http://127.0.0.1:40123/callback", "ab=c")).body;
  EXPECT_THAT(html, HasSubstr("http://127.0.0.1:40123</code>"));
  EXPECT_THAT(html, HasSubstr("ada@x.org"));
  const auto started = allow(browser, start("http://127.0.0.1:40123/callback", "ab=c"));
  ASSERT_EQ(started.status, 303) << started.body;
  EXPECT_THAT(std::string(started.headers.get("Location")),
              StartsWith("http://127.0.0.1:40123/callback?code="));
  EXPECT_THAT(std::string(started.headers.get("Location")), HasSubstr("&state=ab%3Dc"));

  const auto answer = exchange(code_in(started));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.get("Cache-Control"), "no-store");
  const json::Value token = json::parse(answer.body).value();
  EXPECT_EQ(token.find("name")->as_string(), "laptop");
  for (const char* member : {"id", "prefix", "created_at"}) {
    EXPECT_NE(token.find(member), nullptr) << member;
  }
  const auto view = tokens.find(token.find("token")->as_string()).value().value();
  EXPECT_EQ(view.user_id, ada_.id);
  EXPECT_EQ(principal_of(view, users).value()->role, net::Role::writer);
}

TEST_F(CliLoginTest, the_legacy_cookie_counts_too) {
  TestBrowser browser(router_);
  browser.cookies["session"] = sessions.begin(ada_.id).value();
  EXPECT_EQ(exchange(code_in(allow(browser, start("http://[::1]:9/x")))).status, 200);
}

// Login by a link that somebody sent -------------------------------------------------------------

TEST_F(CliLoginTest, a_link_alone_makes_no_token_for_anybody) {
  TestBrowser browser(router_);
  browser.cookies["conbench_session"] = sessions.begin(ada_.id).value();
  const auto page = browser.get(start("http://127.0.0.1:40123/callback"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.find("Location"), nullptr);
  EXPECT_EQ(value("select count(*) from @cli_login_code"), "0") << "it only asks";
  EXPECT_THAT(std::string(page.headers.get("Content-Security-Policy")),
              HasSubstr("frame-ancestors 'none'"))
      << "nobody lays it under their own page";
  EXPECT_EQ(page.headers.get("X-Frame-Options"), "DENY");
  EXPECT_EQ(page.headers.get("Cache-Control"), "no-store");
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
}

TEST_F(CliLoginTest, another_sites_form_cannot_press_the_button) {
  TestBrowser ada(router_), eve(router_);
  ada.cookies["session"] = sessions.begin(ada_.id).value();
  eve.cookies["session"] = sessions.begin(add_user("eve@x.org").id).value();
  const auto send = [&](const std::string& form) {
    return ada.ask(net::Method::post, "/api/auth/cli-start", form).status;
  };
  const std::string link = start("http://127.0.0.1:6666/x");
  const std::string fields = "redirect_uri=http%3A%2F%2F127.0.0.1%3A6666%2Fx&state=s-1";
  EXPECT_EQ(send(""), 422);
  EXPECT_EQ(send(fields), 422) << "no proof";
  EXPECT_EQ(send(fields + "&proof=" + std::string(64, '0')), 403);
  EXPECT_EQ(send(testing::form_of(eve.get(link).body)), 403) << "the proof of another session";
  std::string of_another_login =
      testing::form_of(ada.get(start("http://127.0.0.1:6666/x", "other")).body);
  of_another_login.replace(of_another_login.find("other"), 5, "s-1");
  EXPECT_EQ(send(of_another_login), 403) << "the proof of another login";
  std::string to_another_port = testing::form_of(ada.get(link).body);
  to_another_port.replace(to_another_port.find("6666"), 4, "7777");
  EXPECT_EQ(send(to_another_port), 403);
  std::string to_another_host = testing::form_of(ada.get(link).body);
  to_another_host.replace(to_another_host.find("127.0.0.1"), 9, "10.0.0.99");
  EXPECT_EQ(send(to_another_host), 422);
  EXPECT_EQ(send("%zz"), 422);
  EXPECT_EQ(value("select count(*) from @cli_login_code"), "0");
  EXPECT_EQ(allow(ada, link).status, 303);
}

TEST_F(CliLoginTest, an_answer_after_the_log_out_gives_nothing) {
  TestBrowser browser(router_);
  const std::string secret = sessions.begin(ada_.id).value();
  browser.cookies["session"] = secret;
  const std::string form = testing::form_of(browser.get(start("http://127.0.0.1:1/x")).body);
  ASSERT_TRUE(sessions.end(secret).ok());
  EXPECT_EQ(browser.ask(net::Method::post, "/api/auth/cli-start", form).status, 401);
  EXPECT_EQ(value("select count(*) from @cli_login_code"), "0");
}

TEST_F(CliLoginTest, what_a_link_says_is_text_on_the_page) {
  TestBrowser browser(router_);
  browser.cookies["session"] = sessions.begin(add_user("eve@x.org").id).value();
  const auto page = browser.get(start("http://127.0.0.1:1/x", "\"><script>alert(1)</script>&lt;"));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(page.body, HasSubstr("&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;lt;"));
  EXPECT_EQ(browser.get(start("http://127.0.0.1:1/\"><script>", "s")).status, 422);
}

TEST_F(CliLoginTest, a_code_works_once) {
  const std::string code = logins_.issue(ada_.id).value();
  EXPECT_EQ(exchange(code).status, 200);
  EXPECT_EQ(exchange(code).status, 401);
  EXPECT_EQ(tokens.list()->size(), 1u);
}

TEST_F(CliLoginTest, a_code_works_for_five_minutes) {
  const std::string young = logins_.issue(ada_.id).value();
  pass(299'999);
  EXPECT_EQ(exchange(young).status, 200);
  const std::string old = logins_.issue(ada_.id).value();
  pass(300'000);
  EXPECT_EQ(exchange(old).status, 401);
}

TEST_F(CliLoginTest, any_server_of_the_deployment_redeems) {
  const std::string code = logins_.issue(ada_.id).value();
  Tokens other_tokens(*database, clock, random, ids);
  CliLogins other(*database, clock, random, users, other_tokens);
  const auto token = other.redeem(code, "laptop");
  ASSERT_TRUE(token.ok());
  EXPECT_TRUE(tokens.find(token->plaintext).value().has_value());
  EXPECT_FALSE(logins_.redeem(code, "laptop").ok());
}

TEST_F(CliLoginTest, a_name_that_is_refused_does_not_use_the_code_up) {
  const std::string code = logins_.issue(ada_.id).value();
  EXPECT_EQ(exchange(code, "").status, 422);
  EXPECT_EQ(exchange(code, "bell\a").status, 422);
  EXPECT_EQ(exchange(code).status, 200);
}

TEST_F(CliLoginTest, a_removed_users_code_is_worth_nothing) {
  const std::string code = logins_.issue(ada_.id).value();
  ASSERT_TRUE(users.remove(ada_.id, testing::operator_principal()).ok());
  EXPECT_EQ(exchange(code).status, 401);
}

TEST_F(CliLoginTest, the_store_has_the_codes_hash_alone) {
  const std::string code = logins_.issue(ada_.id).value();
  EXPECT_EQ(value("select count(*) from @cli_login_code where code_hash = '" + code + "'"), "0");
  EXPECT_EQ(value("select length(code_hash) from @cli_login_code"), "64");
}

TEST_F(CliLoginTest, codes_under_way_are_limited_and_old_ones_go) {
  CliLogins few(*database, clock, random, users, tokens, {.codes_per_user_max = 2});
  ASSERT_TRUE(few.issue(ada_.id).ok());
  ASSERT_TRUE(few.issue(ada_.id).ok());
  EXPECT_EQ(few.issue(ada_.id).error().code, Code::too_many);
  pass(300'000);
  ASSERT_TRUE(few.issue(ada_.id).ok());
  EXPECT_EQ(value("select count(*) from @cli_login_code"), "3");
  pass(86'400'000 + 300'000);
  ASSERT_TRUE(few.issue(ada_.id).ok());
  EXPECT_EQ(value("select count(*) from @cli_login_code"), "1");
}

TEST_F(CliLoginTest, who_is_not_signed_in_does_that_first_and_comes_back) {
  TestBrowser browser(router_);
  browser.cookies["conbench_session"] = "of-yesterday";
  const auto answer = browser.get(start("http://127.0.0.1:1/x"));
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.headers.get("Location"),
            "/account?target=%2Fapi%2Fauth%2Fcli-start%3Fredirect_uri%3Dhttp%253A%252F%252F"
            "127.0.0.1%253A1%252Fx%26state%3Ds-1");
  EXPECT_EQ(value("select count(*) from @cli_login_code"), "0");
}

TEST_F(CliLoginTest, codes_go_to_the_loopback_address_and_nowhere_else) {
  TestBrowser browser(router_);
  browser.cookies["session"] = sessions.begin(ada_.id).value();
  for (const char* uri : {"",
                          "https://evil.example/",
                          "http://evil.example:80/",
                          "http://127.0.0.1/x",
                          "http://127.0.0.1:80",
                          "http://127.0.0.1:0/x",
                          "https://127.0.0.1:80/x",
                          "http://127.0.0.1:80@evil.example:80/x",
                          "http://127.0.0.1.evil.example:80/x",
                          "http://localhost.evil.example:80/x",
                          "http://127.0.0.2:80/x",
                          "http://0.0.0.0:80/x",
                          "http://127.0.0.1:80/x?a=b",
                          "http://127.0.0.1:80/x#a",
                          "http://127.0.0.1:80\\@evil/x",
                          "javascript:alert(1)",
                          "//127.0.0.1:80/x",
                          "/x",
                          "http://127.0.0.1:80/x y",
                          "http://127.0.0.1:80/x\r\nSet-Cookie: a=b",
                          "http://user@127.0.0.1:80/x",
                          "file://127.0.0.1:80/x",
                          "http://127.0.0.1:99999/x",
                          "http://2130706433:80/x"}) {
    const auto answer = browser.get(start(uri));
    EXPECT_EQ(answer.status, 422) << uri;
    EXPECT_EQ(answer.headers.find("Location"), nullptr) << uri;
  }
  EXPECT_TRUE(check_loopback_uri("http://localhost:8000/callback").ok());
  EXPECT_EQ(value("select count(*) from @cli_login_code"), "0");
}

TEST_F(CliLoginTest, a_state_is_plain_and_short) {
  TestBrowser browser(router_);
  for (const std::string& state :
       {std::string(), std::string(501, 'x'), std::string("a\r\nb"), std::string("a b\x7f")}) {
    EXPECT_EQ(browser.get(start("http://127.0.0.1:1/x", state)).status, 422);
  }
  EXPECT_EQ(browser.get("/api/auth/cli-start").status, 422);
}

TEST_F(CliLoginTest, bad_exchanges_are_the_clients_mistake_and_do_not_repeat_the_code) {
  const auto post = [&](const std::string& body) {
    return TestBrowser(router_).ask(net::Method::post, "/api/auth/cli-exchange", body);
  };
  EXPECT_EQ(post("").status, 400);
  EXPECT_EQ(post("{").status, 400);
  EXPECT_EQ(post("[]").status, 422);
  EXPECT_EQ(post("{}").status, 422);
  EXPECT_EQ(post(R"({"code":1,"name":"x"})").status, 422);
  EXPECT_EQ(post(R"({"code":"x","name":"x","more":1})").status, 422);
  const std::string secret(43, 'A');
  for (const std::string& code : {std::string(), std::string("x"), secret, secret + "AAAA"}) {
    const auto answer = exchange(code);
    EXPECT_EQ(answer.status, 401);
    EXPECT_THAT(answer.body, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace bl::access
