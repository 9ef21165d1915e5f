#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/json.h"
#include "base/program.h"
#include "base/testing/temporary_folder.h"
#include "gate/bisect.h"
#include "gate/commands.h"

namespace bl::gate {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// A repository whose commits change the time of a benchmark, which has noise of 1 %: `speed` holds
/// the seconds, and each run is another one by the number that it finds beside the repository.
struct BisectCommand : testing::Test {
  struct Said {
    int code = 0;
    std::string out, err;
  };

  BisectCommand() {
    fs::create_directories(path("repository"));
    git({"init", "--quiet", "--initial-branch=main"});
    set("runs", "0");
    write("bench.sh",
          "#!/bin/sh\nset -e\ncd \"$(dirname \"$0\")\"\nn=$(cat " + path("runs") +
              ")\necho $((n + 1)) > " + path("runs") +
              "\nif [ -f flaky ] && [ $((n % 4)) = 0 ]; then echo tripped >&2; exit 3; fi\n"
              "awk -v n=\"$n\" -v v=\"$(cat speed)\" 'BEGIN { srand(n * 7919 + 1); rand(); rand();"
              " u = rand() + rand() + rand() - 1.5;"
              " printf \"{\\\"context\\\":{},\\\"benchmarks\\\":[{\\\"name\\\":\\\"BM_Sort\\\","
              "\\\"run_type\\\":\\\"iteration\\\",\\\"real_time\\\":%.9f,"
              "\\\"time_unit\\\":\\\"s\\\"}]}\", v * (1 + 0.02 * u) }'\n");
    fs::permissions(path("repository/bench.sh"), fs::perms::owner_all);
  }

