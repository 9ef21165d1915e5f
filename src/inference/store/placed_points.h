#pragma once

#include <cstdint>
#include <vector>

#include "inference/stored.h"
#include "store/database.h"

/// What both sides, store and lake, make of rows of points. Private to the readers.
namespace bl::inference {

/// Of a row: id, config id, benchmark type, isl, osl, conc, image, metrics, offload mode, recipe
/// fingerprint, KV transfer library, workers, power audit, power_invalid_reasons, origin's artifact
/// and path, the server log's id or null, date, the run's GitHub id, attempt and link, and of the
/// curve's run date, GitHub id and start (microseconds).
inline constexpr int k_point_columns = 24;
/// Errors: corrupt (a document).
Result<StoredPoint> point_of(const store::Row& row, const ServingConfig& config);

struct Placed {
  StoredPoint point;
  std::int64_t depth = 0;  ///< how many runs of its line stand above its own
};
/// In the order of SweepReader::points, of equal identities the one of the newest run.
std::vector<StoredPoint> newest_of(std::vector<Placed> placed);
/// In the order of SweepReader::history.
void sort_history(std::vector<StoredPoint>& points);

}  // namespace bl::inference
