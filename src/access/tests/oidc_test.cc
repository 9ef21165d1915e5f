#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/oidc_routes.h"
#include "access/tests/access_fixture.h"
#include "access/tests/test_browser.h"
#include "access/tests/test_issuer.h"

// Sign-in through an issuer, end to end: the routes, a browser, and an issuer that listens.

namespace bl::access {
namespace {

using ::testing::AllOf;
using testing::base64url_of;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::parameter_of;
using ::testing::StartsWith;
using testing::TestBrowser;
using testing::TestIssuer;
using testing::TestKey;

const std::string k_base = "https://bench.example";

class OidcTest : public ::testing::Test, protected testing::AccessFixture {
 protected:
  OidcTest() { open(); }

  OidcSettings settings() const {
    return {.issuer = issuer_.url(),
            .client_id = TestIssuer::k_client_id,
            .client_secret = TestIssuer::k_client_secret};
  }
  /// As after a start of the server.
  void open(OidcSettings wanted) {
    router_ = std::make_unique<net::Router>();
    here_ =
        std::make_unique<Issuer>(std::move(wanted), k_base, *database, clock, random, log, metrics);
    add_sign_in_routes(*router_, {.issuer = here_.get(),
                                  .users = users,
                                  .sessions = sessions,
                                  .cli_logins = cli_logins_,
                                  .log = log,
                                  .metrics = metrics});
  }
  void open() { open(settings()); }

  /// The callback's answer, of a browser that goes the whole way.
  net::Response sign_in(TestBrowser& browser, const std::string& target = "/runs") {
    const auto begun = browser.get("/api/auth/login?target=" + percent_encode(target));
    if (begun.status != 302) return begun;
    return browser.get(browser.callback_of(begun, k_base));
  }
  net::Response sign_in() {
    TestBrowser browser(*router_);
    return sign_in(browser);
  }
  /// Nobody was signed in, and the page says why in these words.
  void expect_refused(const net::Response& answer, int status, const std::string& words) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_THAT(answer.body, HasSubstr(words));
    EXPECT_THAT(answer.body, Not(HasSubstr(TestIssuer::k_client_secret)));
    EXPECT_THAT(std::string(answer.headers.get("Content-Type")), HasSubstr("text/html"));
    EXPECT_THAT(std::string(answer.headers.get("Content-Security-Policy")),
                HasSubstr("default-src 'none'"));
    for (const std::string_view field : answer.headers.all("Set-Cookie")) {
      EXPECT_THAT(std::string(field), Not(HasSubstr("session=")));
    }
    EXPECT_TRUE(users.list()->empty());
  }

  TestIssuer issuer_{clock, random, log, metrics};
  CliLogins cli_logins_{*database, clock, random, users, tokens};
  std::unique_ptr<net::Router> router_;
  std::unique_ptr<Issuer> here_;
};

TEST_F(OidcTest, a_person_signs_in_and_comes_back_to_where_they_wanted_to_go) {
  TestBrowser browser(*router_);
  const auto answer = sign_in(browser, "/series?q=sort");
  ASSERT_EQ(answer.status, 302) << answer.body;
  EXPECT_EQ(answer.headers.get("Location"), "/series?q=sort");
  const auto user = sessions.find(browser.cookies["conbench_session"]).value();
  ASSERT_TRUE(user.has_value());
  EXPECT_EQ(user->email, "ada@example.org");
  EXPECT_EQ(user->name, "Ada Lovelace");
  EXPECT_EQ(sessions.find(browser.cookies["session"]).value()->id, user->id);
  EXPECT_FALSE(browser.cookies.contains("conbench_pending")) << "it has served";
}

TEST_F(OidcTest, the_same_address_is_the_same_user) {
  ASSERT_EQ(sign_in().status, 302);
  ASSERT_EQ(sign_in().status, 302);
  EXPECT_EQ(users.list()->size(), 1u);
}

TEST_F(OidcTest, the_legacy_dialect_has_a_way_of_its_own) {
  TestBrowser browser(*router_);
  const auto begun = browser.get("/api/google/?target=" + percent_encode(k_base + "/runs/"));
  EXPECT_EQ(parameter_of(std::string(begun.headers.get("Location")), "redirect_uri"),
            k_base + "/api/google/callback");
  const auto answer = browser.get(browser.callback_of(begun, k_base));
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer.headers.get("Location"), "/runs/");
}