  std::string path(const std::string& name) const { return folder.path() + "/" + name; }
  void set(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  void write(const std::string& name, const std::string& text) const {
    set("repository/" + name, text);
  }
  std::string git(std::vector<std::string> words) const {
    words.insert(words.begin(), {"git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c",
                                 "commit.gpgsign=false", "-c", "merge.ff=false"});
    const auto end = run_program({.words = words, .folder = path("repository")});
    EXPECT_TRUE(end.ok() && end->exit_code == 0) << (end.ok() ? end->err : end.error().message);
    std::string out = end.ok() ? end->out : "";
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out;
  }
  /// Commits `subject` with the seconds; gives its hash.
  std::string commit(const std::string& subject, const std::string& seconds) const {
    write("speed", seconds);
    write("subject", subject);
    git({"add", "."});
    git({"commit", "--quiet", "-m", subject});
    return git({"rev-parse", "HEAD"});
  }
  /// `count` commits, from `slow_from` on 10 % slower.
  std::vector<std::string> commits(int count, int slow_from) const {
    std::vector<std::string> shas;
    for (int i = 0; i < count; ++i)
      shas.push_back(commit("change " + std::to_string(i), i >= slow_from ? "1.10" : "1.00"));
    return shas;
  }

  Said run(std::vector<std::string> words) const {
    CommandIo io;
    io.out = std::tmpfile();
    io.err = std::tmpfile();
    Said said;
    const fs::path before = fs::current_path();
    fs::current_path(path("repository"));
    words.insert(words.begin(), "bisect");
    said.code = run_command_line("benchlake", "1", commands_, words, io);
    fs::current_path(before);
    const auto text_of = [](std::FILE* file) {
      std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
      std::rewind(file);
      text.resize(std::fread(text.data(), 1, text.size(), file));
      std::fclose(file);
      return text;
    };
    said.out = text_of(io.out);
    said.err = text_of(io.err);
    return said;
  }
  Said bisect(std::vector<std::string> options, const std::string& good) const {
    options.insert(options.end(), {"--good", good, "--warmup", "0", "--", "./bench.sh"});
    return run(std::move(options));
  }
  void expect_no_worktree_left() const {
    const std::string list = git({"worktree", "list"});
    EXPECT_EQ(std::ranges::count(list, '\n'), 0) << list;
  }
  int runs_so_far() const {
    int runs = 0;
    std::ifstream(path("runs")) >> runs;
    return runs;
  }

  TemporaryFolder folder;
  std::vector<Command> commands_ = gate::commands("1");
};

TEST_F(BisectCommand, names_the_commit_that_made_it_slower) {
  const auto shas = commits(20, 13);
  const Said said = bisect({}, shas[0]);
  EXPECT_EQ(said.code, 1) << said.out << said.err;
  EXPECT_THAT(said.out, HasSubstr("guilty: " + shas[13].substr(0, 10) + "  change 13"));
  EXPECT_THAT(said.out, HasSubstr("change: worse by"));
  EXPECT_THAT(said.out, HasSubstr("among 20 commits"));
  EXPECT_THAT(said.out,
              HasSubstr("benchlake check --against " + shas[12].substr(0, 10) + " -- ./bench.sh"));
  EXPECT_THAT(said.err, HasSubstr("run 1: " + shas[0].substr(0, 10)));
  EXPECT_LT(runs_so_far(), 30);
  expect_no_worktree_left();
}

TEST_F(BisectCommand, commits_that_do_not_build_are_passed_over_and_the_answer_is_a_set) {
  std::vector<std::string> shas = commits(8, 99);
  write("broken", "1");
  shas.push_back(commit("breaks the build", "1.00"));
  shas.push_back(commit("slower and broken", "1.10"));
  fs::remove(path("repository/broken"));
  shas.push_back(commit("builds again", "1.10"));
  for (int i = 0; i < 5; ++i) shas.push_back(commit("later " + std::to_string(i), "1.10"));
  const Said said =
      bisect({"--prepare", "test ! -f broken || { echo 'no such header' >&2; exit 2; }"}, shas[0]);
  EXPECT_EQ(said.code, 1) << said.out << said.err;
  EXPECT_THAT(said.out,
              HasSubstr("guilty: one of " + shas[8].substr(0, 10) + ".." + shas[10].substr(0, 10)));
  EXPECT_THAT(said.out, HasSubstr("commits cannot be run"));
  EXPECT_THAT(said.out, HasSubstr("--prepare ended with 2: no such header"));
  expect_no_worktree_left();
}

TEST_F(BisectCommand, a_command_that_fails_now_and_then_is_repeated) {
  write("flaky", "1");
  const auto shas = commits(6, 3);
  const Said said = bisect({"--json"}, shas[0]);
  EXPECT_EQ(said.code, 1) << said.err;
  const auto document = json::parse(said.out);
  ASSERT_TRUE(document.ok()) << said.out;
  EXPECT_EQ(document->find("state")->as_string(), "found");
  EXPECT_EQ(document->find("changes")->items()[0].find("last")->find("sha")->as_string(), shas[3]);
  EXPECT_GT(document->find("failures")->as_int64(), 1);
  EXPECT_THAT(said.err, HasSubstr("failed: exit code 3: tripped"));
}

TEST_F(BisectCommand, goes_on_from_its_log_and_refuses_that_of_another_command) {
  const auto shas = commits(20, 13);
  const std::string log = path("log.jsonl");
  const Said cut = bisect({"--log", log, "--runs-max", "5"}, shas[0]);
  EXPECT_EQ(cut.code, 3) << cut.out;
  EXPECT_THAT(cut.out, HasSubstr("not known yet"));
  EXPECT_THAT(cut.out, HasSubstr("run next"));
  EXPECT_EQ(runs_so_far(), 6) << "the first one says what the command prints";
  std::ofstream(log, std::ios::app) << R"({"commit": "torn)";
  const Said rest = bisect({"--log", log}, shas[0]);
  EXPECT_EQ(rest.code, 1) << rest.out << rest.err;
  EXPECT_THAT(rest.out, HasSubstr(", 5 of them known before"));
  EXPECT_THAT(rest.out, HasSubstr("guilty: " + shas[13].substr(0, 10)));
  const int runs = runs_so_far();
  EXPECT_EQ(bisect({"--log", log}, shas[0]).code, 1);
  EXPECT_EQ(runs_so_far(), runs) << "all is known";
  const Said other = bisect({"--log", log, "--prepare", "true"}, shas[0]);
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("log.jsonl:1: this is the log of another bisection"));
}

