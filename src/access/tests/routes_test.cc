#include "access/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/tests/access_fixture.h"
#include "base/json.h"

namespace bl::access {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AccessRoutesTest : public ::testing::Test, protected testing::AccessFixture {
 protected:
  AccessRoutesTest() { add_routes(router_, tokens); }

  net::Response ask(net::Method method, const std::string& path, std::string body = "",
                    net::Role role = net::Role::admin) {
    auto match = router_.find(method, path);
    BL_CHECK(match.route != nullptr);
    net::Request request;
    request.method = method;
    request.path = path;
    request.captures = match.captures;
    request.body = std::move(body);
    request.principal.role = role;
    request.request_id = "r1";
    return match.route->handler(request);
  }
  json::Value json_of(const net::Response& response) { return json::parse(response.body).value(); }
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

TEST_F(AccessRoutesTest, capabilities_say_what_the_caller_may_do) {
  auto of = [&](net::Role role) {
    return ask(net::Method::get, "/api/auth/capabilities", "", role).body;
  };
  EXPECT_EQ(of(net::Role::anonymous),
            R"({"signed_in":false,"auth_disabled":false,"can_write_results":false,)"
            R"("role":"anonymous"})");
  EXPECT_EQ(of(net::Role::reader),
            R"({"signed_in":true,"auth_disabled":false,"can_write_results":false,)"
            R"("role":"reader"})");
  EXPECT_EQ(of(net::Role::writer),
            R"({"signed_in":true,"auth_disabled":false,"can_write_results":true,)"
            R"("role":"writer"})");
}

}  // namespace
}  // namespace bl::access
