#include "inference/store/placed_points.h"

#include <algorithm>

#include "inference/store/documents.h"

namespace bl::inference {
namespace {

auto identity_of(const StoredPoint& point) {
  const BenchmarkRow& row = point.row;
  return std::tie(point.config_id, row.benchmark_type, row.isl, row.osl, row.offload_mode, row.conc,
                  row.recipe_fingerprint);
}

}  // namespace

Result<StoredPoint> point_of(const store::Row& row, const ServingConfig& config) {
  StoredPoint point;
  point.id = row.integer(0);
  point.config_id = row.integer(1);
  BenchmarkRow& out = point.row;
  out.config = config;
  out.benchmark_type = row.text(2);
  out.isl = row.integer_or_null(3);
  out.osl = row.integer_or_null(4);
  out.conc = row.integer(5);
  out.image = row.text_or_null(6);
  BL_TRY(out.metrics, metrics_of(row.text(7)));
  out.offload_mode = row.text_or_null(8);
  out.recipe_fingerprint = row.text_or_null(9);
  out.kv_transfer_lib = row.text_or_null(10);
  BL_TRY(out.workers, document_of(row, 11));
  BL_TRY(out.power_audit, document_of(row, 12));
  BL_TRY(out.power_invalid_reasons, strings_of(row, 13));
  point.origin = {std::string(row.text(14)), std::string(row.text(15))};
  point.has_server_log = !row.is_null(16);
  point.date = row.text(17);
  point.github_run_id = row.integer(18);
  point.attempt = row.integer(19);
  point.html_url = row.text_or_null(20);
  point.curve_date = row.text(21);
  point.curve_run_id = row.integer(22);
  if (!row.is_null(23)) point.curve_started_at = Timestamp{row.integer(23)};
  return point;
}

std::vector<StoredPoint> newest_of(std::vector<Placed> placed) {
  std::vector<std::size_t> order(placed.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const Placed &one = placed[a], &other = placed[b];
    const auto identity = identity_of(one.point) <=> identity_of(other.point);
    if (identity != 0) return identity < 0;
    return std::tie(one.depth, one.point.id) < std::tie(other.depth, other.point.id);
  });
  std::vector<StoredPoint> points;
  points.reserve(placed.size());
  for (const std::size_t i : order) {
    const bool is_older = !points.empty() && placed[i].depth > 0 &&
                          identity_of(points.back()) == identity_of(placed[i].point);
    if (is_older) continue;
    points.push_back(std::move(placed[i].point));
  }
  return points;
}

void sort_history(std::vector<StoredPoint>& points) {
  std::ranges::sort(points, {}, [](const StoredPoint& point) {
    return std::tie(point.date, point.config_id, point.row.conc, point.id);
  });
}

}  // namespace bl::inference
