#include "access/commands.h"
#include "base/testing/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "access/authenticator.h"
#include "access/routes.h"
#include "access/tests/access_fixture.h"
#include "base/json.h"
#include "net/server.h"
#include "net/server_address.h"

namespace bl::access {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string k_operator_token = "operator-token-of-this-test";

std::string text_of(std::FILE* stream) {
  std::string text(1 << 16, '\0');
  std::rewind(stream);
  text.resize(std::fread(text.data(), 1, text.size(), stream));
  std::fclose(stream);
  return text;
}

/// A real server with the routes of access, and its server.json in a folder.
class TokenCommandsTest : public ::testing::Test, protected testing::AccessFixture {
 protected:
  struct Ran {
    int exit_code = 0;
    std::string out, err;
  };

  TokenCommandsTest() {
    add_routes(router_, {.tokens = tokens, .users = users});
    net::ServerOptions options;
    options.port = 0;
    server_ = net::Server::listen(options, router_, authenticator_, random, log, metrics).value();
    server_->start();
    std::string url = "http://127.0.0.1:" + std::to_string(server_->port());
    BL_CHECK(net::write_server_file(*disk_, folder_.path(), {url, k_operator_token}).ok());
  }
  ~TokenCommandsTest() override { server_->stop(); }

  Ran run(std::vector<std::string> arguments) {
    CommandIo io{.in = stdin, .out = std::tmpfile(), .err = std::tmpfile(), .environment = {}};
    arguments.insert(arguments.end(), {"--data", folder_.path()});
    int code = run_command_line("benchlake", "1", commands(), arguments, io);
    return {code, text_of(io.out), text_of(io.err)};
  }

  TemporaryFolder folder_;
  std::unique_ptr<Disk> disk_ = make_real_disk();
  RequestAuthenticator authenticator_{tokens, sessions, users,
                                      clock,  metrics,  {.operator_token = k_operator_token}};
  net::Router router_;
  std::unique_ptr<net::Server> server_;
};

TEST_F(TokenCommandsTest, create_prints_the_token_alone_on_stdout) {
  Ran ran = run({"token", "create", "ci", "--role", "reader"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, ::testing::MatchesRegex("bl_[A-Za-z0-9_-]{43}\n"));
  EXPECT_THAT(ran.err, HasSubstr("only time"));
  auto found = tokens.find(std::string_view(ran.out).substr(0, 46)).value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->role, net::Role::reader);
}

TEST_F(TokenCommandsTest, list_shows_names_and_never_the_token) {
  auto made = tokens.create("ci", net::Role::writer).value();
  Ran ran = run({"token", "list"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(made.view.id + "  ci    writer  " + made.view.prefix));
  EXPECT_EQ(ran.out.find(made.plaintext), std::string::npos);
}

TEST_F(TokenCommandsTest, revoke_takes_a_token_back) {
  auto made = tokens.create("ci", net::Role::writer).value();
  EXPECT_EQ(run({"token", "revoke", made.view.id}).exit_code, 0);
  EXPECT_FALSE(tokens.find(made.plaintext).value().has_value());
}

TEST_F(TokenCommandsTest, json_is_one_document) {
  Ran created = run({"token", "create", "ci", "--json"});
  auto token = json::parse(created.out).value();
  EXPECT_EQ(token.find("name")->as_string(), "ci");
  EXPECT_THAT(created.err, IsEmpty());
  EXPECT_EQ(json::parse(run({"token", "list", "--json"}).out)->find("tokens")->items().size(), 1u);
  Ran revoked = run({"token", "revoke", token.find("id")->as_string(), "--json"});
  EXPECT_TRUE(json::parse(revoked.out)->find("revoked")->as_bool());
}

TEST_F(TokenCommandsTest, the_servers_refusal_is_told_with_its_faults) {
  Ran ran = run({"token", "create", "ci", "--role", "king"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr("/role"));
  EXPECT_THAT(ran.err, HasSubstr("king"));
  EXPECT_EQ(run({"token", "revoke", "no/such"}).exit_code, 2);
}

TEST_F(TokenCommandsTest, a_writer_cannot_make_tokens) {
  auto writer = tokens.create("ci", net::Role::writer).value();
  Ran ran = run({"token", "create", "mine", "--role", "admin", "--token", writer.plaintext});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("admin"));
  EXPECT_EQ(tokens.list()->size(), 1u);
}

TEST_F(TokenCommandsTest, without_a_server_the_command_says_how_to_start_one) {
  ASSERT_TRUE(net::remove_server_file(*disk_, folder_.path()).ok());
  Ran ran = run({"token", "list"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("benchlake serve --data " + folder_.path()));
}

}  // namespace
}  // namespace bl::access