TEST_F(OidcTest, cookies_are_for_https_and_for_us_alone) {
  TestBrowser browser(*router_);
  const auto begun = browser.get("/api/auth/login");
  EXPECT_THAT(std::string(begun.headers.get("Set-Cookie")),
              AllOf(HasSubstr("HttpOnly"), HasSubstr("SameSite=Lax"), HasSubstr("Secure"),
                    HasSubstr("Path=/api/"), HasSubstr("Max-Age=600")));
  EXPECT_EQ(begun.headers.get("Cache-Control"), "no-store");
  const auto ended = browser.get(browser.callback_of(begun, k_base));
  for (const std::string_view field : ended.headers.all("Set-Cookie")) {
    EXPECT_THAT(std::string(field), AllOf(HasSubstr("HttpOnly"), HasSubstr("Secure")));
  }
}

TEST_F(OidcTest, what_is_sent_to_the_issuer_never_repeats) {
  const std::string first(TestBrowser(*router_).get("/api/auth/login").headers.get("Location"));
  const std::string second(TestBrowser(*router_).get("/api/auth/login").headers.get("Location"));
  for (const char* name : {"state", "nonce", "code_challenge"}) {
    EXPECT_EQ(parameter_of(first, name).size(), 43u) << name;
    EXPECT_NE(parameter_of(first, name), parameter_of(second, name)) << name;
  }
}

TEST_F(OidcTest, an_issuer_may_want_the_secret_in_the_body) {
  issuer_.wants_secret_in_body = true;
  EXPECT_EQ(sign_in().status, 302);
}

