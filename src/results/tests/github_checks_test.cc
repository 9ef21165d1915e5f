#include "results/github_checks.h"

#include <gtest/gtest.h>

#include "results/tests/fake_github.h"

namespace bl::results::testing {
namespace {

const std::string k_sha = FakeGitHub::sha(1);

/// Remembers what was written, as GitHub would.
struct GitHub {
  GitHub() {
    fake.set_instead([this](const net::Request& request) { return answer(request); });
  }
  GitHubCheckOptions options() const {
    GitHubCheckOptions options;
    options.api = fake.url();
    options.repository = "https://github.com/org/repo";
    options.commit_sha = k_sha;
    options.credentials.token = "secret-token";
    return options;
  }
  GitHubChecks open() { return GitHubChecks::open(options(), clock).value(); }

  net::Response answer(const net::Request& request) {
    const std::lock_guard lock(mutex);
    writes.emplace_back(net::name_of(request.method));
    writes.back().append(" ").append(request.path);
    tokens.emplace_back(request.headers.get("Authorization"));
    if (status != 200) return net::Response::json(status, R"({"message":"go away"})");
    if (request.method != net::Method::get) bodies.push_back(request.body);
    if (request.path.ends_with("/check-runs") && request.method == net::Method::get) {
      std::string text = "{\"check_runs\":[";
      text.append(checks).append("]}");
      return net::Response::json(200, std::move(text));
    }
    if (request.path.ends_with("/pulls")) return net::Response::json(200, pulls);
    if (request.path.ends_with("/comments") && request.method == net::Method::get) {
      const bool first = *request.query_value("page") == "1";
      return net::Response::json(200, first ? comments : "[]");
    }
    if (request.path == "/repos/org/repo/installation") {
      return net::Response::json(200, R"({"id":7})");
    }
    if (request.path == "/app/installations/7/access_tokens") {
      return net::Response::json(201, R"({"token":"of-the-app"})");
    }
    return net::Response::json(201, R"({"id":5,"html_url":"https://github.example/check/5"})");
  }

  SystemClock clock;
  std::mutex mutex;
  std::vector<std::string> writes, bodies, tokens;  // guarded by mutex, as are those below
  std::string checks, pulls = R"([{"number":77}])", comments = "[]";
  int status = 200;
  FakeGitHub fake;
};

json::Value body_of(const GitHub& github) {
  return json::parse(github.bodies.at(github.bodies.size() - 1)).value();
}

TEST(GitHubChecks, a_report_becomes_a_check_run_of_its_commit) {
  GitHub github;
  const auto page = github.open().publish_check({.conclusion = check_conclusion("failure"),
                                                 .title = "it got slower",
                                                 .markdown = "## text",
                                                 .details_url = "https://perf.example.org/x"});
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(*page, "https://github.example/check/5");
  EXPECT_EQ(github.writes.back(), "POST /repos/org/repo/check-runs");
  const json::Value body = body_of(github);
  EXPECT_EQ(body.find("name")->as_string(), "Conbench performance report");
  EXPECT_EQ(body.find("head_sha")->as_string(), k_sha);
  EXPECT_EQ(body.find("conclusion")->as_string(), "failure");
  EXPECT_EQ(body.find("output")->find("summary")->as_string(), "## text");
  EXPECT_EQ(github.fake.last_token(), "Bearer secret-token");
}

TEST(GitHubChecks, a_second_report_replaces_the_first) {
  GitHub github;
  github.checks = R"({"id":5,"external_id":"benchlake-ci-report"})";
  github.comments =
      R"([{"id":1,"body":"hello"},{"id":9,"body":"<!-- benchlake ci-report -->\nold"}])";
  GitHubChecks checks = github.open();
  ASSERT_TRUE(checks.publish_check({"success", "t", "m", ""}).ok());
  EXPECT_EQ(github.writes.back(), "PATCH /repos/org/repo/check-runs/5");
  ASSERT_TRUE(checks.publish_comment("new", std::nullopt).ok());
  EXPECT_EQ(github.writes.back(), "PATCH /repos/org/repo/issues/comments/9");
  EXPECT_EQ(body_of(github).find("body")->as_string(), "<!-- benchlake ci-report -->\nnew");
}

TEST(GitHubChecks, a_comment_that_says_the_same_is_left_alone) {
  GitHub github;
  github.comments = R"([{"id":9,"body":"<!-- benchlake ci-report -->\r\nsame","html_url":"u"}])";
  const auto left = github.open().publish_comment("same", 12);
  ASSERT_TRUE(left.ok());
  EXPECT_EQ(left->outcome, GitHubComment::Outcome::unchanged);
  EXPECT_EQ(left->url, "u");
  EXPECT_TRUE(github.bodies.empty());
}

TEST(GitHubChecks, another_reports_comment_is_not_touched) {
  GitHub github;
  github.comments = R"([{"id":9,"body":"<!-- benchlake ci-report -->\nold"}])";
  GitHubCheckOptions options = github.options();
  options.marker = "comment";
  const auto made = GitHubChecks::open(options, github.clock)->publish_comment("new", 12);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->outcome, GitHubComment::Outcome::created);
}

TEST(GitHubChecks, a_pull_request_that_moved_on_is_not_this_commits) {
  GitHub github;
  github.pulls = R"([{"number":1,"state":"open","head":{"sha":")" + k_sha +
                 R"("}},{"number":2,"state":"open","head":{"sha":"other"}},)" +
                 R"({"number":3,"state":"closed","head":{"sha":")" + k_sha + R"("}}])";
  EXPECT_EQ(github.open().open_pull_requests().value(), std::vector<std::int64_t>{1});
}

