#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "api/forges.h"
#include "product/server_process.h"

/// The comment on a pull request, by the running program and a stand-in for the forges' APIs.
namespace bl::product {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* k_repository = "https://github.com/org/repo";
constexpr const char* k_head = "feedfacefeedfacefeedfacefeedfacefeedface";

bool eventually(const std::function<bool()>& done) {
  for (int attempt = 0; attempt < 1500; ++attempt) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// The n-th commit of the default branch; a branch's commit left it at the `fork`-th.
std::string submission(const std::string& run, const std::string& sha, int day, double value,
                       int fork) {
  return fmt::format(
      R"({{"run_id":"{}","run_reason":"commit","timestamp":"{}","tags":{{"name":"parse"}},)"
      R"("context":{{}},"info":{{"command":"./bench --benchmark_format=json"}},)"
      R"("github":{{"repository":"{}","commit":"{}","commit_info":{{"timestamp":"{}",)"
      R"("message":"parse twice","parent":"{:040}","branch":"{}","fork_point_sha":"{}"}}}},)"
      R"("machine_info":{{"name":"m1"}},"stats":{{"data":[{}],"unit":"s"}}}})",
      run, fmt::format("2024-{:02}-{:02}T12:00:00Z", 1 + day / 28, 1 + day % 28), k_repository, sha,
      fmt::format("2024-{:02}-{:02}T00:00:00Z", 1 + day / 28, 1 + day % 28), fork,
      sha == k_head ? "ann:fix" : "org:main", sha == k_head ? fmt::format("{:040}", fork) : sha,
      value);
}

class PullRequest : public testing::Test {
 protected:
  std::unique_ptr<ServerProcess> serve() {
    std::vector<std::string> arguments;
    for (const std::string& setting :
         {std::string("advice.comments=true"), std::string("advice.github_token=secret-token"),
          std::string("commits.source=none"), "commits.github_api=" + forges.url(),
          std::string("server.base_url=https://bench.example.com")}) {
      arguments.insert(arguments.end(), {"--set", setting});
    }
    return std::make_unique<ServerProcess>(folder.path() + "/data", arguments);
  }
  static void submit(const ServerProcess& server, const std::string& body) {
    const Answer answer = server.post("/api/results", body);
    EXPECT_EQ(answer.status, 201) << answer.text;
  }
  static void submit_history(const ServerProcess& server, int commits) {
    for (int i = 1; i <= commits; ++i) {
      submit(server, submission(fmt::format("main-{}", i), fmt::format("{:040}", i), i,
                                1 + 0.004 * ((i * 7) % 5 - 2), i - 1));
    }
  }
  void branch_run(const ServerProcess& server, int number, double value) {
    submit(server, submission(fmt::format("branch-{}", number), k_head, 50 + number, value, 40));
  }
  CommandOutcome comment(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {
        "comment", "--repository", "org/repo", "--sha", k_head, "--data", folder.path() + "/data"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_benchlake(arguments);
  }

  TemporaryFolder folder;
  Forges forges{k_head};
};

TEST_F(PullRequest, has_one_comment_that_follows_its_results) {
  const auto server = serve();
  ASSERT_TRUE(server->ready());
  const auto on =
      run_benchlake({"verdicts", "on", k_repository, "--data", folder.path() + "/data"});
  ASSERT_EQ(on.exit_code, 0) << on.err;
  submit_history(*server, 40);
  // Verdicts are made in the background; the branch is judged once its series has one.
  ASSERT_TRUE(eventually([&] {
    return server->get("/api/v1/verdicts/projects").text.find("\"waiting\":0") != std::string::npos;
  })) << server->get("/api/v1/verdicts/projects").text;
  branch_run(*server, 1, 1.3);
  ASSERT_TRUE(eventually([&] { return forges.comments().size() == 1; }));
  branch_run(*server, 2, 1.305);
  branch_run(*server, 3, 1.299);
  branch_run(*server, 4, 1.302);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(eventually([&] {
    return forges.last_comment().find("slower by 3") != std::string::npos;
  })) << forges.last_comment();
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - begin;
  RecordProperty("seconds_to_comment", std::to_string(waited.count()));
  EXPECT_LT(waited.count(), 5);
  const std::string text = forges.last_comment();
  EXPECT_TRUE(text.starts_with("<!-- benchlake comment -->\n")) << text;
  EXPECT_THAT(text, HasSubstr("feedfac"));
  EXPECT_THAT(text, HasSubstr("-- ./bench --benchmark_format=json"));
  EXPECT_THAT(text, HasSubstr("](https://bench.example.com/comment?repository="));
  EXPECT_EQ(forges.comments().size(), 1u);
  ASSERT_TRUE(eventually([&] { return forges.was_written("POST", "/check-runs"); }));

  // The same by hand, once the last result is in it: nothing new to say.
  CommandOutcome by_hand;
  EXPECT_TRUE(eventually([&] {
    by_hand = comment({"--markdown", "--post"});
    return by_hand.err.find("comment: unchanged") != std::string::npos;
  }));
  EXPECT_EQ(by_hand.exit_code, 1);
  EXPECT_THAT(by_hand.out, HasSubstr("slower by 3"));
  const auto parsed = json::parse(comment({"--json"}).out);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->find("status")->as_string(), "slower");
  EXPECT_EQ(forges.comments().size(), 1u);
}

TEST_F(PullRequest, a_commit_that_nobody_measured_is_told_as_that) {
  const auto server = serve();
  ASSERT_TRUE(server->ready());
  const CommandOutcome nothing = comment();
  EXPECT_EQ(nothing.exit_code, 5);
  EXPECT_THAT(nothing.out, HasSubstr("Nothing was measured of this commit yet"));
}

TEST_F(PullRequest, without_verdicts_nothing_is_claimed) {
  const auto server = serve();
  ASSERT_TRUE(server->ready());
  submit_history(*server, 10);
  branch_run(*server, 1, 3.0);
  const CommandOutcome told = comment();
  EXPECT_EQ(told.exit_code, 5) << told.out;
  EXPECT_THAT(told.out, Not(HasSubstr("slower")));
}

/// As pytest-benchmark writes it.
std::string figures(double seconds) {
  std::string data;
  for (int i = 0; i < 12; ++i)
    data += fmt::format("{}{}", i == 0 ? "" : ",", seconds * (1 + 0.001 * ((i * 5) % 7)));
  return fmt::format(
      R"({{"machine_info":{{}},"commit_info":{{}},"benchmarks":[{{"name":"test_parse",)"
      R"("fullname":"a.py::test_parse","params":null,"param":null,"extra_info":{{}},)"
      R"("options":{{}},"stats":{{"data":[{}]}}}}],"datetime":"2026-01-01T00:00:00",)"
      R"("version":"5.1.0"}})",
      data);
}

/// `check --comment` in a real git repository: main, and a branch that does more.
class CheckedPullRequest : public testing::Test {
 protected:
  void SetUp() override {
    checkout = folder.path() + "/repo";
    std::filesystem::create_directory(checkout);
    git("init -q -b main .");
    git("config user.email a@example.com");
    git("config user.name Ada");
  }
  void TearDown() override {
    std::filesystem::current_path("/");
    for (const std::string& name : variables) unsetenv(name.c_str());
  }
  void git(const std::string& arguments) const {
    const std::string line = "cd '" + checkout + "' && git " + arguments;
    ASSERT_EQ(std::system(line.c_str()), 0) << line;
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(checkout + "/" + name) << text;
  }
  void commit(const std::string& message) const {
    git("add -A");
    git("commit -q -m '" + message + "'");
  }
  void variable(const std::string& name, const std::string& value) {
    variables.push_back(name);
    setenv(name.c_str(), value.c_str(), 1);
  }
  CommandOutcome check(std::vector<std::string> command) {
    std::filesystem::current_path(checkout);
    std::vector<std::string> arguments = {"check", "--against", "main", "--comment", "--"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    return run_benchlake(arguments);
  }

  TemporaryFolder folder;
  std::string checkout;
  std::vector<std::string> variables;
  Forges forges{k_head};
};

TEST_F(CheckedPullRequest, gets_a_comment_and_a_check_run_on_github) {
  write("work.txt", "20000");
  commit("as it was");
  git("checkout -q -b fix");
  write("work.txt", "120000");
  commit("parse twice");
  variable("GITHUB_REPOSITORY", "org/repo");
  variable("GITHUB_REF", "refs/pull/77/merge");
  variable("GITHUB_SHA", k_head);
  variable("GITHUB_API_URL", forges.url());
  const CommandOutcome without = check({BL_COMMENT_SUBJECT, "--benchmark_format=json"});
  EXPECT_EQ(without.exit_code, 2);
  EXPECT_THAT(without.err, HasSubstr("GITHUB_TOKEN is not set"));
  variable("GITHUB_TOKEN", "secret-token");
  const CommandOutcome checked = check({BL_COMMENT_SUBJECT, "--benchmark_format=json"});
  EXPECT_EQ(checked.exit_code, 1) << checked.out << checked.err;
  ASSERT_EQ(forges.comments().size(), 1u) << checked.err;
  EXPECT_THAT(forges.last_comment(), HasSubstr("** slower by "));
  EXPECT_THAT(forges.last_comment(), HasSubstr("benchlake check --against main -- "));
  EXPECT_TRUE(forges.was_written("POST", "/repos/org/repo/check-runs"));
  EXPECT_THAT(forges.writes().back().text, HasSubstr("\"conclusion\":\"failure\""));
  // Again, after a fix: the same comment says so.
  write("work.txt", "20000");
  commit("parse once");
  // On a loaded machine this may be undecided; slower it is not.
  EXPECT_NE(check({BL_COMMENT_SUBJECT, "--benchmark_format=json"}).exit_code, 1);
  EXPECT_EQ(forges.comments().size(), 1u);
  EXPECT_THAT(forges.last_comment(), Not(HasSubstr("** slower by ")));
}

TEST_F(CheckedPullRequest, gets_a_note_and_a_status_on_gitlab) {
  write("result.json", figures(0.01));
  commit("as it was");
  git("checkout -q -b fix");
  write("result.json", figures(0.015));
  commit("parse twice");
  variable("CI_PROJECT_ID", "42");
  variable("CI_PROJECT_URL", "https://gitlab.example/org/repo");
  variable("CI_API_V4_URL", forges.url() + "/api/v4");
  variable("CI_COMMIT_SHA", k_head);
  variable("CI_MERGE_REQUEST_IID", "5");
  variable("GITLAB_TOKEN", "secret-token");
  const CommandOutcome checked = check({"cat", "result.json"});
  EXPECT_EQ(checked.exit_code, 1) << checked.out << checked.err;
  EXPECT_THAT(forges.last_comment(), HasSubstr("slower by 50.0 %"));
  EXPECT_TRUE(forges.was_written("POST", "/projects/42/merge_requests/5/notes"));
  EXPECT_TRUE(forges.was_written("POST", std::string("/projects/42/statuses/") + k_head));
  EXPECT_THAT(forges.writes().back().text, HasSubstr("\"state\":\"failed\""));
}

TEST_F(CheckedPullRequest, a_forge_that_is_down_does_not_change_the_check) {
  write("result.json", figures(0.01));
  commit("as it was");
  variable("GITHUB_REPOSITORY", "org/repo");
  variable("GITHUB_REF", "refs/pull/77/merge");
  variable("GITHUB_SHA", k_head);
  variable("GITHUB_API_URL", forges.url());
  variable("GITHUB_TOKEN", "secret-token");
  forges.fail(100);
  const CommandOutcome checked = check({"cat", "result.json"});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.err, HasSubstr("no comment: GitHub answers"));
  EXPECT_THAT(checked.err, HasSubstr("back soon"));
  EXPECT_THAT(checked.err, Not(HasSubstr("secret-token")));
}

}  // namespace
}  // namespace bl::product
