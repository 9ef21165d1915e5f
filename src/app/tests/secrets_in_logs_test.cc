#include <gtest/gtest.h>

#include <mutex>

#include "access/authenticator.h"
#include "app/service.h"
#include "base/json.h"
#include "base/testing/temporary_folder.h"
#include "net/client.h"

// Passwords, tokens and sessions pass through a whole server; none of them may be found in what it
// writes down.

namespace bl::app {
namespace {

using net::Method;
using Headers = std::vector<std::pair<std::string, std::string>>;

class SecretsInLogs : public ::testing::Test {
 protected:
  SecretsInLogs() {
    Settings settings;
    settings.data_folder = folder_.at("data");
    settings.store_uri = "sqlite://" + settings.data_folder + "/benchlake.db";
    settings.http.port = 0;
    settings.access.registration_key = "registration-key-secret";
    settings.access.authenticator.legacy_secret = "old-secret-key";
    settings.access.authenticator.configured_token = "configured-token-secret";
    service_ = Service::start(settings, *disk_, clock_, random_, log_, metrics_).value();
    operator_token_ = read_file(*disk_, settings.data_folder + "/operator.token", 4096).value();
    operator_token_.resize(operator_token_.find_last_not_of('\n') + 1);
  }
  ~SecretsInLogs() override { service_.reset(); }

  net::ClientResponse ask(Method method, const std::string& path, const std::string& body,
                          const Headers& more) {
    net::Headers headers;
    headers.add("Content-Type", "application/json");
    for (const auto& [name, value] : more) headers.add(name, value);
    net::Client client;
    return client.send(method, service_->url() + path, headers, body).value();
  }
  static std::pair<std::string, std::string> bearer(const std::string& token) {
    return {"Authorization", std::string("Bearer ").append(token)};
  }
  std::string logged() {
    log_.flush();
    const std::lock_guard lock(mutex_);
    return text_;
  }

  TemporaryFolder folder_;
  std::string operator_token_;
  std::unique_ptr<Disk> disk_ = make_real_disk();
  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  std::mutex mutex_;
  std::string text_;  // guarded by mutex_
  Log log_{clock_, LogLevel::debug, [this](std::string_view line) {
             const std::lock_guard lock(mutex_);
             text_.append(line).append("\n");
           }};
  std::unique_ptr<Service> service_;
};

TEST_F(SecretsInLogs, none_is_in_the_log_the_audit_rows_or_the_metrics) {
  const auto admin = bearer(operator_token_);
  const auto made = ask(Method::post, "/api/tokens", R"({"name":"ci"})", {admin});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string token = json::parse(made.body)->find("token")->as_string();
  const auto registered = ask(Method::post, "/api/register/",
                              R"({"email":"ada@x.org","password":"first-password","name":"Ada",)"
                              R"("secret":"registration-key-secret"})",
                              {});
  ASSERT_EQ(registered.status, 201) << registered.body;
  const std::string id = json::parse(registered.body)->find("id")->as_string();
  const auto login =
      ask(Method::post, "/api/login/", R"({"email":"ada@x.org","password":"first-password"})", {});
  ASSERT_EQ(login.status, 204);
  std::string session(login.headers.all("Set-Cookie").front());
  session = session.substr(0, session.find(';'));
  const std::string remember = access::remember_token(id, "old-secret-key");
  const Headers all_ways[] = {{admin},
                              {bearer(token)},
                              {bearer("configured-token-secret")},
                              {bearer("guessed-token-of-nobody")},
                              {{"Cookie", session}},
                              {{"Cookie", "remember_token=" + remember}},
                              {{"Cookie", "session=forged-session-cookie"}},
                              {{"Authorization", "Basic c2VjcmV0LWJhc2lj"}}};
  for (const Headers& way : all_ways) {
    ask(Method::get, "/api/users/me", "", way);
    ask(Method::post, "/api/results", "{}", way);
  }
  ask(Method::post, "/api/login/", R"({"email":"ada@x.org","password":"wrong-password"})", {});
  ask(Method::post, "/api/login/", R"({"email":"ada@x.org","password":"cut-off-pass)", {});
  ask(Method::post, "/api/auth/password",
      R"({"email":"ada@x.org","password":["password-in-a-list"]})", {});
  ask(Method::patch, "/api/v1/users/" + id, R"({"password":"second-password"})", {admin});
  ask(Method::get, "/api/auth/password", "", {admin});
  ask(Method::get, "/api/series?access_token=token-in-a-query", "", {});
  ask(Method::get, "/api/auth/callback?code=code-of-an-issuer&state=state-of-a-login", "", {});
  ask(Method::post, "/api/auth/cli-exchange", R"({"code":"code-of-a-command","name":"x"})", {});
  ask(Method::post, "/api/auth/cli-start",
      "redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fx&state=state-of-a-command&proof=proof-of-a-form",
      {});
  const std::string audit = ask(Method::get, "/api/v1/audit", "", {admin}).body;
  ASSERT_NE(audit.find("user.change"), std::string::npos);
  const std::string log = logged(), metrics = metrics_.text();
  ASSERT_NE(log.find("\"path\":\"/api/login/\""), std::string::npos) << "requests are logged";
  for (const std::string& secret : {operator_token_,
                                    token,
                                    std::string("registration-key-secret"),
                                    std::string("first-password"),
                                    std::string("second-password"),
                                    std::string("wrong-password"),
                                    std::string("cut-off-pass"),
                                    std::string("password-in-a-list"),
                                    std::string("configured-token-secret"),
                                    std::string("guessed-token-of-nobody"),
                                    session.substr(session.find('=') + 1),
                                    remember.substr(remember.find('|') + 1),
                                    std::string("forged-session-cookie"),
                                    std::string("token-in-a-query"),
                                    std::string("code-of-an-issuer"),
                                    std::string("state-of-a-login"),
                                    std::string("code-of-a-command"),
                                    std::string("state-of-a-command"),
                                    std::string("proof-of-a-form"),
                                    std::string("c2VjcmV0LWJhc2lj"),
                                    std::string("old-secret-key")}) {
    EXPECT_EQ(log.find(secret), std::string::npos) << secret;
    EXPECT_EQ(audit.find(secret), std::string::npos) << secret;
    EXPECT_EQ(metrics.find(secret), std::string::npos) << secret;
  }
}

}  // namespace
}  // namespace bl::app
