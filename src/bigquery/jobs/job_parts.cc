#include "bigquery/job_parts.h"

namespace bl::bigquery {

Result<std::unique_ptr<JobParts>> JobParts::open(const JobPartsWorld& world,
                                                 const std::string& folder,
                                                 const JobPartsLimits& limits) {
  std::unique_ptr<JobParts> parts(new JobParts(world));
  parts->upload_folder_ = folder + "/uploads";
  engine::DuckEngineLimits engine = limits.engine;
  engine.database.temp_folder = folder + "/spill";
  BL_RETURN_IF_ERROR(world.disk.make_folder(engine.database.temp_folder));
  BL_TRY(parts->engine_, engine::open_duck_engine(world.lake.store(), world.metrics, engine));
  BL_TRY(parts->results_,
         Results::open({world.disk, world.clock, world.ids}, folder + "/results", limits.results));
  parts->queries_ = std::make_unique<Queries>(
      QueriesWorld{world.tables, *parts->engine_, *parts->results_, world.clock}, limits.queries);
  parts->loads_ =
      std::make_unique<Loads>(LoadsWorld{world.tables, world.lake.engine()}, limits.loads);
  BL_TRY(parts->jobs_, Jobs::open({.database = world.database,
                                   .queries = *parts->queries_,
                                   .loads = *parts->loads_,
                                   .tables = world.tables,
                                   .engine = *parts->engine_,
                                   .results = *parts->results_,
                                   .clock = world.clock,
                                   .ids = world.ids,
                                   .log = world.log,
                                   .metrics = world.metrics},
                                  limits.jobs));
  return parts;
}

JobPorts::Parts JobParts::ports() {
  return {.jobs = jobs_.get(),
          .queries = queries_.get(),
          .disk = &world_.disk,
          .upload_folder = upload_folder_,
          .clock = &world_.clock,
          .ids = &world_.ids};
}

}  // namespace bl::bigquery
