#include "results/alert_channels.h"

#include <gtest/gtest.h>

#include <mutex>

#include "base/hmac.h"
#include "base/log.h"
#include "base/random.h"
#include "net/server.h"
#include "results/alert_github.h"

// Channels against real servers on this machine.

namespace bl::results {
namespace {

using namespace std::chrono_literals;

/// Answers what it is told to, and keeps what it was asked.
class Receiver {
 public:
  struct Call {
    std::string method, target, body;
    net::Headers headers;
  };
  using Answer = std::function<net::Response(const net::Request&)>;

  explicit Receiver(Answer answer) : answer_(std::move(answer)) {
    for (const net::Method method : {net::Method::get, net::Method::post}) {
      router_.add({.method = method,
                   .pattern = "/{rest...}",
                   .access = net::Access::open,
                   .handler = [this](net::Request& request) {
                     const std::lock_guard lock(mutex_);
                     calls_.push_back({net::name_of(request.method), request.raw_target,
                                       request.body, request.headers});
                     return answer_(request);
                   }});
    }
    net::ServerOptions options;
    options.port = 0;
    options.limits.stop_timeout = 100ms;
    server_ = net::Server::listen(options, router_, nobody_, random_, log_, metrics_).value();
    server_->start();
  }
  ~Receiver() { server_->stop(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  std::vector<Call> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  class Nobody final : public net::Authenticator {
   public:
    Result<net::Principal> authenticate(const net::Request&) override { return net::Principal{}; }
  };
  SystemClock clock_;
  SystemRandom random_;
  Log log_{clock_, LogLevel::error, [](std::string_view) {}};
  Metrics metrics_;
  Nobody nobody_;
  net::Router router_;
  Answer answer_;
  mutable std::mutex mutex_;
  std::vector<Call> calls_;  // guarded by mutex_
  std::unique_ptr<net::Server> server_;
};

constexpr const char* k_sha = "0123456789abcdef0123456789abcdef01234567";

AlertDelivery delivery() {
  AlertDelivery delivery;
  delivery.id = "delivery-1";
  delivery.channel = "webhook";
  delivery.attempt = 1;
  delivery.rule_name = "main";
  delivery.event.id = "event-1";
  delivery.event.kind = "opened";
  delivery.event.status = "failure";
  delivery.event.status_reason = "1 regression";
  delivery.event.repository = "https://github.com/org/repo";
  delivery.event.commit_sha = k_sha;
  delivery.event.report_url = "/ci";
  delivery.event.summary_json = "{}";
  return delivery;
}

net::Response ok(const net::Request&) {
  return net::Response::json(200, "{}");
}

TEST(Webhook, is_signed_and_has_the_same_id_every_time) {
  Receiver receiver(ok);
  ManualClock clock(Timestamp::from_seconds(1'722'513'600));
  const auto hook = make_webhook({.url = receiver.url() + "/in", .secret = "secret"}, clock);
  ASSERT_TRUE(hook->send(delivery()).ok());
  ASSERT_TRUE(hook->send(delivery()).ok());
  const auto calls = receiver.calls();
  ASSERT_EQ(calls.size(), 2u);
  for (const auto& call : calls) {
    EXPECT_EQ(call.headers.get("Idempotency-Key"), "delivery-1");
    EXPECT_EQ(call.headers.get("X-Benchlake-Delivery"), "delivery-1");
    EXPECT_EQ(call.headers.get("X-Benchlake-Timestamp"), "1722513600");
    EXPECT_EQ(call.headers.get("X-Benchlake-Signature"),
              "sha256=" + hmac_sha256_hex("secret", "1722513600." + call.body));
    EXPECT_EQ(call.headers.get("Content-Type"), "application/json");
  }
}

TEST(Webhook, takes_2xx_alone_for_a_success_and_follows_nobody) {
  int status = 200;
  Receiver receiver([&](const net::Request&) {
    net::Response response = net::Response::json(status, "{}");
    response.headers.add("Location", "/elsewhere");
    return response;
  });
  SystemClock clock;
  const auto hook = make_webhook({.url = receiver.url() + "/in"}, clock);
  for (const int good : {200, 201, 202, 204}) {
    status = good;
    EXPECT_TRUE(hook->send(delivery()).ok()) << good;
  }
  for (const int bad : {301, 307, 308, 400, 404, 429, 500, 503}) {
    status = bad;
    EXPECT_FALSE(hook->send(delivery()).ok()) << bad;
  }
  for (const auto& call : receiver.calls()) {
    EXPECT_EQ(call.target, "/in");
    EXPECT_TRUE(call.headers.get("X-Benchlake-Signature").empty()) << "there is no secret";
  }
}

TEST(Webhook, never_tells_its_url) {
  const std::string url = "http://127.0.0.1:1/in/token-of-the-hook?key=hidden";
  SystemClock clock;
  const auto hook = make_webhook({.url = url}, clock);
  const auto slack = make_slack_webhook({.url = url});
  for (AlertChannel* channel : {hook.get(), slack.get()}) {
    const auto sent = channel->send(delivery());
    ASSERT_FALSE(sent.ok());
    for (const std::string& text : {sent.error().message, channel->target().target}) {
      EXPECT_EQ(text.find("hidden"), std::string::npos) << text;
      EXPECT_EQ(text.find("token-of"), std::string::npos) << text;
    }
  }
  EXPECT_NE(target_of_url("https://a/1"), target_of_url("https://a/2"));
  EXPECT_TRUE(target_of_url("https://a:8443/1").starts_with("https://a:8443#"));
}

TEST(GitHubRepository, has_a_name) {
  for (const char* text : {"org/repo", "https://github.com/org/repo", "git@github.com:org/repo",
                           "https://github.com/org/repo.git/"}) {
    EXPECT_EQ(github_repository_name(text).value(), "org/repo") << text;
  }
  for (const char* text :
       {"", "org", "org/", "/repo", "a/b/c", "https://github.com", "a/..", "a/b?c", "a b/c"}) {
    EXPECT_EQ(github_repository_name(text).error().code, Code::invalid) << text;
  }
}

GitHubAlertOptions github(const Receiver& receiver) {
  return {.api = receiver.url(),
          .repository = "https://github.com/org/repo",
          .token = "gh-token",
          .base_url = "https://bench.example.com"};
}

TEST(GitHubCheck, is_a_completed_run_of_the_commit) {
  std::string runs = R"({"check_runs":[]})";
  Receiver receiver([&](const net::Request& request) {
    return net::Response::json(request.method == net::Method::get ? 200 : 201, runs);
  });
  SystemClock clock;
  const auto check = make_github_check(github(receiver), clock);
  EXPECT_EQ(check->target().repository, "https://github.com/org/repo");
  for (const auto& [status, conclusion] :
       {std::pair{"failure", "failure"}, {"success", "success"}, {"skipped", "neutral"}}) {
    AlertDelivery one = delivery();
    one.event.status = status;
    ASSERT_TRUE(check->send(one).ok());
    const auto call = receiver.calls().back();
    EXPECT_EQ(call.target, "/repos/org/repo/check-runs");
    EXPECT_EQ(call.headers.get("Authorization"), "Bearer gh-token");
    const json::Value body = json::parse(call.body).value();
    EXPECT_EQ(body.find("head_sha")->as_string(), k_sha);
    EXPECT_EQ(body.find("conclusion")->as_string(), conclusion);
    EXPECT_EQ(body.find("external_id")->as_string(), "delivery-1");
    EXPECT_EQ(body.find("details_url")->as_string(), "https://bench.example.com/ci");
  }
  // Sent before, and the answer was lost.
  runs = R"({"check_runs":[{"external_id":"other"},{"external_id":"delivery-1"}]})";
  const std::size_t before = receiver.calls().size();
  ASSERT_TRUE(check->send(delivery()).ok());
  EXPECT_EQ(receiver.calls().size(), before + 1);
}

TEST(GitHubComment, goes_to_the_one_pull_request_once) {
  std::string pulls = R"([{"number":77}])";
  std::string comments = "[]";
  Receiver receiver([&](const net::Request& request) {
    if (request.path.ends_with("/pulls")) return net::Response::json(200, pulls);
    if (request.method == net::Method::get) {
      const std::string* page = request.query_value("page");
      return net::Response::json(200, page != nullptr && *page == "1" ? comments : "[]");
    }
    return net::Response::json(201, "{}");
  });
  SystemClock clock;
  const auto channel = make_github_comment(github(receiver), clock);
  const auto posts = [&] {
    std::size_t count = 0;
    for (const auto& call : receiver.calls()) count += call.method == "POST" ? 1 : 0;
    return count;
  };
  ASSERT_TRUE(channel->send(delivery()).ok());
  EXPECT_EQ(posts(), 1u);
  EXPECT_EQ(receiver.calls().back().target, "/repos/org/repo/issues/77/comments");
  comments = R"([{"body":"hello"},{"body":"<!-- benchlake delivery delivery-1 -->\nx"}])";
  AlertDelivery again = delivery();
  again.attempt = 2;
  ASSERT_TRUE(channel->send(again).ok());
  EXPECT_EQ(posts(), 1u) << "the first one is there";
  comments = R"([{"body":"hello"}])";
  ASSERT_TRUE(channel->send(again).ok());
  EXPECT_EQ(posts(), 2u);
  for (const char* none : {"[]", R"([{"number":1},{"number":2}])"}) {
    pulls = none;
    ASSERT_TRUE(channel->send(delivery()).ok()) << none;
  }
  AlertDelivery without_commit = delivery();
  without_commit.event.commit_sha.reset();
  ASSERT_TRUE(channel->send(without_commit).ok());
  without_commit.event.commit_sha = "../../user";
  ASSERT_TRUE(channel->send(without_commit).ok()) << "nothing but a hash stands in a path";
  EXPECT_EQ(posts(), 2u);
}

TEST(GitHubCheck, that_is_refused_fails_without_its_token) {
  Receiver receiver([](const net::Request&) { return net::Response::json(403, "{}"); });
  SystemClock clock;
  const auto sent = make_github_check(github(receiver), clock)->send(delivery());
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().message.find("gh-token"), std::string::npos);
}

}  // namespace
}  // namespace bl::results
