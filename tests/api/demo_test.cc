#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "product/server_process.h"

/// `benchlake demo` brings Django's whole history through the public API, and it comes out as it
/// went in.
namespace bl::product {
namespace {

struct KnownSeries {
  const char* name;
  const char* version;  ///< of the benchmark, the first digits
  std::int64_t points;
  double oldest, newest;
  const char* newest_commit;
};
// Read off the raw files: the smallest sample of the oldest and of the newest commit.
constexpr KnownSeries k_known[] = {
    {"form_benchmarks.form_clean.benchmark.FormClean.time_form_clean", "ee29794571c4", 902,
     2.5199098591472758e-05, 2.466600000161634e-05, "03988c5a5ba248c3b9b11ea96fd4fda5e98849aa"},
    {"template_benchmarks.template_compilation.benchmark.TemplateCompile.time_template_compile",
     "38f1b2f3580c", 902, 0.00015045119117557452, 0.00011382899998579887,
     "03988c5a5ba248c3b9b11ea96fd4fda5e98849aa"},
    {"form_benchmarks.form_validate.benchmark.FormValidate.time_form_validate", "437e1a9cc92f", 902,
     1.2173062186872818e-07, 6.589999998141138e-06, "03988c5a5ba248c3b9b11ea96fd4fda5e98849aa"},
};

const json::Value* find_version(const json::Value& page, const char* version) {
  for (const json::Value& series : page.find("series")->items()) {
    if (series.find("context")->find("benchmark_version")->as_string() == version) return &series;
  }
  return nullptr;
}

TEST(Demo, brings_every_result_of_a_real_history_through_the_api) {
  const char* shared = std::getenv("BENCHLAKE_SHARED");
  if (shared == nullptr ||
      !std::filesystem::exists(std::string(shared) + "/data/histories/django-asv")) {
    GTEST_SKIP() << "the shared data is missing: BENCHLAKE_SHARED";
  }
  const TemporaryFolder folder;
  const ServerProcess server(folder.path() + "/data");
  ASSERT_TRUE(server.ready());
  const CommandOutcome demo = run_benchlake({"demo", "--data", folder.path() + "/data", "--json"});
  ASSERT_EQ(demo.exit_code, 0) << demo.err;
  EXPECT_NE(demo.out.find("\"stored\":53658,\"failed\":0,\"skipped\":0"), std::string::npos)
      << demo.out;

  const Answer facts = server.get("/api/v1/facts");
  EXPECT_EQ(facts.body.find("results")->as_int64(), 53'658);
  EXPECT_EQ(facts.body.find("commits")->as_int64(), 903);
  EXPECT_EQ(facts.body.find("runs")->as_int64(), 903);
  EXPECT_EQ(facts.body.find("series")->as_int64(), 131);

  for (const KnownSeries& known : k_known) {
    const Answer page = server.get("/api/series?q=" + std::string(known.name));
    const json::Value* series = find_version(page.body, known.version);
    ASSERT_NE(series, nullptr) << page.text;
    EXPECT_EQ(series->find("point_count")->as_int64(), known.points);
    EXPECT_EQ(series->find("latest_single_value_summary")->as_double(), known.newest);
    EXPECT_EQ(series->find("latest_commit_sha")->as_string(), known.newest_commit);
    const Answer history =
        server.get("/api/history?fingerprint=" + series->find("history_fingerprint")->as_string());
    const json::Array& samples = history.body.find("samples")->items();
    ASSERT_EQ(static_cast<std::int64_t>(samples.size()), known.points);
    EXPECT_EQ(samples.front().find("single_value_summary")->as_double(), known.oldest);
    EXPECT_EQ(samples.back().find("single_value_summary")->as_double(), known.newest);
  }

  const CommandOutcome again = run_benchlake({"demo", "--data", folder.path() + "/data"});
  EXPECT_EQ(again.exit_code, 2) << "a store with results is left alone";
  const CommandOutcome forced =
      run_benchlake({"demo", "--data", folder.path() + "/data", "--force"});
  EXPECT_EQ(forced.exit_code, 0) << forced.err;
  EXPECT_EQ(server.get("/api/v1/facts").body.find("results")->as_int64(), 53'658)
      << "sent twice, stored once";
}

}  // namespace
}  // namespace bl::product
