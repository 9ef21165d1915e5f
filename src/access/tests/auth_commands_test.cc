#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <future>
#include <thread>

#include "access/authenticator.h"
#include "access/commands.h"
#include "access/oidc_routes.h"
#include "access/routes.h"
#include "access/tests/access_fixture.h"
#include "access/tests/test_browser.h"
#include "access/user_routes.h"
#include "base/json.h"
#include "base/testing/temporary_folder.h"
#include "net/credentials.h"
#include "net/server.h"

// `auth login`, `status` and `logout` against a real server, with a browser that is signed in.

namespace bl::access {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class AuthCommandsTest : public ::testing::Test, protected testing::AccessFixture {
 protected:
  struct Ran {
    int exit_code = 0;
    std::string out, err;
  };

  AuthCommandsTest() {
    add_routes(router_, {.tokens = tokens, .users = users});
    add_sign_in_routes(router_, {.users = users,
                                 .sessions = sessions,
                                 .cli_logins = logins_,
                                 .log = log,
                                 .metrics = metrics});
    add_user_routes(router_, {.database = *database,
                              .users = users,
                              .sessions = sessions,
                              .sign_in = password_sign_in_,
                              .authenticator = authenticator_});
    net::ServerOptions options;
    options.port = 0;
    server_ = net::Server::listen(options, router_, authenticator_, random, log, metrics).value();
    server_->start();
    url_ = "http://127.0.0.1:" + std::to_string(server_->port());
  }
  ~AuthCommandsTest() override { server_->stop(); }

  static std::string text_of(std::FILE* stream) {
    std::string text(1 << 16, '\0');
    std::rewind(stream);
    text.resize(std::fread(text.data(), 1, text.size(), stream));
    std::fclose(stream);
    return text;
  }
  Ran run(std::vector<std::string> arguments, std::FILE* err = std::tmpfile(),
          std::map<std::string, std::string> more = {}) {
    more["XDG_CONFIG_HOME"] = folder_.path();
    CommandIo io{.in = stdin, .out = std::tmpfile(), .err = err, .environment = std::move(more)};
    arguments.insert(arguments.end(), {"--server", url_, "--data", folder_.at("none")});
    const int code = run_command_line("benchlake", "1", commands(), arguments, io);
    return {code, text_of(io.out), text_of(io.err)};
  }
  /// What a signed-in browser does with the address that the command prints. A pipe tells when.
  Ran log_in(const User& user, const std::string& state_suffix = "") {
    int ends[2];
    BL_CHECK(::pipe(ends) == 0);
    std::FILE* err = ::fdopen(ends[1], "w");
    auto ran = std::async(std::launch::async, [&] {
      return run({"auth", "login", "--no-browser", "--name", "laptop", "--timeout", "20", "--json"},
                 err);
    });
    std::FILE* told = ::fdopen(ends[0], "r");
    std::array<char, 2'048> line{};
    std::string address;
    while (address.find("/api/auth/cli-start") == std::string::npos &&
           std::fgets(line.data(), line.size(), told) != nullptr) {
      address = line.data();
    }
    address.resize(address.find('\n'));
    net::Client browser;
    net::Headers cookies;
    cookies.set("Cookie", "conbench_session=" + sessions.begin(user.id).value());
    const auto page = browser.send(net::Method::get, address, cookies, "").value();
    EXPECT_EQ(page.status, 200) << page.body;
    const auto redirected = browser
                                .send(net::Method::post, url_ + "/api/auth/cli-start", cookies,
                                      testing::form_of(page.body))
                                .value();
    EXPECT_EQ(redirected.status, 303) << redirected.body;
    const std::string back(redirected.headers.get("Location"));
    if (!state_suffix.empty()) {
      EXPECT_EQ(browser.send(net::Method::get, back + state_suffix, {}, "")->status, 400);
    }
    EXPECT_EQ(browser.send(net::Method::get, back, {}, "")->status, 200);
    Ran done = ran.get();
    std::fclose(told);
    return done;
  }
  std::string credentials_path() const { return folder_.at("benchlake/credentials.json"); }

