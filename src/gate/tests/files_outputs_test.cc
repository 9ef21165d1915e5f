#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "gate/outputs.h"
#include "gate/tests/made_benchmarks.h"

namespace bl::gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Benchmarks read(std::string_view text) {
  auto benchmarks = read_output(std::nullopt, text, "out");
  EXPECT_TRUE(benchmarks.ok()) << benchmarks.error().message;
  return benchmarks.ok() ? *benchmarks : Benchmarks{};
}

TEST(Outputs, google_benchmark_gives_times_rates_and_counters) {
  const auto found = read(R"({"context":{"num_cpus":2},"benchmarks":[
    {"name":"BM_Read/8","run_name":"BM_Read/8","run_type":"iteration","iterations":10,
     "real_time":2.5,"cpu_time":2,"time_unit":"ms","bytes_per_second":1000,"files":3},
    {"name":"BM_Read/8","run_name":"BM_Read/8","run_type":"iteration","iterations":10,
     "real_time":3.5,"cpu_time":2,"time_unit":"ms","bytes_per_second":900,"files":3}]})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "BM_Read/8");
  EXPECT_EQ(found[0].main.unit, "s");
  EXPECT_THAT(found[0].main.rounds[0],
              ElementsAre(testing::DoubleEq(0.0025), testing::DoubleEq(0.0035)));
  EXPECT_EQ(found[0].extras.at("bytes_per_second").better, Direction::more_is_better);
  EXPECT_EQ(found[0].extras.at("bytes_per_second").rounds, (Rounds{{1000, 900}}));
  EXPECT_EQ(found[0].extras.at("files").rounds, (Rounds{{3, 3}}));
}

TEST(Outputs, hyperfine_gives_its_command) {
  const auto found = read(R"({"results":[{"command":"sleep 0.1","mean":0.1,"user":0.01,
      "times":[0.1,0.2],"exit_codes":[0,0]}]})");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].name, "sleep 0.1");
  EXPECT_EQ(found[0].main.rounds, (Rounds{{0.1, 0.2}}));
  EXPECT_EQ(found[0].extras.at("user").rounds, (Rounds{{0.01}}));
}

TEST(Outputs, a_throughput_without_a_time_becomes_the_time_of_one) {
  const auto found = read(R"([{"benchmark":"a.B.c","mode":"thrpt","threads":1,"forks":1,
    "primaryMetric":{"score":4,"scoreUnit":"ops/s","rawData":[[4.0,5.0]]},
    "secondaryMetrics":{}}])");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].main.rounds, (Rounds{{0.25, 0.2}}));
  EXPECT_EQ(found[0].extras.at("items_per_second").rounds, (Rounds{{4, 5}}));
}

TEST(Outputs, go_gives_allocations_as_an_extra) {
  const auto found = read(
      "goos: linux\npkg: p\nBenchmarkSort-2 \t 10\t 500 ns/op\t 3 allocs/op\n"
      "BenchmarkSort-2 \t 10\t 600 ns/op\t 3 allocs/op\nPASS\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].name, HasSubstr("BenchmarkSort"));
  EXPECT_THAT(found[0].main.rounds[0],
              ElementsAre(testing::DoubleEq(5e-7), testing::DoubleEq(6e-7)));
  EXPECT_EQ(found[0].extras.at("allocs/op").rounds, (Rounds{{3, 3}}));
}

TEST(Outputs, what_failed_or_is_none_is_refused) {
  const auto fault = [](std::string_view text) {
    const auto found = read_output(std::nullopt, text, "out");
    return found.ok() ? std::string("was taken") : found.error().message;
  };
  EXPECT_THAT(fault("hello"), HasSubstr("none of the formats"));
  EXPECT_THAT(fault(R"({"results":[{"command":"x","times":[0.1],"exit_codes":[1]}]})"),
              HasSubstr("failed"));
  EXPECT_THAT(fault(R"({"results":[{"command":"x","times":[0],"exit_codes":[0]}]})"),
              HasSubstr("not above zero"));
  EXPECT_THAT(fault(R"({"machine_info":{},"benchmarks":[]})"), HasSubstr("no benchmark"));
  EXPECT_THAT(fault(R"({"machine_info":{},"benchmarks":[
                  {"name":"a","stats":{"median":1,"stddev":0,"rounds":5}}]})"),
              HasSubstr("no samples"));
  EXPECT_THAT(fault(R"({"machine_info":{},"benchmarks":[{"name":"a"}]})"),
              HasSubstr("needs fullname and stats"));
}

TEST(Outputs, rounds_add_up_and_a_name_belongs_to_one_scenario) {
  Benchmarks all;
  ASSERT_TRUE(add_rounds(all, {benchmark("a", {{1, 2}})}).ok());
  ASSERT_TRUE(add_rounds(all, {benchmark("a", {{3}}), benchmark("b", {{4}})}).ok());
  EXPECT_EQ(find(all, "a")->main.rounds, (Rounds{{1, 2}, {3}}));
  EXPECT_EQ(find(all, "c"), nullptr);
  Benchmark other = benchmark("a", {{5}});
  other.scenario = "t";
  EXPECT_THAT(add_rounds(all, {other}).error().message, HasSubstr("two scenarios"));
  Benchmark bytes = benchmark("a", {{5}});
  bytes.main.unit = "B";
  EXPECT_THAT(add_rounds(all, {bytes}).error().message, HasSubstr("the unit changed"));
}

std::string sample(const std::string& name) {
  const char* source = std::getenv("BL_TEST_SOURCE");
  EXPECT_NE(source, nullptr);
  const auto disk = make_real_disk();
  const auto bytes = read_file(*disk, std::string(source) + "/tests/samples/" + name, 64 << 20);
  EXPECT_TRUE(bytes.ok()) << name;
  return bytes.ok() ? *bytes : "";
}

TEST(Outputs, files_of_real_tools_are_read) {
  for (const char* name : {"hyperfine/named.json", "jmh/result.json", "folly/verbose.json",
                           "pytest_benchmark/result.json", "criterion/messages.ndjson"}) {
    const auto found = read_output(std::nullopt, sample(name), name);
    EXPECT_TRUE(found.ok()) << found.error().message;
  }
}

TEST(Outputs, a_benchmark_that_failed_is_named_with_its_reason) {
  for (const char* name : {"google_benchmark/result.json", "go/result.txt", "go/result.ndjson"}) {
    const auto found = read_output(std::nullopt, sample(name), name);
    ASSERT_FALSE(found.ok()) << name;
    EXPECT_THAT(found.error().message, HasSubstr("no input"));
  }
}

}  // namespace
}  // namespace bl::gate
