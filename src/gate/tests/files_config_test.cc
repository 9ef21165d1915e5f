#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/config.h"

namespace bl::gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string fault_of(const std::string& toml) {
  const auto config = parse_gate_config(toml, "gate.toml");
  return config.ok() ? "was taken" : config.error().message;
}

const std::string k_scenario = "[[scenario]]\nname = \"a\"\ncommand = [\"./bench\"]\n";

TEST(GateConfig, a_scenario_needs_a_name_and_a_command) {
  const auto config = parse_gate_config(k_scenario, "gate.toml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  ASSERT_EQ(config->scenarios.size(), 1u);
  const Scenario& scenario = config->scenarios[0];
  EXPECT_THAT(scenario.command, ElementsAre("./bench"));
  EXPECT_EQ(scenario.effort, Effort{});
  EXPECT_EQ(scenario.bounds, Bounds{});
  EXPECT_FALSE(scenario.is_timed);
  EXPECT_EQ(config->baselines, "baselines");
}

TEST(GateConfig, what_is_measured_may_be_named) {
  const auto config = parse_gate_config(
      "[gate]\nbinaries = [\"build/bench\"]\n[gate.provenance]\n"
      "compiler = [\"cc\", \"--version\"]\n" +
          k_scenario,
      "gate.toml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_THAT(config->binaries, ElementsAre("build/bench"));
  EXPECT_THAT(config->provenance.at("compiler"), ElementsAre("cc", "--version"));
  EXPECT_THAT(fault_of("[gate.provenance]\ncompiler = []\n" + k_scenario),
              HasSubstr("gate.toml:2: compiler must name a program"));
  EXPECT_THAT(fault_of("[gate.provenance]\ncommit = [\"git\"]\n" + k_scenario),
              HasSubstr("commit is a name that the gate gives itself"));
}

TEST(GateConfig, everything_may_be_said) {
  const auto config = parse_gate_config(R"(
[gate]
baselines = "perf/baselines"
alpha = 0.01
virtual_machine_time = "90m"
rounds = 7
rounds_max = 9
warmup = 0
timeout = "30s"
bounds = { median = "5%", p95 = "20%" }

[[scenario]]
name = "cold start"
command = ["./start", "{output}"]
format = "time"
folder = "bench"
env = { SEED = "1" }
rounds = 3
time_max = "60s"

[[scenario]]
name = "load"
command = ["./load"]
format = "pytest-benchmark"
output = "out.json"
counters = ["rows", "files"]
bounds = { median = "15%", p99 = "50%" }
[scenario.rates]
rows_per_s = { bound = "8%" }
latency = { bound = "20%", better = "less" }
)",
                                        "gate.toml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->baselines, "perf/baselines");
  EXPECT_EQ(config->virtual_machine_time, std::chrono::minutes(90));
  EXPECT_EQ(config->false_share_max, 0.01);
  const Scenario &start = config->scenarios[0], &load = config->scenarios[1];
  EXPECT_TRUE(start.is_timed);
  EXPECT_EQ(start.folder, "bench");
  EXPECT_EQ(start.env.at("SEED"), "1");
  EXPECT_EQ(start.effort.rounds, 3);
  EXPECT_EQ(start.effort.rounds_max, 9);
  EXPECT_EQ(start.effort.warmup, 0);
  EXPECT_EQ(start.effort.timeout, std::chrono::seconds(30));
  EXPECT_EQ(start.effort.time_max, std::chrono::seconds(60));
  EXPECT_EQ(start.bounds.median, 0.05);
  EXPECT_EQ(start.bounds.percentiles, (std::map<int, double>{{95, 0.2}}));
  EXPECT_EQ(load.format, formats::Format::pytest_benchmark);
  EXPECT_EQ(load.output, "out.json");
  EXPECT_EQ(load.effort.rounds, 7);
  EXPECT_EQ(load.bounds.median, 0.15);
  EXPECT_EQ(load.bounds.percentiles, (std::map<int, double>{{95, 0.2}, {99, 0.5}}));
  EXPECT_EQ(load.bounds.counters, (std::set<std::string>{"files", "rows"}));
  EXPECT_EQ(load.bounds.rates.at("rows_per_s"), (ExtraBound{0.08, Direction::more_is_better}));
  EXPECT_EQ(load.bounds.rates.at("latency"), (ExtraBound{0.2, Direction::less_is_better}));
}

TEST(GateConfig, an_unknown_key_is_named_with_its_line) {
  EXPECT_THAT(fault_of(k_scenario + "round = 3\n"), HasSubstr("gate.toml:4: round is no key"));
  EXPECT_THAT(fault_of("[gates]\n" + k_scenario), HasSubstr("gate.toml:1: gates is no key"));
  EXPECT_THAT(fault_of("[gate]\nbounds = { mean = \"5%\" }\n" + k_scenario),
              HasSubstr("gate.toml:2: mean is no key"));
}

TEST(GateConfig, every_fault_of_a_file_is_named) {
  const auto config =
      parse_gate_config("[[scenario]]\nname = 3\ncommand = \"ls\"\nrounds = 0\n", "gate.toml");
  ASSERT_FALSE(config.ok());
  EXPECT_GE(config.error().faults.size(), 3u);
}

TEST(GateConfig, what_makes_no_sense_is_refused) {
  EXPECT_THAT(fault_of(""), HasSubstr("at least one table [[scenario]]"));
  EXPECT_THAT(fault_of("x = ["), HasSubstr("not TOML"));
  EXPECT_THAT(fault_of(k_scenario + k_scenario), HasSubstr("name is that of another scenario: a"));
  EXPECT_THAT(fault_of(k_scenario + "rounds = 9\nrounds_max = 2\n"),
              HasSubstr("rounds_max must not be below rounds"));
  EXPECT_THAT(fault_of(k_scenario + "bounds = { median = 10 }\n"), HasSubstr("percentage"));
  EXPECT_THAT(fault_of(k_scenario + "bounds = { median = \"0%\" }\n"), HasSubstr("percentage"));
  EXPECT_THAT(fault_of(k_scenario + "bounds = 3\n"), HasSubstr("must be a table"));
  EXPECT_THAT(fault_of(k_scenario + "timeout = \"soon\"\n"), HasSubstr("must be a time"));
  EXPECT_THAT(fault_of(k_scenario + "format = \"asv\"\n"), HasSubstr("format"));
  EXPECT_THAT(fault_of(k_scenario + "format = \"yaml\"\n"), HasSubstr("format"));
  EXPECT_THAT(fault_of(k_scenario + "env = { A = 1 }\n"), HasSubstr("table of texts"));
  EXPECT_THAT(fault_of(k_scenario + "counters = [\"r\"]\nrates = { r = {} }\n"),
              HasSubstr("names a rate"));
  EXPECT_THAT(fault_of("[gate]\nalpha = 2\n" + k_scenario), HasSubstr("alpha"));
  EXPECT_THAT(fault_of("scenario = [1]\n"), HasSubstr("must be a table"));
}

TEST(GateConfig, limits_are_reached) {
  EXPECT_EQ(parse_gate_config(k_scenario, "f", {.file_bytes_max = 5}).error().code,
            Code::too_large);
  EXPECT_THAT(parse_gate_config(k_scenario + k_scenario, "f", {.scenarios_max = 1}).error().message,
              HasSubstr("more than 1 times"));
}

TEST(GateConfig, percentages_and_times) {
  EXPECT_EQ(parse_percent("10%"), 0.1);
  EXPECT_EQ(parse_percent("2.5 %"), 0.025);
  for (const char* wrong : {"10", "%", "-1%", "0%", "1e9%", "nan%", ""})
    EXPECT_EQ(parse_percent(wrong), std::nullopt) << wrong;
  EXPECT_EQ(parse_time("250ms"), std::chrono::milliseconds(250));
  EXPECT_EQ(parse_time("2m"), std::chrono::minutes(2));
  for (const char* wrong : {"5", "s", "-1s", "1.5s", "99999999999999999999s", ""})
    EXPECT_EQ(parse_time(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace bl::gate
