#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/hash.h"
#include "base/json.h"
#include "base/program.h"
#include "base/testing/temporary_folder.h"
#include "gate/commands.h"
#include "net/server.h"

namespace bl::gate {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A project with a benchmark: it prints, as hyperfine does, the seconds and the number of files
/// that its own files say.
struct GateCommands : testing::Test {
  struct Said {
    int code = 0;
    std::string out, err;
  };

  GateCommands() {
    set("bench.sh",
        "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n"
        "printf '{\"context\":{},\"benchmarks\":['\n"
        "sep=''\n"
        "for t in $(cat times); do printf '%s{\"name\":\"BM_Sort\",\"run_type\":\"iteration\","
        "\"real_time\":%s,\"time_unit\":\"s\",\"files\":%s}' \"$sep\" \"$t\" \"$(cat files)\"; "
        "sep=','; done\n"
        "printf ']}'\n");
    fs::permissions(path("bench.sh"), fs::perms::owner_all);
    set("times", "1.00 1.01 0.99");
    set("files", "12");
    set("gate.toml",
        "[gate]\nrounds = 5\nrounds_max = 6\nwarmup = 0\n"
        "[[scenario]]\nname = \"sort\"\ncommand = [\"./bench.sh\"]\ncounters = [\"files\"]\n");
  }

  std::string path(const std::string& name) const { return folder.path() + "/" + name; }
  void set(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }

