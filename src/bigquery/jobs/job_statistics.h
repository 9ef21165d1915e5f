#pragma once

#include "bigquery/jobs.h"

/// What jobs say of what they did, as answers have it. Pure.
namespace bl::bigquery {

json::Value statistics_of(const QueryOutcome& outcome);
json::Value statistics_of(const LoadOutcome& outcome);
json::Value copy_statistics(std::int64_t rows, std::uint64_t bytes);
/// `{projectId, datasetId, tableId}`; of a dataset without the last.
json::Value reference_of(const TableName& name);

}  // namespace bl::bigquery
