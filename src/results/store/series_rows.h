#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/ports.h"
#include "results/store/series_cursor.h"
#include "results/store_series_refresh.h"
#include "store/database.h"

/// Pages and hits of series, made of rows of the table of series, wherever they lie. Pure.
namespace bl::results {

/// A row of a page, with what the cursor and a fresh judgement need.
struct PageRow {
  SeriesRow series;
  std::int64_t series_no = 0;
  bool stale = false;
  double change_rank = 0;
};

/// The columns that page_row_of reads, in the store: `series s`, its `context x`, its sparkline
/// `l`.
#define BL_SERIES_COLUMNS                                                               \
  "s.series_no, s.history_fingerprint, s.name, s.hardware_name, s.repository, s.tags, " \
  "@text{x.tags}, s.unit, s.status, s.z_score, s.change_percent, s.change_rank, "       \
  "s.latest_result_id, s.latest_best, s.latest_mean, s.latest_commit_sha, "             \
  "s.latest_commit_timestamp, s.latest_result_timestamp, s.point_count, "               \
  "coalesce(l.sparkline, '[]'), "                                                       \
  "s.change_count <> s.fresh_count"
/// Errors: corrupt.
Result<PageRow> page_row_of(const store::Row& row, SummaryMode mode);
void set_state(SeriesRow& series, SeriesState state);

/// The page of the rows that were read, one more than it holds where there is a next one. `judge`
/// judges anew those that are stale; what then has another status than was asked for is left out.
Result<SeriesPage> page_of(std::vector<PageRow> rows, const SeriesFilter& filter,
                           const std::function<Result<void>(std::span<PageRow* const>)>& judge);

/// Everything that tells one series from another of the same name.
SearchHit hit_of(const SeriesRow& series);
SearchHit run_hit(std::string_view run_id, std::string_view repository, std::int64_t results);
SearchHit result_hit(std::string_view id, std::string_view name);
/// A commit has no page of its own: it leads to the newest of its results.
SearchHit commit_hit(std::string_view sha, std::string_view message, std::string_view result_id);

/// Lower-case hex, as ids and commit hashes are. Every collation sorts them alike, and has the next
/// letter behind all that begin so: the index of a table in the database's language finds them.
bool begins_hash(std::string_view prefix);
/// The text without blanks around it, when it is long enough to be the beginning of an id: shorter
/// ones match everything.
std::optional<std::string_view> prefix_of(std::string_view text);

}  // namespace bl::results
