#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/memory_disk.h"
#include "formats/tests/documents.h"

namespace bl::formats {
namespace {

using testing::at;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* k_benchmarks = R"({
  "suite.time_sort": {"unit": "seconds", "param_names": ["size", "name"],
                      "params": [["1", "2"], ["'a'", "'b'"]], "version": "v1"},
  "suite.peakmem_all": {"unit": "bytes", "param_names": [], "params": []},
  "suite.track_ratio": {"unit": "ratio", "param_names": [], "params": []},
  "suite.track_delay": {"unit": "ms", "param_names": [], "params": []},
  "version": 2})";

/// A results folder with one file of results.
class AsvTest : public ::testing::Test {
 protected:
  AsvTest() {
    BL_CHECK(disk_.make_folder("project/results/m1").ok());
    put("project/asv.conf.json",
        "{ // the project\n  \"repo\": \"https://github.com/org/repo.git\",\n}");
    put("project/results/benchmarks.json", k_benchmarks);
    put("project/results/m1/machine.json",
        R"({"machine": "m1", "arch": "x86_64", "os": "Linux 6", "cpu": "Xeon", "num_cpu": "8",
            "ram": "16", "version": 1})");
  }

  void put(const std::string& path, const std::string& text) {
    BL_CHECK(write_file_atomically(disk_, path, text, FileMode::normal).ok());
  }
  /// A file with these rows of `results`.
  void put_results(const std::string& rows) {
    put("project/results/m1/abc-py3.json",
        R"({"commit_hash": "abcdef", "env_name": "py3", "date": 1722513600000, "python": "3.12",
            "params": {"machine": "m1", "python": "3.12"}, "requirements": {"numpy": ""},
            "env_vars": {}, "result_columns":
              ["result", "params", "version", "started_at", "duration", "samples"],
            "results": {)" +
            rows + "}}");
  }
  Result<Reading> try_read(const Facts& facts = {}) {
    auto directory = AsvDirectory::open(disk_, "project/results");
    if (!directory.ok()) return std::move(directory).error();
    EXPECT_THAT(directory->files(), ElementsAre("m1/abc-py3.json"));
    return directory->read(0, facts);
  }
  Reading read(const std::string& rows, const Facts& facts = {}) {
    put_results(rows);
    auto reading = try_read(facts);
    EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.error().message);
    return reading.ok() ? std::move(reading).value() : Reading{};
  }
  std::string key_of(const std::string& rows) {
    return at(read(rows).submissions.at(0), "submission_key");
  }

  MemoryDisk disk_;
};

constexpr const char* k_peakmem =
    R"("suite.peakmem_all": [[4096], [], "0123456789abcdef", 1722513660500, 0.1, [null]])";

TEST_F(AsvTest, golden_document) {
  const Reading reading = read(k_peakmem);
  ASSERT_EQ(reading.submissions.size(), 1u);
  json::Value document = reading.submissions[0];
  EXPECT_THAT(at(document, "submission_key"), ::testing::StartsWith("\"asv-"));
  document.set("submission_key", json::Value::string("k"));
  EXPECT_EQ(json::to_text(document),
            R"({"submission_key":"k","run_id":"asv-m1-py3-abcdef",)"
            R"("timestamp":"2024-08-01T12:01:00.500000Z","tags":{"name":"suite.peakmem_all"},)"
            R"("context":{"benchmark_language":"Python","asv_environment":"py3",)"
            R"("benchmark_version":"0123456789ab"},)"
            R"("info":{"python":"3.12","requirements":{"numpy":""},"env_vars":{}},)"
            R"("github":{"repository":"https://github.com/org/repo","commit":"abcdef",)"
            R"("commit_info":{"timestamp":"2024-08-01T12:00:00Z"}},)"
            R"("machine_info":{"name":"m1","architecture_name":"x86_64","os_name":"Linux 6",)"
            R"("cpu_model_name":"Xeon","cpu_thread_count":8},)"
            R"("stats":{"data":[4096],"unit":"B"}})");
}

TEST_F(AsvTest, every_combination_is_a_result_and_the_last_parameter_runs_fastest) {
  const Reading reading =
      read(R"("suite.time_sort": [[1.5, 2, null, NaN], [["1", "2"], ["'a'", "'b'"]], "v", 1, 0.1,
                                  [[1.25, 1.75], null, null, null]])");
  ASSERT_EQ(reading.submissions.size(), 3u);
  EXPECT_EQ(at(reading.submissions[0], "tags"),
            R"({"size":"1","param2":"'a'","name":"suite.time_sort"})");
  EXPECT_EQ(at(reading.submissions[0], "stats"), R"({"data":[1.25,1.75],"unit":"s"})");
  EXPECT_EQ(at(reading.submissions[1], "tags/param2"), "\"'b'\"");
  EXPECT_EQ(at(reading.submissions[1], "stats/data"), "[2]");
  EXPECT_EQ(at(reading.submissions[2], "tags/size"), "\"2\"");
  EXPECT_EQ(at(reading.submissions[2], "stats"), "(none)");
  EXPECT_EQ(at(reading.submissions[2], "error/message"), "\"the benchmark failed in asv\"");
  ASSERT_EQ(reading.skipped.size(), 1u);
  EXPECT_EQ(reading.skipped[0].place, "project/results/m1/abc-py3.json#/results/suite.time_sort");
  EXPECT_THAT(reading.skipped[0].reason, EndsWith(": NaN"));
}

