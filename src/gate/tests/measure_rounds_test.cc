#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/memory_disk.h"
#include "gate/measure.h"
#include "gate/tests/made_benchmarks.h"

namespace bl::gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// Programs that a test makes up: each takes its time on the test's clock.
class MadeRunner final : public Runner {
 public:
  explicit MadeRunner(ManualClock& clock) : clock_(clock) {}
  Result<ProgramEnd> run(const ProgramCall& call) override {
    calls.push_back(call.folder + call.words.front());
    clock_.advance(took);
    Result<ProgramEnd> end = on_run ? on_run(call) : ProgramEnd{};
    if (end.ok() && call.on_output) call.on_output(end->out);
    return end;
  }
  std::vector<std::string> calls;
  std::chrono::microseconds took{1'500'000};
  std::function<Result<ProgramEnd>(const ProgramCall&)> on_run;

 private:
  ManualClock& clock_;
};

struct MeasureTest : testing::Test {
  ManualClock clock{Timestamp::from_seconds(1'800'000'000)};
  MemoryDisk disk{clock};
  MadeRunner runner{clock};
  bool goes_on = true;

  World world() {
    return {.disk = disk,
            .clock = clock,
            .runner = runner,
            .go_on = [this] { return goes_on; },
            .temporary_folder = "."};
  }
  static Scenario timed_scenario(std::string name, int rounds = 3) {
    Scenario scenario{.name = name, .command = {name}, .is_timed = true};
    scenario.effort = {.rounds = rounds, .rounds_max = rounds + 2, .warmup = 0};
    return scenario;
  }
  static ProgramEnd hyperfine(double seconds) {
    return {.out = fmt::format(R"({{"results":[{{"command":"c","times":[{}],"exit_codes":[0]}}]}})",
                               seconds)};
  }
};

TEST_F(MeasureTest, a_timed_command_is_a_benchmark_with_a_sample_a_round) {
  const auto measured = measure(world(), {.scenarios = {timed_scenario("make")}});
  ASSERT_TRUE(measured.ok()) << measured.error().message;
  ASSERT_THAT((*measured)[0].benchmarks, SizeIs(1));
  EXPECT_EQ((*measured)[0].benchmarks[0].name, "make");
  EXPECT_EQ((*measured)[0].benchmarks[0].scenario, "make");
  EXPECT_EQ((*measured)[0].benchmarks[0].main.rounds, (Rounds{{1.5}, {1.5}, {1.5}}));
}

TEST_F(MeasureTest, warm_up_runs_do_not_count) {
  Scenario scenario = timed_scenario("make");
  scenario.effort.warmup = 2;
  const auto measured = measure(world(), {.scenarios = {scenario}});
  EXPECT_THAT(runner.calls, SizeIs(5));
  EXPECT_THAT((*measured)[0].benchmarks[0].main.rounds, SizeIs(3));
}

TEST_F(MeasureTest, two_checkouts_take_turns) {
  const auto measured =
      measure(world(), {.scenarios = {timed_scenario("/x", 4)}, .folders = {"A", "B"}});
  ASSERT_TRUE(measured.ok());
  EXPECT_THAT(runner.calls, ElementsAre("A/x", "B/x", "B/x", "A/x", "A/x", "B/x", "B/x", "A/x"));
}

TEST_F(MeasureTest, a_round_goes_over_all_scenarios_in_an_order_that_the_seed_shuffles) {
  std::vector<Scenario> scenarios;
  for (const char* name : {"a", "b", "c", "d", "e"}) scenarios.push_back(timed_scenario(name, 4));
  const auto calls_of = [&](std::uint64_t seed) {
    runner.calls.clear();
    EXPECT_TRUE(measure(world(), {.scenarios = scenarios, .seed = seed}).ok());
    return runner.calls;
  };
  const auto first = calls_of(0);
  ASSERT_THAT(first, SizeIs(20));
  for (std::size_t round = 0; round < 4; ++round) {
    const std::vector<std::string> of_round(first.begin() + round * 5,
                                            first.begin() + round * 5 + 5);
    EXPECT_THAT(of_round, testing::UnorderedElementsAre("a", "b", "c", "d", "e"));
  }
  EXPECT_EQ(first, calls_of(0));
  EXPECT_NE(first, calls_of(1));
}

TEST_F(MeasureTest, who_wants_more_gets_more_up_to_the_most) {
  MeasureQuestion question{.scenarios = {timed_scenario("a"), timed_scenario("b")}};
  question.wants_more = [](const std::vector<Measured>&) { return std::set<std::string>{"b"}; };
  const auto measured = measure(world(), question);
  EXPECT_THAT(find((*measured)[0].benchmarks, "a")->main.rounds, SizeIs(3));
  EXPECT_THAT(find((*measured)[0].benchmarks, "b")->main.rounds, SizeIs(5));
}

TEST_F(MeasureTest, no_further_round_starts_after_the_time_is_up) {
  Scenario scenario = timed_scenario("a");
  scenario.effort.rounds_max = 100;
  scenario.effort.time_max = std::chrono::seconds(9);  // six runs
  MeasureQuestion question{.scenarios = {scenario}};
  question.wants_more = [](const std::vector<Measured>&) { return std::set<std::string>{"a"}; };
  EXPECT_THAT((*measure(world(), question))[0].benchmarks[0].main.rounds, SizeIs(6));
}

TEST_F(MeasureTest, what_a_tool_prints_is_read) {
  runner.on_run = [](const ProgramCall&) { return hyperfine(0.25); };
  Scenario scenario = timed_scenario("bench");
  scenario.is_timed = false;
  const auto measured = measure(world(), {.scenarios = {scenario}});
  ASSERT_THAT((*measured)[0].benchmarks, SizeIs(1));
  EXPECT_EQ((*measured)[0].benchmarks[0].name, "c");
  EXPECT_EQ((*measured)[0].benchmarks[0].main.rounds, (Rounds{{0.25}, {0.25}, {0.25}}));
}

TEST_F(MeasureTest, the_first_run_says_whether_a_command_is_timed) {
  Scenario scenario = timed_scenario("bench");
  scenario.is_timed = false;
  scenario.may_be_timed = true;
  const auto timed = measure(
      world(), {.scenarios = {scenario}, .effort_when_timed = Effort{.rounds = 4, .warmup = 0}});
  EXPECT_THAT((*timed)[0].benchmarks[0].main.rounds, SizeIs(4));
  EXPECT_EQ((*timed)[0].benchmarks[0].name, "bench");
  runner.on_run = [](const ProgramCall&) { return hyperfine(0.25); };
  const auto read = measure(world(), {.scenarios = {scenario}});
  EXPECT_EQ((*read)[0].benchmarks[0].name, "c");
}

TEST_F(MeasureTest, the_file_that_a_command_writes_is_read) {
  runner.on_run = [&](const ProgramCall& call) {
    EXPECT_EQ(call.words[1], "--json=./output");
    EXPECT_FALSE(*disk.exists("output"));  // of the run before
    auto file = disk.create("./output", FileMode::normal);
    EXPECT_TRUE((*file)->append(hyperfine(0.5).out).ok());
    return ProgramEnd{};
  };
  Scenario scenario = timed_scenario("bench");
  scenario.is_timed = false;
  scenario.command = {"bench", "--json={output}"};
  const auto measured = measure(world(), {.scenarios = {scenario}});
  ASSERT_TRUE((*measured)[0].failures.empty()) << (*measured)[0].failures[0].reason;
  EXPECT_EQ((*measured)[0].benchmarks[0].main.rounds, (Rounds{{0.5}, {0.5}, {0.5}}));
}

TEST_F(MeasureTest, a_file_of_an_earlier_day_is_not_taken_for_a_result) {
  ASSERT_TRUE(write_file_atomically(disk, "./old.json", hyperfine(0.5).out, FileMode::normal).ok());
  Scenario scenario = timed_scenario("bench");
  scenario.is_timed = false;
  scenario.output = "old.json";
  const auto measured = measure(world(), {.scenarios = {scenario}, .folders = {"."}});
  EXPECT_THAT((*measured)[0].failures[0].reason, HasSubstr("did not write ./old.json"));
}

TEST_F(MeasureTest, a_command_that_fails_fails_its_scenario_alone) {
  runner.on_run = [&](const ProgramCall& call) -> Result<ProgramEnd> {
    const bool fails = call.words[0] == "bad" && runner.calls.size() > 3;
    return ProgramEnd{.exit_code = fails ? 3 : 0, .err = "no such\xff table\n"};
  };
  const auto measured =
      measure(world(), {.scenarios = {timed_scenario("bad"), timed_scenario("good")}});
  ASSERT_TRUE(measured.ok());
  ASSERT_THAT((*measured)[0].failures, SizeIs(1));
  EXPECT_EQ((*measured)[0].failures[0].scenario, "bad");
  EXPECT_THAT((*measured)[0].failures[0].reason, HasSubstr("exit code 3: no such"));
  ASSERT_THAT((*measured)[0].benchmarks, SizeIs(1));  // what it gave before is gone
  EXPECT_EQ((*measured)[0].benchmarks[0].name, "good");
}

TEST_F(MeasureTest, one_that_takes_too_long_fails_and_an_interruption_ends_everything) {
  runner.on_run = [](const ProgramCall&) { return Error(Code::timeout, "took too long: a"); };
  const auto late = measure(world(), {.scenarios = {timed_scenario("a")}});
  EXPECT_THAT((*late)[0].failures[0].reason, HasSubstr("took longer than 600000 ms"));
  runner.on_run = [](const ProgramCall&) { return Error(Code::cancelled, "cancelled: a"); };
  EXPECT_EQ(measure(world(), {.scenarios = {timed_scenario("a")}}).error().code, Code::cancelled);
  runner.on_run = [](const ProgramCall&) { return Error(Code::not_found, "cannot run: a"); };
  EXPECT_EQ(measure(world(), {.scenarios = {timed_scenario("a")}}).error().code, Code::not_found);
}

TEST_F(MeasureTest, more_output_than_may_be_is_refused) {
  runner.on_run = [](const ProgramCall&) { return ProgramEnd{.out = std::string(100, 'x')}; };
  const auto measured =
      measure(world(), {.scenarios = {timed_scenario("a")}}, {.output_bytes_max = 10});
  EXPECT_THAT((*measured)[0].failures[0].reason, HasSubstr("more than 10 bytes"));
}

}  // namespace
}  // namespace bl::gate
