#include "access/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/owned_tokens.h"
#include "access/tests/access_fixture.h"
#include "base/json.h"
#include "base/uri.h"

namespace bl::access {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AccessRoutesTest : public ::testing::Test, protected testing::AccessFixture {
 protected:
  AccessRoutesTest() {
    add_routes(router_, {.tokens = tokens, .users = users, .normalise_repository = normal});
  }
  /// As results know repositories, so far as it matters here.
  static Result<std::string> normal(std::string_view text) {
    if (text.starts_with("https://")) return std::string(text);
    if (text.starts_with("git@")) return std::string("https://github.com/org/repo");
    return Error{Code::invalid, "a repository must begin with https://"};
  }

  net::Response ask(net::Method method, const std::string& path, std::string body = "",
                    net::Role role = net::Role::admin) {
    net::Request request;
    request.principal.role = role;
    return ask(std::move(request), method, path, std::move(body));
  }
  net::Response ask_as(const net::Principal& principal, net::Method method, const std::string& path,
                       std::string body = "") {
    net::Request request;
    request.principal = principal;
    return ask(std::move(request), method, path, std::move(body));
  }
  net::Response ask(net::Request request, net::Method method, const std::string& target,
                    std::string body) {
    const std::size_t mark = target.find('?');
    const std::string path = target.substr(0, mark);
    auto match = router_.find(method, path);
    BL_CHECK(match.route != nullptr);
    request.method = method;
    request.path = path;
    request.captures = match.captures;
    if (mark != std::string::npos) request.query = parse_query(target.substr(mark + 1)).value();
    request.body = std::move(body);
    request.request_id = "r1";
    return match.route->handler(request);
  }
  static net::Principal session_of(const User& user) {
    return {.role = user.role,
            .id = user.id,
            .name = user.name,
            .kind = net::Principal::Kind::session,
            .user_id = user.id};
  }
  /// As the authenticator sees a request with this token.
  net::Principal token_of(const net::Response& made) {
    const auto view = tokens.find(json_of(made).find("token")->as_string()).value();
    return principal_of(*view, users).value().value();
  }
  std::size_t count_of(const net::Response& listed) {
    return json_of(listed).find("tokens")->items().size();
  }
  json::Value json_of(const net::Response& response) { return json::parse(response.body).value(); }
  const net::Principal operator_ = testing::operator_principal();
  net::Router router_;
};

TEST_F(AccessRoutesTest, a_token_is_made_shown_once_listed_and_revoked) {
  auto made = ask(net::Method::post, "/api/tokens", R"({"name":"ci","role":"reader"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.headers.get("Cache-Control"), "no-store");
  std::string token = json_of(made).find("token")->as_string();
  std::string id = json_of(made).find("id")->as_string();
  EXPECT_EQ(tokens.find(token).value()->role, net::Role::reader);

  auto listed = ask(net::Method::get, "/api/tokens");
  EXPECT_EQ(listed.status, 200);
  EXPECT_EQ(listed.body, R"({"tokens":[{"id":")" + id + R"(","name":"ci","prefix":")" +
                             token.substr(0, 8) +
                             R"(","role":"reader","created_at":"2024-08-01T12:00:00Z",)"
                             R"("last_used_at":"2024-08-01T12:00:00Z"}]})");
  EXPECT_THAT(listed.body, Not(HasSubstr(token)));

  EXPECT_EQ(ask(net::Method::del, "/api/tokens/" + id).status, 204);
  EXPECT_FALSE(tokens.find(token).value().has_value());
  EXPECT_THAT(ask(net::Method::get, "/api/tokens").body, HasSubstr("revoked_at"));
}

TEST_F(AccessRoutesTest, without_a_role_a_token_may_write) {
  auto made = ask(net::Method::post, "/api/tokens", R"({"name":"ci"})");
  EXPECT_EQ(json_of(made).find("role")->as_string(), "writer");
}

