#include "results/github_app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/rsa_key.h"
#include "results/alert_github.h"
#include "results/github_checks.h"
#include "results/github_commits.h"
#include "results/tests/fake_github.h"

// A GitHub App against GitHub's API: what it proves, which token it gets, and who uses it.

namespace bl::results::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string& key_pem() {
  static const std::string pem = bl::testing::make_rsa_key_pem();
  return pem;
}

std::string decoded(std::string_view text) {
  const auto bytes = base64url_decode(text);
  BL_CHECK(bytes.has_value());
  return std::string(bytes->begin(), bytes->end());
}

class GitHubAppTest : public ::testing::Test {
 protected:
  GitHubAppTest() {
    github.set_instead([this](const net::Request& request) { return answer(request); });
  }
  /// The App is installed in org/repo, as installation 7; tokens are app-1, app-2, ...
  net::Response answer(const net::Request& request) {
    const std::lock_guard lock(mutex);
    const std::string credential(request.headers.get("Authorization"));
    const bool is_installation = request.path.ends_with("/installation");
    if (is_installation || request.path.starts_with("/app/")) {
      proofs.push_back(credential.substr(std::string("Bearer ").size()));
      asked.push_back(request.path);
      if (status != 200) return FakeGitHub::status(status);
      if (is_installation) {
        if (!request.path.starts_with("/repos/org/repo/")) return FakeGitHub::status(404);
        return net::Response::json(200, R"({"id":7})");
      }
      return net::Response::json(201, fmt::format(R"({{"token":"app-{}","expires_at":"{}"}})",
                                                  ++tokens, to_rfc3339_seconds(clock.now() + 1h)));
    }
    used.push_back(credential);
    if (credential == refused) return FakeGitHub::status(401);
    if (request.path.ends_with("/check-runs")) {
      return net::Response::json(request.method == net::Method::get ? 200 : 201,
                                 R"({"check_runs":[],"html_url":"https://github.example/1"})");
    }
    return FakeGitHub::pass();
  }
  GitHubApp app(const std::string& installation = "") {
    return {{"123", installation, key_pem()}, github.url(), clock};
  }

  std::mutex mutex;
  std::vector<std::string> proofs, asked, used;  // guarded by mutex, as are those below
  std::string refused;
  int tokens = 0, status = 200;
  ManualClock clock{Timestamp{1'722'513'600'000'000}};  // 2024-08-01T12:00:00Z
  FakeGitHub github;
};

TEST_F(GitHubAppTest, proves_itself_by_its_key_for_less_than_ten_minutes) {
  ASSERT_EQ(app("7").token("org/repo", 5s).value(), "app-1");
  EXPECT_THAT(asked, ElementsAre("/app/installations/7/access_tokens"));
  const std::string proof = proofs.at(0);
  const std::size_t first = proof.find('.'), second = proof.find('.', first + 1);
  EXPECT_EQ(decoded(proof.substr(0, first)), R"({"alg":"RS256","typ":"JWT"})");
  const json::Value claims =
      json::parse(decoded(proof.substr(first + 1, second - first - 1))).value();
  EXPECT_EQ(claims.find("iss")->as_string(), "123");
  EXPECT_EQ(claims.find("iat")->as_int64(), 1'722'513'540);
  EXPECT_EQ(claims.find("exp")->as_int64(), 1'722'514'140);
  EXPECT_TRUE(bl::testing::rs256_verifies(key_pem(), proof.substr(0, second),
                                          decoded(proof.substr(second + 1))));
}

TEST_F(GitHubAppTest, keeps_a_token_until_five_minutes_before_it_ends) {
  GitHubApp one = app();
  EXPECT_EQ(one.token("org/repo", 5s).value(), "app-1");
  EXPECT_EQ(one.token("org/repo", 5s).value(), "app-1");
  EXPECT_EQ(asked.size(), 2u) << "its installation, and a token";
  clock.advance(54min + 59s);
  EXPECT_EQ(one.token("org/repo", 5s).value(), "app-1");
  clock.advance(1s);
  EXPECT_EQ(one.token("org/repo", 5s).value(), "app-2");
  one.forget("another");
  EXPECT_EQ(one.token("org/repo", 5s).value(), "app-2");
  one.forget("app-2");
  EXPECT_EQ(one.token("org/repo", 5s).value(), "app-3");
}

TEST_F(GitHubAppTest, failures_say_why_and_hold_no_secret) {
  EXPECT_EQ(app().token("org/other", 5s).error().code, Code::not_found);
  for (const auto& [answered, code] : {std::pair{401, Code::forbidden},
                                       {403, Code::forbidden},
                                       {429, Code::too_many},
                                       {500, Code::unavailable}}) {
    status = answered;
    const auto refusal = app("7").token("org/repo", 5s);
    ASSERT_FALSE(refusal.ok());
    EXPECT_EQ(refusal.error().code, code) << answered;
    EXPECT_THAT(refusal.error().message, Not(HasSubstr(proofs.back())));
  }
}

TEST_F(GitHubAppTest, what_cannot_work_is_refused_before_anybody_is_asked) {
  EXPECT_TRUE(GitHubApp::check({"123", "7", key_pem()}).ok());
  EXPECT_EQ(GitHubApp::check({"", "7", key_pem()}).error().code, Code::invalid);
  EXPECT_EQ(GitHubApp::check({"123", "7/../8", key_pem()}).error().code, Code::invalid);
  const auto no_key = GitHubApp::check({"123", "", "a secret"});
  EXPECT_EQ(no_key.error().code, Code::invalid);
  EXPECT_THAT(no_key.error().message, Not(HasSubstr("a secret")));
}

// Who uses it ----------------------------------------------------------------------------------

TEST_F(GitHubAppTest, commits_are_asked_for_as_the_app_with_a_new_token_when_one_is_refused) {
  Metrics metrics;
  GitHubOptions options;
  options.api = github.url();
  options.app = {"123", "", key_pem()};
  GitHubCommits commits(options, clock, metrics, [](auto) { return true; });
  const CommitQuestion question{"https://github.com/org/repo", FakeGitHub::sha(5), {}, {}};
  ASSERT_TRUE(commits.find(question).ok());
  EXPECT_THAT(used, ElementsAre("Bearer app-1", "Bearer app-1", "Bearer app-1"));
  refused = "Bearer app-1";
  used.clear();
  ASSERT_TRUE(commits.find(question).ok());
  EXPECT_THAT(used, ElementsAre("Bearer app-1", "Bearer app-2", "Bearer app-2"));
  refused = "Bearer app-3";
  clock.advance(2h);
  used.clear();
  ASSERT_TRUE(commits.find(question).ok()) << "once more is tried within one question";
  refused.clear();
  status = 401;
  clock.advance(2h);
  const auto known = commits.find(question);
  ASSERT_FALSE(known.ok());
  EXPECT_EQ(known.error().code, Code::forbidden);
}

TEST_F(GitHubAppTest, alerts_are_sent_as_the_app) {
  GitHubApp sender = app();
  GitHubAlertOptions options{.api = github.url(), .repository = "https://github.com/org/repo"};
  options.app = &sender;
  const auto check = make_github_check(options, clock);
  AlertDelivery delivery;
  delivery.id = "delivery-1";
  delivery.event.repository = "https://github.com/org/repo";
  delivery.event.commit_sha = FakeGitHub::sha(1);
  delivery.event.status = "failure";
  ASSERT_TRUE(check->send(delivery).ok());
  EXPECT_THAT(used, ElementsAre("Bearer app-1", "Bearer app-1"));
  refused = "Bearer app-1";
  ASSERT_TRUE(check->send(delivery).ok()) << "revoked before it ended";
  EXPECT_EQ(used.back(), "Bearer app-2");
  refused = "Bearer app-2";
  status = 403;
  const auto sent = check->send(delivery);
  ASSERT_FALSE(sent.ok());
  EXPECT_THAT(sent.error().message, Not(HasSubstr("app-2")));
}

TEST_F(GitHubAppTest, a_report_is_published_as_the_app) {
  GitHubCheckOptions options;
  options.api = github.url();
  options.repository = "org/repo";
  options.commit_sha = FakeGitHub::sha(1);
  options.credentials = {"", "123", key_pem()};
  auto checks = GitHubChecks::open(options, clock).value();
  ASSERT_TRUE(checks.publish_check({"success", "t", "m", ""}).ok());
  EXPECT_THAT(used, ElementsAre("Bearer app-1", "Bearer app-1"));
  EXPECT_EQ(tokens, 1);
}

}  // namespace
}  // namespace bl::results::testing