  Said run(std::vector<std::string> words) const {
    CommandIo io;
    io.out = std::tmpfile();
    io.err = std::tmpfile();
    Said said;
    said.code = run_command_line("benchlake", "1", commands("1"), words, io);
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
  Said gate(const std::string& verb, std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"gate",   verb,          "--config", path("gate.toml"),
                                      "--arch", "linux-x86_64"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  TemporaryFolder folder;
};

TEST_F(GateCommands, a_check_without_a_baseline_says_so_before_it_measures) {
  const Said said = gate("check");
  EXPECT_EQ(said.code, 5);
  EXPECT_THAT(said.err, HasSubstr("make one:"));
  EXPECT_THAT(said.err, HasSubstr("--against"));
}

TEST_F(GateCommands, what_was_recorded_is_compared_and_a_check_saves_nothing) {
  ASSERT_EQ(gate("record", {"--message", "first"}).code, 0);
  EXPECT_THAT(content(path("baselines/linux-x86_64.json")),
              HasSubstr(R"("name": "BM_Sort", "median": 1, )"));
  EXPECT_THAT(content(path("baselines/linux-x86_64.detail.json")),
              HasSubstr(R"("message":"first")"));
  const auto before = fs::last_write_time(path("baselines"));
  EXPECT_EQ(gate("check").code, 0);
  set("times", "1.30 1.31 1.29");
  const Said slower = gate("check");
  EXPECT_EQ(slower.code, 1) << slower.out << slower.err;
  EXPECT_THAT(slower.out, HasSubstr("1 got worse"));
  EXPECT_THAT(slower.out, HasSubstr("+30.0 %"));
  set("times", "0.5");
  EXPECT_THAT(gate("check").out, HasSubstr("1 improved"));
  EXPECT_EQ(fs::last_write_time(path("baselines")), before);
}

TEST_F(GateCommands, a_counter_that_changed_is_red_and_a_missing_benchmark_too) {
  ASSERT_EQ(gate("record").code, 0);
  set("files", "13");
  const Said more = gate("check");
  EXPECT_EQ(more.code, 1);
  EXPECT_THAT(more.out, HasSubstr("counter files"));
  set("files", "12");
  set("bench.sh", "#!/bin/sh\necho broken >&2\nexit 7\n");
  const Said broken = gate("check");
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.out, HasSubstr("exit code 7: broken"));
}

TEST_F(GateCommands, reports_are_written_where_they_are_wanted) {
  ASSERT_EQ(gate("record").code, 0);
  const Said said =
      gate("check", {"--json", "--junit", path("gate.xml"), "--markdown", path("gate.md")});
  const auto parsed = json::parse(said.out);
  ASSERT_TRUE(parsed.ok()) << said.out;
  EXPECT_EQ(parsed->find("verdict")->as_string(), "ok");
  EXPECT_THAT(content(path("gate.xml")), HasSubstr("<testcase classname=\"sort\""));
  EXPECT_THAT(content(path("gate.md")), HasSubstr("| BM\\_Sort | median | fine |"));
}

TEST_F(GateCommands, another_machine_is_told_refused_or_only_counted) {
  ASSERT_EQ(gate("record").code, 0);
  // Only the flat file is left: nobody knows on which machine it was made.
  fs::remove(path("baselines/linux-x86_64.detail.json"));
  const Said told = gate("check");
  EXPECT_EQ(told.code, 0) << told.out;
  EXPECT_THAT(told.out, HasSubstr("warning: the baseline is of another machine"));
  EXPECT_EQ(gate("check", {"--strict-machine"}).code, 4);
  set("times", "9");
  const Said counted = gate("check", {"--counters-only-on-foreign-machine"});
  EXPECT_EQ(counted.code, 0) << counted.out;
  EXPECT_THAT(counted.out, HasSubstr("not judged"));
  EXPECT_EQ(gate("check").code, 1);
}

TEST_F(GateCommands, a_baseline_names_its_binary_and_how_it_was_built) {
  set("flags", "g++ 12 -O2\n");
  set("gate.toml",
      "[gate]\nrounds = 5\nrounds_max = 6\nwarmup = 0\nbinaries = [\"bench.sh\"]\n"
      "[gate.provenance]\ncompiler = [\"cat\", \"flags\"]\n"
      "[[scenario]]\nname = \"sort\"\ncommand = [\"./bench.sh\"]\ncounters = [\"files\"]\n");
  ASSERT_EQ(gate("record").code, 0);
  const std::string detail = content(path("baselines/linux-x86_64.detail.json"));
  EXPECT_THAT(detail, HasSubstr(R"("compiler":"g++ 12 -O2")"));
  EXPECT_THAT(detail, HasSubstr("\"sha256 of bench.sh\":\"" +
                                sha256_hex(content(path("bench.sh"))) + "\""));
  EXPECT_THAT(gate("check").out, Not(HasSubstr("warning")));
  set("flags", "g++ 12 -O0\n");
  const Said otherwise = gate("check");
  EXPECT_EQ(otherwise.code, 0);
  EXPECT_THAT(otherwise.out, HasSubstr("warning: the baseline was made otherwise: compiler: "
                                       "g++ 12 -O2, here g++ 12 -O0"));
  fs::remove(path("flags"));
  EXPECT_THAT(gate("check").out, HasSubstr("warning: compiler is not known: exit code 1"));
  const Said unknown = gate("record");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("compiler is not known"));
  EXPECT_EQ(content(path("baselines/linux-x86_64.detail.json")), detail);
}

TEST_F(GateCommands, on_another_machine_counters_are_judged_all_the_same) {
  ASSERT_EQ(gate("record").code, 0);
  std::string detail = content(path("baselines/linux-x86_64.detail.json"));
  const std::size_t at = detail.find("\"kernel\":\"");
  ASSERT_NE(at, std::string::npos);
  detail.insert(at + 10, "other-");
  set("baselines/linux-x86_64.detail.json", detail);
  set("times", "9");
  EXPECT_EQ(gate("check", {"--counters-only-on-foreign-machine"}).code, 0);
  set("files", "13");
  const Said counted = gate("check", {"--counters-only-on-foreign-machine"});
  EXPECT_EQ(counted.code, 1);
  EXPECT_THAT(counted.out, HasSubstr("counter files"));
}

TEST_F(GateCommands, a_virtual_machine_is_another_one_when_its_time_has_passed) {
  ASSERT_EQ(gate("record").code, 0);
  const std::string config = content(path("gate.toml"));
  const std::string detail = content(path("baselines/linux-x86_64.detail.json"));
  if (detail.find("virtual_machine") == std::string::npos)
    GTEST_SKIP() << "this machine is not a virtual one";
  const auto same_for = [&](const std::string& time) {
    set("gate.toml", "[gate]\nvirtual_machine_time = \"" + time + "\"\n" + config.substr(7));
  };
  same_for("1h");
  EXPECT_THAT(gate("check").out, Not(HasSubstr("another machine")));
  same_for("1ms");
  set("times", "9");
  EXPECT_EQ(gate("check").code, 1);
  const Said counted = gate("check", {"--counters-only-on-foreign-machine"});
  EXPECT_EQ(counted.code, 0);
  EXPECT_THAT(counted.out, HasSubstr("another machine (a virtual machine, "));
}

TEST_F(GateCommands, the_canonical_baseline_stands_in_for_another_architecture) {
  ASSERT_EQ(gate("record").code, 0);
  const Said said =
      run({"gate", "check", "--config", path("gate.toml"), "--arch", "linux-riscv64"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out, HasSubstr("there is no baseline of linux-riscv64; this is that of "
                                  "linux-x86_64"));
}

TEST_F(GateCommands, what_was_run_may_be_judged_later) {
  ASSERT_EQ(gate("record").code, 0);
  set("times", "2 2.01 1.99");
  const Said ran = gate("run", {"--output", path("measured.json")});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("BM_Sort"));
  fs::remove(path("bench.sh"));
  EXPECT_EQ(gate("check", {"--measured", path("measured.json")}).code, 1);
  const Said explained = gate("explain", {"--measured", path("measured.json"), "BM_Sort"});
  EXPECT_EQ(explained.code, 1);
  EXPECT_THAT(explained.out, HasSubstr("median: regression"));
  EXPECT_THAT(explained.out, HasSubstr("counter files: fine, equal"));
}

TEST_F(GateCommands, a_single_command_needs_no_configuration) {
  const std::string baseline = path("b/one.json");
  const auto words = [&](std::vector<std::string> before) {
    before.insert(before.end(), {"--baseline", baseline, "--rounds", "5", "--", path("bench.sh")});
    return before;
  };
  ASSERT_EQ(run(words({"gate", "record"})).code, 0);
  EXPECT_EQ(run(words({"check"})).code, 0);
  set("times", "1.2");
  EXPECT_EQ(run(words({"check"})).code, 1);
  EXPECT_EQ(run(words({"check", "--bound", "50%"})).code, 0);
}

TEST_F(GateCommands, a_command_that_prints_nothing_known_is_timed) {
  const Said said = run({"gate", "record", "--json", "--baseline", path("b/one.json"), "--rounds",
                         "3", "--warmup", "0", "--", "true"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.out, HasSubstr(R"("name": "true")"));
  EXPECT_THAT(said.out, HasSubstr(R"("rounds": 3)"));
}

TEST_F(GateCommands, another_checkout_is_measured_in_turns_and_leaves_nothing) {
  const auto git = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c",
                                 "commit.gpgsign=false"});
    const auto end = run_program({.words = words, .folder = folder.path()});
    ASSERT_TRUE(end.ok() && end->exit_code == 0) << end->err;
  };
  git({"init", "--quiet"});
  git({"add", "."});
  git({"commit", "--quiet", "-m", "first"});
  EXPECT_EQ(gate("check", {"--against", "HEAD"}).code, 0);
  set("times", "1.5 1.51 1.49");
  const Said slower = gate("check", {"--against", "HEAD"});
  EXPECT_EQ(slower.code, 1) << slower.out << slower.err;
  EXPECT_THAT(slower.out, HasSubstr("in turns on this machine"));
  EXPECT_FALSE(fs::exists(path("baselines")));
  const auto list = run_program({.words = {"git", "worktree", "list"}, .folder = folder.path()});
  EXPECT_EQ(std::ranges::count(list->out, '\n'), 1);
  EXPECT_EQ(gate("check", {"--against", "no-such"}).code, 2);
  EXPECT_EQ(gate("check", {"--against", "HEAD", "--prepare", "exit 3"}).code, 2);
}

