#include "results/commands/submission_sources.h"
#include "base/testing/temporary_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace bl::results {
namespace {

using formats::Format;

const std::string k_conbench = R"({"run_id":"r","tags":{"name":"sort"}})";
const std::string k_google =
    R"({"context":{},"benchmarks":[{"name":"BM_A","real_time":1,"time_unit":"ns"}]})";

class Sources : public testing::Test {
 protected:
  Sources() {}

  std::string put(const std::string& name, const std::string& text) const {
    const std::string path = folder.at("") + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    return path;
  }
  Result<std::vector<SubmissionSource>> open(const std::vector<std::string>& arguments,
                                             SourceOptions options = {},
                                             std::FILE* input = nullptr) const {
    return open_sources(*disk, arguments, input, options);
  }
  /// Reads one source; `asked` is the format whose facts it wanted.
  Result<formats::Reading> read(const SubmissionSource& source) {
    return source.read([this](Format format) -> const formats::Facts& {
      asked = format;
      return facts;
    });
  }

  std::unique_ptr<Disk> disk = make_real_disk();
  TemporaryFolder folder;
  formats::Facts facts;
  std::optional<Format> asked;
};

TEST_F(Sources, a_pattern_that_the_shell_left_alone_is_expanded_in_order) {
  put("b.json", k_conbench);
  put("a.json", k_google);
  put("c.txt", k_conbench);
  const auto sources = open({folder.at("*.json")});
  ASSERT_TRUE(sources.ok());
  ASSERT_EQ(sources->size(), 2u);
  EXPECT_EQ(sources->at(0).place, folder.at("a.json"));
  EXPECT_EQ(read(sources->at(0))->submissions.size(), 1u);
  EXPECT_EQ(asked, Format::google_benchmark);
  EXPECT_EQ(read(sources->at(1))->submissions.size(), 1u);
  EXPECT_EQ(asked, Format::conbench);
}

TEST_F(Sources, a_file_that_has_the_name_of_a_pattern_is_that_file) {
  const std::string path = put("[1].json", k_conbench);
  const auto sources = open({path});
  ASSERT_TRUE(sources.ok());
  ASSERT_EQ(sources->size(), 1u);
  EXPECT_EQ(sources->at(0).place, path);
}

TEST_F(Sources, what_matches_nothing_is_said_before_anything_is_read) {
  const auto sources = open({put("a.json", k_conbench), folder.at("none-*.json")});
  ASSERT_FALSE(sources.ok());
  EXPECT_EQ(sources.error().code, Code::not_found);
  EXPECT_NE(sources.error().message.find("none-*.json"), std::string::npos);
}

TEST_F(Sources, a_broken_file_does_not_keep_the_others) {
  put("a.json", R"({"run_id":)");
  put("b.json", k_conbench);
  put("c.json/not-asv", "");
  const auto sources = open({folder.at("*.json")});
  ASSERT_TRUE(sources.ok());
  ASSERT_EQ(sources->size(), 3u);
  const auto broken = read(sources->at(0));
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, Code::malformed);
  EXPECT_NE(broken.error().message.find(folder.at("a.json")), std::string::npos);
  EXPECT_TRUE(read(sources->at(1)).ok());
  const auto no_asv = read(sources->at(2));
  ASSERT_FALSE(no_asv.ok());
  EXPECT_NE(no_asv.error().message.find(folder.at("c.json")), std::string::npos);
}

TEST_F(Sources, json_that_is_nobodys_is_refused_by_name) {
  const auto sources = open({put("a.json", R"({"results":[]})")});
  const auto reading = read(sources->at(0));
  ASSERT_FALSE(reading.ok());
  EXPECT_EQ(reading.error().code, Code::invalid);
  EXPECT_NE(reading.error().message.find("--format"), std::string::npos);
}

TEST_F(Sources, the_format_that_is_named_wins_over_the_looks) {
  const std::string path = put("a.json", k_google);
  const auto sources = open({path}, {.format = Format::conbench});
  ASSERT_TRUE(sources.ok());
  ASSERT_TRUE(read(sources->at(0)).ok());
  EXPECT_EQ(asked, Format::conbench);
  const auto as_asv = open({path}, {.format = Format::asv});
  EXPECT_FALSE(read(as_asv->at(0)).ok()) << "a single file of asv does not say its units";
}

