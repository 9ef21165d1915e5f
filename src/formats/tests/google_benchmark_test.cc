#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using ::testing::AllOf;
using testing::at;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::reasons_of;

std::string file_of(const std::string& runs) {
  return R"({"context":{"date":"2024-08-01T14:00:00+02:00","host_name":"m1","num_cpus":8},)"
         R"("benchmarks":[)" +
         runs + "]}";
}

Result<Reading> try_read(const std::string& runs) {
  return read_google_benchmark(file_of(runs), "f.json", {});
}

Reading read(const std::string& runs) {
  auto reading = try_read(runs);
  EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
  return reading.ok() ? std::move(reading).value() : Reading{};
}

std::string run_of(const std::string& name, const std::string& more) {
  return fmt::format(R"({{"name":"{0}","run_name":"{0}","run_type":"iteration",{1}}})", name, more);
}

TEST(GoogleBenchmark, one_benchmark_is_one_batch_of_its_run) {
  Facts facts;
  facts.run_id = "r1";
  const std::string time = R"("real_time":1,"time_unit":"ns")";
  const std::string file = file_of(run_of("BM_A/8", time) + "," + run_of("BM_A<int>/9", time) +
                                   "," + run_of("BM_B", time));
  const auto batches = [&] {
    std::vector<std::string> found;
    const Reading reading = read_google_benchmark(file, "f", facts).value();
    for (const json::Value& submission : reading.submissions)
      found.push_back(at(submission, "batch_id"));
    return found;
  };
  const auto first = batches();
  ASSERT_EQ(first.size(), 3u);
  EXPECT_EQ(first[0], first[1]);
  EXPECT_NE(first[0], first[2]);
  facts.run_id = "r2";
  EXPECT_NE(batches()[0], first[0]) << "a batch is part of one run";
  facts.batch_id = "mine";
  EXPECT_EQ(batches(), std::vector<std::string>(3, "\"mine\""));
}

TEST(GoogleBenchmark, golden_document_of_repetitions) {
  const Reading reading = read(
      run_of("BM_Sort<int>/8/threads:2",
             R"("real_time":1.5,"cpu_time":1,"time_unit":"us","label":"l","hits":3)") +
      "," + run_of("BM_Sort<int>/8/threads:2", R"("real_time":2,"time_unit":"us","hits":4.5)"));
  ASSERT_EQ(reading.submissions.size(), 1u);
  EXPECT_EQ(json::to_text(reading.submissions[0]),
            R"({"timestamp":"2024-08-01T12:00:00Z",)"
            R"("tags":{"params":"<int>/8/threads:2","name":"BM_Sort"},)"
            R"("context":{"benchmark_language":"C++"},"info":{"label":"l"},"github":{},)"
            R"("machine_info":{"name":"m1","cpu_thread_count":8},)"
            R"("stats":{"data":[1500,2000],"unit":"ns","times":[1500,2000],"time_unit":"ns",)"
            R"("iterations":2},"optional_benchmark_info":{"gbench_context":)"
            R"({"date":"2024-08-01T14:00:00+02:00","host_name":"m1","num_cpus":8},)"
            R"("counters":{"hits":[3,4.5]}}})");
}

TEST(GoogleBenchmark, the_name_ends_at_the_first_slash_or_angle) {
  const std::map<std::string, std::pair<std::string, std::string>> names = {
      {"BM_A", {"\"BM_A\"", "(none)"}},
      {"BM_A/8/9", {"\"BM_A\"", "\"8/9\""}},
      {"BM_A<b/c>", {"\"BM_A\"", "\"<b/c>\""}},
      {"/a", {"\"/a\"", "(none)"}},
  };
  for (const auto& [run_name, tags] : names) {
    const Reading reading = read(run_of(run_name, R"("real_time":1,"time_unit":"ns")"));
    EXPECT_EQ(at(reading.submissions.at(0), "tags/name"), tags.first);
    EXPECT_EQ(at(reading.submissions.at(0), "tags/params"), tags.second);
  }
}

TEST(GoogleBenchmark, times_below_a_second_are_nanoseconds) {
  for (const auto& [unit, expected] : std::map<std::string, std::string>{
           {"ns", "[0.25] ns"}, {"us", "[250] ns"}, {"ms", "[250000] ns"}, {"s", "[0.25] s"}}) {
    const Reading reading =
        read(run_of("BM", fmt::format(R"("real_time":0.25,"time_unit":"{}")", unit)));
    const json::Value& document = reading.submissions.at(0);
    EXPECT_EQ(at(document, "stats/data") + " " + document.find("stats")->find("unit")->as_string(),
              expected);
  }
}

TEST(GoogleBenchmark, bytes_win_over_items_win_over_time) {
  const std::string time = R"("real_time":2,"time_unit":"ns")";
  const auto stats = [&](const std::string& more) {
    const Reading reading = read(run_of("BM", time + more));
    return at(reading.submissions.at(0), "stats/data") +
           at(reading.submissions.at(0), "stats/unit") +
           at(reading.submissions.at(0), "stats/times") +
           at(reading.submissions.at(0), "optional_benchmark_info/counters");
  };
  EXPECT_EQ(stats(""), R"([2]"ns"[2](none))");
  EXPECT_EQ(stats(R"(,"items_per_second":7)"), R"([7]"i/s"[2](none))");
  EXPECT_EQ(stats(R"(,"items_per_second":7,"bytes_per_second":9)"),
            R"([9]"B/s"[2]{"items_per_second":[7]})");
}

