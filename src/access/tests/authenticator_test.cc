#include <gtest/gtest.h>

#include "access/authenticator.h"
#include "access/tests/access_fixture.h"

namespace bl::access {
namespace {

class AuthenticatorTest : public ::testing::Test, protected testing::AccessFixture {
 protected:
  Result<net::Principal> ask(std::vector<std::string> authorization) {
    net::Request request;
    for (std::string& value : authorization) request.headers.add("authorization", std::move(value));
    return authenticator_.authenticate(request);
  }
  RequestAuthenticator authenticator_{
      tokens, sessions, users, clock, metrics, {.operator_token = "operator-token-of-this-test"}};
};

TEST_F(AuthenticatorTest, without_a_header_one_is_anonymous) {
  EXPECT_EQ(ask({})->role, net::Role::anonymous);
}

TEST_F(AuthenticatorTest, a_token_gives_its_role_id_and_name) {
  auto made = tokens.create("ci", net::Role::reader).value();
  auto principal = ask({"Bearer " + made.plaintext}).value();
  EXPECT_EQ(principal.role, net::Role::reader);
  EXPECT_EQ(principal.id, made.view.id);
  EXPECT_EQ(principal.name, "ci");
}

TEST_F(AuthenticatorTest, the_scheme_has_no_case) {
  auto made = tokens.create("ci", net::Role::reader).value();
  EXPECT_TRUE(ask({"bearer " + made.plaintext}).ok());
  EXPECT_TRUE(ask({"BEARER  " + made.plaintext}).ok());
}

TEST_F(AuthenticatorTest, the_operator_is_an_admin_without_an_id) {
  auto principal = ask({"Bearer operator-token-of-this-test"}).value();
  EXPECT_EQ(principal.role, net::Role::admin);
  EXPECT_EQ(principal.id, "");
  EXPECT_EQ(principal.name, "operator");
}

TEST_F(AuthenticatorTest, what_is_no_token_of_ours_is_unauthenticated) {
  auto made = tokens.create("ci", net::Role::admin).value();
  for (const std::string& value :
       {std::string(), std::string("Bearer"), std::string("Bearer "), std::string("Bearer x"),
        made.plaintext, "Basic " + made.plaintext, "Bearer" + made.plaintext,
        "Bearer " + made.plaintext + " ", "Bearer " + made.plaintext.substr(1),
        std::string("Bearer operator-token-of-this-tesT"),
        std::string("Bearer operator-token-of-this-test2"), "Bearer bl_" + std::string(43, 'A')}) {
    auto principal = ask({value});
    ASSERT_FALSE(principal.ok()) << value;
    EXPECT_EQ(principal.error().code, Code::unauthenticated) << value;
    EXPECT_EQ(principal.error().message.find(made.plaintext), std::string::npos);
  }
}

TEST_F(AuthenticatorTest, two_headers_are_refused) {
  auto made = tokens.create("ci", net::Role::reader).value();
  auto principal = ask({"Bearer " + made.plaintext, "Bearer operator-token-of-this-test"});
  ASSERT_FALSE(principal.ok());
  EXPECT_EQ(principal.error().code, Code::unauthenticated);
}

TEST_F(AuthenticatorTest, a_revoked_token_is_unauthenticated) {
  auto made = tokens.create("ci", net::Role::reader).value();
  ASSERT_TRUE(tokens.revoke(made.view.id, testing::operator_principal()).ok());
  EXPECT_EQ(ask({"Bearer " + made.plaintext}).error().code, Code::unauthenticated);
}

}  // namespace
}  // namespace bl::access
