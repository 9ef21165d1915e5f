#include <fmt/format.h>

#include <algorithm>

#include "inference/lake_sweeps.h"
#include "inference/replica/lake_query.h"
#include "inference/store/placed_points.h"
#include "inference/store/stored_rows.h"
#include "inference/sweep_replica.h"

// Points of the lake. The rules are those of store/point_reader.cc; here the runs of a line are
// found by looking at all points of the models, which the files keep together.
namespace bl::inference {
namespace {

using replica::ask;
using replica::points_shape;

// The columns of store/placed_points.h and of a configuration, of points `p` seen as of the run of
// `curve`, of which `depth` runs stand above.
std::string columns_of(std::string_view curve, std::string_view depth) {
  return fmt::format(
      "p.point_no, p.config_no, p.benchmark_type, p.isl, p.osl, p.conc, p.image, p.metrics, "
      "p.offload_mode, p.recipe_fingerprint, p.kv_transfer_lib, p.workers, p.power_audit, "
      "p.power_invalid_reasons, p.origin_artifact, p.origin_path, p.server_log_no, p.date, "
      "p.github_run_id, p.attempt, p.html_url, {0}.date, {0}.github_run_id, {0}.started_at, {1}, "
      "{2}",
      curve, depth, replica::config_columns());
}

// What a question looks at: the condition on its points, and how to leave out files without any.
struct Chosen {
  std::string condition;
  duck::Values values;
  std::vector<lake::ColumnRange> ranges;
  bool is_empty = false;