  TemporaryFolder folder_;
  std::string url_;
  CliLogins logins_{*database, clock, random, users, tokens};
  PasswordSignIn password_sign_in_{users, sessions, tokens, clock, metrics, ""};
  RequestAuthenticator authenticator_{
      tokens, sessions, users, clock, metrics, {.operator_token = "operator-token-of-this-test"}};
  net::Router router_;
  std::unique_ptr<net::Server> server_;
};

TEST_F(AuthCommandsTest, a_machine_signs_in_is_known_and_signs_out) {
  const User ada = add_user("ada@x.org");
  const Ran ran = log_in(ada);
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const json::Value said = json::parse(ran.out).value();
  EXPECT_EQ(said.find("server")->as_string(), url_);
  const auto disk = make_real_disk();
  const std::string token = net::read_credentials(*disk, credentials_path())->at(url_).token;
  EXPECT_THAT(ran.out, Not(HasSubstr(token))) << "it stands in the file alone";
  struct stat facts{};
  ASSERT_EQ(::stat(credentials_path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);

  EXPECT_THAT(run({"auth", "status"}).out, HasSubstr("ada@x.org, role writer"));
  EXPECT_THAT(run({"token", "list"}).out, HasSubstr("laptop"));
  EXPECT_EQ(run({"auth", "logout"}).exit_code, 0);
  EXPECT_FALSE(tokens.find(token).value().has_value()) << "it is revoked";
  EXPECT_THAT(run({"auth", "status"}).out, HasSubstr("not signed in"));
  EXPECT_EQ(run({"auth", "logout"}).exit_code, 2);
}

TEST_F(AuthCommandsTest, an_answer_with_another_state_is_waited_over) {
  EXPECT_EQ(log_in(add_user("ada@x.org"), "x").exit_code, 0);
}

TEST_F(AuthCommandsTest, what_is_said_goes_before_what_is_kept) {
  const User ada = add_user("ada@x.org", "secret", net::Role::reader);
  ASSERT_EQ(log_in(ada).exit_code, 0);
  const std::string writer = tokens.create("ci", net::Role::writer)->plaintext;
  EXPECT_THAT(run({"auth", "status"}).out, HasSubstr("role reader"));
  EXPECT_THAT(run({"auth", "status", "--token", writer}).out, HasSubstr("role writer"));
  EXPECT_THAT(run({"auth", "status"}, std::tmpfile(), {{"CONBENCH_TOKEN", writer}}).out,
              HasSubstr("role writer"));
  EXPECT_THAT(run({"auth", "status"}, std::tmpfile(),
                  {{"BENCHLAKE_TOKEN", "operator-token-of-this-test"}, {"CONBENCH_TOKEN", writer}})
                  .out,
              HasSubstr("role admin"));
}

TEST_F(AuthCommandsTest, who_waits_in_vain_is_told) {
  const Ran ran = run({"auth", "login", "--no-browser", "--timeout", "1"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("nobody signed in"));
  EXPECT_FALSE(std::filesystem::exists(credentials_path()));
}

TEST_F(AuthCommandsTest, a_file_of_credentials_that_is_none_is_named_and_left_alone) {
  std::filesystem::create_directories(folder_.at("benchlake"));
  std::FILE* file = std::fopen(credentials_path().c_str(), "w");
  std::fputs("secret stuff", file);
  std::fclose(file);
  const Ran ran = run({"auth", "status"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr(credentials_path()));
  EXPECT_THAT(ran.err, Not(HasSubstr("secret stuff")));
}

TEST_F(AuthCommandsTest, an_admin_makes_a_token_for_a_person_and_a_repository) {
  const Ran ran =
      run({"token", "create", "ci", "--email", "new@x.org", "--user-name", "New", "--repository",
           "https://github.com/org/repo", "--token", "operator-token-of-this-test", "--json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const auto view = tokens.find(json::parse(ran.out)->find("token")->as_string()).value().value();
  EXPECT_EQ(view.user_id, users.find_by_email("new@x.org").value()->id);
  EXPECT_EQ(view.repository, "https://github.com/org/repo");
}

}  // namespace
}  // namespace bl::access
