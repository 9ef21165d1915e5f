#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::reasons_of;
using testing::stats_of;

Reading read(const std::string& text, const Facts& facts = {}) {
  auto reading = read_go(text, "f.txt", facts);
  EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
  return reading.ok() ? std::move(reading).value() : Reading{};
}

std::vector<std::string> tags_of(const Reading& reading) {
  std::vector<std::string> tags;
  for (const json::Value& document : reading.submissions) tags.push_back(at(document, "tags"));
  return tags;
}

TEST(Go, golden_document) {
  const Reading reading = read(
      "goos: linux\ngoarch: amd64\npkg: example.com/a\ncpu: A CPU @ 2 GHz\r\n"
      "BenchmarkSort/size=10/fast-8   \t     100\t       138.6 ns/op\n"
      "BenchmarkSort/size=10/fast-8   \t     200\t       140 ns/op\n"
      "PASS\nok  \texample.com/a\t1.2s\n");
  ASSERT_EQ(reading.submissions.size(), 1u);
  EXPECT_THAT(reading.skipped, IsEmpty());
  EXPECT_EQ(json::to_text(reading.submissions[0]),
            R"({"tags":{"pkg":"example.com/a","gomaxprocs":"8","size":"10","params":"fast",)"
            R"("name":"BenchmarkSort"},"context":{"benchmark_language":"Go"},)"
            R"("info":{"goos":"linux","goarch":"amd64","cpu":"A CPU @ 2 GHz",)"
            R"("iterations":[100,200]},"github":{},)"
            R"("stats":{"data":[138.6,140],"unit":"ns"}})");
}

TEST(Go, every_metric_is_a_result_of_its_own_and_the_time_comes_first) {
  const Reading reading =
      read("BenchmarkA 1 3 hits/op 2.5 MB/s 1.5 ns/op 7 B/op 2 allocs/op 9 p99-us 4 req/s\n");
  EXPECT_THAT(stats_of(reading),
              ElementsAre("[1.5] ns", "[2500000] B/s", "[7] B", "[9000] ns", "[4] i/s"));
  EXPECT_THAT(tags_of(reading),
              ElementsAre(R"({"name":"BenchmarkA"})", R"({"metric":"MB/s","name":"BenchmarkA"})",
                          R"({"metric":"B/op","name":"BenchmarkA"})",
                          R"({"metric":"p99-us","name":"BenchmarkA"})",
                          R"({"metric":"req/s","name":"BenchmarkA"})"));
  EXPECT_THAT(reasons_of(reading),
              ElementsAre("f.txt:1: hits/op: the stores have no such unit: hits/op",
                          "f.txt:1: allocs/op: the stores have no such unit: allocs/op"));
  EXPECT_EQ(at(reading.submissions[0], "optional_benchmark_info/metrics/allocs/op"), "(none)");
  EXPECT_THAT(at(reading.submissions[0], "optional_benchmark_info/metrics"),
              HasSubstr(R"("allocs/op":{"unit":"allocs/op","values":[2]})"));
}

TEST(Go, a_unit_whose_direction_is_said_to_be_another_one_is_refused) {
  const Reading reading = read(
      "Unit misses/s better=lower\nUnit MB/s better=higher\nUnit ns/op better=lower\n"
      "BenchmarkA 1 1.5 ns/op 2 MB/s 3 misses/s\n");
  EXPECT_THAT(stats_of(reading), ElementsAre("[1.5] ns", "[2000000] B/s"));
  EXPECT_THAT(reasons_of(reading),
              ElementsAre("f.txt:4: misses/s: its line Unit says the opposite direction of the "
                          "stores' i/s"));
}

TEST(Go, the_same_name_in_another_package_is_another_benchmark) {
  const Reading reading = read(
      "pkg: a\nBenchmarkX-2 1 1 ns/op\nok\ta\t1s\npkg: b\nBenchmarkX-2 1 2 ns/op\nok\tb\t1s\n");
  EXPECT_THAT(stats_of(reading), ElementsAre("[1] ns", "[2] ns"));
}

TEST(Go, lines_between_the_name_and_its_numbers_belong_to_what_it_prints) {
  const Reading reading = read(
      "BenchmarkPrints-2   \thello\nworld: 7\n   100 of 200\n     100\t       255.0 ns/op\n"
      "     100\t       1.0 ns/op\n");
  EXPECT_THAT(stats_of(reading), ElementsAre("[255.0] ns"));
  EXPECT_EQ(at(reading.submissions[0], "tags"), R"({"gomaxprocs":"2","name":"BenchmarkPrints"})");
}

TEST(Go, verbose_names_without_numbers_are_no_results) {
  const Reading reading = read(
      "=== RUN   BenchmarkA\nBenchmarkA\n    a_test.go:1: a log\nBenchmarkA-2 \t 10\t 5 ns/op\n");
  EXPECT_THAT(stats_of(reading), ElementsAre("[5] ns"));
  EXPECT_THAT(reading.skipped, IsEmpty());
}

TEST(Go, words_that_only_look_like_a_benchmark_are_not_one) {
  const Reading reading =
      read("Benchmarks 10 5 ns/op\nBenchmark7 10 5 ns/op\nBenchmark 1 6 ns/op\n");
  EXPECT_THAT(tags_of(reading), ElementsAre(R"({"name":"Benchmark7"})", R"({"name":"Benchmark"})"));
}