TEST(GoogleBenchmark, an_error_is_a_result_and_keeps_its_message) {
  const Reading reading =
      read(run_of("BM", R"("error_occurred":true,"error_message":"no input","real_time":0)"));
  EXPECT_EQ(at(reading.submissions.at(0), "error"), R"({"message":"no input"})");
  EXPECT_EQ(at(reading.submissions.at(0), "stats"), "(none)");
}

TEST(GoogleBenchmark, an_error_in_one_repetition_is_one_of_the_whole) {
  const Reading reading = read(run_of("BM", R"("real_time":1,"time_unit":"ns")") + "," +
                               run_of("BM", R"("error_occurred":true,"error_message":"late")"));
  ASSERT_EQ(reading.submissions.size(), 1u);
  EXPECT_EQ(at(reading.submissions[0], "error/message"), "\"late\"");
  EXPECT_EQ(at(reading.submissions[0], "stats/data"), "[1]");
}

TEST(GoogleBenchmark, what_gives_no_value_is_named) {
  const Reading reading =
      read(run_of("BM_Skipped", R"("skipped":true,"skip_message":"no GPU","real_time":0)") + "," +
           run_of("BM_NaN", R"("real_time":NaN,"time_unit":"ns")") + "," +
           run_of("BM_Text", R"("real_time":"1","time_unit":"ns")") + "," +
           run_of("BM_Huge", R"("real_time":1e308,"time_unit":"ms")") + "," +
           R"({"name":"BM_mean","run_name":"BM","run_type":"aggregate","real_time":1})" + ",7,{}," +
           run_of("BM", R"("real_time":1,"time_unit":"ns")") + "," +
           run_of("BM", R"("real_time":1,"time_unit":"ns","bytes_per_second":1)"));
  EXPECT_THAT(reasons_of(reading),
              ElementsAre("f.json#/benchmarks/0: skipped by the benchmark: no GPU",
                          "f.json#/benchmarks/1: neither real_time nor a rate is a number",
                          "f.json#/benchmarks/2: neither real_time nor a rate is a number",
                          "f.json#/benchmarks/3: real_time is too large for a double: 1e308",
                          "f.json#/benchmarks/4: an aggregate: computed again from the repetitions",
                          "f.json#/benchmarks/5: has no name", "f.json#/benchmarks/6: has no name",
                          "f.json#/benchmarks/8: unit differs from the repetition before: 'B/s'"));
  ASSERT_EQ(reading.submissions.size(), 1u);
  EXPECT_EQ(at(reading.submissions[0], "stats/data"), "[1]");
}

TEST(GoogleBenchmark, other_documents_are_refused) {
  for (const char* bytes : {"{}", "[]", "7", R"({"context":{},"benchmarks":{}})",
                            R"({"context":[],"benchmarks":[]})"}) {
    const auto reading = read_google_benchmark(bytes, "f.json", {});
    ASSERT_FALSE(reading.ok()) << bytes;
    EXPECT_EQ(reading.error().code, Code::invalid);
    EXPECT_THAT(reading.error().message, HasSubstr("f.json"));
  }
  EXPECT_EQ(try_read("{").error().code, Code::malformed);
  EXPECT_THAT(try_read("{").error().message, HasSubstr("f.json"));
}

std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> piece;
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), pipe))
    output.append(piece.data(), count);
  EXPECT_EQ(pclose(pipe), 0);
  return output;
}

TEST(GoogleBenchmark, the_real_tools_file_is_read) {
  const std::string bytes =
      output_of(std::string("'") + BL_GOOGLE_BENCHMARK_SAMPLE +
                "' --benchmark_format=json --benchmark_min_time=0.001 2>/dev/null "
                "| sed -n '/^{/,$p'");
  ASSERT_EQ(detect(bytes), Format::google_benchmark) << bytes.substr(0, 500);
  Facts facts;
  facts.machine_name = "m1";
  auto reading = read_google_benchmark(bytes, "real.json", facts);
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  std::map<std::string, json::Value> by_name;
  for (const json::Value& document : reading->submissions) {
    const json::Value* params = document.find("tags")->find("params");
    by_name[document.find("tags")->find("name")->as_string() +
            (params == nullptr ? "" : " " + params->as_string())] = document;
  }
  ASSERT_EQ(by_name.size(), 8u);
  EXPECT_EQ(at(by_name.at("BM_Plain"), "stats/unit"), "\"ns\"");
  EXPECT_EQ(at(by_name.at("BM_Plain"), "stats/iterations"), "1");
  const json::Value& repeated = by_name.at("BM_Repeated 8/repeats:3");
  EXPECT_EQ(repeated.find("stats")->find("data")->items().size(), 3u);
  EXPECT_EQ(at(repeated, "stats/unit"), "\"ns\"");
  EXPECT_EQ(at(repeated, "info/label"), "\"strings\"");
  EXPECT_EQ(
      repeated.find("optional_benchmark_info")->find("counters")->find("ratio")->items().size(),
      3u);
  EXPECT_EQ(at(by_name.at("BM_Bytes"), "stats/unit"), "\"B/s\"");
  EXPECT_EQ(at(by_name.at("BM_Items <int>/2/threads:2"), "stats/unit"), "\"i/s\"");
  EXPECT_EQ(at(by_name.at("BM_Fails"), "error/message"), "\"no input\"");
  EXPECT_TRUE(by_name.contains("BM_Complex 256"));
  EXPECT_THAT(at(by_name.at("BM_Plain"), "timestamp"), HasSubstr("T"));
  // Four aggregates of the repetitions, two of the complexity.
  EXPECT_EQ(reading->skipped.size(), 6u);
}

}  // namespace
}  // namespace bl::formats
