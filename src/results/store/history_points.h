#pragma once

#include <cstdint>
#include <span>

#include "results/store/derived.h"
#include "store/database.h"

/// The points of all histories, one series' beside each other: bl_history. SQLite only; on
/// PostgreSQL histories are read from the facts. Inside the transaction of the change.
namespace bl::results {

/// A fact that is a point, and its series.
struct HistoryFact {
  std::int64_t series_no;
  const DerivedFact* fact;
};

/// The points of a series lie from first_place(n) to before first_place(n + 1), in the order in
/// which their results came in: the place is that of the series plus the result's number.
/// Statements write it as `series_no << 37`.
constexpr std::int64_t first_place(std::int64_t series_no) {
  return series_no << 37;
}

/// Points that are not there yet, or that replace what is there. Errors: unsupported (a number too
/// large for a place: 2^26 series, 2^37 results).
Result<void> put_history_points(store::Connection& connection, std::span<const HistoryFact> points);
/// Nothing when it is not there.
Result<void> remove_history_point(store::Connection& connection, std::int64_t series_no,
                                  std::int64_t result_no);

}  // namespace bl::results