TEST(GitHubChecks, a_comment_without_a_number_wants_exactly_one_pull_request) {
  GitHub github;
  ASSERT_TRUE(github.open().publish_comment("text", std::nullopt).ok());
  EXPECT_EQ(github.writes.back(), "POST /repos/org/repo/issues/77/comments");
  ASSERT_TRUE(github.open().publish_comment("text", 12).ok());
  EXPECT_EQ(github.writes.back(), "POST /repos/org/repo/issues/12/comments");
  github.pulls = R"([{"number":77},{"number":78}])";
  EXPECT_EQ(github.open().publish_comment("text", std::nullopt).error().code, Code::invalid);
  github.pulls = "[]";
  const auto refused = github.open().publish_comment("text", std::nullopt);
  EXPECT_TRUE(
      refused.error().message.starts_with("the commit belongs to no pull requests; name one: "));
}

TEST(GitHubChecks, a_refusal_is_told_in_githubs_words_without_the_token) {
  GitHub github;
  for (const auto& [status, code] : {std::pair{401, Code::forbidden},
                                     {404, Code::not_found},
                                     {422, Code::invalid},
                                     {500, Code::unavailable}}) {
    github.status = status;
    const auto refused = github.open().publish_check({"success", "t", "m", ""});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, code);
    EXPECT_NE(refused.error().message.find("go away"), std::string::npos);
    EXPECT_EQ(refused.error().message.find("secret-token"), std::string::npos);
  }
}

TEST(GitHubChecks, what_cannot_work_is_refused_at_once) {
  GitHub github;
  GitHubCheckOptions options = github.options();
  options.repository = "https://github.com/org/repo/../../x";
  EXPECT_EQ(GitHubChecks::open(options, github.clock).error().code, Code::invalid);
  options = github.options();
  options.commit_sha = "main?x=";
  EXPECT_EQ(GitHubChecks::open(options, github.clock).error().code, Code::invalid);
  options = github.options();
  options.credentials = {};
  EXPECT_EQ(GitHubChecks::open(options, github.clock).error().code, Code::invalid);
  options.credentials.app_id = "12";
  options.credentials.app_private_key = "not a key";
  const auto refused =
      GitHubChecks::open(options, github.clock)->publish_check({"success", "t", "m", ""});
  EXPECT_EQ(refused.error().message, "not an RSA private key in PEM without a passphrase");
  EXPECT_TRUE(github.writes.empty());
}

/// A new key of the openssl program; PEM.
std::string new_private_key() {
  std::string pem;
  std::FILE* const out = popen("openssl genrsa 2048 2>/dev/null", "r");
  BL_CHECK(out != nullptr);
  char piece[512];
  for (std::size_t n; (n = std::fread(piece, 1, sizeof piece, out)) > 0;) pem.append(piece, n);
  pclose(out);
  return pem;
}

TEST(GitHubChecks, an_app_proves_itself_and_works_with_its_installations_token) {
  GitHub github;
  GitHubCheckOptions options = github.options();
  options.credentials = {};
  options.credentials.app_id = "12";
  options.credentials.app_private_key = new_private_key();
  GitHubChecks checks = GitHubChecks::open(options, github.clock).value();
  const auto page = checks.publish_check({"success", "t", "m", ""});
  ASSERT_TRUE(page.ok()) << page.error().message;
  ASSERT_EQ(github.writes.size(), 4u);
  EXPECT_EQ(github.writes[0], "GET /repos/org/repo/installation");
  EXPECT_EQ(github.writes[1], "POST /app/installations/7/access_tokens");
  EXPECT_TRUE(github.tokens[0].starts_with("Bearer eyJ"));
  EXPECT_EQ(github.tokens[2], "Bearer of-the-app");
  ASSERT_TRUE(checks.publish_comment("text", 12).ok());
  EXPECT_EQ(github.writes[4], "GET /repos/org/repo/issues/12/comments") << "the token is kept";
}

TEST(GitHubChecks, conclusions) {
  EXPECT_EQ(check_conclusion("success"), "success");
  EXPECT_EQ(check_conclusion("action_required"), "action_required");
  EXPECT_EQ(check_conclusion("skipped"), "neutral");
}

}  // namespace
}  // namespace bl::results::testing
