#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "api/forges.h"
#include "product/server_process.h"

/// The comment as a whole: a real git repository in which one commit of a branch makes three of
/// five benchmarks slower, its results with their traces, a build that failed, a server that judges
/// all that, and the comment under the pull request. What the comment suggests is then run.
namespace bl::product {
namespace {

using testing::HasSubstr;

constexpr const char* k_repository = "https://github.com/org/repo";
constexpr const char* k_failed_build = "0192f000-0000-7000-8000-000000000001";
constexpr int k_history = 24;

/// A benchmark program: name, seconds and noise of each benchmark stand in work.txt of the commit;
/// it prints what pytest-benchmark writes. SEED makes its noise the same again.
constexpr const char* k_bench =
    R"(awk -v seed="${SEED:-$$}" -v time="${TIME:-2026-01-01T00:00:00}" '
BEGIN {
  srand(seed); rand()
  printf "{\"machine_info\":{},\"commit_info\":{},\"version\":\"5.1.0\",\"datetime\":\"%s\",", time
  printf "\"benchmarks\":["
}
{
  noise = 0
  for (i = 0; i < 12; ++i) noise += rand()
  value = $2 * (1 + $3 * (noise - 6))
  printf "%s{\"name\":\"%s\",\"fullname\":\"%s\",\"params\":null,\"param\":null,",
    (NR > 1 ? "," : ""), $1, $1
  printf "\"extra_info\":{},\"options\":{},\"stats\":{\"data\":["
  for (i = 0; i < 5; ++i) printf "%s%.9f", (i > 0 ? "," : ""), value * (1 + 0.001 * (i - 2))
  printf "]}}"
}
END { print "]}" }' work.txt
)";

std::string work(double parse, double link) {
  return fmt::format(
      "parse {:.6f} 0.004\nlex {:.6f} 0.004\nresolve {:.6f} 0.004\nlink {:.6f} 0.03\n"
      "format 0.3 0.004\n",
      0.1 * parse, 0.2 * parse, 0.05 * parse, 0.4 * link);
}

std::string time_of(int day) {
  return fmt::format("2026-{:02}-{:02}T12:00:00", 1 + day / 28, 1 + day % 28);
}

class ProofOfTheComment : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(checkout);
    git("init -q -b main .");
    git("config user.email ada@example.com");
    git("config user.name Ada");
    write("bench.sh", k_bench);
    write("work.txt", work(1, 1));
    std::vector<std::string> arguments;
    for (const std::string& setting :
         {std::string("advice.comments=true"), std::string("advice.github_token=secret-token"),
          std::string("commits.source=none"), "commits.github_api=" + forges.url(),
          std::string("server.base_url=https://bench.example.com")}) {
      arguments.insert(arguments.end(), {"--set", setting});
    }
    server = std::make_unique<ServerProcess>(data, arguments);
    ASSERT_TRUE(server->ready());
    const CommandOutcome on = run_benchlake({"verdicts", "on", k_repository, "--data", data});
    ASSERT_EQ(on.exit_code, 0) << on.err;
  }
  void TearDown() override { std::filesystem::current_path("/"); }

  std::string shell(const std::string& line) const {
    const std::string out = folder.path() + "/out";
    const std::string whole = "cd '" + checkout + "' && " + line + " > '" + out + "'";
    EXPECT_EQ(std::system(whole.c_str()), 0) << whole;
    std::ifstream file(out);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void git(const std::string& arguments) const { shell("git " + arguments); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(checkout + "/" + name) << text;
  }
  /// Of a day of its own; gives its hash.
  std::string commit(const std::string& message) {
    const std::string time = time_of(++day) + "Z";
    write("notes.txt", message + "\n");
    git("add -A");
    shell("GIT_AUTHOR_DATE=" + time + " GIT_COMMITTER_DATE=" + time + " git commit -q -m '" +
          message + "'");
    return shell("git rev-parse HEAD").substr(0, 40);
  }

  /// Five spans of a benchmark: the root, and in it `tokenize`, which takes so much of it.
  std::vector<std::string> send_traces(const std::string& name, double seconds,
                                       double tokenize_seconds) {
    std::vector<std::string> ids;
    std::string spans;
    for (int i = 0; i < 5; ++i) {
      ids.push_back(fmt::format("4bf92f3577b34da6{:016x}", ++traces));
      const std::int64_t start = 1'767'225'600'000'000'000 + traces * 1'000'000'000;
      const auto span = [&](int id, const std::string& parent, const std::string& what, double to) {
        const auto end = start + static_cast<std::int64_t>(to * 1e9) + i * 20'000;
        return fmt::format(
            R"({{"traceId":"{}","spanId":"{:016x}"{},"name":"{}","startTimeUnixNano":"{}",)"
            R"("endTimeUnixNano":"{}"}})",
            ids.back(), id, parent, what, start, end);
      };
      spans += (spans.empty() ? "" : ",") + span(1, "", name, seconds) + "," +
               span(2, R"(,"parentSpanId":"0000000000000001")", "tokenize", tokenize_seconds);
    }
    const Answer answer = server->post(
        "/v1/traces",
        R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":)"
        R"({"stringValue":"compiler"}}]},"scopeSpans":[{"spans":[)" +
            spans + "]}]}]}");
    EXPECT_EQ(answer.status, 200) << answer.text;
    return ids;
  }

  /// What a CI job does: the benchmark of the commit that is checked out, its results by `submit`'s
  /// reading with the commit as git knows it, each with the traces of its samples.
  void run_ci(const std::string& run, int seed, double grown = 1,
              const std::vector<std::string>& more = {}) {
    const std::string figures =
        shell(fmt::format("SEED={} TIME={} sh bench.sh", seed, time_of(day)));
    const std::string sha = shell("git rev-parse HEAD").substr(0, 40);
    std::vector<std::string> arguments = {"submit",
                                          "-",
                                          "--dry-run",
                                          "--git",
                                          checkout,
                                          "--repository",
                                          k_repository,
                                          "--commit",
                                          sha,
                                          "--run-id",
                                          run,
                                          "--run-reason",
                                          "commit",
                                          "--machine-name",
                                          "m1",
                                          "--run-tag",
                                          "command=sh bench.sh"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const CommandOutcome read = run_benchlake(arguments, figures);
    ASSERT_EQ(read.exit_code, 0) << read.err;
    std::istringstream lines(read.out);
    for (std::string line; std::getline(lines, line);) {
      json::Value submission = json::parse(line).value();
      const std::string name = submission.find("tags")->find("name")->as_string();
      if (has_traces && (name == "parse" || name == "lex" || name == "resolve")) {
        std::string links;
        for (const std::string& id : send_traces(name, 0.1 + grown - 1, 0.05 + grown - 1)) {
          links +=
              fmt::format(R"({}{{"trace_id":"{}","role":"manual"}})", links.empty() ? "" : ",", id);
        }
        submission.set("exemplars", json::parse("[" + links + "]").value());
      }
      const Answer answer = server->post("/api/results", json::to_text(submission));
      ASSERT_EQ(answer.status, 201) << answer.text;
    }
  }
  /// The default branch: many commits that change nothing; the last one has traces.
  void make_history() {
    for (int i = 1; i <= k_history; ++i) {
      base = commit(fmt::format("change {}", i));
      has_traces = i == k_history;
      run_ci(fmt::format("main-{}", i), i);
    }
    has_traces = true;
    ASSERT_TRUE(eventually([&] {
      return server->get("/api/v1/verdicts/projects").text.find("\"waiting\":0") !=
             std::string::npos;
    }));
  }
  static bool eventually(const std::function<bool()>& done) {
    for (int attempt = 0; attempt < 600; ++attempt) {
      if (done()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  json::Value comment_of(const std::string& sha) const {
    return server->get("/api/v1/advice/comment?repository=org/repo&sha=" + sha).body;
  }
  /// A command as the comment suggests it, run in the checkout.
  CommandOutcome run_suggested(const std::string& command) const {
    std::filesystem::current_path(checkout);
    std::istringstream words(command);
    std::string word;
    words >> word;
    EXPECT_EQ(word, "benchlake");
    std::vector<std::string> arguments;
    while (words >> word) arguments.push_back(word);
    return run_benchlake(arguments);
  }

  TemporaryFolder folder;
  const std::string checkout = folder.path() + "/repo", data = folder.path() + "/data";
  Forges forges;
  std::unique_ptr<ServerProcess> server;
  std::string base;
  bool has_traces = false;
  int day = 0;
  std::int64_t traces = 0;
};

TEST_F(ProofOfTheComment, says_what_grew_how_to_see_it_and_what_is_not_known) {
  make_history();
  git("checkout -q -b fix");
  write("work.txt", work(1.06, 1.06));
  const std::string head = commit("parse twice");
  forges.set_head(head);
  const std::vector<std::string> branch = {"--branch", "ann:fix"};
  const std::string event =
      fmt::format(R"({{"event_id":"0192f000-0000-7000-9000-000000000001","timestamp":"1000",)"
                  R"("build_request_id":"{}","build_request_event":{{"status_code":5}}}})",
                  k_failed_build);
  ASSERT_EQ(server->post("/api/v1/events", event).status, 200);
  run_ci("branch-1", 101, 1.006, branch);
  run_ci("branch-2", 102, 1.006, branch);
  run_ci(k_failed_build, 103, 1.006, branch);
  // Three runs are not enough for all of them.
  ASSERT_TRUE(eventually([&] {
    return forges.last_comment().find("1 more run to be sure of parse") != std::string::npos;
  })) << forges.last_comment();
  // Late results change that one comment.
  run_ci("branch-4", 104, 1.006, branch);
  run_ci("branch-5", 105, 1.006, branch);
  ASSERT_TRUE(eventually([&] {
    return forges.last_comment().find("grew most in 3 benchmarks") != std::string::npos;
  })) << forges.last_comment();
  EXPECT_EQ(forges.comments().size(), 1u);

  const json::Value told = comment_of(head);
  const std::string text = forges.last_comment();
  SCOPED_TRACE(text + json::to_text(told));
  // Three are slower by 6 % since that commit, by one cause.
  EXPECT_EQ(told.find("status")->as_string(), "slower");
  EXPECT_EQ(told.find("base_sha")->as_string(), base);
  ASSERT_EQ(told.find("findings")->items().size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const json::Value& finding = told.find("findings")->items()[i];
    EXPECT_EQ(finding.find("kind")->as_string(), "slower");
    EXPECT_NEAR(finding.find("percent")->as_double(), 6, 1);
    EXPECT_GE(finding.find("confidence")->as_double(), 0.85);
    EXPECT_EQ(finding.find("since")->find("sha")->as_string(), head);
    EXPECT_EQ(finding.find("since")->find("subject")->as_string(), "parse twice");
  }
  EXPECT_THAT(text, testing::ContainsRegex("parse\\*\\* slower by [567]\\.[0-9] %"));
  EXPECT_THAT(text, testing::ContainsRegex("since `" + head.substr(0, 7) +
                                           "` “parse twice” \\(Ada\\), .*[89][0-9.]* % sure"));
  EXPECT_THAT(
      text,
      HasSubstr("The same span grew most in 3 benchmarks&#58; tokenize: parse; lex; resolve"));
  EXPECT_THAT(text, HasSubstr("span **tokenize** of compiler takes 6"));
  EXPECT_THAT(text, HasSubstr("100 % of the slowdown"));
  EXPECT_EQ(told.find("groups")->items().size(), 1u);
  EXPECT_EQ(told.find("groups")->items()[0].find("cause")->as_string(), "same_span");
  ASSERT_EQ(told.find("spans")->items().size(), 3u);
  for (const json::Value& span : told.find("spans")->items()) {
    EXPECT_NEAR(span.find("shift_ns")->as_double(), 6e6, 1e5);
    EXPECT_EQ(span.find("base_traces")->items().size(), 5u);
    EXPECT_EQ(span.find("compare_traces")->items().size(), 5u);
  }
  // The build that failed is known by its run.
  ASSERT_EQ(told.find("builds")->items().size(), 1u);
  EXPECT_EQ(told.find("builds")->items()[0].find("id")->as_string(), k_failed_build);
  EXPECT_THAT(text, HasSubstr(fmt::format("Build {} failed", k_failed_build)));
  // The command that came with the results shows the same.
  const std::string command = told.find("reproduce")->find("command")->as_string();
  EXPECT_THAT(command, HasSubstr("--against " + base));
  EXPECT_THAT(text, HasSubstr("```sh\n" + command + "\n```"));
  const CommandOutcome again = run_suggested(command);
  EXPECT_NE(again.exit_code, 2) << again.err;
  EXPECT_THAT(again.out, testing::ContainsRegex("parse .*\\+[567]\\.[0-9] %")) << again.err;
}

}  // namespace
}  // namespace bl::product
