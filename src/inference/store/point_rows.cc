#include "inference/store/point_rows.h"

#include <algorithm>
#include <array>
#include <deque>
#include <numeric>

#include "inference/store/documents.h"
#include "inference/store/run_rows.h"

namespace bl::inference {
namespace {

using store::Null;
using store::Param;
using store::param_of;

constexpr std::string_view k_kept_metric = "kv_cache_pool_tokens";

constexpr std::array<std::string_view, 6> k_hot_metrics = {
    "tput_per_gpu", "median_intvty", "median_ttft", "median_e2el", "p99_ttft", "median_tpot"};

// As the unique index has them.
constexpr std::string_view k_find_on_sqlite =
    "run_id = $1 and config_id = $2 and benchmark_type = $3 and coalesce(isl, 0) = coalesce($4, 0) "
    "and coalesce(osl, 0) = coalesce($5, 0) and conc = $6 and coalesce(offload_mode, '') = "
    "coalesce($7, '') and coalesce(recipe_fingerprint, '') = coalesce($8, '')";
constexpr std::string_view k_find_on_postgres =
    "run_id = $1 and config_id = $2 and benchmark_type = $3 and coalesce(isl, 0) = "
    "coalesce($4::integer, 0) and coalesce(osl, 0) = coalesce($5::integer, 0) and conc = $6 and "
    "coalesce(offload_mode, '') = coalesce($7::text, '') and coalesce(recipe_fingerprint, '') = "
    "coalesce($8::text, '')";

const RunTable& point_table() {
  static const RunTable k_table(
      "point",
      {"config_id", "benchmark_type", "isl", "osl", "conc", "offload_mode", "recipe_fingerprint"},
      {"line_id", "date", "image", "kv_transfer_lib", "origin_artifact", "origin_path",
       "power_invalid_reasons", "workers", "metrics", "power_audit", "server_log_id"},
      {.hot = k_hot_metrics,
       .find_on_sqlite = k_find_on_sqlite,
       .find_on_postgres = k_find_on_postgres});
  return k_table;
}
// Places among the values.
constexpr std::size_t k_metrics = 8, k_power_audit = 9, k_server_log = 10;

// The rows, and the texts that they refer to.
struct PointRows {
  std::vector<std::vector<Param>> rows;
  std::vector<const SweepPoint*> points;  // of each row
  std::deque<std::string> texts;

  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
  Param document(const json::Value& value) {
    return value.is_null() ? Param(Null{}) : Param(keep(json::to_text(value)));
  }
};

// Points of one line lie side by side in the table, as they are read.
std::vector<std::size_t> order_of(const SweepIds& ids) {
  std::vector<std::size_t> order(ids.point_lines.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) {
    return std::tuple(ids.point_lines[i], ids.point_configs[i], i);
  });
  return order;
}

PointRows rows_of(const RunPlace& run, const Sweep& sweep, const SweepIds& ids,
                  std::span<const std::int64_t> logs) {
  PointRows out;
  out.rows.reserve(sweep.points.size());
  for (const std::size_t i : order_of(ids)) {
    const SweepPoint& point = sweep.points[i];
    const BenchmarkRow& row = point.row;
    const bool has_reasons = !row.power_invalid_reasons.empty();
    out.points.push_back(&point);
    out.rows.push_back(
        {ids.point_configs[i], std::string_view(row.benchmark_type), param_of(row.isl),
         param_of(row.osl), row.conc, param_of(row.offload_mode), param_of(row.recipe_fingerprint),
         ids.point_lines[i], std::string_view(run.date), param_of(row.image),
         param_of(row.kv_transfer_lib), std::string_view(point.origin.artifact),
         std::string_view(point.origin.path),
         has_reasons ? Param(out.keep(strings_text(row.power_invalid_reasons))) : Param(Null{}),
         out.document(row.workers), out.keep(metrics_text(row.metrics)),
         out.document(row.power_audit),
         point.server_log ? Param(logs[*point.server_log]) : Param(Null{})});
  }
  return out;
}

// What the stored row has and the new one lacks.
Result<void> merge(PointRows& rows, std::size_t number, const store::Row& stored,
                   std::span<Param> values) {
  const auto column = [](std::size_t value) {
    return static_cast<int>(1 + point_table().keys() + value);  // behind the id
  };
  const BenchmarkRow& row = rows.points[number]->row;
  const std::string_view metrics = stored.text(column(k_metrics));
  if (!find_metric(row.metrics, k_kept_metric) && metrics.find(k_kept_metric) != metrics.npos) {
    BL_TRY(const Metrics old, metrics_of(metrics));
    if (const double* kept = find_metric(old, k_kept_metric)) {
      Metrics merged = row.metrics;
      set_metric(merged, k_kept_metric, *kept);
      values[k_metrics] = rows.keep(metrics_text(merged));
    }
  }
  const bool agentic = row.benchmark_type == "agentic_traces";
  if (agentic && row.power_audit.is_null() && !stored.is_null(column(k_power_audit))) {
    values[k_power_audit] = rows.keep(std::string(stored.text(column(k_power_audit))));
  }
  if (!rows.points[number]->server_log && !stored.is_null(column(k_server_log))) {
    values[k_server_log] = stored.integer(column(k_server_log));
  }
  return {};
}

}  // namespace

Result<WriteCount> write_points(store::Connection& connection, const RunPlace& run,
                                const Sweep& sweep, const SweepIds& ids,
                                std::span<const std::int64_t> logs) {
  PointRows rows = rows_of(run, sweep, ids, logs);
  return write_run_rows(connection, point_table(), run.id, rows.rows,
                        [&](std::size_t number, const store::Row& stored, std::span<Param> values) {
                          return merge(rows, number, stored, values);
                        });
}

}  // namespace bl::inference
