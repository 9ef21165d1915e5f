#pragma once

#include "bigquery/jobs.h"

namespace bl::bigquery {

struct Copied {
  std::int64_t rows = 0;
  std::uint64_t bytes = 0;
};

/// Rows of the sources as they are now, in the destination, all or none. Errors: invalid (sources
/// of other columns, a view), those of RowSink and the engine.
Result<Copied> copy_tables(const CopyRequest& request, Tables& tables, engine::Engine& engine,
                           std::shared_ptr<engine::QueryControl> control);

}  // namespace bl::bigquery
