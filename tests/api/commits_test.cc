#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <thread>

#include "product/server_process.h"
#include "results/tests/fake_github.h"
#include "results/tests/git_repository.h"

/// Commits on the running program: known late, from GitHub or git, and never at a submission's
/// cost.
namespace bl::product {
namespace {

using results::testing::FakeGitHub;
using results::testing::GitRepository;

constexpr const char* k_url = "https://github.com/org/repo";

/// Another process does its work behind the answer; looks until it is done.
bool eventually(const std::function<bool()>& done) {
  for (int attempt = 0; attempt < 1500; ++attempt) {
    if (done()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

std::string submission(const std::string& sha, const std::string& more_of_github = "") {
  return fmt::format(
      R"({{"run_id":"r","timestamp":"2024-08-01T12:00:00Z","tags":{{"name":"sort"}},)"
      R"("context":{{}},)"
      R"("github":{{"repository":"{}","commit":"{}"{}}},)"
      R"("machine_info":{{"name":"m1"}},"stats":{{"data":[1.0],"unit":"s"}}}})",
      k_url, sha, more_of_github);
}

std::string submit(const ServerProcess& server, const std::string& body) {
  const Answer answer = server.post("/api/results", body);
  EXPECT_EQ(answer.status, 201) << answer.text;
  return answer.status == 201 ? answer.body.find("history_fingerprint")->as_string() : "";
}

std::size_t points(const ServerProcess& server, const std::string& fingerprint) {
  const Answer answer = server.get("/api/history?fingerprint=" + fingerprint);
  const json::Value* samples = answer.body.find("samples");
  return samples == nullptr ? 0 : samples->items().size();
}

Answer ask_incomplete(const ServerProcess& server, const std::string& query = "") {
  net::ApiClient client({server.url(), server.operator_token()});
  Answer answer;
  auto body = client.get("/api/v1/commits/incomplete" + query);
  answer.status = body.ok() ? 200 : net::http_status(body.error().code);
  if (body.ok()) answer.body = *std::move(body);
  return answer;
}

json::Value incomplete(const ServerProcess& server) {
  return ask_incomplete(server).body;
}

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

class Commits : public testing::Test {
 protected:
  std::unique_ptr<ServerProcess> serve(std::vector<std::string> arguments) const {
    return std::make_unique<ServerProcess>(folder.path() + "/data", std::move(arguments));
  }
  std::unique_ptr<ServerProcess> serve_with_github() const {
    return serve({"--set", "commits.github_api=" + github.url()});
  }
  CommandOutcome run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--data", folder.path() + "/data"});
    return run_benchlake(arguments);
  }
  std::string file(const std::string& text) const {
    const std::string path = folder.path() + "/one.json";
    std::ofstream(path) << text;
    return path;
  }
  static std::string first_line_of(const std::string& text) {
    return text.substr(0, text.find('\n'));
  }

  TemporaryFolder folder;
  FakeGitHub github;
};

TEST_F(Commits, a_result_enters_its_history_when_github_has_answered) {
  github.set_instead([this](const net::Request&) {
    github.hang();
    return FakeGitHub::pass();
  });
  const auto server = serve_with_github();
  ASSERT_TRUE(server->ready());
  const std::string fingerprint = submit(*server, submission(FakeGitHub::sha(5)));
  ASSERT_TRUE(eventually([&] { return !github.requests().empty(); }));
  submit(*server, submission(FakeGitHub::sha(5)));  // 201 while GitHub hangs
  EXPECT_EQ(points(*server, fingerprint), 0u);
  github.release();
  EXPECT_TRUE(eventually([&] { return points(*server, fingerprint) == 2; }));
  EXPECT_TRUE(eventually([&] {
    return server->get("/api/v1/facts").body.find("commits")->as_int64() == 6;
  })) << "the default branch below it";
}

TEST_F(Commits, what_the_background_did_is_a_job) {
  const auto server = serve_with_github();
  ASSERT_TRUE(server->ready());
  submit(*server, submission(FakeGitHub::sha(5)));
  const auto job = [&] {
    net::ApiClient client({server->url(), server->operator_token()});
    const auto listed = client.get("/api/v1/background-jobs");
    if (!listed.ok()) return json::Value();
    for (const json::Value& one : listed->find("jobs")->items()) {
      if (text_at(one, "name") == "commits.enrich") return one;
    }
    return json::Value();
  };
  ASSERT_TRUE(eventually([&] {
    const json::Value found = job();
    return !found.is_null() && text_at(found, "outcome") == "ok";
  })) << json::to_text(job());
  EXPECT_EQ(text_at(job(), "detail"),
            "1 commits made known, 5 added below them, 0 attempts failed");
  EXPECT_EQ(job().find("running")->as_bool(), false);
  github.set_instead([](const net::Request&) { return FakeGitHub::status(404); });
  submit(*server, submission(FakeGitHub::sha(77)));
  ASSERT_TRUE(eventually([&] { return text_at(job(), "outcome") == "failed"; }));
  EXPECT_NE(text_at(job(), "detail").find("1 attempts failed; the last: "), std::string::npos);
}

TEST_F(Commits, whatever_github_answers_a_submission_is_stored) {
  const auto server = serve_with_github();
  ASSERT_TRUE(server->ready());
  int number = 100;
  for (const int status : {500, 503, 404, 401, 200}) {
    github.set_instead([=](const net::Request&) { return FakeGitHub::status(status); });
    submit(*server, submission(FakeGitHub::sha(++number)));
  }
  for (const char* odd : {"unknown commit", "--upload-pack=x", "../..", "main"}) {
    submit(*server, submission(odd));
  }
  ASSERT_TRUE(eventually([&] {
    const json::Value list = incomplete(*server);
    const json::Array& commits = list.find("commits")->items();
    return commits.size() == 9 && std::all_of(commits.begin(), commits.end(), [](const auto& one) {
             return one.find("attempts")->as_int64() >= 1 && !text_at(one, "reason").empty();
           });
  })) << json::to_text(incomplete(*server));
}

TEST_F(Commits, a_restart_goes_on_with_what_was_not_known) {
  github.set_instead([](const net::Request&) { return FakeGitHub::status(404); });
  auto server = serve_with_github();
  ASSERT_TRUE(server->ready());
  const std::string fingerprint = submit(*server, submission(FakeGitHub::sha(5)));
  ASSERT_TRUE(eventually([&] {
    const json::Value list = incomplete(*server);
    const auto& commits = list.find("commits")->items();
    return commits.size() == 1 && text_at(commits[0], "reason").find("GitHub") == 0;
  }));
  server->kill();
  github.set_instead({});
  server = serve_with_github();
  ASSERT_TRUE(server->ready());
  EXPECT_TRUE(eventually([&] { return points(*server, fingerprint) == 1; }));
}

TEST_F(Commits, the_command_lists_and_repairs_with_and_without_a_server) {
  auto server = serve({});
  ASSERT_TRUE(server->ready());
  const std::string fingerprint = submit(*server, submission(FakeGitHub::sha(5)));
  submit(*server, submission(FakeGitHub::sha(7)));
  EXPECT_NE(run({"commits", "list", "--unknown"}).out.find("no commit source is configured"),
            std::string::npos);
  EXPECT_EQ(server->terminate(), 0);

  // The command does the server's work, with settings of the environment.
  ASSERT_EQ(::setenv("BENCHLAKE_GITHUB_API", github.url().c_str(), 1), 0);
  const CommandOutcome dry = run({"commits", "repair", "--dry-run", "--json"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_EQ(std::count(dry.out.begin(), dry.out.end(), '\n'), 2);
  EXPECT_NE(dry.out.find("would repair"), std::string::npos) << dry.out;
  const CommandOutcome one = run({"commits", "repair", "--limit", "1", "--backfill"});
  EXPECT_NE(one.out.find("repaired, 7 commits below it"), std::string::npos) << one.out << one.err;
  ::unsetenv("BENCHLAKE_GITHUB_API");

  server = serve({});
  ASSERT_TRUE(server->ready());
  EXPECT_EQ(points(*server, fingerprint), 2u) << "the other one was below it";
  EXPECT_EQ(run({"commits", "list"}).err, "every commit is known\n");
}

TEST_F(Commits, a_local_git_repository_knows_them) {
  const GitRepository repository;
  const std::string base = repository.commit("base", "2024-01-01T00:00:00Z");
  repository.git({"checkout", "-q", "-b", "topic"});
  const std::string topic = repository.commit("topic", "2024-01-02T00:00:00Z");
  const auto server = serve({"--git", std::string(k_url) + "=" + repository.folder});
  ASSERT_TRUE(server->ready());
  const std::string fingerprint = submit(*server, submission(base));
  submit(*server, submission(topic));
  EXPECT_TRUE(eventually([&] { return points(*server, fingerprint) == 1; }));
  EXPECT_TRUE(eventually([&] { return incomplete(*server).find("commits")->items().empty(); }));
}

TEST_F(Commits, submit_tells_what_the_checkout_knows) {
  const GitRepository repository;
  const std::string base = repository.commit("base", "2024-01-01T00:00:00Z");
  const std::string head = repository.commit("head", "2024-01-02T00:00:00Z");
  repository.git({"remote", "add", "origin", k_url});
  const std::string dry = file(submission(head));
  const auto printed = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"submit", dry, "--dry-run"});
    const CommandOutcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto document = json::parse(first_line_of(outcome.out));
    return document.ok() && document->find("github")->find("commit_info") != nullptr
               ? json::to_text(*document->find("github")->find("commit_info"))
               : "";
  };
  EXPECT_EQ(printed({}), "") << "we do not stand in that checkout";
  EXPECT_EQ(printed({"--git", repository.folder}),
            fmt::format(R"({{"timestamp":"2024-01-02T00:00:00Z","message":"head",)"
                        R"("author_name":"Ada L","parent":"{}","branch":"org:main",)"
                        R"("fork_point_sha":"{}"}})",
                        base, head));
  EXPECT_EQ(run({"submit", dry, "--dry-run", "--git", folder.path()}).exit_code, 2);

  const auto server = serve({});
  ASSERT_TRUE(server->ready());
  EXPECT_EQ(run({"submit", dry, "--git", repository.folder}).exit_code, 0);
  EXPECT_TRUE(incomplete(*server).find("commits")->items().empty()) << "without any source";
}

TEST_F(Commits, canned_answers_are_there_at_once) {
  const auto server = serve({"--set", "commits.source=canned"});
  ASSERT_TRUE(server->ready());
  const std::string fingerprint = submit(
      *server, submission("02addad336ba19a654f9c857ede546331be7b631", R"(,"pr_number":12345678)"));
  EXPECT_EQ(points(*server, fingerprint), 1u);
}

TEST_F(Commits, a_source_that_cannot_be_is_refused_at_the_start) {
  for (const auto& [setting, word] : std::vector<std::pair<std::string, std::string>>{
           {"commits.source=svn", "svn"},
           {"commits.source=git", "commits.git"},
           {"commits.git=" + folder.path(), "no git repository"},
           {"commits.github_api=ftp://x", "commits.github_api"},
           {"commits.github_budget=2m", "commits.github_budget"}}) {
    const CommandOutcome outcome = run_benchlake(
        {"serve", "--data", folder.path() + "/d", "--http", "127.0.0.1:0", "--set", setting});
    EXPECT_EQ(outcome.exit_code, 2) << setting;
    EXPECT_NE(outcome.err.find(word), std::string::npos) << outcome.err;
  }
}

TEST_F(Commits, a_repair_with_faults_names_them_all) {
  const auto server = serve({});
  ASSERT_TRUE(server->ready());
  const Answer answer =
      server->post("/api/v1/commits/repair", R"({"limit":0,"dry_run":1,"cursor":"x","more":true})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.body.find("errors")->items().size(), 4u) << answer.text;
  EXPECT_EQ(server->post("/api/v1/commits/repair", "[]").status, 422);
  EXPECT_EQ(server->post("/api/v1/commits/repair", "").status, 200);
  EXPECT_EQ(ask_incomplete(*server, "?page_size=0").status, 422);
  EXPECT_EQ(server->get("/api/v1/commits/incomplete").status, 401) << "it names folders";
}

}  // namespace
}  // namespace bl::product