TEST_F(GateCommands, an_interruption_leaves_no_process_and_no_folder) {
  const auto git = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c",
                                 "commit.gpgsign=false"});
    const auto end = run_program({.words = words, .folder = folder.path()});
    ASSERT_TRUE(end.ok() && end->exit_code == 0) << end->err;
    if (words.back() == "list") {
      EXPECT_EQ(std::ranges::count(end->out, '\n'), 1);
    }
  };
  // It tells its process and its folder (the other checkout's), and stays.
  set("bench.sh", "#!/bin/sh\nsleep 600 &\necho $! $(pwd) > " + path("told.tmp") + "\nmv " +
                      path("told.tmp") + " " + path("told") + "\nwait\n");
  git({"init", "--quiet"});
  git({"add", "."});
  git({"commit", "--quiet", "-m", "first"});
  std::thread interrupter([&] {
    while (!fs::exists(path("told"))) std::this_thread::yield();
    kill(getpid(), SIGINT);
  });
  const Said said = gate("check", {"--against", "HEAD"});
  interrupter.join();
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("cancelled"));
  std::istringstream told(content(path("told")));
  std::string process, checkout;
  told >> process >> checkout;
  EXPECT_FALSE(fs::exists(checkout));
  git({"worktree", "list"});
  const auto state = run_program({.words = {"ps", "-o", "stat=", "-p", process}});
  EXPECT_TRUE(state->out.empty() || state->out.starts_with("Z")) << state->out;
}