TEST_F(BisectCommand, says_what_to_run_next_of_values_from_elsewhere) {
  const auto shas = commits(20, 13);
  std::string values;
  for (int i = 0; i < 4; ++i) {
    const std::string noise = std::to_string(i % 3);
    values += R"({"commit": ")" + shas[0] + R"(", "value": 1.00)" + noise + "}\n";
    values += R"({"commit": ")" + shas[19].substr(0, 10) + R"(", "value": 1.10)" + noise + "}\n";
  }
  set("values.jsonl", values);
  const Said said = run(
      {"--next", "--good", shas[0], "--values", path("values.jsonl"), "--count", "3", "--json"});
  EXPECT_EQ(said.code, 3) << said.err;
  const auto document = json::parse(said.out);
  ASSERT_TRUE(document.ok()) << said.out;
  ASSERT_EQ(document->find("next")->items().size(), 3u);
  for (const json::Value& next : document->find("next")->items())
    EXPECT_GT(next.find("bits")->as_double(), 0.1);
  EXPECT_EQ(runs_so_far(), 0);
  set("values.jsonl", "{\"commit\": \"1234567\"}\n");
  const Said bad = run({"--next", "--good", shas[0], "--values", path("values.jsonl")});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("values.jsonl:1: neither value nor skipped nor failed"));
}

TEST_F(BisectCommand, goes_into_a_guilty_merge_when_asked) {
  std::vector<std::string> shas = commits(4, 99);
  git({"checkout", "--quiet", "-b", "side"});
  std::vector<std::string> side;
  for (int i = 0; i < 6; ++i)
    side.push_back(commit("side " + std::to_string(i), i >= 2 ? "1.10" : "1.00"));
  git({"checkout", "--quiet", "main"});
  write("other", "1");
  git({"add", "."});
  git({"commit", "--quiet", "-m", "on main"});
  git({"merge", "--quiet", "-m", "merge side", "side"});
  const std::string merge = git({"rev-parse", "HEAD"});
  const Said said = bisect({"--into-merge"}, shas[0]);
  EXPECT_EQ(said.code, 1) << said.out << said.err;
  EXPECT_THAT(said.out, HasSubstr("guilty: " + merge.substr(0, 10) + "  merge side"));
  EXPECT_THAT(said.out, HasSubstr("within that merge:\nguilty: " + side[2].substr(0, 10)));
}

TEST_F(BisectCommand, no_change_is_told_as_such) {
  const auto shas = commits(6, 99);
  const Said said = bisect({"--change-min", "20%"}, shas[0]);
  EXPECT_EQ(said.code, 0) << said.out << said.err;
  EXPECT_THAT(said.out, HasSubstr("no change between the ends"));
}

TEST_F(BisectCommand, an_interruption_leaves_no_process_and_no_worktree) {
  write("bench.sh", "#!/bin/sh\nsleep 600 &\necho $! > " + path("told.tmp") + "\nmv " +
                        path("told.tmp") + " " + path("told") + "\nwait\n");
  const auto shas = commits(4, 2);
  std::thread interrupter([&] {
    while (!fs::exists(path("told"))) std::this_thread::yield();
    kill(getpid(), SIGINT);
  });
  const Said said = bisect({}, shas[0]);
  interrupter.join();
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("cancelled"));
  expect_no_worktree_left();
  std::string process;
  std::ifstream(path("told")) >> process;
  const auto state = run_program({.words = {"ps", "-o", "stat=", "-p", process}});
  EXPECT_TRUE(state->out.empty() || state->out.starts_with("Z")) << state->out;
}

TEST_F(BisectCommand, what_cannot_be_asked_ends_with_2) {
  const auto shas = commits(4, 2);
  EXPECT_EQ(bisect({}, "no-such").code, 2);
  EXPECT_THAT(bisect({}, "HEAD").err, HasSubstr("the good and the bad end are one commit"));
  EXPECT_THAT(bisect({"--bad", shas[1]}, shas[3]).err, HasSubstr("is not behind the bad one"));
  EXPECT_THAT(bisect({"--confidence", "2"}, shas[0]).err, HasSubstr("confidence"));
  EXPECT_THAT(bisect({"--values", "x"}, shas[0]).err, HasSubstr("belongs to --next: --values"));
  EXPECT_THAT(run({"--good", shas[0]}).err, HasSubstr("a command is missing"));
  EXPECT_THAT(run({"--next", "--good", shas[0]}).err, HasSubstr("--values FILE or --series"));
  const Said broken = bisect({"--prepare", "exit 4"}, shas[0]);
  EXPECT_EQ(broken.code, 2);
  EXPECT_THAT(broken.err, HasSubstr("the good end cannot be run"));
  expect_no_worktree_left();
}

TEST(ShellText, quotes_what_a_shell_would_read_otherwise) {
  EXPECT_EQ(shell_text({"./bench", "--out={output}", "it's", ""}),
            "./bench '--out={output}' 'it'\\''s' ''");
}

}  // namespace
}  // namespace bl::gate
