#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "duck/database.h"
#include "generate/lake_filler.h"

/// The SQL that draws the rows of a LakePlan. Private to generate/.
namespace bl::bench {

inline constexpr std::int64_t k_drawn_start = 1'577'836'800'000'000;  // 2020-01-01
inline constexpr std::int64_t k_drawn_step =
    1'827 * 86'400'000'000 / LakePlan::k_points;  // to 2025-01-01

/// SQL over `repository_no`, `p` and `machine`.
inline constexpr std::string_view k_drawn_run_id =
    "'ci-' || repository_no || '-' || p || '-' || machine";

/// Writes the series to a Parquet file in `scratch`, one row each: what their results share. Gives
/// its path, quoted for SQL.
Result<std::string> write_series(duck::Database& engine, Disk& disk, const std::string& scratch,
                                 const LakePlan& plan);
void remove_series(Disk& disk, const std::string& scratch);

/// The rows of `results` (docs/formats/replica.md) of a month, of every n-th series.
struct DrawnPart {
  std::int64_t month = 0;
  std::int64_t chunk = 0, chunks = 1;
};
std::string results_select(const LakePlan& plan, const std::string& series, const DrawnPart& part);

}  // namespace bl::bench
