#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "product/server_process.h"
#include "product/sweep_files.h"

/// SIGKILL of an ingest at random moments: calling it again completes it, and nothing is doubled.
namespace bl::product {
namespace {

constexpr int k_runs = 60;
constexpr int k_rows = 150;

int rounds() {
  const char* text = std::getenv("BENCHLAKE_KILL_ROUNDS");
  return text == nullptr ? 15 : std::atoi(text);
}

TEST(InferenceIngestKilled, is_completed_by_calling_it_again) {
  const TemporaryFolder folder;
  write_sweep_archive(folder.path(), k_runs, k_rows);
  const std::vector<std::string> call = {"inference",
                                         "ingest",
                                         folder.path() + "/gcs",
                                         "--data",
                                         folder.path() + "/data",
                                         "--set",
                                         "inference.ingest_queue=1MiB",
                                         "--json"};
  std::mt19937 random(20260901);
  std::uniform_int_distribution<int> moment_ms(5, 400);
  for (int round = 0; round < rounds(); ++round) {
    const pid_t pid = start_benchlake(call);
    ASSERT_GT(pid, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(moment_ms(random)));
    ::kill(pid, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  }
  const CommandOutcome completed = run_benchlake(call);
  ASSERT_EQ(completed.exit_code, 0) << completed.err;
  const CommandOutcome again = run_benchlake(call);
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const auto report = json::parse(again.out);
  ASSERT_TRUE(report.ok()) << again.out;
  const json::Value& points = *report->find("written")->find("points");
  EXPECT_EQ(points.find("unchanged")->as_int64(), k_runs * k_rows);
  EXPECT_EQ(points.find("added")->as_int64(), 0);
  EXPECT_EQ(points.find("changed")->as_int64(), 0);
  std::vector<std::string> text_call = call;
  text_call.pop_back();
  EXPECT_THAT(run_benchlake(text_call).out,
              testing::HasSubstr(fmt::format("{} benchmark_results", k_runs * k_rows)));
}

}  // namespace
}  // namespace bl::product