TEST_F(AccessRoutesTest, every_fault_is_told_at_once) {
  auto answer = ask(net::Method::post, "/api/tokens", R"({"role":"king","extra":1})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("/role"));
  EXPECT_THAT(answer.body, HasSubstr("/extra"));
  EXPECT_THAT(answer.body, HasSubstr("/name"));
  EXPECT_TRUE(tokens.list()->empty());
}

TEST_F(AccessRoutesTest, bad_bodies_are_the_clients_mistake) {
  EXPECT_EQ(ask(net::Method::post, "/api/tokens", "").status, 400);
  EXPECT_EQ(ask(net::Method::post, "/api/tokens", "{").status, 400);
  EXPECT_EQ(ask(net::Method::post, "/api/tokens", "[]").status, 422);
  EXPECT_EQ(ask(net::Method::post, "/api/tokens", R"({"name":1})").status, 422);
  EXPECT_EQ(ask(net::Method::post, "/api/tokens", R"({"name":""})").status, 422);
  EXPECT_EQ(ask(net::Method::post, "/api/tokens", R"({"name":"a","role":"anonymous"})").status,
            422);
  EXPECT_EQ(ask(net::Method::del, "/api/tokens/nobody").status, 404);
  EXPECT_TRUE(tokens.list()->empty());
}

TEST_F(AccessRoutesTest, a_user_sees_and_ends_their_own_tokens_and_no_others) {
  const auto ada = session_of(add_user("ada@x.org")), bob = session_of(add_user("bob@x.org"));
  const auto made = ask_as(ada, net::Method::post, "/api/tokens", R"({"name":"ci"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = json_of(made).find("id")->as_string();
  EXPECT_EQ(json_of(made).find("user_id")->as_string(), ada.user_id);
  EXPECT_EQ(count_of(ask_as(ada, net::Method::get, "/api/tokens")), 1u);
  EXPECT_EQ(count_of(ask_as(bob, net::Method::get, "/api/tokens")), 0u);
  EXPECT_EQ(ask_as(bob, net::Method::del, "/api/tokens/" + id).status, 404) << "not theirs";
  EXPECT_EQ(ask_as(bob, net::Method::get, "/api/tokens?all=true").status, 403);
  EXPECT_EQ(ask_as(ada, net::Method::del, "/api/tokens/" + id).status, 204);
  EXPECT_FALSE(tokens.find(json_of(made).find("token")->as_string()).value().has_value());
}

TEST_F(AccessRoutesTest, admins_see_all_when_they_ask_for_all) {
  const auto ada = session_of(add_user("ada@x.org"));
  const auto root = session_of(add_user("r@x.org", "secret", net::Role::admin));
  ASSERT_EQ(ask_as(ada, net::Method::post, "/api/tokens", R"({"name":"ci"})").status, 201);
  ASSERT_TRUE(tokens.create("nobody's", net::Role::writer).ok());
  EXPECT_EQ(count_of(ask_as(root, net::Method::get, "/api/tokens")), 0u);
  EXPECT_EQ(count_of(ask_as(root, net::Method::get, "/api/tokens?all=true")), 2u);
  EXPECT_EQ(count_of(ask(net::Method::get, "/api/tokens")), 2u) << "the operator has none";
}

TEST_F(AccessRoutesTest, a_tokens_role_is_at_most_that_of_its_owner_and_maker) {
  const auto reader = session_of(add_user("ada@x.org", "secret", net::Role::reader));
  const auto made = ask_as(reader, net::Method::post, "/api/tokens", R"({"name":"ci"})");
  EXPECT_EQ(json_of(made).find("role")->as_string(), "reader") << "as much as may be";
  const std::string wish = R"({"name":"c","role":"writer"})";
  EXPECT_EQ(ask_as(reader, net::Method::post, "/api/tokens", wish).status, 403);
  // A token that may less than its owner makes none that may more than it.
  const auto writer = session_of(add_user("bob@x.org"));
  const auto weak =
      token_of(ask_as(writer, net::Method::post, "/api/tokens", R"({"name":"w","role":"reader"})"));
  EXPECT_EQ(ask_as(weak, net::Method::post, "/api/tokens", wish).status, 403);
}

TEST_F(AccessRoutesTest, a_token_for_one_repository_cannot_make_itself_free) {
  const auto ada = session_of(add_user("ada@x.org"));
  const auto made = ask_as(ada, net::Method::post, "/api/tokens",
                           R"({"name":"ci","repository":"git@github.com:org/repo"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(json_of(made).find("repository")->as_string(), "https://github.com/org/repo");
  const net::Principal bound = token_of(made);
  EXPECT_EQ(bound.repository, "https://github.com/org/repo");
  EXPECT_EQ(ask_as(bound, net::Method::post, "/api/tokens", R"({"name":"free"})").status, 403);
  const auto other = ask_as(ada, net::Method::post, "/api/tokens", R"({"name":"other"})");
  const std::string other_id = json_of(other).find("id")->as_string();
  EXPECT_EQ(ask_as(bound, net::Method::del, "/api/tokens/" + other_id).status, 403);
  EXPECT_EQ(ask_as(bound, net::Method::del, "/api/tokens/" + bound.id).status, 204) << "but itself";
}

TEST_F(AccessRoutesTest, a_repository_that_is_none_is_a_fault) {
  const auto answer = ask(net::Method::post, "/api/tokens", R"({"name":"ci","repository":"x"})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_THAT(answer.body, HasSubstr("/repository"));
}

TEST_F(AccessRoutesTest, an_admin_makes_tokens_for_users_by_id_or_address) {
  const User ada = add_user("ada@x.org", "secret", net::Role::reader);
  const auto make = [&](const std::string& body) {
    return ask(net::Method::post, "/api/tokens", body);
  };
  const auto owner_of = [&](const net::Response& made) {
    EXPECT_EQ(made.status, 201) << made.body;
    return json_of(made).find("user_id")->as_string();
  };
  std::string by_id = R"({"name":"a","user_id":")";
  by_id.append(ada.id).append("\"}");
  EXPECT_EQ(owner_of(make(by_id)), ada.id);
  EXPECT_EQ(owner_of(make(R"({"name":"b","email":"ada@x.org"})")), ada.id);
  EXPECT_EQ(make(R"({"name":"c","email":"ada@x.org","role":"writer"})").status, 403)
      << "a reader's token reads";
  EXPECT_EQ(make(R"({"name":"d","email":"no@x.org"})").status, 422);
  EXPECT_EQ(make(R"({"name":"d","user_id":"no"})").status, 422);
  EXPECT_EQ(make(R"({"name":"d","user_name":"No"})").status, 422);
  const auto of_new = make(R"({"name":"e","email":"new@x.org","user_name":"New"})");
  EXPECT_EQ(owner_of(of_new), users.find_by_email("new@x.org").value()->id);
}

TEST_F(AccessRoutesTest, others_make_no_tokens_for_users) {
  const auto ada = session_of(add_user("ada@x.org"));
  const User bob = add_user("bob@x.org");
  std::string for_bob = R"({"name":"a","user_id":")";
  for_bob.append(bob.id).append("\"}");
  EXPECT_EQ(ask_as(ada, net::Method::post, "/api/tokens", for_bob).status, 403);
  const std::string by_address = R"({"name":"a","email":"ada@x.org"})";
  EXPECT_EQ(ask_as(ada, net::Method::post, "/api/tokens", by_address).status, 403);
  EXPECT_EQ(ask(net::Method::post, "/api/tokens", R"({"name":"a"})", net::Role::writer).status, 403)
      << "nobody's token owns none";
  EXPECT_TRUE(tokens.list()->empty());
}

TEST_F(AccessRoutesTest, who_is_demoted_or_removed_takes_their_tokens_along_at_once) {
  const User ada = add_user("ada@x.org");
  const auto made = ask_as(session_of(ada), net::Method::post, "/api/tokens", R"({"name":"ci"})");
  const auto view = tokens.find(json_of(made).find("token")->as_string()).value().value();
  EXPECT_EQ(principal_of(view, users).value()->role, net::Role::writer);
  ASSERT_TRUE(users.change(ada.id, {.role = net::Role::reader}, operator_).ok());
  EXPECT_EQ(principal_of(view, users).value()->role, net::Role::reader);
  ASSERT_TRUE(users.remove(ada.id, operator_).ok());
  EXPECT_FALSE(principal_of(view, users).value().has_value());
  EXPECT_TRUE(tokens.list()->empty());
}

TEST_F(AccessRoutesTest, making_and_revoking_are_audited_without_the_secret) {
  const auto ada = session_of(add_user("ada@x.org"));
  const auto made = ask_as(ada, net::Method::post, "/api/tokens", R"({"name":"ci"})");
  const std::string id = json_of(made).find("id")->as_string();
  for (int i = 0; i < 2; ++i) ask_as(ada, net::Method::del, "/api/tokens/" + id);
  const auto rows = [&](const std::string& what) {
    std::string sql = "select ";
    sql.append(what).append(" from @audit where action like 'token.%' and object = '");
    return value(sql.append(id).append("'"));
  };
  EXPECT_EQ(rows("count(*)"), "2");
  EXPECT_EQ(rows("min(actor_id)"), ada.id);
  EXPECT_EQ(rows("max(action)"), "token.revoke");
  EXPECT_THAT(rows("min(detail)"), Not(HasSubstr(json_of(made).find("token")->as_string())));
}

TEST_F(AccessRoutesTest, a_user_has_so_many_tokens_and_no_more) {
  Tokens few(*database, clock, random, ids, {.tokens_per_user_max = 1});
  const User ada = add_user("ada@x.org"), bob = add_user("bob@x.org");
  const auto make = [&](const User& user) {
    return few.create({.name = "ci", .user_id = user.id}, operator_);
  };
  ASSERT_TRUE(make(ada).ok());
  EXPECT_EQ(make(ada).error().code, Code::conflict);
  EXPECT_TRUE(make(bob).ok());
}

}  // namespace
}  // namespace bl::access
