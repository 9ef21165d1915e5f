#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "duck/database.h"
#include "engine/admission.h"
#include "engine/engine.h"
#include "objects/object_store.h"

/// DuckDB in this process: for our own queries, whose SQL is in the source and whose values are
/// parameters. Never for SQL that a user wrote (worker_engine.h).
namespace bl::engine {

struct DuckEngineLimits {
  AdmissionLimits admission;
  duck::DatabaseLimits database;
};

/// `store`: where the lake's files are; outlives the engine, as `metrics` does. A lake on S3 is
/// refused by run(). Sessions are kept for the next query. count(*) of a whole table needs no
/// engine: lake::Snapshot::rows().
///
/// Statistics say nothing of processor time, bytes and memory: the threads of the engine serve
/// all queries at once. Errors: those of duck::Database::open.
Result<std::unique_ptr<Engine>> open_duck_engine(objects::ObjectStore& store, Metrics& metrics,
                                                 const DuckEngineLimits& limits);

}  // namespace bl::engine
