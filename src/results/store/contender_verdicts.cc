#include <algorithm>

#include "results/series_judge.h"
#include "results/store/verdict_points.h"
#include "results/store_verdicts.h"
#include "results/verdict_encode.h"
#include "store/both_dialects.h"

// The verdicts of a run off the default branch: its results come next after those of the default
// branch, up to where the branch left it.
namespace bl::results {
namespace {

// Nothing for a series without a verdict of its own: verdicts are off, or not yet made.
Result<std::optional<VerdictPlace>> find_place(store::Connection& connection,
                                               std::string_view fingerprint) {
  std::optional<VerdictPlace> found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select s.series_no, s.hardware_hash, s.unit from @series s "
                           "join @series_verdict v on v.series_no = s.series_no "
                           "where s.history_fingerprint = $1">(),
      {fingerprint}, [&](const store::Row& row) {
        found = VerdictPlace{row.integer(0), std::string(fingerprint), std::string(row.text(1)),
                             row.text_or_null(2)};
        return false;
      }));
  return found;
}

// Of the history what lies before the branch, the newest; environments keep their numbers.
void cut_off(std::vector<VerdictPoint>& points, Timestamp up_to, std::size_t most) {
  std::erase_if(points, [&](const VerdictPoint& one) { return one.commit_timestamp > up_to; });
  if (points.size() > most) {
    points.erase(points.begin(), points.end() - static_cast<std::ptrdiff_t>(most));
  }
}

Result<std::vector<VerdictPoint>> points_with(store::Connection& connection,
                                              const VerdictPlace& place,
                                              const ContenderSeries& series, Timestamp up_to,
                                              SummaryMode mode, std::size_t most) {
  BL_TRY(VerdictHistory history, verdict_history(connection, place, mode, WithMessages::no));
  cut_off(history.points, up_to, most);
  for (const ContenderResult& result : series.results) {
    VerdictPoint point;
    point.result_id = result.result_id;
    point.commit_sha = result.commit_sha;
    point.result_timestamp = result.result_timestamp;
    point.commit_timestamp = result.commit_timestamp;
    point.value = result.value;
    BL_TRY(point.environment, environment_of(connection, place, result.result_id, history));
    history.points.push_back(std::move(point));
  }
  return std::move(history.points);
}

}  // namespace

Result<StoredVerdicts> StoreVerdictReader::contenders(const BranchRun& run) {
  StoredVerdicts verdicts;
  const std::size_t count = std::min(run.series.size(), limits_.contenders_max);
  for (const ContenderSeries& series : std::span(run.series).first(count)) {
    std::vector<VerdictPoint> points;
    std::optional<VerdictPlace> place;
    BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
      BL_TRY(place, find_place(connection, series.history_fingerprint));
      if (!place || place->unit != series.unit) return {};
      BL_TRY(points,
             points_with(connection, *place, series, run.up_to, mode_, limits_.contender_results));
      return {};
    }));
    if (points.empty()) continue;
    const SeriesVerdict verdict = judge_points(points, place->unit).verdict;
    verdicts.emplace(series.history_fingerprint,
                     StoredVerdict{verdict.decision, badness_of(verdict), encode_verdict(verdict)});
  }
  return verdicts;
}

}  // namespace bl::results
