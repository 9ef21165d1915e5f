#include "samples/sample_files.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "product/server_process.h"

/// Files of real benchmark tools, submitted to a running server.
namespace bl::product {
namespace {

std::string samples_folder() {
  const char* source = std::getenv("BL_TEST_SOURCE");
  return fmt::format("{}/tests/samples", source == nullptr ? "." : source);
}

/// How many results each sample gives: the lines of golden.txt that are not skipped.
std::map<std::string, std::size_t> golden_counts() {
  std::map<std::string, std::size_t> counts;
  std::ifstream golden(samples_folder() + "/golden.txt");
  std::string sample;
  for (std::string line; std::getline(golden, line);) {
    if (!line.starts_with("  ")) {
      sample = line;
    } else if (!line.starts_with("  skipped ")) {
      ++counts[sample];
    }
  }
  return counts;
}

class SubmittedSamples : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server.ready()); }
  CommandOutcome submit(const samples::SampleFile& sample) const {
    std::vector<std::string> arguments = {
        "submit",        samples_folder() + "/" + sample.path,
        "--repository",  "https://github.com/example/samples",
        "--commit",      "0123456789abcdef0123456789abcdef01234567",
        "--commit-time", "2024-08-01T12:00:00Z",
        "--data",        folder.path() + "/data"};
    if (sample.said_format) arguments.insert(arguments.end(), {"--format", *sample.said_format});
    return run_benchlake(arguments);
  }
  std::int64_t results_stored() const {
    return *server.get("/api/v1/facts").body.find("results")->as_int64();
  }

  TemporaryFolder folder;
  ServerProcess server{folder.path() + "/data"};
};

TEST_F(SubmittedSamples, are_stored_each_result_of_them) {
  std::map<std::string, std::size_t> counts = golden_counts();
  std::int64_t expected = 0;
  for (const samples::SampleFile& sample : samples::sample_files()) {
    const CommandOutcome outcome = submit(sample);
    EXPECT_EQ(outcome.exit_code, 0) << sample.path << "\n" << outcome.err;
    const auto lines = std::count(outcome.out.begin(), outcome.out.end(), '\n');
    EXPECT_EQ(lines, static_cast<std::ptrdiff_t>(counts[sample.path])) << sample.path;
    expected += lines;
    EXPECT_EQ(results_stored(), expected) << sample.path;
  }
  EXPECT_EQ(counts.size(), samples::sample_files().size());
}

TEST_F(SubmittedSamples, have_a_series_for_each_metric_with_its_direction) {
  ASSERT_EQ(submit({"go/result.txt", {}}).exit_code, 0);
  const CommandOutcome outcome =
      run_benchlake({"series", "BenchmarkSort", "--json", "--data", folder.path() + "/data"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::map<std::string, int> units;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    const auto series = json::parse(line);
    ASSERT_TRUE(series.ok()) << line;
    std::string unit = series->find("unit")->as_string();
    unit += series->find("less_is_better")->as_bool() ? " less" : " more";
    ++units[unit];
  }
  EXPECT_EQ(units, (std::map<std::string, int>{{"B less", 2}, {"B/s more", 2}, {"ns less", 4}}))
      << outcome.out;
}

TEST_F(SubmittedSamples, what_is_no_result_is_said) {
  const CommandOutcome outcome = submit({"go/result.txt", {}});
  EXPECT_NE(outcome.err.find("allocs/op: the stores have no such unit"), std::string::npos)
      << outcome.err;
  const CommandOutcome folder_of_nothing = submit({"hyperfine", {}});
  EXPECT_EQ(folder_of_nothing.exit_code, 2);
  EXPECT_NE(folder_of_nothing.err.find("Criterion"), std::string::npos) << folder_of_nothing.err;
}

/// A checkout whose HEAD no sample names, that commands run in.
class InACheckout : public testing::Test {
 protected:
  InACheckout() {
    std::filesystem::current_path(folder.path());
    for (const char* command :
         {"git init -q -b main .", "git remote add origin https://github.com/example/samples.git",
          "git -c user.name=A -c user.email=a@example.com commit -q --allow-empty -m one"}) {
      EXPECT_EQ(std::system(command), 0) << command;
    }
  }
  ~InACheckout() override { std::filesystem::current_path(before); }

  /// The commits and runs that a dry run would send.
  std::set<std::string> said_by(const char* sample, const char* what) const {
    const CommandOutcome outcome =
        run_benchlake({"submit", "--dry-run", fmt::format("{}/{}", samples_folder(), sample)});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    std::set<std::string> said;
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) {
      const auto document = json::parse(line);
      EXPECT_TRUE(document.ok()) << line;
      const json::Value* github = document->find("github");
      const json::Value* value = document->find(what);
      if (value == nullptr) value = github->find(what);
      said.insert(value == nullptr ? "(none)" : value->as_string());
      EXPECT_EQ(github->find("repository")->as_string(), "https://github.com/example/samples");
    }
    return said;
  }

  std::filesystem::path before = std::filesystem::current_path();
  TemporaryFolder folder;
};

TEST_F(InACheckout, a_file_that_names_its_commit_keeps_it_and_others_get_the_checkouts) {
  const auto of_checkout = said_by("go/result.txt", "commit");
  ASSERT_EQ(of_checkout.size(), 1u);
  EXPECT_EQ(of_checkout.begin()->size(), 40u);
  EXPECT_EQ(said_by("jmh/result.json", "commit"), of_checkout);
  EXPECT_EQ(said_by("criterion/result", "commit"), of_checkout);
  const auto of_file = said_by("pytest_benchmark/result.json", "commit");
  ASSERT_EQ(of_file.size(), 1u);
  EXPECT_NE(of_file, of_checkout);
}

TEST_F(InACheckout, each_file_of_pytest_benchmark_is_a_run_and_the_same_one_each_time) {
  const auto one = said_by("pytest_benchmark/result.json", "run_id");
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(said_by("pytest_benchmark/result.json", "run_id"), one);
  EXPECT_EQ(said_by("hyperfine/result.json", "run_id").size(), 1u);
  EXPECT_NE(said_by("hyperfine/result.json", "run_id"), said_by("hyperfine/result.json", "run_id"));
}

}  // namespace
}  // namespace bl::product