TEST(Go, a_failure_is_an_error_of_the_benchmark_it_comes_from) {
  const Reading reading = read(
      "pkg: a\nBenchmarkA-2 1 1 ns/op\n--- BENCH: BenchmarkA-2\n    a_test.go:1: not this\n"
      "--- FAIL: BenchmarkB/inner\n    a_test.go:2: no input\n    a_test.go:3: really\n"
      "--- FAIL: BenchmarkB\nFAIL\nexit status 1\nFAIL\ta\t0.1s\n");
  EXPECT_THAT(stats_of(reading), ElementsAre("[1] ns", "error"));
  EXPECT_EQ(at(reading.submissions[1], "tags"),
            R"({"pkg":"a","gomaxprocs":"2","params":"inner","name":"BenchmarkB"})")
      << "GOMAXPROCS is that of the others";
  EXPECT_EQ(at(reading.submissions[1], "error/message"),
            R"("the benchmark failed: a_test.go:2: no input\na_test.go:3: really")");
  EXPECT_THAT(reading.skipped, IsEmpty());
}

TEST(Go, with_v_the_log_stands_before_the_failure) {
  const Reading reading =
      read("BenchmarkB\n    a_test.go:2: no input\n--- FAIL: BenchmarkB\n    a_test.go:3: more\n");
  EXPECT_EQ(at(reading.submissions.at(0), "error/message"),
            R"("the benchmark failed: a_test.go:2: no input\na_test.go:3: more")");
}

TEST(Go, what_did_not_end_or_was_skipped_is_named) {
  const Reading reading = read(
      "--- SKIP: BenchmarkS\n    a_test.go:1: no GPU\n"
      "BenchmarkP-2 \tpanic: boom\ngoroutine 1 [running]:\nFAIL\ta\t0.1s\n"
      "FAIL\tb [build failed]\n"
      "BenchmarkX-2  garbage 5 ns/op\n");
  EXPECT_THAT(stats_of(reading), ElementsAre("error"));
  EXPECT_EQ(at(reading.submissions[0], "error/message"), "\"the benchmark did not end\"");
  EXPECT_THAT(reasons_of(reading),
              ElementsAre("f.txt:1: skipped by the benchmark: BenchmarkS",
                          "f.txt:6: the package failed, and what it did not get to is not here: b",
                          "f.txt:7: not a result, though it looks like one: "
                          "BenchmarkX-2  garbage 5 ns/op"));
}

TEST(Go, numbers_that_no_double_holds_are_not_results) {
  EXPECT_THAT(reasons_of(read("BenchmarkA 1 NaN ns/op 1 B/op\n")),
              ElementsAre("f.txt:1: ns/op: not a number that a double holds: \"NaN\""));
  EXPECT_THAT(reasons_of(read("BenchmarkA 1 1e999 ns/op\n")),
              ElementsAre(HasSubstr("looks like one")));
}

TEST(Go, configuration_may_name_the_commit) {
  const Reading reading = read(
      "commit: 0123456789\ncommit-time: 2024-08-01T12:00:00Z\nnote: x\nBenchmarkA 1 1 ns/op\n");
  EXPECT_EQ(at(reading.submissions.at(0), "github"),
            R"({"commit":"0123456789","commit_info":{"timestamp":"2024-08-01T12:00:00Z"}})");
}

TEST(Go, events_are_put_together_again_by_package) {
  const auto event = [](const char* package, const char* output) {
    std::string line = R"({"Time":"2024-08-01T14:00:00+02:00","Action":"output","Package":")";
    line.append(package).append(R"(","Output":")").append(output).append("\"}\n");
    return line;
  };
  const Reading reading =
      read("go: downloading x\n" + event("a", "BenchmarkX-2 \\t") + event("b", "BenchmarkX-2 \\t") +
           event("a", " 10\\t 1 ns/op\\n") + event("b", " 10\\t 2 ns/op") +
           "{\"Action\":\"fail\",\"Package\":\"a\"}\n{\"Act");
  EXPECT_THAT(stats_of(reading), ElementsAre("[1] ns", "[2] ns"));
  EXPECT_EQ(at(reading.submissions[1], "tags"),
            R"({"pkg":"b","gomaxprocs":"2","name":"BenchmarkX"})");
  EXPECT_EQ(at(reading.submissions[1], "timestamp"), "\"2024-08-01T12:00:00Z\"");
}

TEST(Go, bytes_that_are_no_utf8_are_replaced) {
  const Reading reading = read("--- FAIL: BenchmarkA\n    \xff!\nBenchmarkB\xfe 1 1 n\xfd/op\n");
  EXPECT_EQ(at(reading.submissions.at(0), "error/message"), "\"the benchmark failed: \ufffd!\"");
  EXPECT_TRUE(json::parse(json::to_text(reading.submissions[0])).ok());
}

TEST(Go, text_without_a_benchmark_is_refused) {
  for (const char* text : {"", "\n", "PASS\nok\ta\t1s\n", "{}", "--- \n--- FAIL:\n", "\xff\xfe"}) {
    const auto reading = read_go(text, "f.txt", {});
    ASSERT_FALSE(reading.ok()) << text;
    EXPECT_EQ(reading.error().code, Code::invalid);
    EXPECT_THAT(reading.error().message, HasSubstr("f.txt"));
  }
}

}  // namespace
}  // namespace bl::formats
