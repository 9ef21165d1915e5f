#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "results/model.h"
#include "store/database.h"

/// The rows that a distribution is made of, as PostgreSQL sends them: all in one row, column after
/// column. A report reads 100,000 of them; one by one, half of what they cost is
/// writing out and reading rows. Private to the store's side.
namespace bl::results {

/// What is asked of the results. Of commits, it may be asked in two halves: then two processes of
/// the server may share the work.
struct PackedQuestion {
  enum class Of : unsigned char {
    run,      ///< those of a run's series. Parameters: commits (two lists in halves), a run's id
    commits,  ///< all of some commits. Parameters: commits (two lists in halves)
    list,     ///< those of some series. Parameters: commits, fingerprints; never in halves
  };
  Of of = Of::run;
  SummaryMode mode = SummaryMode::best;
  bool in_halves = false;
};
std::string packed_rows_sql(const PackedQuestion& question);

/// One result of one series; a value beyond a double is left out.
struct PackedRow {
  std::string_view commit_id, fingerprint;
  double value = 0;
  std::int64_t result_time = 0;  ///< microseconds, from any beginning
  bool begins_change = false;
};
/// Calls `each` with each result that a row of such an answer holds. Errors: corrupt (an id with a
/// line break in it).
Result<void> for_each_packed(const store::Row& row,
                             const std::function<void(const PackedRow&)>& each);

}  // namespace bl::results
