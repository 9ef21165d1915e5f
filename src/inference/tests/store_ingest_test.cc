#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

#include "base/random.h"
#include "base/testing/temporary_folder.h"
#include "inference/ingest.h"
#include "inference/store_totals.h"
#include "inference/tests/sweep_store.h"

/// Real artifacts into real stores.
namespace bl::inference {
namespace {

namespace fs = std::filesystem;
using testing::SweepStore;

class StoreIngest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* shared = std::getenv("BENCHLAKE_SHARED");
    if (shared != nullptr) samples_ = std::string(shared) + "/data/inferencex";
    if (!fs::exists(samples_)) GTEST_SKIP() << "the real sweeps are missing: BENCHLAKE_SHARED";
  }
  /// Every JSON file of a folder of samples as an artifact of the run.
  void add_artifacts(const std::string& samples, const std::string& prefix) {
    for (const auto& file : fs::directory_iterator(samples_ + "/" + samples)) {
      if (file.path().extension() != ".json") continue;
      std::string name = file.path().stem().string();
      if (name.starts_with("agg_")) name.erase(0, 4);
      const std::string artifact = folder_.at(prefix + name);
      fs::create_directories(artifact);
      fs::copy_file(file.path(), artifact + "/" + file.path().filename().string());
    }
  }
  IngestOutcome ingest() {
    IdSource ids(store_.clock, random_);
    Ingest ingest(*disk_, Registry::built_in(), store_.writer, store_.clock, ids);
    RunFacts facts;
    facts.run_id = 29003473063;
    facts.date = "2026-07-09";
    auto outcome = ingest.run({.path = folder_.path(), .facts = facts, .spool = ""});
    BL_CHECK(outcome.ok());
    return *std::move(outcome);
  }

  TemporaryFolder folder_;
  SweepStore store_;
  std::string samples_;
  SeededRandom random_{11};
  const std::unique_ptr<Disk> disk_ = make_real_disk();
};

TEST_F(StoreIngest, every_real_row_is_stored_and_the_same_again_changes_nothing) {
  add_artifacts("agg-rows", "bmk_");
  add_artifacts("agg-rows-agentic-2026-04", "bmk_");
  add_artifacts("agentx-v3/tp4_sweep_29003473063", "bmk_agentic_");
  add_artifacts("agentx-v3/tp8_sweep_29337493492", "bmk_agentic_");
  fs::create_directories(folder_.at("changelog-metadata"));
  fs::copy_file(samples_ + "/artifacts/changelog_metadata-29003473063.json",
                folder_.at("changelog-metadata/changelog_metadata.json"));

  const IngestOutcome first = ingest();
  EXPECT_TRUE(first.report.skipped.empty()) << first.report.examples.front().path;
  EXPECT_EQ(first.report.written.points.added, 3 + 44 + 5 + 5);
  EXPECT_EQ(first.report.written.changelogs.added, 1);

  const auto totals = sweep_totals(*store_.database);
  ASSERT_TRUE(totals.ok());
  EXPECT_EQ(totals->points, 57);
  EXPECT_EQ(totals->changelogs, 1);

  const IngestOutcome again = ingest();
  const Written& written = again.report.written;
  EXPECT_EQ(written.points.unchanged, 57);
  EXPECT_EQ(written.points.added + written.points.changed, 0);
  EXPECT_EQ(written.changelogs.unchanged, 1);
  EXPECT_EQ(written.changelogs.added + written.changelogs.changed, 0);
  const auto reports = store_.reader.reports(10);
  ASSERT_TRUE(reports.ok());
  EXPECT_EQ(reports->size(), 2u);
}

TEST_F(StoreIngest, many_threads_and_small_batches_store_the_same) {
  for (int run = 0; run < 12; ++run) {
    const std::string day = folder_.at("gcs/2026-07-0" + std::to_string(run % 9 + 1));
    const std::string artifact =
        day + "/sweep_2900000000" + std::to_string(run + 10) + "/artifacts/bmk_all";
    fs::create_directories(artifact);
    for (const auto& file : fs::directory_iterator(samples_ + "/agg-rows-agentic-2026-04")) {
      fs::copy_file(file.path(), artifact + "/" + file.path().filename().string());
    }
  }
  IdSource ids(store_.clock, random_);
  IngestLimits limits;
  limits.parsers = 8;
  limits.writers = 5;
  limits.queue_bytes = 64u << 10;
  limits.batch_bytes = 8u << 10;
  Ingest ingest(*disk_, Registry::built_in(), store_.writer, store_.clock, ids, limits);
  const auto outcome = ingest.run({.path = folder_.at("gcs"), .facts = {}, .spool = ""});
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->runs, 12u);
  const WriteCount& points = outcome->report.written.points;
  EXPECT_EQ(points.added, 12 * 44);
  const auto totals = sweep_totals(*store_.database);
  ASSERT_TRUE(totals.ok());
  EXPECT_EQ(totals->points, 12 * 44);
}

}  // namespace
}  // namespace bl::inference
