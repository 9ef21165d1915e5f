#pragma once

#include <cstdint>

#include "filled_store.h"

/// A PostgreSQL store made larger than anybody would submit to it: copies of its results inside of
/// the database. Each copy is a repository of its own, with its commits, runs and series.
namespace bl::bench {

/// Copies what is there until there are about `results` of them, and analyzes. Nothing when there
/// are as many. Facts: how many, and how long it took (10 million: minutes, 10 GB). Superuser only:
/// it builds the indexes anew and checks no foreign keys.
void multiply_results(FilledStore& store, std::int64_t results, Report& report);

}  // namespace bl::bench
