#pragma once

#include <string>

#include "results/store/summary_sql.h"

/// Where the points of a history lie. Private to the store's side.
namespace bl::results {

// The clustered copy on SQLite, in the order in which results came in; the facts themselves on
// PostgreSQL. Columns of the values: commit time, result time, begins_change, best, summary_mean.
#define BL_VALUES_SQLITE \
  "commit_timestamp, result_timestamp, begins_change, best, coalesce(summary_mean, mean)"
#define BL_FROM_SQLITE \
  " from bl_history where place >= ($1 << 37) and place < (($1 + 1) << 37) order by place"

inline const std::string& values_on_postgres() {
  static const std::string k_columns =
      "(extract(epoch from c.timestamp) * 1000000)::bigint, "
      "(extract(epoch from r.timestamp) * 1000000)::bigint, "
      "(coalesce(r.change_annotations -> 'begins_distribution_change', 'false') = 'true')::int, " +
      double_on_postgres(summary_on_postgres(SummaryMode::best)) + ", " +
      double_on_postgres(summary_on_postgres(SummaryMode::mean));
  return k_columns;
}

// The series' rows first, then each one's commit by its id: `offset 0` keeps PostgreSQL to it. It
// takes commits of the default branch for few, and without statistics (a restored database has
// none) would look for the series' results once for each of them.
#define BL_FINGERPRINT_OF_SERIES \
  "(select history_fingerprint from benchlake.series where series_no = $1)"
#define BL_FROM_POSTGRES(fingerprint)                                                       \
  " from benchmark_result r cross join lateral "                                            \
  "(select sha, message, timestamp, fork_point_sha from \"commit\" where id = r.commit_id " \
  "offset 0) c where r.history_fingerprint = " fingerprint                                  \
  " and r.error is null and r.unit is not null and cardinality(r.data) > 0 "                \
  "and array_position(r.data, null) is null and c.sha = c.fork_point_sha "                  \
  "and c.timestamp is not null order by c.timestamp, r.timestamp, r.id"

}  // namespace bl::results
