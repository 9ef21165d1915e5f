#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/cross_site.h"
#include "access/rate_limiter.h"
#include "access/tests/served_access.h"

// What somebody tries who has no business here: each is refused.

namespace bl::access {
namespace {

using net::Method;
using ::testing::HasSubstr;
using ::testing::Not;

class SignInSecurityTest : public ::testing::Test, protected testing::ServedAccess {
 protected:
  /// What a route for writers answers to these headers.
  int write_with(std::vector<std::pair<std::string, std::string>> headers) {
    return ask({Method::post, "/write", "", std::move(headers)}).status;
  }
  double hits(const std::string& limit) {
    for (const MetricSample& sample : metrics.samples("bl_access_limit_hits_total")) {
      if (sample.labels.at("limit") == limit) return sample.value;
    }
    return -1;
  }
};

// Brute force ----------------------------------------------------------------------------------

TEST_F(SignInSecurityTest, after_ten_wrong_passwords_an_account_waits) {
  add_user("ada@x.org", "pw");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(sign_in("ada@x.org", "wrong").status, 401) << i;
  const auto refused = sign_in("ada@x.org", "pw");
  EXPECT_EQ(refused.status, 429) << "also with the right one: else one could go on guessing";
  EXPECT_FALSE(refused.headers.get("Retry-After").empty());
  EXPECT_EQ(hits("failures_per_account"), 1);
  EXPECT_EQ(sign_in("bob@x.org", "pw").status, 401) << "others do not wait";
  pass(90'000);
  EXPECT_EQ(sign_in("ada@x.org", "pw").status, 200);
}

TEST_F(SignInSecurityTest, an_unknown_address_waits_like_a_known_one) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(sign_in("nobody@x.org", "wrong").status, 401) << i;
  EXPECT_EQ(sign_in("nobody@x.org", "wrong").status, 429);
}

TEST_F(SignInSecurityTest, one_address_does_not_try_every_account) {
  for (int i = 0; i < 100; ++i) {
    std::string email = "user";
    email.append(std::to_string(i)).append("@x.org");
    EXPECT_EQ(sign_in(email, "123456").status, 401);
  }
  EXPECT_EQ(sign_in("user100@x.org", "123456").status, 429);
  EXPECT_EQ(hits("failures_per_address"), 1);
}

TEST_F(SignInSecurityTest, who_signs_in_rightly_is_never_counted) {
  add_user("ci@x.org", "pw");
  for (int i = 0; i < 120; ++i) ASSERT_EQ(sign_in("ci@x.org", "pw").status, 200) << i;
}

TEST_F(SignInSecurityTest, registrations_are_counted_too) {
  const auto attempt = [&] {
    return ask({Method::post, "/api/register/",
                R"({"email":"a@x.org","password":"p","name":"A","secret":"guess"})"})
        .status;
  };
  for (int i = 0; i < 60; ++i) EXPECT_EQ(attempt(), 400) << i;
  EXPECT_EQ(attempt(), 429);
  EXPECT_EQ(hits("registrations_per_address"), 1);
  EXPECT_TRUE(users.list()->empty());
}

TEST_F(SignInSecurityTest, one_address_does_not_try_token_after_token) {
  const NewToken used = tokens.create("used before", net::Role::writer).value();
  const NewToken fresh = tokens.create("never seen there", net::Role::writer).value();
  EXPECT_EQ(write_with({bearer(used.plaintext)}), 204);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(write_with({bearer("bl_guess" + std::to_string(i))}), 401) << i;
  }
  const auto refused = ask({Method::get, "/read", "", {bearer("bl_guess100")}});
  EXPECT_EQ(refused.status, 429);
  EXPECT_FALSE(refused.headers.get("Retry-After").empty());
  EXPECT_THAT(refused.body, Not(HasSubstr("bl_guess")));
  EXPECT_EQ(write_with({bearer(fresh.plaintext)}), 429) << "also a right one: else one goes on";
  EXPECT_EQ(write_with({cookie("session", *cookie_of_token(fresh.plaintext))}), 401);
  EXPECT_EQ(hits("wrong_tokens"), 3);
  EXPECT_EQ(write_with({bearer(used.plaintext)}), 204) << "who was right there goes on";
  EXPECT_EQ(ask({Method::get, "/read"}).status, 204) << "and so do public reads";
  pass(3'000);
  EXPECT_EQ(write_with({bearer(fresh.plaintext)}), 204);
}

TEST_F(SignInSecurityTest, tokens_are_not_guessed_by_cookies_either) {
  const NewToken fresh = tokens.create("ci", net::Role::writer).value();
  for (int i = 0; i < 100; ++i) {
    std::string guess("bl_guess");
    ASSERT_EQ(write_with({cookie("session", *cookie_of_token(guess.append(std::to_string(i))))}),
              401);
  }
  EXPECT_EQ(write_with({cookie("session", *cookie_of_token(fresh.plaintext))}), 401);
  EXPECT_EQ(hits("wrong_tokens"), 1);
  pass(3'000);
  EXPECT_EQ(write_with({cookie("session", *cookie_of_token(fresh.plaintext))}), 204);
}

TEST_F(SignInSecurityTest, a_token_that_was_right_and_is_revoked_is_a_guess_again) {
  RequestAuthenticator strict(tokens, sessions, users, clock, metrics,
                              {.wrong_tokens = {.burst = 1, .per_minute = 1}});
  const NewToken token = tokens.create("ci", net::Role::writer).value();
  const auto ask_by = [&](const std::string& secret, const char* peer) {
    net::Request request;
    request.peer = peer;
    request.headers.add("Authorization", std::string("Bearer ").append(secret));
    const auto principal = strict.authenticate(request);
    return principal.ok() ? Code::internal : principal.error().code;  // internal: it is let in
  };
  for (int i = 0; i < 5; ++i) ASSERT_EQ(ask_by(token.plaintext, "192.0.2.1"), Code::internal);
  ASSERT_TRUE(tokens.revoke(token.view.id, testing::operator_principal()).ok());
  EXPECT_EQ(ask_by(token.plaintext, "192.0.2.1"), Code::unauthenticated);
  EXPECT_EQ(ask_by(token.plaintext, "192.0.2.1"), Code::unauthenticated);
  EXPECT_EQ(ask_by(token.plaintext, "192.0.2.1"), Code::too_many);
  EXPECT_EQ(ask_by(token.plaintext, "192.0.2.2"), Code::unauthenticated) << "another address";
}

TEST_F(SignInSecurityTest, one_clients_writes_have_a_limit) {
  RequestAuthenticator strict(tokens, sessions, users, clock, metrics,
                              {.writes = {.burst = 2, .per_minute = 1}});
  const NewToken token = tokens.create("ci", net::Role::writer).value();
  const auto write_by = [&](Method method, const std::string& secret) {
    net::Request request;
    request.method = method;
    request.headers.add("Authorization", std::string("Bearer ").append(secret));
    return strict.authenticate(request);
  };
  EXPECT_TRUE(write_by(Method::post, token.plaintext).ok());
  EXPECT_TRUE(write_by(Method::del, token.plaintext).ok());
  EXPECT_EQ(write_by(Method::put, token.plaintext).error().code, Code::too_many);
  EXPECT_TRUE(write_by(Method::get, token.plaintext).ok());
  EXPECT_EQ(hits("writes"), 1);
  const NewToken other = tokens.create("other", net::Role::writer).value();
  EXPECT_TRUE(write_by(Method::post, other.plaintext).ok());
  pass(60'000);
  EXPECT_TRUE(write_by(Method::post, token.plaintext).ok());
}

TEST(RateLimiterTest, many_keys_do_not_make_room_for_the_first) {
  ManualClock clock(testing::k_start);
  RateLimiter limiter(clock, {.burst = 1, .per_minute = 1}, 2);
  EXPECT_TRUE(limiter.take("a"));
  EXPECT_TRUE(limiter.take("b"));
  EXPECT_FALSE(limiter.take("c")) << "no room";
  EXPECT_FALSE(limiter.take("a"));
  clock.advance(std::chrono::minutes(1));
  EXPECT_TRUE(limiter.take("c")) << "the others have waited";
  EXPECT_TRUE(limiter.take("a"));
}

// Sessions that are not one's own --------------------------------------------------------------

TEST_F(SignInSecurityTest, a_session_that_is_over_or_was_never_there_is_nobodys) {
  const User ada = add_user("ada@x.org", "pw");
  const std::string ended = sessions.begin(ada.id).value();
  ASSERT_TRUE(sessions.end(ended).ok());
  const std::string good = sessions.begin(ada.id).value();
  std::string forged = good;
  forged.back() = forged.back() == 'A' ? 'E' : 'A';
  for (const char* name : {"conbench_session", "session"}) {
    EXPECT_EQ(write_with({cookie(name, good)}), 204);
    EXPECT_EQ(write_with({cookie(name, ended)}), 401);
    EXPECT_EQ(write_with({cookie(name, forged)}), 401);
    EXPECT_EQ(write_with({cookie(name, ada.id)}), 401);
    EXPECT_EQ(write_with({cookie(name, "eyJfZnJlc2giOmZhbHNlfQ.ZX.sig")}), 401);
  }
  EXPECT_EQ(ask({Method::get, "/read", "", {cookie("session", forged)}}).status, 204)
      << "a browser cannot help what it carries";
}

TEST_F(SignInSecurityTest, a_new_password_locks_out_who_stole_a_session) {
  const User ada = add_user("ada@x.org", "pw");
  const std::string stolen = sessions.begin(ada.id).value();
  ASSERT_EQ(write_with({cookie("session", stolen)}), 204);
  std::string change = "/api/v1/users/";
  EXPECT_EQ(as_operator(Method::patch, change.append(ada.id), R"({"password":"new"})").status, 200);
  EXPECT_EQ(write_with({cookie("session", stolen)}), 401);
}

TEST_F(SignInSecurityTest, signing_in_never_takes_a_session_over_that_the_browser_brought) {
  add_user("ada@x.org", "pw");
  const std::string planted(43, 'A');
  const auto answer = ask({Method::post,
                           "/api/auth/password",
                           R"({"email":"ada@x.org","password":"pw"})",
                           {cookie("conbench_session", planted)}});
  EXPECT_NE(cookie_set(answer, "conbench_session"), planted);
  EXPECT_EQ(write_with({cookie("conbench_session", planted)}), 401);
}

TEST_F(SignInSecurityTest, remember_cookies_of_the_old_deployment_work_with_its_secret_only) {
  const User ada = add_user("ada@x.org", "pw");
  const std::string good = remember_token(ada.id, testing::k_legacy_secret);
  EXPECT_EQ(write_with({cookie("remember_token", good)}), 204);
  EXPECT_EQ(write_with({cookie("remember_token", std::string("\"").append(good).append("\""))}),
            204);
  EXPECT_EQ(write_with({cookie("remember_token", remember_token(ada.id, "another"))}), 401);
  EXPECT_EQ(write_with({cookie("remember_token", std::string(ada.id).append("|"))}), 401);
  EXPECT_EQ(write_with({cookie("remember_token", good.substr(0, good.size() - 1))}), 401);
  const User eve = add_user("eve@x.org", "pw");
  std::string moved = good;
  moved.replace(0, ada.id.size(), eve.id);
  EXPECT_EQ(write_with({cookie("remember_token", moved)}), 401);
  run_sql(R"(delete from "user")");
  EXPECT_EQ(write_with({cookie("remember_token", good)}), 401) << "deleted by another program";
}

// python3 -c "import hmac,hashlib; print(hmac.new(b'conbench', b'06518b68000070008000aabbccddeeff',
//   hashlib.sha512).hexdigest())"
TEST(RememberToken, is_what_python_makes) {
  EXPECT_EQ(remember_token("06518b68000070008000aabbccddeeff", "conbench"),
            "06518b68000070008000aabbccddeeff|"
            "dde0ca87c040b52691d7bad721bce945bf3ec24cc138c038493f31abc282ad7ec6f057a32d20f673a8f0d3"
            "581d07018f1e76249ed27e8a2b7e80a57d30f7fef3");
}

TEST_F(SignInSecurityTest, without_a_secret_no_remember_cookie_works) {
  const User ada = add_user("ada@x.org", "pw");
  RequestAuthenticator without(tokens, sessions, users, clock, metrics, {});
  net::Request request;
  request.headers.add("Cookie", std::string("remember_token=").append(remember_token(ada.id, "")));
  EXPECT_EQ(without.authenticate(request)->role, net::Role::anonymous);
  net::Request bearer;
  bearer.headers.add("Authorization", "Bearer ");
  EXPECT_EQ(without.authenticate(bearer).error().code, Code::unauthenticated)
      << "no token is the empty one";
}

// Tokens in place of passwords -----------------------------------------------------------------

TEST_F(SignInSecurityTest, a_token_as_password_gives_the_tokens_rights_and_no_more) {
  const User ada = add_user("ada@x.org", "pw", net::Role::admin);
  const NewToken token = tokens
                             .create({.name = "ci", .role = net::Role::reader, .user_id = ada.id},
                                     testing::operator_principal())
                             .value();
  const auto answer = sign_in("ada@x.org", token.plaintext);
  ASSERT_EQ(answer.status, 200);
  const auto session = cookie("session", cookie_set(answer, "session"));
  EXPECT_EQ(ask({Method::get, "/api/users/me", "", {session}}).status, 200);
  EXPECT_EQ(write_with({session}), 403);
  EXPECT_EQ(sign_in("eve@x.org", token.plaintext).status, 401) << "another's address";
  ASSERT_TRUE(tokens.revoke(token.view.id, testing::operator_principal()).ok());
  EXPECT_EQ(ask({Method::get, "/api/users/me", "", {session}}).status, 401);
}

TEST_F(SignInSecurityTest, the_operators_token_is_no_password) {
  add_user("ada@x.org", "pw");
  EXPECT_EQ(sign_in("ada@x.org", testing::k_operator_token).status, 401);
}

// Other sites ----------------------------------------------------------------------------------

TEST_F(SignInSecurityTest, another_sites_page_cannot_write_with_a_cookie) {
  const User ada = add_user("ada@x.org", "pw");
  const auto session = cookie("session", sessions.begin(ada.id).value());
  const std::string host = std::string("127.0.0.1:").append(std::to_string(server->port()));
  EXPECT_EQ(write_with({session}), 204) << "old clients say nothing of a site";
  EXPECT_EQ(write_with({session, {"Origin", std::string("http://").append(host)}}), 204);
  EXPECT_EQ(write_with({session, {"Sec-Fetch-Site", "same-origin"}}), 204);
  EXPECT_EQ(write_with({session, {"Sec-Fetch-Site", "none"}}), 204);
  EXPECT_EQ(write_with({session, {"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(write_with({session, {"Sec-Fetch-Site", "same-site"}}), 403);
  EXPECT_EQ(write_with({session, {"Origin", "https://evil.example"}}), 403);
  EXPECT_EQ(write_with({session, {"Origin", "null"}}), 403);
  EXPECT_EQ(write_with(
                {session, {"Origin", std::string("http://").append(host).append(".evil.example")}}),
            403);
  EXPECT_EQ(write_with({session, {"Origin", "https://evil.example"}, {"Sec-Fetch-Site", ""}}), 403);
  EXPECT_EQ(ask({Method::get, "/read", "", {session, {"Sec-Fetch-Site", "cross-site"}}}).status,
            204)
      << "a link is followed";
  EXPECT_EQ(write_with({bearer(testing::k_operator_token), {"Origin", "https://evil.example"}}),
            204)
      << "a token is not sent by itself";
}

TEST_F(SignInSecurityTest, another_sites_page_signs_nobody_in_or_out) {
  const User ada = add_user("ada@x.org", "pw");
  const std::string secret = sessions.begin(ada.id).value();
  const std::pair<std::string, std::string> evil{"Sec-Fetch-Site", "cross-site"};
  const std::string body = R"({"email":"ada@x.org","password":"pw"})";
  for (const char* path : {"/api/auth/password", "/api/login/"}) {
    EXPECT_EQ(ask({Method::post, path, body, {evil}}).status, 403) << path;
    const auto form = ask({Method::post, path, body, {{"Content-Type", "text/plain"}}});
    EXPECT_TRUE(form.status == 415 || form.status == 400) << "what a form can send: " << path;
    EXPECT_TRUE(form.headers.all("Set-Cookie").empty());
  }
  EXPECT_EQ(ask({Method::post, "/api/auth/logout", "", {evil, cookie("session", secret)}}).status,
            403);
  EXPECT_EQ(ask({Method::get, "/api/logout/", "", {evil, cookie("session", secret)}}).status, 403);
  EXPECT_EQ(write_with({cookie("session", secret)}), 204);
}

TEST(CrossSite, the_configured_url_counts_as_our_own) {
  net::Request request;
  request.headers.add("Host", "inside:8080");
  request.headers.add("Origin", "https://perf.example.org");
  EXPECT_FALSE(refuse_cross_site(request, "").ok());
  EXPECT_TRUE(refuse_cross_site(request, "https://perf.example.org/").ok());
  EXPECT_FALSE(refuse_cross_site(request, "https://perf.example.com").ok());
  request.headers.set("Origin", "https://inside:8080");
  EXPECT_TRUE(refuse_cross_site(request, "").ok()) << "a proxy ends TLS";
  request.headers.set("Host", "perf.example.org:443");
  request.headers.set("Origin", "https://perf.example.org");
  EXPECT_TRUE(refuse_cross_site(request, "").ok());
}

// Headers --------------------------------------------------------------------------------------

TEST_F(SignInSecurityTest, nothing_of_a_request_gets_into_a_cookie_or_header) {
  add_user("ada@x.org", "pw");
  const auto answer = ask({Method::post, "/api/auth/password",
                           R"({"email":"ada@x.org","password":"pw\r\nSet-Cookie: evil=1"})"});
  EXPECT_EQ(answer.status, 401);
  EXPECT_TRUE(answer.headers.all("Set-Cookie").empty());
  EXPECT_EQ(cookie_of_token("a\r\nSet-Cookie: evil=1"), std::nullopt);
  EXPECT_EQ(cookie_of_token("a; Path=/evil"), std::nullopt);
  EXPECT_EQ(cookie_of_token("a,b"), std::nullopt);
  EXPECT_EQ(cookie_of_token(""), std::nullopt);
  EXPECT_EQ(cookie_of_token(std::string(1'001, 'a')), std::nullopt);
}

TEST_F(SignInSecurityTest, cookies_are_secure_where_the_client_sees_https) {
  add_user("ada@x.org", "pw");
  const std::string body = R"({"email":"ada@x.org","password":"pw"})";
  const auto plain = ask({Method::post, "/api/login/", body});
  for (const std::string_view header : plain.headers.all("Set-Cookie")) {
    EXPECT_THAT(std::string(header), HasSubstr("HttpOnly; SameSite=Lax"));
    EXPECT_THAT(std::string(header), Not(HasSubstr("Secure")));
  }
  const auto proxied = ask({Method::post, "/api/login/", body, {{"X-Forwarded-Proto", "https"}}});
  ASSERT_EQ(proxied.headers.all("Set-Cookie").size(), 2u);
  for (const std::string_view header : proxied.headers.all("Set-Cookie"))
    EXPECT_THAT(std::string(header), HasSubstr("; Secure"));
}

// Access switched off --------------------------------------------------------------------------

TEST_F(SignInSecurityTest, with_access_disabled_only_loopback_names_are_served) {
  RequestAuthenticator off(tokens, sessions, users, clock, metrics, {.disabled = true});
  const auto ask_off = [&](const std::string& host, Method method, const std::string& site) {
    net::Request request;
    request.method = method;
    request.headers.add("Host", host);
    if (!site.empty()) request.headers.add("Sec-Fetch-Site", site);
    return off.authenticate(request);
  };
  for (const char* host : {"localhost", "localhost:8080", "127.0.0.1:5000", "[::1]:80", "[::1]"})
    EXPECT_EQ(ask_off(host, Method::post, "")->role, net::Role::admin) << host;
  for (const char* host :
       {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "10.0.0.1"})
    EXPECT_EQ(ask_off(host, Method::get, "").error().code, Code::forbidden) << host;
  EXPECT_EQ(ask_off("localhost", Method::post, "cross-site").error().code, Code::forbidden);
}

}  // namespace
}  // namespace bl::access
