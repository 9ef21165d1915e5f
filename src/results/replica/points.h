#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/ports.h"
#include "results/replica/sources.h"
#include "store/database.h"

/// The points of series in the lake. Private to the replica.
namespace bl::results::replica {

struct PointOptions {
  store::Dialect of;  ///< whose replica: it decides the order of points of one commit and instant
  SummaryMode mode = SummaryMode::best;
};

/// What all results of a series share; nullopt of the number: there is no result.
struct SeriesPlace {
  std::string repository, hardware_hash;
  std::optional<std::int64_t> repository_no;
};
/// nullopt: nobody ever submitted to that fingerprint.
Result<std::optional<SeriesPlace>> place_of(const Sources& sources, std::string_view fingerprint);

struct Point {
  HistoryPoint point;
  std::int64_t result_no = 0;
  bool begins_change = false;
};
/// By commit time, then result time. `texts` keeps their texts.
Result<std::vector<Point>> read_points(const Sources& sources, std::string_view fingerprint,
                                       std::int64_t repository_no, const PointOptions& options,
                                       TextArena& texts);

/// A series of which the values are wanted.
struct WantedSeries {
  std::string fingerprint, repository;
};
using SeriesValues = std::map<std::string, std::vector<verdict::LookbackRow>, std::less<>>;
/// The values of the points of series, in the same order; a series without points is absent.
Result<SeriesValues> read_values(const Sources& sources, std::span<const WantedSeries> series,
                                 const PointOptions& options);

/// Condition and ranges of one series' rows, in `results` and in `result_samples`.
Where of_series(std::string_view fingerprint, std::int64_t repository_no);

}  // namespace bl::results::replica
