#pragma once

#include <memory>
#include <string>

#include "bigquery/job_routes.h"
#include "bigquery/jobs.h"
#include "engine/duck_engine.h"
#include "lake/lake.h"

/// Queries, loads and jobs of one door, put together.
namespace bl::bigquery {

struct JobPartsWorld {
  store::Database& database;
  Tables& tables;
  lake::Lake& lake;
  Disk& disk;
  const Clock& clock;
  IdSource& ids;
  Log& log;
  Metrics& metrics;
};

struct JobPartsLimits {
  ResultLimits results;
  QueriesLimits queries;
  LoadLimits loads;
  JobLimits jobs;
  engine::DuckEngineLimits engine = {
      .admission = {.running_max = 16, .waiting_max = 256},
      .database = {.memory_bytes_max = 2ull << 30, .threads = 2, .temp_bytes_max = 32ull << 30}};
};

/// One object; its parts: any thread.
class JobParts {
 public:
  /// `folder`: of this process alone; below it lie answers, files that are sent, and what the
  /// engine spills. Errors: those of the parts.
  static Result<std::unique_ptr<JobParts>> open(const JobPartsWorld& world,
                                                const std::string& folder,
                                                const JobPartsLimits& limits = {});
  Jobs& jobs() { return *jobs_; }
  Queries& queries() { return *queries_; }
  Results& results() { return *results_; }
  engine::Engine& engine() { return *engine_; }
  /// For add_job_routes.
  JobPorts::Parts ports();

 private:
  explicit JobParts(const JobPartsWorld& world) : world_(world) {}

  const JobPartsWorld world_;
  std::string upload_folder_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Results> results_;
  std::unique_ptr<Queries> queries_;
  std::unique_ptr<Loads> loads_;
  std::unique_ptr<Jobs> jobs_;  // ends what runs, before what it runs on goes
};

}  // namespace bl::bigquery