TEST_F(Sources, a_dash_is_standard_input) {
  std::string text = k_conbench + "\n" + k_conbench + "\n";
  std::FILE* input = fmemopen(text.data(), text.size(), "r");
  const auto sources = open({"-"}, {}, input);
  ASSERT_TRUE(sources.ok());
  const auto reading = read(sources->at(0));
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading->submissions.size(), 2u);
  std::fclose(input);
}

TEST_F(Sources, an_asv_folder_is_one_source_for_each_of_its_files) {
  put("benchmarks.json", R"({"time_a":{"unit":"seconds"}})");
  put("m1/machine.json", R"({"machine":"m1"})");
  for (const char* name : {"m1/one.json", "m1/two.json"}) {
    put(name, R"({"commit_hash":"abc","result_columns":["result"],"results":{"time_a":[[1.5]]}})");
  }
  const auto sources = open({folder.path()});
  ASSERT_TRUE(sources.ok());
  ASSERT_EQ(sources->size(), 2u);
  EXPECT_EQ(sources->at(1).place, folder.at("m1/two.json"));
  const auto reading = read(sources->at(1));
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(reading->submissions.size(), 1u);
  EXPECT_EQ(asked, Format::asv);
}

TEST_F(Sources, a_folder_of_criterion_is_one_source) {
  put("target/criterion/sort/new/benchmark.json", R"({"group_id":"sort","full_id":"sort"})");
  put("target/criterion/sort/new/sample.json", R"({"iters":[2],"times":[3]})");
  put("target/criterion/sort/new/estimates.json", "{}");
  const auto sources = open({folder.path()});
  ASSERT_TRUE(sources.ok());
  ASSERT_EQ(sources->size(), 1u);
  const auto reading = read(sources->at(0));
  ASSERT_TRUE(reading.ok()) << reading.error().message;
  EXPECT_EQ(reading->submissions.size(), 1u);
  EXPECT_EQ(asked, Format::criterion);
}

TEST_F(Sources, each_saved_run_of_pytest_benchmark_is_a_source) {
  for (const char* name : {"0001_a.json", "0002_b.json"}) {
    put(std::string("Linux/").append(name),
        R"({"machine_info":{},"benchmarks":[{"fullname":"a","stats":{"min":1}}]})");
  }
  const auto sources = open({folder.path()});
  ASSERT_TRUE(sources.ok());
  ASSERT_EQ(sources->size(), 2u);
  EXPECT_EQ(sources->at(1).place, folder.at("Linux/0002_b.json"));
  EXPECT_EQ(read(sources->at(1))->submissions.size(), 1u);
  EXPECT_EQ(asked, Format::pytest_benchmark);
}

TEST_F(Sources, text_is_go_or_nobodys) {
  const auto sources =
      open({put("a.txt", "BenchmarkA 1 2 ns/op\n"), put("b.txt", "no benchmark\n")});
  EXPECT_EQ(read(sources->at(0))->submissions.size(), 1u);
  EXPECT_EQ(asked, Format::go);
  const auto none = read(sources->at(1));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, Code::invalid);
  EXPECT_NE(none.error().message.find("pytest-benchmark, hyperfine"), std::string::npos);
}

TEST_F(Sources, results_whose_file_has_no_time_are_as_old_as_the_file) {
  const std::string path = put("a.txt", "BenchmarkA 1 2 ns/op\n");
  const timespec times[2] = {{.tv_sec = 1722513600}, {.tv_sec = 1722513600}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  const auto timestamp = [&] {
    const auto sources = open({path});
    const auto reading = read(sources->at(0));
    const json::Value* time = reading->submissions.at(0).find("timestamp");
    return time == nullptr ? "" : time->as_string();
  };
  EXPECT_EQ(timestamp(), "") << "nobody wants one";
  facts.timestamp = Timestamp::from_seconds(1800000000);
  EXPECT_EQ(timestamp(), "2024-08-01T12:00:00Z");
  facts.timestamp = Timestamp::from_seconds(1700000000);
  EXPECT_EQ(timestamp(), "2023-11-14T22:13:20Z") << "a file of the future is not believed";
}

}  // namespace
}  // namespace bl::results