/// A server that keeps what is posted to it.
struct Receiver {
  Receiver() {
    router.add({.method = net::Method::post,
                .pattern = "/api/results",
                .access = net::Access::open,
                .handler = [this](const net::Request& request) {
                  const std::lock_guard lock(mutex);
                  bodies.emplace_back(request.body);
                  return net::Response::json(201, "{}");
                }});
    server = net::Server::listen({.port = 0}, router, nobody, random, log, metrics).value();
    server->start();
  }
  ~Receiver() { server->stop(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()); }

  std::mutex mutex;
  std::vector<std::string> bodies;  // guarded by mutex
  net::Router router;
  struct Nobody final : net::Authenticator {
    Result<net::Principal> authenticate(const net::Request&) override { return net::Principal{}; }
  } nobody;
  SystemRandom random;
  SystemClock clock;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  Metrics metrics;
  std::unique_ptr<net::Server> server;
};

TEST_F(GateCommands, the_history_of_a_gate_goes_to_a_server) {
  ASSERT_EQ(gate("record").code, 0);
  Receiver receiver;
  const Said nameless = gate("check", {"--submit", "--server", receiver.url()});
  EXPECT_EQ(nameless.code, 2);
  EXPECT_THAT(nameless.err, HasSubstr("--repository"));
  const Said said = gate("check", {"--submit", "--server", receiver.url(), "--repository",
                                   "https://github.com/me/sort", "--run-id", "r1"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_THAT(said.err, HasSubstr("stored 1 results of run r1"));
  ASSERT_EQ(receiver.bodies.size(), 1u);
  EXPECT_THAT(receiver.bodies[0], HasSubstr(R"("tags":{"name":"BM_Sort"})"));
  EXPECT_THAT(receiver.bodies[0], HasSubstr(R"("gate_verdict":"fine")"));
  EXPECT_EQ(gate("check", {"--submit", "--server", "http://127.0.0.1:1", "--repository",
                           "https://github.com/me/sort"})
                .code,
            2);
}

TEST_F(GateCommands, usage_and_input_end_with_2) {
  set("bad.toml", "[[scenario]]\nname = \"a\"\ncommand = [\"x\"]\nround = 1\n");
  const Said bad = run({"gate", "check", "--config", path("bad.toml")});
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("bad.toml:4: round is no key"));
  EXPECT_EQ(run({"gate", "check", "--config", path("none.toml")}).code, 2);
  EXPECT_EQ(gate("check", {"--scenario", "other"}).code, 2);
  EXPECT_EQ(gate("check", {"--measured", "x", "--against", "y"}).code, 2);
  EXPECT_EQ(gate("record", {"--rounds", "3"}).code, 2);
  EXPECT_EQ(gate("record", {"--", "true"}).code, 2);
  EXPECT_EQ(run({"gate", "record", "--baseline", path("b.json"), "--", "./no-such-program"}).code,
            2);
  EXPECT_EQ(run({"check", "--bound", "10", "--", "true"}).code, 2);
  EXPECT_EQ(run({"check"}).code, 2);
}

TEST_F(GateCommands, a_counter_that_is_none_is_not_recorded) {
  set("bench.sh",
      "#!/bin/sh\nprintf '{\"context\":{},\"benchmarks\":[{\"name\":\"B\",\"real_time\":1,"
      "\"time_unit\":\"s\",\"files\":%s}]}' $$\n");
  const Said said = gate("record");
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.err, HasSubstr("files is no counter"));
  EXPECT_FALSE(fs::exists(path("baselines")));
}

TEST_F(GateCommands, the_self_check_prints_its_rates) {
  const Said said = run({"gate", "self-check", "--trials", "20"});
  EXPECT_EQ(said.code, 0) << said.out;
  EXPECT_THAT(said.out, HasSubstr("A/A"));
  EXPECT_THAT(said.out, HasSubstr("holds: red for nothing at most 5 % of gates"));
}

}  // namespace
}  // namespace bl::gate
