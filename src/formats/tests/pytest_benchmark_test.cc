#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/memory_disk.h"
#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::reasons_of;
using testing::stats_of;

constexpr const char* k_stats = R"("stats":{"min":0.5,"mean":1,"iterations":7,"data":[0.5,1.5]})";

std::string file_of(const std::string& benchmarks, const std::string& commit = "{}") {
  return fmt::format(
      R"({{"machine_info":{{"node":"m1","machine":"x86_64","release":"6.1","system":"Linux",
           "python_implementation":"CPython","python_version":"3.11.2",
           "cpu":{{"brand_raw":"Xeon","count":8}}}},
         "commit_info":{},"datetime":"2024-08-01T14:00:00.5+02:00","benchmarks":[{}]}})",
      commit, benchmarks);
}

/// A benchmark with these members, and samples.
std::string sampled(const std::string& members) {
  return fmt::format("{{{},{}}}", members, k_stats);
}
const std::string k_one = sampled(R"("fullname":"a")");

Reading read(const std::string& file, const Facts& facts = {}) {
  auto reading = read_pytest_benchmark(file, "f.json", facts);
  EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
  return reading.ok() ? std::move(reading).value() : Reading{};
}

TEST(PytestBenchmark, golden_document) {
  const Reading reading =
      read(file_of(sampled(R"("group":"sorting","name":"test_a[10]","fullname":"a.py::test_a[10]",)"
                           R"("param":"10","params":{"size":10},"extra_info":{"rows":3})"),
                   R"({"id":"0123456789abcdef","time":"2024-07-31T13:00:00Z",)"
                   R"("author_time":"2024-07-31T12:00:00Z","dirty":true,"branch":"main"})"));
  ASSERT_EQ(reading.submissions.size(), 1u);
  json::Value document = reading.submissions[0];
  EXPECT_THAT(at(document, "run_id"), HasSubstr("pytest-benchmark-"));
  document.set("run_id", json::Value::string("r"));
  document.set("batch_id", json::Value::string("b"));
  EXPECT_EQ(json::to_text(document),
            R"({"run_id":"r","batch_id":"b","timestamp":"2024-08-01T12:00:00.500000Z",)"
            R"("tags":{"size":10,"name":"a.py::test_a"},)"
            R"("context":{"benchmark_language":"Python","python_implementation":"CPython",)"
            R"("python_version":"3.11"},)"
            R"("info":{"python_version":"3.11.2","commit_dirty":true,"commit_branch":"main",)"
            R"("group":"sorting"},)"
            R"("github":{"commit":"0123456789abcdef",)"
            R"("commit_info":{"timestamp":"2024-07-31T12:00:00Z"}},)"
            R"("machine_info":{"name":"m1","architecture_name":"x86_64","kernel_name":"6.1",)"
            R"("os_name":"Linux","cpu_model_name":"Xeon","cpu_thread_count":8},)"
            R"("stats":{"iterations":7,"data":[0.5,1.5],"unit":"s"},)"
            R"("optional_benchmark_info":{"statistics":{"min":0.5,"mean":1,"iterations":7},)"
            R"("extra_info":{"rows":3}}})");
}

TEST(PytestBenchmark, without_samples_the_minimum_stands_for_them_and_info_says_so) {
  const Reading reading = read(file_of(R"({"fullname":"a","stats":{"min":0.5,"mean":1}})"));
  EXPECT_THAT(stats_of(reading), ElementsAre("[0.5] s"));
  EXPECT_THAT(at(reading.submissions.at(0), "info/samples"), HasSubstr("not in the file"));
}

TEST(PytestBenchmark, parameters_without_a_text_of_their_own_are_told_by_pytests_id) {
  const auto tags = [](const char* more) {
    return at(read(file_of(sampled(fmt::format(R"("fullname":"a[1-x]","param":"1-x",{})", more))))
                  .submissions.at(0),
              "tags");
  };
  EXPECT_EQ(tags(R"("params":{"n":1,"o":"UNSERIALIZABLE[<object at 0x7f>]"})"),
            R"({"n":1,"param":"1-x","name":"a"})");
  EXPECT_EQ(tags(R"("params":{"n":1,"o":[1,2]})"), R"({"n":1,"param":"1-x","name":"a"})");
  EXPECT_EQ(tags(R"("params":null)"), R"({"param":"1-x","name":"a"})");
  EXPECT_EQ(tags(R"("params":{"n":null,"name":"x"})"),
            R"({"n":"None","param_name":"x","name":"a"})");
}