  std::string place(duck::Value value) {
    values.push_back(std::move(value));
    return fmt::format("${}", values.size());
  }
};

Chosen of_models(std::span<const std::string> models) {
  Chosen chosen;
  chosen.is_empty = models.empty();
  if (models.empty()) return chosen;
  const auto [low, high] = std::ranges::minmax(models);
  chosen.ranges.push_back({"model", lake::Bound(low), lake::Bound(high)});
  const std::string first = chosen.place(low), last = chosen.place(high);
  chosen.condition = fmt::format(
      "model >= {} AND model <= {} AND model IN (SELECT unnest({}))", first, last,
      chosen.place(duck::Value(std::vector<std::string>(models.begin(), models.end()))));
  return chosen;
}

struct RunAt {
  std::string place;
  Timestamp known_at;
};
Result<RunAt> run_at(lake::Lake& lake, engine::Engine& engine, std::int64_t github_run_id) {
  std::optional<RunAt> found;
  BL_RETURN_IF_ERROR(ask(lake, engine,
                         "SELECT place, known_at FROM inference_runs WHERE github_run_id = $1",
                         {duck::Value(github_run_id)}, {{&replica::runs_shape(), {}}},
                         [&](const store::Row& row) -> Result<void> {
                           found = {std::string(row.text(0)), Timestamp{row.integer(1)}};
                           return {};
                         }));
  if (found) return *std::move(found);
  return Error{Code::not_found, "no such run: " + std::to_string(github_run_id)};
}

Result<void> add_when(lake::Lake& lake, engine::Engine& engine, const PointsWhen& when,
                      Chosen& chosen) {
  if (when.date) {
    chosen.condition +=
        fmt::format(" AND date {} {}", when.exact ? "=" : "<=", chosen.place(*when.date));
  }
  if (!when.run_id) return {};
  BL_TRY(const RunAt run, run_at(lake, engine, *when.run_id));
  chosen.condition +=
      fmt::format(" AND place {} {}", when.exact ? "=" : "<=", chosen.place(run.place));
  chosen.condition += fmt::format(" AND known_at <= {}", chosen.place(run.known_at));
  return {};
}

// The newest run of each line, and those below it while it is append-only and of one image.
std::string snapshot_sql(const Chosen& chosen) {
  return fmt::format(
      "WITH t AS (SELECT line_no, run_no, any_value(place) AS place, "
      "any_value(append_only) AS append_only, any_value(date) AS date, "
      "any_value(github_run_id) AS github_run_id, any_value(started_at) AS started_at, "
      "CASE WHEN count(DISTINCT image) = 1 THEN min(image) END AS image "
      "FROM inference_points WHERE {0} GROUP BY line_no, run_no), "
      "steps AS (SELECT *, row_number() OVER w - 1 AS depth, coalesce(lag(append_only) OVER w AND "
      "lag(image) OVER w = image, false) AS stands FROM t "
      "WINDOW w AS (PARTITION BY line_no ORDER BY place DESC)), "
      "chain AS (SELECT line_no, run_no, depth, bool_and(depth = 0 OR stands) OVER w AS is_in, "
      "first_value(date) OVER w AS date, first_value(github_run_id) OVER w AS github_run_id, "
      "first_value(started_at) OVER w AS started_at FROM steps WINDOW w AS (PARTITION BY line_no "
      "ORDER BY place DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) "
      "SELECT {1} FROM (SELECT * FROM chain WHERE is_in) c JOIN "
      "(SELECT * FROM inference_points WHERE {0}) p "
      "ON p.line_no = c.line_no AND p.run_no = c.run_no",
      chosen.condition, columns_of("c", "c.depth"));
}

// The newest of the same configuration, sequence and concurrency.
std::string newest_sql(const Chosen& chosen) {
  return fmt::format(
      "SELECT {1} FROM inference_points p WHERE {0} AND point_no IN (SELECT point_no FROM "
      "inference_points WHERE {0} QUALIFY row_number() OVER (PARTITION BY line_no, config_no, "
      "conc, offload_mode ORDER BY place DESC, point_no DESC) = 1)",
      chosen.condition, columns_of("p", "0::BIGINT"));
}

}  // namespace

Result<std::vector<StoredPoint>> LakeSweepReader::points(std::span<const std::string> models,
                                                         const PointsWhen& when, LineRule rule) {
  BL_TRY(const bool whole, is_whole());
  if (!whole) return store_.points(models, when, rule);
  Chosen chosen = of_models(models);
  if (chosen.is_empty && !when.run_id) return std::vector<StoredPoint>();
  BL_RETURN_IF_ERROR(add_when(lake_, engine_, when, chosen));
  if (chosen.is_empty) return std::vector<StoredPoint>();
  std::vector<Placed> placed;
  BL_RETURN_IF_ERROR(
      ask(lake_, engine_, rule == LineRule::snapshot ? snapshot_sql(chosen) : newest_sql(chosen),
          chosen.values, {{&points_shape(), chosen.ranges}},
          [&](const store::Row& row) -> Result<void> {
            BL_TRY(StoredPoint point, point_of(row, config_of(row, k_point_columns + 1)));
            placed.push_back({std::move(point), row.integer(k_point_columns)});
            return {};
          }));
  return newest_of(std::move(placed));
}

Result<std::vector<StoredPoint>> LakeSweepReader::history(std::span<const std::string> models,
                                                          std::optional<std::int64_t> isl,
                                                          std::optional<std::int64_t> osl) {
  BL_TRY(const bool whole, is_whole());
  if (!whole) return store_.history(models, isl, osl);
  Chosen chosen = of_models(models);
  std::vector<StoredPoint> points;
  if (chosen.is_empty) return points;
  const auto equals = [&](std::string_view column, std::optional<std::int64_t> length) {
    chosen.condition += length ? fmt::format(" AND {} = {}", column, chosen.place(*length))
                               : fmt::format(" AND {} IS NULL", column);
  };
  equals("isl", isl);
  equals("osl", osl);
  BL_RETURN_IF_ERROR(ask(lake_, engine_,
                         fmt::format("SELECT {} FROM inference_points p WHERE {}",
                                     columns_of("p", "0::BIGINT"), chosen.condition),
                         chosen.values, {{&points_shape(), chosen.ranges}},
                         [&](const store::Row& row) -> Result<void> {
                           BL_TRY(StoredPoint point,
                                  point_of(row, config_of(row, k_point_columns + 1)));
                           points.push_back(std::move(point));
                           return {};
                         }));
  sort_history(points);
  return points;
}

Result<bool> LakeSweepReader::is_whole() {
  if (whole_) return true;
  BL_TRY(const auto revision, replica_revision(lake_));
  if (revision) whole_ = true;
  return revision.has_value();
}

Result<std::int64_t> LakeSweepReader::revision() {
  BL_TRY(const auto revision, replica_revision(lake_));
  return revision ? *revision : store_.revision();
}

}  // namespace bl::inference
