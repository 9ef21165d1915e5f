#include <fmt/format.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/hmac.h"
#include "base/random.h"
#include "net/server.h"
#include "net/tests/smtp_server.h"
#include "product/server_process.h"

/// Alerts and receipts on the running program: a regression is told, whoever is killed meanwhile.
namespace bl::product {
namespace {

constexpr const char* k_repository = "https://github.com/org/repo";
constexpr const char* k_secret = "webhook-secret";

bool eventually(const std::function<bool()>& done) {
  for (int attempt = 0; attempt < 2000; ++attempt) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// Takes webhooks, or does with them what a test wants.
class Hook {
 public:
  struct Call {
    std::string path, body, delivery, timestamp, signature;
  };
  Hook() {
    router_.add({.method = net::Method::post,
                 .pattern = "/{rest...}",
                 .access = net::Access::open,
                 .handler = [this](net::Request& request) { return answer(request); }});
    net::ServerOptions options;
    options.port = 0;
    options.limits.stop_timeout = std::chrono::milliseconds(100);
    server_ = net::Server::listen(options, router_, nobody_, random_, log_, metrics_).value();
    server_->start();
  }
  ~Hook() {
    release();
    server_->stop();
  }
  std::string url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
  }
  void answer_with(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  void hang() {
    const std::lock_guard lock(mutex_);
    hangs_ = true;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      hangs_ = false;
    }
    released_.notify_all();
  }
  std::vector<Call> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  class Nobody final : public net::Authenticator {
   public:
    Result<net::Principal> authenticate(const net::Request&) override { return net::Principal{}; }
  };

  net::Response answer(const net::Request& request) {
    std::unique_lock lock(mutex_);
    calls_.push_back({request.path, request.body,
                      std::string(request.headers.get("X-Benchlake-Delivery")),
                      std::string(request.headers.get("X-Benchlake-Timestamp")),
                      std::string(request.headers.get("X-Benchlake-Signature"))});
    released_.wait(lock, [this] { return !hangs_; });
    net::Response response = net::Response::json(status_, "{}");
    if (status_ >= 300 && status_ < 400) response.headers.add("Location", url("/elsewhere"));
    return response;
  }

  SystemClock clock_;
  SystemRandom random_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  Metrics metrics_;
  Nobody nobody_;
  net::Router router_;
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::vector<Call> calls_;  // guarded by mutex_
  bool hangs_ = false;       // guarded by mutex_
  int status_ = 200;         // guarded by mutex_
  std::unique_ptr<net::Server> server_;
};

/// Commit and run `number`; the n-th commit's parent is the one before it.
std::string submission(int number, double value) {
  return fmt::format(
      R"({{"run_id":"run-{0}","run_reason":"commit","timestamp":"2024-08-{0:02}T12:00:00Z",)"
      R"("tags":{{"name":"sort"}},"context":{{}},"github":{{"repository":"{1}",)"
      R"("commit":"{0:040}","commit_info":{{"timestamp":"2024-08-{0:02}T00:00:00Z",)"
      R"("message":"m","parent":"{2:040}","branch":"org:main","fork_point_sha":"{0:040}"}}}},)"
      R"("machine_info":{{"name":"m1"}},"stats":{{"data":[{3}],"unit":"s"}}}})",
      number, k_repository, number - 1, value);
}

class Alerts : public testing::Test {
 protected:
  std::unique_ptr<ServerProcess> serve(std::vector<std::string> settings = {}) {
    std::vector<std::string> arguments;
    settings.insert(settings.end(),
                    {"alerts.quiet=100ms", "alerts.timeout=1s", "alerts.retry_after=1500ms"});
    for (const std::string& setting : settings) {
      arguments.insert(arguments.end(), {"--set", setting});
    }
    return std::make_unique<ServerProcess>(folder.path() + "/data", arguments);
  }
  CommandOutcome run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--data", folder.path() + "/data"});
    return run_benchlake(arguments);
  }
  static Answer ask(const ServerProcess& server, net::Method method, const std::string& path,
                    const std::string& body, const std::string& token,
                    const std::string& cookie = "") {
    net::Headers headers;
    if (!token.empty()) headers.add("Authorization", "Bearer " + token);
    if (!cookie.empty()) headers.add("Cookie", cookie);
    headers.add("Content-Type", "application/json");
    net::Client client;
    auto response = client.send(method, server.url() + path, headers, body);
    if (!response.ok()) return {.text = response.error().message};
    Answer answer{response->status, response->headers, response->body, {}};
    if (auto parsed = json::parse(answer.text); parsed.ok()) answer.body = *std::move(parsed);
    return answer;
  }
  /// A token of a new user.
  static std::string user(const ServerProcess& server, const std::string& name,
                          const std::string& role = "writer") {
    const std::string credentials =
        fmt::format(R"("email":"{}@example.com","password":"correct horse battery")", name);
    const Answer made = server.post(
        "/api/v1/users", fmt::format(R"({{{},"name":"{}","role":"{}"}})", credentials, name, role));
    EXPECT_EQ(made.status, 201) << made.text;
    const Answer signed_in =
        ask(server, net::Method::post, "/api/auth/password", "{" + credentials + "}", "");
    EXPECT_LT(signed_in.status, 300) << signed_in.text;
    std::string cookie(signed_in.headers.get("Set-Cookie"));
    cookie = cookie.substr(0, cookie.find(';'));
    const Answer token = ask(server, net::Method::post, "/api/tokens",
                             fmt::format(R"({{"name":"mine","role":"{}"}})", role), "", cookie);
    EXPECT_EQ(token.status, 201) << token.text;
    const json::Value* text = token.body.find("token");
    return text == nullptr ? "" : text->as_string();
  }
  static std::string create_rule(const ServerProcess& server, const std::string& token) {
    const Answer made =
        ask(server, net::Method::post, "/api/alert-rules",
            fmt::format(R"({{"name":"main","repository":"{}","baseline":"parent"}})", k_repository),
            token);
    EXPECT_EQ(made.status, 201) << made.text;
    return made.status == 201 ? made.body.find("id")->as_string() : "";
  }
  static void submit_history(const ServerProcess& server) {
    for (int i = 1; i <= 8; ++i) submit(server, i, i % 2 == 0 ? 1.0 : 1.01);
  }
  static void submit(const ServerProcess& server, int number, double value) {
    const Answer answer = server.post("/api/results", submission(number, value));
    EXPECT_EQ(answer.status, 201) << answer.text;
  }
  static std::string text_at(const json::Value& object, const char* key) {
    const json::Value* value = object.find(key);
    return value != nullptr && value->is_string() ? value->as_string() : "";
  }

