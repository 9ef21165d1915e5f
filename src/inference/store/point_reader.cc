#include <algorithm>
#include <limits>

#include "inference/store/documents.h"
#include "inference/store/placed_points.h"
#include "inference/store/stored_rows.h"
#include "inference/store_sweeps.h"
#include "store/both_dialects.h"

// Which points are the state of a line: first the runs (line_run, a small table in the order of
// places), then their points through the index of a line's points in a run.
namespace bl::inference {
namespace {

// Of points `p` of a run `r`, seen as of a run `k`.
#define BL_POINT_COLUMNS                                                                 \
  "p.id, p.config_id, p.benchmark_type, p.isl, p.osl, p.conc, p.image, p.metrics, "      \
  "p.offload_mode, p.recipe_fingerprint, p.kv_transfer_lib, p.workers, p.power_audit, "  \
  "p.power_invalid_reasons, p.origin_artifact, p.origin_path, p.server_log_id, p.date, " \
  "r.github_run_id, r.attempt, r.html_url, k.date, k.github_run_id, k.started_at"

// Which runs count: places from `first` to `last`, known at `known_at`.
struct Bounds {
  std::string first;
  std::string last = "~";  // behind every place
  std::int64_t known_at = std::numeric_limits<std::int64_t>::max();
};

Result<Bounds> bounds_of(store::Connection& connection, const PointsWhen& when) {
  Bounds bounds;
  if (when.date) {
    bounds.last = *when.date + "~";
    if (when.exact) bounds.first = *when.date;
  }
  if (!when.run_id) return bounds;
  std::optional<std::string> place;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select place, coalesce(started_at, created_at) from @inference_run "
                           "where github_run_id = $1 and is_newest = (1 = 1)">(),
      {*when.run_id}, [&](const store::Row& row) {
        place = row.text(0);
        bounds.known_at = row.integer(1);
        return true;
      }));
  if (!place) return Error{Code::not_found, "no such run: " + std::to_string(*when.run_id)};
  bounds.last = std::min(bounds.last, *place);
  if (when.exact) bounds.first = std::max(bounds.first, *place);
  return bounds;
}

// The newest run of each line, and those below it while it is append-only and of one image.
#define BL_SNAPSHOT(one_of)                                                                      \
  "with recursive chain (line_id, place, run_id, append_only, image, root_id, depth) as ("       \
  "select t.line_id, t.place, t.run_id, t.append_only, t.image, t.run_id, 0 "                    \
  "from @inference_line l join @inference_line_run t on t.line_id = l.id and t.place = ("        \
  "select n.place from @inference_line_run n where n.line_id = l.id and n.place >= $2 and "      \
  "n.place <= $3 and n.known_at <= $4 order by n.place desc limit 1) where l.model " one_of      \
  " union all "                                                                                  \
  "select t.line_id, t.place, t.run_id, t.append_only, t.image, c.root_id, c.depth + 1 "         \
  "from chain c join @inference_line_run t on t.line_id = c.line_id and t.place = ("             \
  "select n.place from @inference_line_run n where n.line_id = c.line_id and n.place >= $2 and " \
  "n.place < c.place and n.known_at <= $4 order by n.place desc limit 1) "                       \
  "where c.append_only = (1 = 1) and t.image = c.image) "                                        \
  "select " BL_POINT_COLUMNS                                                                     \
  ", c.depth from chain c "                                                                      \
  "join @inference_point p on p.line_id = c.line_id and p.run_id = c.run_id "                    \
  "join @inference_run r on r.id = c.run_id join @inference_run k on k.id = c.root_id"

// The newest of the same configuration, sequence and concurrency.
#define BL_NEWEST_POINTS(one_of)                                                                   \
  "select " BL_POINT_COLUMNS                                                                       \
  ", 0 from (select p.id, row_number() over ("                                                     \
  "partition by p.line_id, p.config_id, p.conc, p.offload_mode order by t.place desc, p.id desc) " \
  "as age from @inference_line l join @inference_line_run t on t.line_id = l.id and t.place >= "   \
  "$2 and t.place <= $3 and t.known_at <= $4 "                                                     \
  "join @inference_point p on p.line_id = t.line_id and p.run_id = t.run_id "                      \
  "where l.model " one_of                                                                          \
  ") newest join @inference_point p on p.id = newest.id "                                          \
  "join @inference_run r on r.id = p.run_id join @inference_run k on k.id = p.run_id "             \
  "where newest.age = 1"

store::Sql points_sql(LineRule rule) {
  if (rule == LineRule::newest_points) {
    return {store::both_dialects<BL_NEWEST_POINTS(BL_ONE_OF_SQLITE)>().sqlite.data(),
            store::both_dialects<BL_NEWEST_POINTS(BL_ONE_OF_POSTGRES)>().postgres.data()};
  }
  return {store::both_dialects<BL_SNAPSHOT(BL_ONE_OF_SQLITE)>().sqlite.data(),
          store::both_dialects<BL_SNAPSHOT(BL_ONE_OF_POSTGRES)>().postgres.data()};
}

Result<StoredPoint> point_in(const store::Row& row, const Configs& configs) {
  const auto config = configs.find(row.integer(1));
  if (config == configs.end()) return Error{Code::corrupt, "a point has no configuration"};
  return point_of(row, config->second);
}

}  // namespace

Result<std::vector<StoredPoint>> StoreSweepReader::points(std::span<const std::string> models,
                                                          const PointsWhen& when, LineRule rule) {
  std::vector<Placed> placed;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    placed.clear();
    BL_TRY(const Bounds bounds, bounds_of(connection, when));
    BL_TRY(const Configs configs, read_configs(connection, models));
    const std::string list = list_text(models, connection.dialect());
    return for_each_row(connection, points_sql(rule),
                        {std::string_view(list), std::string_view(bounds.first),
                         std::string_view(bounds.last), bounds.known_at},
                        [&](const store::Row& row) -> Result<void> {
                          BL_TRY(StoredPoint point, point_in(row, configs));
                          placed.push_back({std::move(point), row.integer(k_point_columns)});
                          return {};
                        });
  }));
  return newest_of(std::move(placed));
}

Result<std::vector<StoredPoint>> StoreSweepReader::history(std::span<const std::string> models,
                                                           std::optional<std::int64_t> isl,
                                                           std::optional<std::int64_t> osl) {
#define BL_HISTORY(one_of)                                                             \
  "select " BL_POINT_COLUMNS                                                           \
  " from @inference_line l "                                                           \
  "join @inference_line_run t on t.line_id = l.id "                                    \
  "join @inference_point p on p.line_id = t.line_id and p.run_id = t.run_id "          \
  "join @inference_run r on r.id = t.run_id join @inference_run k on k.id = t.run_id " \
  "where coalesce(l.isl, 0) = $2 and coalesce(l.osl, 0) = $3 and l.model " one_of
  const store::Sql sql(store::both_dialects<BL_HISTORY(BL_ONE_OF_SQLITE)>().sqlite.data(),
                       store::both_dialects<BL_HISTORY(BL_ONE_OF_POSTGRES)>().postgres.data());
  std::vector<StoredPoint> points;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    points.clear();
    BL_TRY(const Configs configs, read_configs(connection, models));
    const std::string list = list_text(models, connection.dialect());
    return for_each_row(connection, sql, {std::string_view(list), isl.value_or(0), osl.value_or(0)},
                        [&](const store::Row& row) -> Result<void> {
                          BL_TRY(StoredPoint point, point_in(row, configs));
                          points.push_back(std::move(point));
                          return {};
                        });
  }));
  sort_history(points);
  return points;
}

}  // namespace bl::inference
