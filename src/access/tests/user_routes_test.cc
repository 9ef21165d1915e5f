#include "access/user_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/tests/served_access.h"

namespace bl::access {
namespace {

using net::Method;
using ::testing::HasSubstr;
using ::testing::Not;

class UserRoutesTest : public ::testing::Test, protected testing::ServedAccess {
 protected:
  static json::Value json_of(const net::ClientResponse& answer) {
    return json::parse(answer.body).value();
  }
  static std::string text(const json::Value& value, std::string_view key) {
    const json::Value* found = value.find(key);
    return found != nullptr && found->is_string() ? found->as_string() : "";
  }
};

TEST_F(UserRoutesTest, a_password_gives_both_session_cookies) {
  const User ada = add_user("ada@x.org", "pw");
  const auto answer = sign_in("ada@x.org", "pw");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(text(json_of(answer), "email"), "ada@x.org");
  EXPECT_EQ(answer.headers.get("Cache-Control"), "no-store");
  const std::string secret = cookie_set(answer, "conbench_session");
  EXPECT_EQ(secret.size(), 43u);
  EXPECT_EQ(cookie_set(answer, "session"), secret);
  EXPECT_THAT(answer.body, Not(HasSubstr(secret)));

  const auto me = as_session(secret, Method::get, "/api/users/me");
  EXPECT_EQ(me.status, 200);
  std::string expected = R"({"id":")";
  expected.append(ada.id).append(R"(","email":"ada@x.org","name":"Somebody","role":"writer"})");
  EXPECT_EQ(me.body, expected);
}

TEST_F(UserRoutesTest, a_wrong_password_and_an_unknown_address_are_answered_the_same) {
  add_user("ada@x.org", "pw");
  const auto wrong = sign_in("ada@x.org", "px"), unknown = sign_in("eve@x.org", "pw");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(text(json_of(wrong), "detail"), text(json_of(unknown), "detail"));
  EXPECT_TRUE(wrong.headers.all("Set-Cookie").empty());
}

TEST_F(UserRoutesTest, signing_out_ends_the_session_for_everybody_who_has_it) {
  const User ada = add_user("ada@x.org", "pw");
  const std::string secret = sessions.begin(ada.id).value();
  const auto out = as_session(secret, Method::post, "/api/auth/logout");
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(out.headers.all("Set-Cookie").size(), 3u);
  for (const std::string_view header : out.headers.all("Set-Cookie"))
    EXPECT_THAT(std::string(header), HasSubstr("Max-Age=0"));
  EXPECT_EQ(as_session(secret, Method::get, "/api/users/me").status, 401);
  EXPECT_EQ(ask({Method::post, "/api/auth/logout"}).status, 204);
}

TEST_F(UserRoutesTest, capabilities_say_what_the_caller_may_do) {
  const auto of = [&](Asked asked) {
    asked.path = "/api/auth/capabilities";
    return ask(std::move(asked)).body;
  };
  EXPECT_EQ(of({}), R"({"signed_in":false,"auth_disabled":false,"can_write_results":false,)"
                    R"("role":"anonymous","oidc":false})");
  const User ada = add_user("ada@x.org", "pw", net::Role::reader);
  EXPECT_EQ(of({.headers = {cookie("session", sessions.begin(ada.id).value())}}),
            R"({"signed_in":true,"auth_disabled":false,"can_write_results":false,)"
            R"("role":"reader","oidc":false})");
  EXPECT_EQ(of({.headers = {bearer(testing::k_operator_token)}}),
            R"({"signed_in":true,"auth_disabled":false,"can_write_results":true,)"
            R"("role":"admin","oidc":false})");
  EXPECT_EQ(ask({Method::get, "/api/auth/capabilities", "", {bearer("nobody's")}}).status, 401);
}

TEST_F(UserRoutesTest, what_belongs_to_nobody_is_no_user) {
  EXPECT_EQ(as_operator(Method::get, "/api/users/me").status, 404);
  EXPECT_EQ(ask({Method::get, "/api/users/me"}).status, 401);
}

TEST_F(UserRoutesTest, admins_make_change_and_remove_users) {
  const auto made =
      as_operator(Method::post, "/api/v1/users",
                  R"({"email":"ada@x.org","name":"Ada","password":"pw","role":"reader"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_THAT(made.body, Not(HasSubstr("pw\"")));
  const std::string path = std::string("/api/v1/users/").append(text(json_of(made), "id"));
  EXPECT_EQ(sign_in("ada@x.org", "pw").status, 200);

  const auto changed =
      as_operator(Method::patch, path, R"({"role":"admin","name":"Ada L.","password":"new"})");
  EXPECT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(text(json_of(changed), "role"), "admin");
  EXPECT_EQ(text(json_of(changed), "name"), "Ada L.");
  EXPECT_EQ(sign_in("ada@x.org", "new").status, 200);
  EXPECT_EQ(as_operator(Method::del, path).status, 204);
  EXPECT_EQ(as_operator(Method::del, path).status, 404);
  EXPECT_EQ(sign_in("ada@x.org", "new").status, 401);
}