  TemporaryFolder folder;
  Hook hook;
};

TEST_F(Alerts, a_regression_is_told_signed_and_resolved_when_it_is_gone) {
  const auto server = serve({"alerts.webhook_url=" + hook.url("/in?key=hidden"),
                             std::string("alerts.webhook_secret=") + k_secret,
                             "alerts.slack_webhook_url=" + hook.url("/slack"),
                             "server.base_url=https://bench.example.com"});
  ASSERT_TRUE(server->ready());
  const std::string ada = user(*server, "ada");
  const std::string rule = create_rule(*server, ada);
  submit_history(*server);
  submit(*server, 9, 10.0);
  ASSERT_TRUE(eventually([&] { return hook.calls().size() == 2; }));
  for (const Hook::Call& call : hook.calls()) {
    const json::Value body = json::parse(call.body).value();
    if (call.path == "/slack") {
      EXPECT_NE(text_at(body, "text").find("regression"), std::string::npos) << call.body;
      continue;
    }
    EXPECT_EQ(call.signature,
              "sha256=" + hmac_sha256_hex(k_secret, call.timestamp + "." + call.body));
    EXPECT_EQ(text_at(body, "delivery_id"), call.delivery);
    const json::Value& event = *body.find("event");
    EXPECT_EQ(text_at(event, "kind"), "opened");
    EXPECT_EQ(text_at(event, "status"), "failure");
    EXPECT_EQ(text_at(event, "run_id"), "run-9");
    EXPECT_EQ(text_at(event, "rule_id"), rule);
    EXPECT_TRUE(text_at(event, "report_url").starts_with("https://bench.example.com/"));
    EXPECT_EQ(event.find("summary")->find("regressions")->as_int64(), 1);
  }
  EXPECT_EQ(
      text_at(ask(*server, net::Method::get, "/api/alert-rules/" + rule, "", ada).body, "state"),
      "open");
  submit(*server, 10, 1.0);
  ASSERT_TRUE(eventually([&] { return hook.calls().size() == 4; }));
  const Answer events =
      ask(*server, net::Method::get, "/api/alert-rules/" + rule + "/events", "", ada);
  ASSERT_EQ(events.body.find("events")->items().size(), 2u) << events.text;
  EXPECT_EQ(text_at(events.body.find("events")->items()[0], "kind"), "resolved");
  const CommandOutcome listed = run({"alerts", "list", "--deliveries", "--json"});
  EXPECT_EQ(listed.exit_code, 0) << listed.err;
  EXPECT_EQ(std::ranges::count(listed.out, '\n'), 4);
  EXPECT_EQ(listed.out.find("hidden"), std::string::npos) << "no secret of a URL";
}

TEST_F(Alerts, a_message_survives_the_death_of_its_sender) {
  const std::string setting = "alerts.webhook_url=" + hook.url("/in");
  hook.hang();
  auto server = serve({setting});
  ASSERT_TRUE(server->ready());
  create_rule(*server, user(*server, "ada"));
  submit_history(*server);
  submit(*server, 9, 10.0);
  ASSERT_TRUE(eventually([&] { return hook.calls().size() == 1; }));
  server->kill();  // it was sent, and nobody noted that
  hook.release();
  server = serve({setting});
  ASSERT_TRUE(server->ready());
  ASSERT_TRUE(eventually([&] { return hook.calls().size() == 2; }));
  EXPECT_EQ(hook.calls()[0].delivery, hook.calls()[1].delivery);
  EXPECT_EQ(hook.calls()[0].body, hook.calls()[1].body);
  ASSERT_TRUE(eventually([&] {
    return run({"alerts", "list", "--deliveries", "--json"}).out.find("\"delivered\"") !=
           std::string::npos;
  }));
}

TEST_F(Alerts, a_hook_that_fails_or_leads_elsewhere_is_tried_again_and_not_followed) {
  const auto server = serve({"alerts.webhook_url=" + hook.url("/in")});
  ASSERT_TRUE(server->ready());
  hook.answer_with(307);
  create_rule(*server, user(*server, "ada"));
  submit_history(*server);
  submit(*server, 9, 10.0);
  ASSERT_TRUE(eventually([&] { return hook.calls().size() >= 2; }));
  hook.answer_with(200);
  std::this_thread::sleep_for(std::chrono::milliseconds(1'600));  // real time: another process'
  const CommandOutcome delivered = run({"alerts", "deliver"});
  EXPECT_EQ(delivered.exit_code, 0) << delivered.err;
  ASSERT_TRUE(eventually([&] {
    return run({"alerts", "list", "--deliveries", "--json"}).out.find("\"delivered\"") !=
           std::string::npos;
  }));
  for (const Hook::Call& call : hook.calls()) EXPECT_EQ(call.path, "/in");
}

TEST_F(Alerts, what_failed_for_good_is_sent_again_when_somebody_asks_for_it) {
  const auto server = serve({"alerts.webhook_url=" + hook.url("/in"), "alerts.attempts_max=1"});
  ASSERT_TRUE(server->ready());
  hook.answer_with(500);
  create_rule(*server, user(*server, "ada"));
  submit_history(*server);
  submit(*server, 9, 10.0);
  const auto listed = [&](const char* status) {
    return run({"alerts", "list", "--deliveries", "--json"}).out.find(status) != std::string::npos;
  };
  ASSERT_TRUE(eventually([&] { return listed("\"failed\""); }));
  hook.answer_with(200);
  const std::size_t before = hook.calls().size();
  EXPECT_EQ(run({"alerts", "deliver"}).exit_code, 0);
  EXPECT_EQ(hook.calls().size(), before) << "not by itself";
  const CommandOutcome again = run({"alerts", "deliver", "--failed"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_TRUE(listed("\"delivered\""));
  EXPECT_EQ(hook.calls().size(), before + 1);
  EXPECT_EQ(hook.calls().back().delivery, hook.calls().front().delivery);
  EXPECT_EQ(run({"alerts", "deliver", "--id", hook.calls().front().delivery}).exit_code, 2)
      << "it was delivered";
  EXPECT_EQ(run({"alerts", "deliver", "--id", "nothing"}).exit_code, 2);
}

TEST_F(Alerts, a_regression_is_told_by_mail) {
  net::testing::SmtpServer smtp;
  const auto server =
      serve({fmt::format("alerts.smtp=127.0.0.1:{}", smtp.port()), "alerts.smtp_encryption=none",
             "alerts.mail_from=ci@example.com", "alerts.mail_to=ada@example.com, bob@example.com"});
  ASSERT_TRUE(server->ready());
  create_rule(*server, user(*server, "ada"));
  submit_history(*server);
  submit(*server, 9, 10.0);
  ASSERT_TRUE(eventually([&] { return smtp.mails().size() == 1; }));
  const auto mail = smtp.mails().front();
  EXPECT_EQ(mail.to, (std::vector<std::string>{"ada@example.com", "bob@example.com"}));
  EXPECT_NE(mail.data.find("Subject: [benchlake] regression: main (https://github.com/org/repo)"),
            std::string::npos)
      << mail.data;
}

TEST_F(Alerts, a_rule_is_its_owners_and_an_admins) {
  const auto server = serve();
  ASSERT_TRUE(server->ready());
  const std::string ada = user(*server, "ada"), bob = user(*server, "bob");
  const std::string root = user(*server, "root", "admin"), reader = user(*server, "eve", "reader");
  const std::string rule = create_rule(*server, ada);
  const std::string path = "/api/alert-rules/" + rule;
  const std::string body = fmt::format(R"({{"name":"b","repository":"{}"}})", k_repository);
  const auto status = [&](net::Method method, const std::string& at, const std::string& token) {
    return ask(*server, method, at, method == net::Method::get ? "" : body, token).status;
  };
  using net::Method;
  for (const std::string& token : {bob, reader}) {
    EXPECT_EQ(status(Method::get, path, token), 404);
    EXPECT_EQ(status(Method::get, path + "/events", token), 404);
    EXPECT_EQ(
        ask(*server, Method::get, "/api/alert-rules", "", token).body.find("rules")->items().size(),
        0u);
  }
  EXPECT_EQ(status(Method::put, path, bob), 404);
  EXPECT_EQ(status(Method::del, path, bob), 404);
  EXPECT_EQ(status(Method::put, path, reader), 403);
  EXPECT_EQ(status(Method::post, "/api/alert-rules", server->operator_token()), 403);
  EXPECT_EQ(status(Method::get, path, server->operator_token()), 200);
  EXPECT_EQ(status(Method::put, path, root), 200);
  EXPECT_EQ(status(Method::put, "/api/alert-rules/x%00y", root), 400);
  EXPECT_EQ(status(Method::put, "/api/alert-rules/unknown", root), 404);
  EXPECT_EQ(ask(*server, Method::put, path, "{}", ada).status, 422);
  EXPECT_EQ(ask(*server, Method::put, path, "{", ada).status, 400);
  EXPECT_EQ(status(Method::del, path, ada), 204);
  EXPECT_EQ(status(Method::get, path, ada), 404);
}

TEST_F(Alerts, a_user_who_has_rules_stays_until_these_are_gone) {
  const auto server = serve();
  ASSERT_TRUE(server->ready());
  const std::string rule = create_rule(*server, user(*server, "ada"));
  const Answer rule_of_ada =
      ask(*server, net::Method::get, "/api/alert-rules/" + rule, "", server->operator_token());
  const std::string id = text_at(rule_of_ada.body, "user_id");
  const auto remove = [&](const std::string& path) {
    return ask(*server, net::Method::del, path, "", server->operator_token());
  };
  const Answer refused = remove("/api/v1/users/" + id);
  EXPECT_EQ(refused.status, 409) << refused.text;
  EXPECT_NE(refused.text.find("alert rule 'main' (" + rule + ")"), std::string::npos)
      << refused.text;
  const Answer legacy = remove("/api/users/" + id + "/");
  EXPECT_EQ(legacy.status, 400) << legacy.text << " that dialect has no 409";
  EXPECT_NE(text_at(legacy.body, "description").find("'main'"), std::string::npos) << legacy.text;
  EXPECT_EQ(remove("/api/alert-rules/" + rule).status, 204) << "an admin may";
  EXPECT_EQ(remove("/api/users/" + id + "/").status, 204);
}

TEST_F(Alerts, evaluating_by_hand_says_what_happened) {
  const auto server = serve({"alerts.quiet=1h"});
  ASSERT_TRUE(server->ready());
  create_rule(*server, user(*server, "ada"));
  submit_history(*server);
  submit(*server, 9, 10.0);
  const CommandOutcome first = run({"alerts", "evaluate"});
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_TRUE(first.out.starts_with("opened  https://github.com/org/repo  run run-9:"))
      << first.out;
  const CommandOutcome rules = run({"alerts", "list", "--json"});
  EXPECT_NE(rules.out.find("\"state\":\"open\""), std::string::npos) << rules.out;
  const CommandOutcome again = run({"alerts", "evaluate"});
  EXPECT_EQ(again.out, "");
  net::ApiClient client({server->url(), server->operator_token()});
  const auto jobs = client.get("/api/v1/background-jobs");
  ASSERT_TRUE(jobs.ok());
  EXPECT_EQ(text_at(jobs->find("jobs")->items().front(), "name"), "alerts.evaluate");
}

TEST_F(Alerts, settings_that_cannot_work_are_refused_by_name) {
  for (const std::string setting : {"alerts.retry_after=1s", "alerts.webhook_url=ftp://x/y",
                                    "alerts.smtp=mail:25", "alerts.attempts_max=0"}) {
    const CommandOutcome outcome =
        run({"serve", "--http", "127.0.0.1:0", "--set", setting, "--set", "alerts.timeout=1s"});
    EXPECT_EQ(outcome.exit_code, 2) << setting;
    EXPECT_NE(outcome.err.find(setting.substr(0, setting.find('='))), std::string::npos)
        << outcome.err;
  }
}

TEST_F(Alerts, receipts_say_who_sent_what_and_why_it_was_refused) {
  const auto server = serve();
  ASSERT_TRUE(server->ready());
  const std::string token = user(*server, "ada");
  const std::string good = good_submission(1, "key-1");
  std::string other = good_submission(2, "key-1");
  EXPECT_EQ(ask(*server, net::Method::post, "/api/results", good, token).status, 201);
  EXPECT_EQ(ask(*server, net::Method::post, "/api/results", good, token).status, 201);
  EXPECT_EQ(ask(*server, net::Method::post, "/api/results", other, token).status, 409);
  EXPECT_EQ(
      server->post("/api/benchmark-results/", R"({"run_id":"r","submission_key":"key-1"})").status,
      400);
  EXPECT_EQ(server->post("/api/results:batch", R"([{"submission_key":"key-1"}])").status, 200);
  net::ApiClient client({server->url(), server->operator_token()});
  json::Value page;
  ASSERT_TRUE(eventually([&] {
    page = client.get("/api/v1/receipts?submission_key=key-1").value();
    return page.find("receipts")->items().size() == 5;
  })) << json::to_text(page);
  std::multiset<std::string> outcomes;
  for (const json::Value& one : page.find("receipts")->items()) {
    const std::string code = text_at(one, "code");
    outcomes.insert(text_at(one, "outcome") + (code.empty() ? "" : ":" + code));
  }
  EXPECT_EQ(outcomes, (std::multiset<std::string>{"refused:conflict", "refused:invalid",
                                                  "refused:invalid", "replayed", "stored"}));
}

}  // namespace
}  // namespace bl::product
