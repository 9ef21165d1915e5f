#pragma once

#include "base/time.h"
#include "bigquery/rows_in.h"

namespace bl::bigquery {

/// Default expressions that need no engine: literals (also typed: `DATE '2024-01-02'`), `[]`, and
/// CURRENT_TIMESTAMP, CURRENT_DATETIME, CURRENT_DATE, CURRENT_TIME, GENERATE_UUID, with or without
/// `()`, in UTC. Others are unsupported, with the expression. Keep `clock`. Threads: any.
DefaultValues simple_defaults(const Clock& clock);

}  // namespace bl::bigquery