TEST_F(UserRoutesTest, bad_bodies_are_the_clients_mistake) {
  const auto status = [&](std::string body) {
    return as_operator(Method::post, "/api/v1/users", std::move(body)).status;
  };
  EXPECT_EQ(status("{"), 400);
  EXPECT_EQ(status("[]"), 422);
  EXPECT_EQ(status("{}"), 422);
  EXPECT_EQ(status(R"({"email":1,"name":null})"), 422);
  EXPECT_EQ(status(R"({"email":"no address","name":"A"})"), 422);
  EXPECT_EQ(status(R"({"email":"a@x.org","name":"A","role":"king"})"), 422);
  EXPECT_EQ(status(R"({"email":"a@x.org","name":"A","is_admin":true})"), 422);
  EXPECT_EQ(as_operator(Method::patch, "/api/v1/users/nobody", R"({"name":"x"})").status, 404);
  const std::string path = std::string("/api/v1/users/").append(add_user("a@x.org").id);
  EXPECT_EQ(as_operator(Method::patch, path, "{}").status, 422);
  EXPECT_EQ(as_operator(Method::post, "/api/v1/users", R"({"email":"a@x.org","name":"A"})").status,
            409);
}

TEST_F(UserRoutesTest, lists_of_users_are_paged) {
  for (const char* email : {"a@x.org", "b@x.org", "c@x.org"}) add_user(email);
  const auto first = json_of(as_operator(Method::get, "/api/v1/users?page_size=2"));
  EXPECT_EQ(first.find("users")->items().size(), 2u);
  const auto rest = json_of(as_operator(
      Method::get,
      std::string("/api/v1/users?page_size=2&cursor=").append(text(first, "next_page_cursor"))));
  ASSERT_EQ(rest.find("users")->items().size(), 1u);
  EXPECT_EQ(text(rest.find("users")->items().front(), "email"), "c@x.org");
  EXPECT_TRUE(rest.find("next_page_cursor")->is_null());
  const auto one = json_of(as_operator(Method::get, "/api/v1/users?email=b%40x.org"));
  EXPECT_EQ(one.find("users")->items().size(), 1u);
  EXPECT_EQ(as_operator(Method::get, "/api/v1/users?cursor=%21").status, 422);
  EXPECT_EQ(as_operator(Method::get, "/api/v1/users?page_size=0").status, 422);
}

TEST_F(UserRoutesTest, the_audit_log_is_told_newest_first_and_paged) {
  const User ada = add_user("ada@x.org");
  add_user("bob@x.org");
  ASSERT_TRUE(users.remove(ada.id, testing::operator_principal()).ok());
  const auto first = json_of(as_operator(Method::get, "/api/v1/audit?page_size=2"));
  ASSERT_EQ(first.find("entries")->items().size(), 2u);
  const json::Value& newest = first.find("entries")->items().front();
  EXPECT_EQ(text(newest, "action"), "user.remove");
  EXPECT_EQ(text(newest, "object"), ada.id);
  EXPECT_EQ(text(newest, "actor_name"), "operator");
  EXPECT_EQ(text(*newest.find("detail"), "email"), "ada@x.org");
  const auto rest = json_of(as_operator(
      Method::get,
      std::string("/api/v1/audit?page_size=2&cursor=").append(text(first, "next_page_cursor"))));
  EXPECT_EQ(rest.find("entries")->items().size(), 1u);
  EXPECT_TRUE(rest.find("next_page_cursor")->is_null());
  const auto of_one =
      json_of(as_operator(Method::get, std::string("/api/v1/audit?object=").append(ada.id)));
  EXPECT_EQ(of_one.find("entries")->items().size(), 2u);
  EXPECT_EQ(as_operator(Method::get, "/api/v1/audit?cursor=x").status, 422);
}

class PrivateAccessTest : public ::testing::Test, protected testing::ServedAccess {
 protected:
  PrivateAccessTest() : ServedAccess(false) {}
};

TEST_F(PrivateAccessTest, who_signs_in_reads_and_nobody_else) {
  add_user("ada@x.org", "pw", net::Role::reader);
  EXPECT_EQ(ask({Method::get, "/read"}).status, 401);
  EXPECT_EQ(ask({Method::get, "/api/auth/capabilities"}).status, 200);
  const std::string secret = cookie_set(sign_in("ada@x.org", "pw"), "conbench_session");
  EXPECT_EQ(as_session(secret, Method::get, "/read").status, 204);
  EXPECT_EQ(as_session(secret, Method::post, "/write").status, 403);
}

}  // namespace
}  // namespace bl::access
