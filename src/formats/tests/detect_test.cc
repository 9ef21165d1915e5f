#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/formats.h"

namespace bl::formats {
namespace {

TEST(FormatNames, read_back_to_their_format) {
  EXPECT_EQ(format_names().size(), 9u);
  for (const std::string& name : format_names()) {
    EXPECT_EQ(name_of(parse_format(name).value()), name);
  }
}

TEST(FormatNames, an_unknown_one_is_refused_with_those_that_exist) {
  const auto format = parse_format("junit");
  ASSERT_FALSE(format.ok());
  EXPECT_EQ(format.error().code, Code::invalid);
  EXPECT_EQ(format.error().message,
            "unknown format, known are conbench, google-benchmark, asv, pytest-benchmark, "
            "hyperfine, go, criterion, jmh, folly: 'junit'");
}

TEST(Detect, knows_a_format_by_its_members) {
  EXPECT_EQ(detect(R"({"tags": {"name": "x"}})"), Format::conbench);
  EXPECT_EQ(detect(R"([{"tags": {"name": "x"}}, 7])"), Format::conbench);
  EXPECT_EQ(detect("\n\n{\"tags\": {}}\n{\"tags\": {}}\n"), Format::conbench);
  EXPECT_EQ(detect(R"({"context": {}, "benchmarks": []})"), Format::google_benchmark);
  EXPECT_EQ(detect(R"({"context": {}, "benchmarks": [{"real_time": NaN}]})"),
            Format::google_benchmark);
  EXPECT_EQ(detect(R"({"commit_hash": "a", "result_columns": [], "results": {}})"), Format::asv);
  EXPECT_EQ(detect(R"({"machine_info": {}, "benchmarks": []})"), Format::pytest_benchmark);
  EXPECT_EQ(detect(R"({"results": [{"command": "ls"}]})"), Format::hyperfine);
  EXPECT_EQ(detect(R"([{"benchmark": "a.b", "primaryMetric": {"score": NaN}}])"), Format::jmh);
  EXPECT_EQ(detect("{\"reason\":\"benchmark-complete\"}\n{\"reason\":\"group-complete\"}\n"),
            Format::criterion);
  EXPECT_EQ(detect(R"({"sampling_mode": "Flat", "iters": [1], "times": [2]})"), Format::criterion);
  EXPECT_EQ(detect(R"([["a.cc", "sort", 1.5]])"), Format::folly);
}

TEST(Detect, knows_go_by_a_line_that_nothing_else_prints) {
  EXPECT_EQ(detect("goos: linux\n"), Format::go);
  EXPECT_EQ(detect("go: downloading x\nBenchmarkA-8   100   1.5 ns/op\n"), Format::go);
  EXPECT_EQ(detect("go: downloading x\n{\"Action\":\"start\",\"Package\":\"a\"}\n"), Format::go);
  EXPECT_EQ(detect("--- FAIL: BenchmarkA\n"), Format::go);
  EXPECT_EQ(detect("Benchmark results of today: 7\n"), std::nullopt);
  EXPECT_EQ(detect("BenchmarkA-8\n"), std::nullopt);
}

TEST(Detect, everything_else_is_nobodys) {
  for (const char* bytes : {"", "\n", "{", "[]", "{}", "7", "null", "[7]", "tags", "{\"tags\"\n",
                            R"({"benchmarks": []})", R"({"commit_hash": "a"})", "\xff\xfe",
                            R"({"results": []})", R"({"a": 1, "b": 2})", "[[]]", "[[1, 2, 3]]"}) {
    EXPECT_EQ(detect(bytes), std::nullopt) << bytes;
  }
}

}  // namespace
}  // namespace bl::formats