TEST_F(AsvTest, a_benchmark_that_failed_as_a_whole_failed_in_every_combination) {
  const Reading reading = read(R"("suite.time_sort": [null, [["1", "2"], ["3"]], "v", 1])");
  ASSERT_EQ(reading.submissions.size(), 2u);
  for (const json::Value& document : reading.submissions) {
    EXPECT_NE(at(document, "error"), "(none)");
  }
}

TEST_F(AsvTest, rows_of_old_files_are_bare_values_or_objects) {
  const Reading reading = read(
      R"("suite.peakmem_all": 7, "suite.time_a": null,
         "suite.time_b": {"result": [1, 2], "params": [["x", "y"]]})");
  ASSERT_EQ(reading.submissions.size(), 4u);
  EXPECT_EQ(at(reading.submissions[0], "stats/data"), "[7]");
  EXPECT_NE(at(reading.submissions[1], "error"), "(none)");
  EXPECT_EQ(at(reading.submissions[3], "stats/data"), "[2]");
  EXPECT_EQ(at(reading.submissions[3], "tags/param1"), "\"y\"");
  EXPECT_EQ(at(reading.submissions[0], "timestamp"), "\"2024-08-01T12:00:00Z\"") << "the commit's";
}

TEST_F(AsvTest, the_unit_is_said_or_follows_from_the_name_and_is_never_guessed) {
  const Reading reading = read(
      R"("suite.track_ratio": [[0.5], []], "old.time_x": [[1], []], "old.Class.mem_x": [[1], []],
         "old.track_x": [[1], []], "suite.track_delay": [[1.5], [], "v", 1, 0.1, [[1.5, 2]]])");
  ASSERT_EQ(reading.submissions.size(), 3u);
  EXPECT_EQ(at(reading.submissions[0], "stats/unit"), "\"s\"");
  EXPECT_EQ(at(reading.submissions[1], "stats/unit"), "\"B\"");
  EXPECT_EQ(at(reading.submissions[2], "stats"), R"({"data":[1500000,2000000],"unit":"ns"})");
  ASSERT_EQ(reading.skipped.size(), 2u);
  EXPECT_THAT(reading.skipped[0].place, EndsWith("#/results/suite.track_ratio"));
  EXPECT_EQ(reading.skipped[0].reason, "the stores have no such unit: ratio");
  EXPECT_THAT(reading.skipped[1].place, EndsWith("#/results/old.track_x"));
  EXPECT_EQ(reading.skipped[1].reason, "benchmarks.json does not say its unit");
}