TEST_F(OidcTest, targets_of_other_sites_are_refused) {
  for (const std::string& target :
       {std::string("//evil.example"), std::string("/\\evil.example"), std::string("\\\\evil"),
        std::string("https://evil.example/"), std::string("javascript:alert(1)"),
        std::string("runs"), std::string("/a\nSet-Cookie: x=y"), std::string("/a\tb"),
        std::string("/\x7f"), k_base + ".evil.example/", k_base + "//evil.example",
        std::string("/") + std::string(3'000, 'x')}) {
    TestBrowser browser(*router_);
    EXPECT_EQ(browser.get("/api/auth/login?target=" + percent_encode(target)).status, 422)
        << target;
    EXPECT_EQ(browser.get("/api/google/?target=" + percent_encode(target)).status, 400) << target;
    EXPECT_TRUE(browser.cookies.empty());
  }
}

TEST_F(OidcTest, a_target_is_made_fit_for_a_header) {
  TestBrowser browser(*router_);
  EXPECT_EQ(sign_in(browser, "/series?q=größe 1").headers.get("Location"),
            "/series?q=gr%C3%B6%C3%9Fe%201");
}

TEST_F(OidcTest, another_browsers_answer_is_refused) {
  TestBrowser mine(*router_), theirs(*router_);
  const std::string callback = mine.callback_of(mine.get("/api/auth/login"), k_base);
  expect_refused(theirs.get(callback), 400, "not begun in this browser");
  theirs.get("/api/auth/login");
  expect_refused(theirs.get(callback), 400, "another sign-in");
  EXPECT_EQ(issuer_.exchanges, 0) << "the code is not worth asking for";
}

TEST_F(OidcTest, a_callback_ends_one_sign_in_and_no_second) {
  issuer_.bends.leaves_codes = true;  // so that only we can tell
  TestBrowser browser(*router_);
  const auto begun = browser.get("/api/auth/login");
  const auto pending = browser.cookies;
  const std::string callback = browser.callback_of(begun, k_base);
  ASSERT_EQ(browser.get(callback).status, 302);
  const std::string session = browser.cookies["session"];
  browser.cookies = pending;
  const auto replayed = browser.get(callback);
  EXPECT_EQ(replayed.status, 400);
  EXPECT_THAT(replayed.body, HasSubstr("has ended before"));
  EXPECT_FALSE(browser.cookies.contains("session"));
  EXPECT_TRUE(sessions.find(session).value().has_value());
}

TEST_F(OidcTest, a_sign_in_waits_for_ten_minutes) {
  TestBrowser browser(*router_);
  const std::string callback = browser.callback_of(browser.get("/api/auth/login"), k_base);
  pass(600'000);
  expect_refused(browser.get(callback), 400, "too long ago");
}

TEST_F(OidcTest, a_pending_cookie_that_was_changed_is_nobodys) {
  TestBrowser browser(*router_);
  const std::string callback = browser.callback_of(browser.get("/api/auth/login"), k_base);
  const std::string sealed = browser.cookies["conbench_pending"];
  for (std::size_t at = 0; at < sealed.size(); at += 11) {
    std::string changed = sealed;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    browser.cookies["conbench_pending"] = changed;
    expect_refused(browser.get(callback), 400, "not begun in this browser");
  }
  EXPECT_THAT(sealed, Not(HasSubstr(parameter_of(callback, "state"))));
}

TEST_F(OidcTest, replicas_end_each_others_sign_ins) {
  TestBrowser browser(*router_);
  const std::string callback = browser.callback_of(browser.get("/api/auth/login"), k_base);
  net::Router other_router;
  Issuer other(settings(), k_base, *database, clock, random, log, metrics);
  add_sign_in_routes(other_router, {.issuer = &other,
                                    .users = users,
                                    .sessions = sessions,
                                    .cli_logins = cli_logins_,
                                    .log = log,
                                    .metrics = metrics});
  TestBrowser there(other_router);
  there.cookies = browser.cookies;
  EXPECT_EQ(there.get(callback).status, 302);
}

TEST_F(OidcTest, an_id_token_with_a_wrong_claim_signs_nobody_in) {
  const auto with = [&](const char* name, json::Value value, const std::string& words) {
    issuer_.bends.claims = [&](json::Value& claims) { claims.set(name, value); };
    expect_refused(sign_in(), 400, words);
  };
  const std::int64_t now = clock.now().micros / 1'000'000;
  with("nonce", json::Value::string("another"), "(nonce)");
  with("aud", json::Value::string("another"), "(aud)");
  with("azp", json::Value::string("another"), "(azp)");
  with("iss", json::Value::string("https://evil.example"), "(iss)");
  with("exp", json::Value::number(now - 61), "(exp)");
  with("iat", json::Value::number(now + 100), "(iat)");
  with("sub", json::Value(), "(sub)");
}

TEST_F(OidcTest, an_id_token_that_the_issuer_did_not_sign_signs_nobody_in) {
  const TestKey forger = TestKey::p256("first");
  issuer_.bends.sign = [&](const std::string& payload) { return forger.sign(payload); };
  expect_refused(sign_in(), 400, "signature");
  issuer_.bends.sign = [](const std::string& payload) {
    return base64url_of(R"({"alg":"none"})") + "." + base64url_of(payload) + ".";
  };
  expect_refused(sign_in(), 400, "RS256 or ES256");
  issuer_.bends.sign = [](const std::string& payload) {
    return base64url_of(R"({"alg":"HS256","kid":"first"})") + "." + base64url_of(payload) + "." +
           base64url_of("mac");
  };
  expect_refused(sign_in(), 400, "RS256 or ES256");
}

TEST_F(OidcTest, new_keys_of_the_issuer_are_read_when_first_met) {
  ASSERT_EQ(sign_in().status, 302);
  issuer_.set_key(TestKey::rsa("second"));
  EXPECT_EQ(sign_in().status, 302);
  EXPECT_EQ(issuer_.key_reads, 2);
}

TEST_F(OidcTest, forged_tokens_do_not_make_us_ask_the_issuer_again_and_again) {
  const TestKey forger = TestKey::p256("unknown");
  issuer_.bends.sign = [&](const std::string& payload) { return forger.sign(payload); };
  for (int i = 0; i < 5; ++i) expect_refused(sign_in(), 400, "does not tell");
  EXPECT_EQ(issuer_.key_reads, 2);
  pass(60'000);
  expect_refused(sign_in(), 400, "does not tell");
  EXPECT_EQ(issuer_.key_reads, 3);
}

TEST_F(OidcTest, the_issuers_documents_are_kept_for_an_hour) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(sign_in().status, 302);
  EXPECT_EQ(issuer_.discovery_reads, 1);
  EXPECT_EQ(issuer_.key_reads, 1);
  pass(3'600'000);
  ASSERT_EQ(sign_in().status, 302);
  EXPECT_EQ(issuer_.discovery_reads, 2);
}

TEST_F(OidcTest, an_issuer_that_is_away_is_said_to_be_and_not_asked_at_every_click) {
  issuer_.bends.status = 500;
  const auto answer = sign_in();
  expect_refused(answer, 503, "the issuer answers with status 500");
  EXPECT_NE(answer.headers.find("Retry-After"), nullptr);
  const int reads = issuer_.discovery_reads;
  EXPECT_EQ(reads, 2) << "it is tried twice";
  expect_refused(sign_in(), 503, "status 500");
  EXPECT_EQ(issuer_.discovery_reads, reads);
  issuer_.bends.status = 200;
  pass(5'000);
  EXPECT_EQ(sign_in().status, 302);
}

TEST_F(OidcTest, an_issuer_that_does_not_listen_is_away) {
  issuer_.stop();
  expect_refused(sign_in(), 503, "cannot be reached");
}

TEST_F(OidcTest, what_is_known_of_an_issuer_that_went_away_is_used_for_a_day) {
  ASSERT_EQ(sign_in().status, 302);
  issuer_.bends.garbage = true;
  pass(3'600'000);
  EXPECT_EQ(sign_in().status, 302);
  pass(86'400'000);
  EXPECT_EQ(sign_in().status, 503);
}

TEST_F(OidcTest, an_issuer_that_goes_away_in_the_middle_is_told) {
  TestBrowser browser(*router_);
  const std::string callback = browser.callback_of(browser.get("/api/auth/login"), k_base);
  issuer_.bends.status = 502;
  expect_refused(browser.get(callback), 503, "see the server's log");
}

TEST_F(OidcTest, discovery_that_leads_elsewhere_is_not_followed) {
  const auto bend = [&](const char* name, const std::string& value) {
    issuer_.bends.discovery = [=](json::Value& document) {
      document.set(name, json::Value::string(value));
    };
    open();
    expect_refused(sign_in(), 503, "answers what it should not");
  };
  bend("issuer", "https://evil.example");
  bend("token_endpoint", "http://evil.example/token");
  bend("jwks_uri", "file:///etc/passwd");
  bend("authorization_endpoint", "javascript:alert(1)");
  issuer_.bends.garbage = true;
  open();
  expect_refused(sign_in(), 503, "no JSON");
}

TEST_F(OidcTest, a_wrong_client_secret_is_the_operators_business) {
  OidcSettings wrong = settings();
  wrong.client_secret = "another secret";
  open(wrong);
  expect_refused(sign_in(), 503, "see the server's log");
}

TEST_F(OidcTest, the_answer_of_another_issuer_is_refused) {
  TestBrowser browser(*router_);
  std::string callback = browser.callback_of(browser.get("/api/auth/login"), k_base);
  callback.resize(callback.find("&iss="));
  expect_refused(browser.get(callback + "&iss=https%3A%2F%2Fevil.example"), 400, "another issuer");
}

TEST_F(OidcTest, what_the_issuer_refuses_is_told_without_its_words) {
  TestBrowser browser(*router_);
  const auto refusal = [&](const std::string& more) {
    const std::string state =
        parameter_of(std::string(browser.get("/api/auth/login").headers.get("Location")), "state");
    return browser.get("/api/auth/callback?state=" + state + more);
  };
  expect_refused(refusal("&error=access_denied"), 400, "access was denied");
  const auto answer = refusal("&error=%3Cscript%3E&error_description=call+0900-EVIL");
  expect_refused(answer, 400, "did not sign you in");
  EXPECT_THAT(answer.body, AllOf(Not(HasSubstr("script>")), Not(HasSubstr("EVIL"))));
  expect_refused(refusal(""), 400, "no code");
  expect_refused(refusal("&code=unknown"), 400, "does not take the code");
}

TEST_F(OidcTest, an_address_that_is_not_verified_is_refused) {
  for (const json::Value& no : {json::Value::boolean(false), json::Value::string("false"),
                                json::Value::number(std::int64_t{0})}) {
    issuer_.bends.claims = [&](json::Value& claims) { claims.set("email_verified", no); };
    expect_refused(sign_in(), 403, "has not verified");
  }
  issuer_.bends.claims = [](json::Value& claims) { claims.set("email_verified", json::Value()); };
  EXPECT_EQ(sign_in().status, 302) << "an issuer may say nothing of it";
}

TEST_F(OidcTest, only_the_domains_that_may_sign_in_do) {
  OidcSettings narrow = settings();
  narrow.email_domains = {"example.org"};
  open(narrow);
  issuer_.set_person("eve@evil-example.org", "Eve");
  expect_refused(sign_in(), 403, "may not sign in here");
  issuer_.set_person("eve@example.org@evil.example", "Eve");
  expect_refused(sign_in(), 403, "may not sign in here");
  issuer_.set_person("Ada@EXAMPLE.org", "Ada");
  EXPECT_EQ(sign_in().status, 302);
}

TEST_F(OidcTest, a_person_without_an_address_is_asked_for_elsewhere_and_else_refused) {
  issuer_.bends.claims = [](json::Value& claims) { claims.set("email", json::Value()); };
  expect_refused(sign_in(), 403, "does not tell this person's e-mail address");
  issuer_.bends.user_info =
      json::parse(R"({"sub":"somebody else","email":"eve@example.org"})").value();
  open();
  expect_refused(sign_in(), 503, "of somebody else");
  issuer_.bends.user_info =
      json::parse(R"({"sub":"subject-of-ada@example.org","email":"ada@example.org",
                      "given_name":"Ada","family_name":"L."})")
          .value();
  EXPECT_EQ(sign_in().status, 302);
  EXPECT_EQ(users.list()->at(0).name, "Ada L.");
}

TEST_F(OidcTest, a_name_is_escaped_nowhere_and_runs_nowhere) {
  issuer_.set_person("x@example.org", "<script>alert(1)</script>");
  ASSERT_EQ(sign_in().status, 302);
  issuer_.bends.claims = [](json::Value& claims) {
    claims.set("email", json::Value::string("<img src=x>@example.org"));
    claims.set("email_verified", json::Value::boolean(false));
  };
  const auto answer = sign_in();
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, AllOf(Not(HasSubstr("<img")), HasSubstr("&lt;img")));
}

TEST_F(OidcTest, without_an_issuer_people_are_sent_to_the_password_form) {
  net::Router plain;
  add_sign_in_routes(plain, {.users = users,
                             .sessions = sessions,
                             .cli_logins = cli_logins_,
                             .log = log,
                             .metrics = metrics});
  TestBrowser browser(plain);
  EXPECT_EQ(browser.get("/api/auth/login?target=%2Fruns").headers.get("Location"),
            "/account?target=%2Fruns");
  EXPECT_EQ(browser.get("/api/auth/callback?code=x&state=y").status, 404);
  EXPECT_EQ(browser.get("/api/google/callback?code=x&state=y").status, 404);
}

TEST_F(OidcTest, sign_ins_are_counted_by_their_outcome) {
  sign_in();
  issuer_.bends.claims = [](json::Value& claims) { claims.set("aud", json::Value()); };
  sign_in();
  EXPECT_THAT(metrics.text(), AllOf(HasSubstr("bl_issuer_sign_ins_total{outcome=\"ok\"} 1"),
                                    HasSubstr("bl_issuer_sign_ins_total{outcome=\"refused\"} 1")));
}

TEST(IssuerUrl, is_https_but_on_a_loopback_address) {
  for (const char* url : {"https://accounts.google.com", "https://x.example/realms/a",
                          "http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:5/x"}) {
    EXPECT_TRUE(is_issuer_url(url)) << url;
  }
  for (const char* url :
       {"", "accounts.google.com", "http://accounts.google.com", "ftp://x", "https://",
        "https://user@x.example", "file:///x", "javascript:x", "http://127.0.0.1.evil.example"}) {
    EXPECT_FALSE(is_issuer_url(url)) << url;
  }
}

}  // namespace
}  // namespace bl::access
