#include "results/store/history_points.h"

#include <algorithm>
#include <string>
#include <vector>

#include "results/store/history_details.h"

namespace bl::results {
namespace {

using store::Null;
using store::Param;
using store::ParamRows;

constexpr std::int64_t k_series_max = std::int64_t{1} << 26;

Result<std::int64_t> place_of(std::int64_t series_no, std::int64_t result_no) {
  if (series_no > 0 && series_no < k_series_max && result_no >= 0 && result_no < first_place(1)) {
    return first_place(series_no) + result_no;
  }
  std::string text = "a history has no place for the result ";
  text += std::to_string(result_no) + " of the series " + std::to_string(series_no);
  return Error{Code::unsupported, text};
}

PointDetails details_of(const DerivedFact& fact) {
  PointDetails details;
  details.unit = *fact.unit;
  details.run_id = fact.run_id;
  details.commit_message = fact.commit_message;
  details.result_id = fact.result_id;
  details.commit_sha = fact.commit_sha;
  details.info_id = fact.info_id;
  details.data = fact.data;
  details.run_tags = fact.run_tags;
  details.change_annotations = fact.change_annotations;
  return details;
}

struct Place {
  std::int64_t place;
  const DerivedFact* fact;
};

}  // namespace

Result<void> put_history_points(store::Connection& connection,
                                std::span<const HistoryFact> points) {
  std::vector<Place> places;
  places.reserve(points.size());
  for (const auto& [series_no, fact] : points) {
    BL_TRY(const std::int64_t place, place_of(series_no, fact->result_no));
    places.push_back({place, fact});
  }
  // Neighbours together: a page that two of them share is looked for once.
  std::ranges::sort(places, {}, &Place::place);
  std::vector<std::string> details;  // what the rows borrow
  details.reserve(places.size());
  ParamRows rows(8);
  for (const auto& [place, fact] : places) {
    const std::string& packed = details.emplace_back(pack_details(details_of(*fact)));
    // Almost always the mean as stored.
    const bool is_mean = fact->mean == fact->summary_mean;
    rows.add({place, fact->commit_timestamp->micros, fact->timestamp.micros, *fact->best,
              is_mean ? Param(Null{}) : Param(*fact->summary_mean),
              static_cast<std::int64_t>(fact->begins_change),
              fact->mean ? Param(*fact->mean) : Param(Null{}), store::Blob{packed}});
  }
  auto put = connection.execute_many(
      "insert or replace into bl_history (place, commit_timestamp, result_timestamp, best, "
      "summary_mean, begins_change, mean, details) values ($1, $2, $3, $4, $5, $6, $7, $8)",
      rows);
  if (!put.ok()) return std::move(put).error();
  return {};
}

Result<void> remove_history_point(store::Connection& connection, std::int64_t series_no,
                                  std::int64_t result_no) {
  BL_TRY(const std::int64_t place, place_of(series_no, result_no));
  auto removed = connection.execute("delete from bl_history where place = $1", {place});
  if (!removed.ok()) return std::move(removed).error();
  return {};
}

}  // namespace bl::results