TEST_F(AsvTest, the_same_measurement_has_the_same_key_and_another_one_another) {
  const auto row = [](const char* value, const char* started_at) {
    return std::string(R"("suite.peakmem_all": [[)") + value + R"(], [], "v", )" + started_at + "]";
  };
  EXPECT_EQ(key_of(row("1", "5")), key_of(row("1", "5")));
  EXPECT_NE(key_of(row("1", "5")), key_of(row("1", "6")));
  EXPECT_NE(key_of(row("1", "null")), key_of(row("2", "null"))) << "the value tells them apart";
  put("project/asv.conf.json", R"({"repo": "https://github.com/org/fork"})");
  const std::string of_fork = key_of(row("1", "5"));
  put("project/asv.conf.json", R"({"repo": "https://github.com/org/repo"})");
  EXPECT_NE(of_fork, key_of(row("1", "5")));
}

TEST_F(AsvTest, combinations_have_keys_of_their_own) {
  const Reading reading = read(R"("suite.time_x": [[1, 1], [["a", "b"]], "v", 5])");
  EXPECT_NE(at(reading.submissions.at(0), "submission_key"),
            at(reading.submissions.at(1), "submission_key"));
}

TEST_F(AsvTest, the_machine_that_submits_is_not_the_one_that_measured) {
  Facts facts;
  facts.machine = testing::parsed(R"({"name": "m1", "kernel_name": "today's"})");
  EXPECT_EQ(at(read(k_peakmem, facts).submissions.at(0), "machine_info/kernel_name"), "(none)");
}

TEST_F(AsvTest, facts_override_the_folder) {
  Facts facts;
  facts.repository = "https://github.com/org/other";
  facts.run_id = "r";
  facts.commit = "123";
  const Reading reading = read(k_peakmem, facts);
  EXPECT_EQ(at(reading.submissions.at(0), "github"),
            R"({"repository":"https://github.com/org/other","commit":"123"})");
  EXPECT_EQ(at(reading.submissions.at(0), "run_id"), "\"r\"");
}

TEST_F(AsvTest, a_local_repository_is_nobodys_address) {
  for (const char* repository : {"..", "/srv/repo", "file:///srv/repo"}) {
    put("project/asv.conf.json", std::string(R"({"repo": ")") + repository + "\"}");
    EXPECT_EQ(at(read(k_peakmem).submissions.at(0), "github/repository"), "(none)") << repository;
  }
}

TEST_F(AsvTest, a_file_without_commit_or_machine_still_reads) {
  put("project/results/m1/abc-py3.json", R"({"results": {"suite.peakmem_all": 1}})");
  const auto reading = try_read();
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(at(reading->submissions.at(0), "github"),
            R"({"repository":"https://github.com/org/repo"})");
  EXPECT_EQ(at(reading->submissions.at(0), "machine_info/name"), "\"m1\"") << "the folder's name";
}

TEST_F(AsvTest, a_thread_count_that_is_no_number_is_left_out) {
  put("project/results/m1/machine.json", R"json({"num_cpu": "8 (16)"})json");
  EXPECT_EQ(at(read(k_peakmem).submissions.at(0), "machine_info"), R"({"name":"m1"})");
}

TEST_F(AsvTest, the_project_is_as_good_as_its_results) {
  put_results(k_peakmem);
  const auto directory = AsvDirectory::open(disk_, "project");
  ASSERT_TRUE(directory.ok());
  EXPECT_EQ(directory->path(0), "project/results/m1/abc-py3.json");
}

TEST_F(AsvTest, a_folder_without_benchmarks_is_none) {
  BL_CHECK(disk_.make_folder("empty").ok());
  const auto directory = AsvDirectory::open(disk_, "empty");
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(directory.error().code, Code::not_found);
  EXPECT_EQ(directory.error().message, "no asv results here (benchmarks.json is missing): empty");
}

TEST_F(AsvTest, broken_files_are_named) {
  for (const auto& [text, code] : {std::pair{"{", Code::malformed},
                                   {"[]", Code::invalid},
                                   {"{}", Code::invalid},
                                   {R"({"results": []})", Code::invalid},
                                   {R"({"results": {}, "result_columns": {}})", Code::invalid}}) {
    put("project/results/m1/abc-py3.json", text);
    const auto reading = try_read();
    ASSERT_FALSE(reading.ok()) << text;
    EXPECT_EQ(reading.error().code, code) << text;
    EXPECT_THAT(reading.error().message, HasSubstr("project/results/m1/abc-py3.json"));
  }
  put_results("");
  put("project/results/benchmarks.json", "{");
  EXPECT_THAT(try_read().error().message, HasSubstr("project/results/benchmarks.json"));
}

TEST_F(AsvTest, a_truncated_file_never_reads) {
  put_results(k_peakmem);
  const std::string whole = disk_.content("project/results/m1/abc-py3.json").value();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    disk_.overwrite("project/results/m1/abc-py3.json", whole.substr(0, size));
    EXPECT_EQ(try_read().error().code, Code::malformed) << size;
  }
}

TEST_F(AsvTest, members_of_wrong_kinds_do_no_harm) {
  for (const char* row :
       {"7", "null", "[]", "{}", "\"x\"", "[{}]", "[[1], 7]", "[[1], [7]]", "[[1], [[]]]",
        "[[[1]], []]", R"([["x"], [], 7, "late", 1, 7])", "[[1], [], null, 1e300]", "[[1, 2], []]",
        "[[], []]", "[[1], [], [], [], [], [[]]]"}) {
    const Reading reading = read(std::string(R"("suite.peakmem_all": )") + row);
    EXPECT_EQ(reading.submissions.size() + reading.skipped.size(), 1u) << row;
  }
}

TEST_F(AsvTest, too_many_combinations_are_refused_by_name) {
  std::string choices = "[0";
  for (int i = 1; i < 1000; ++i) choices += "," + std::to_string(i);
  choices += "]";
  const Reading reading = read(R"("suite.time_x": [[1], [)" + choices + "," + choices + "]]");
  EXPECT_THAT(reading.submissions, IsEmpty());
  ASSERT_EQ(reading.skipped.size(), 1u);
  EXPECT_EQ(reading.skipped[0].reason, "parameters cannot be read");
}

}  // namespace
}  // namespace bl::formats