TEST(PytestBenchmark, a_commits_time_is_said_where_its_branch_is_the_default_one) {
  const auto github = [](const std::string& branch) {
    const std::string commit =
        R"({"id":"0123456789","time":"2024-07-31T12:00:00Z","branch":")" + branch + "\"}";
    const Reading reading = read(file_of(k_one, commit));
    return at(reading.submissions.at(0), "github");
  };
  EXPECT_EQ(github("(detached head)"), R"({"commit":"0123456789"})");
  EXPECT_EQ(github("feature"), R"({"commit":"0123456789"})");
  EXPECT_EQ(github("master"),
            R"({"commit":"0123456789","commit_info":{"timestamp":"2024-07-31T12:00:00Z"}})");
}

TEST(PytestBenchmark, no_commit_is_none) {
  for (const char* commit :
       {"{}", "null", "7", R"({"id":"unversioned","branch":"main"})", R"({"id":null})"}) {
    const Reading reading = read(file_of(k_one, commit));
    EXPECT_EQ(at(reading.submissions.at(0), "github"), "{}") << commit;
  }
}

TEST(PytestBenchmark, each_file_is_a_run_of_its_own) {
  const std::string first = at(read(file_of(k_one)).submissions.at(0), "run_id");
  EXPECT_EQ(at(read(file_of(k_one)).submissions.at(0), "run_id"), first);
  const std::string other = file_of(k_one, R"({"id":"0123456789"})");
  EXPECT_NE(at(read(other).submissions.at(0), "run_id"), first);
}

TEST(PytestBenchmark, what_gives_no_value_is_named) {
  const Reading reading = read(file_of(
      R"(7,{"fullname":"a"},{"fullname":"flat","mean":1},{"fullname":"b","stats":{}},)"
      R"({"fullname":"c","stats":{"data":[NaN]}},{"fullname":"d","stats":{"data":["1"]}})"));
  EXPECT_THAT(stats_of(reading), IsEmpty());
  EXPECT_THAT(
      reasons_of(reading),
      ElementsAre("f.json#/benchmarks/0: has no name", "f.json#/benchmarks/1: has no stats",
                  "f.json#/benchmarks/2: has no stats", "f.json#/benchmarks/3: s: has no value",
                  "f.json#/benchmarks/4: s: not a number that a double holds: \"NaN\"",
                  "f.json#/benchmarks/5: s: not a number that a double holds: \"1\""));
}

TEST(PytestBenchmark, other_documents_are_refused) {
  for (const char* bytes : {"", "{", "{}", "[]", "7", R"({"benchmarks":{}})"}) {
    const auto reading = read_pytest_benchmark(bytes, "f.json", {});
    ASSERT_FALSE(reading.ok()) << bytes;
    EXPECT_THAT(reading.error().message, HasSubstr("f.json"));
  }
}

TEST(PytestBenchmark, saved_runs_are_found_in_their_folder) {
  MemoryDisk disk;
  BL_CHECK(disk.make_folder(".benchmarks/Linux-CPython-3.11-64bit").ok());
  for (const char* name : {"0002_b.json", "0001_a.json", "notes.json", "0003_c.txt"}) {
    BL_CHECK(write_file_atomically(disk,
                                   std::string(".benchmarks/Linux-CPython-3.11-64bit/") + name,
                                   "{}", FileMode::normal)
                 .ok());
  }
  EXPECT_THAT(pytest_benchmark_files(disk, ".benchmarks"),
              ElementsAre(".benchmarks/Linux-CPython-3.11-64bit/0001_a.json",
                          ".benchmarks/Linux-CPython-3.11-64bit/0002_b.json"));
  EXPECT_EQ(detect_folder(disk, ".benchmarks"), Format::pytest_benchmark);
  EXPECT_EQ(detect_folder(disk, "none"), std::nullopt);
}

}  // namespace
}  // namespace bl::formats
