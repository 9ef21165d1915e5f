#include "inference/replica/tables.h"

#include <fmt/format.h>

#include <array>

#include "lake/keyed_rows.h"
#include "store/both_dialects.h"

namespace bl::inference::replica {
namespace {

using enum columns::Kind;

constexpr bool k_null = true, k_not_null = false;

#define BL_CONFIG                                                                               \
  {"hardware", text, k_not_null, "c.hardware"}, {"framework", text, k_not_null, "c.framework"}, \
      {"model", text, k_not_null, "c.model"}, {"precision", text, k_not_null, "c.precision"},   \
      {"spec_method", text, k_not_null, "c.spec_method"},                                       \
      {"disagg", boolean, k_not_null, "c.disagg"},                                              \
      {"is_multinode", boolean, k_not_null, "c.is_multinode"},                                  \
      {"prefill_tp", int64, k_not_null, "c.prefill_tp"},                                        \
      {"prefill_ep", int64, k_not_null, "c.prefill_ep"},                                        \
      {"prefill_dp_attention", boolean, k_not_null, "c.prefill_dp_attention"},                  \
      {"prefill_num_workers", int64, k_not_null, "c.prefill_num_workers"},                      \
      {"decode_tp", int64, k_not_null, "c.decode_tp"},                                          \
      {"decode_ep", int64, k_not_null, "c.decode_ep"},                                          \
      {"decode_dp_attention", boolean, k_not_null, "c.decode_dp_attention"},                    \
      {"decode_num_workers", int64, k_not_null, "c.decode_num_workers"},                        \
      {"num_prefill_gpu", int64, k_not_null, "c.num_prefill_gpu"},                              \
      {"num_decode_gpu", int64, k_not_null, "c.num_decode_gpu"}
#define BL_RUN                                             \
  {"github_run_id", int64, k_not_null, "r.github_run_id"}, \
      {"attempt", int64, k_not_null, "r.attempt"}, {"date", text, k_not_null, "r.date"}
#define BL_ORIGIN                                             \
  {"origin_artifact", text, k_not_null, "p.origin_artifact"}, \
      {"origin_path", text, k_not_null, "p.origin_path"}

constexpr Column k_runs[] = {
    {"run_no", int64, k_not_null, "r.id"},
    {"changed", int64, k_not_null, "r.changed"},
    BL_RUN,
    {"name", text, k_not_null, "r.name"},
    {"status", text, k_null, "r.status"},
    {"conclusion", text, k_null, "r.conclusion"},
    {"head_sha", text, k_null, "r.head_sha"},
    {"head_branch", text, k_null, "r.head_branch"},
    {"html_url", text, k_null, "r.html_url"},
    {"created_at", timestamp, k_not_null, "r.created_at"},
    {"started_at", timestamp, k_null, "r.started_at"},
    {"known_at", timestamp, k_not_null, "coalesce(r.started_at, r.created_at)"},
    {"append_only", boolean, k_not_null, "r.append_only"},
    {"place", text, k_not_null, "r.place"},
};

constexpr Column k_points[] = {
    {"point_no", int64, k_not_null, "p.id"},
    {"run_no", int64, k_not_null, "p.run_id"},
    {"config_no", int64, k_not_null, "p.config_id"},
    {"line_no", int64, k_not_null, "p.line_id"},
    BL_RUN,
    {"html_url", text, k_null, "r.html_url"},
    {"started_at", timestamp, k_null, "r.started_at"},
    {"known_at", timestamp, k_not_null, "coalesce(r.started_at, r.created_at)"},
    {"append_only", boolean, k_not_null, "r.append_only"},
    {"place", text, k_not_null, "r.place"},
    BL_CONFIG,
    {"benchmark_type", text, k_not_null, "p.benchmark_type"},
    {"isl", int64, k_null, "p.isl"},
    {"osl", int64, k_null, "p.osl"},
    {"conc", int64, k_not_null, "p.conc"},
    {"offload_mode", text, k_null, "p.offload_mode"},
    {"recipe_fingerprint", text, k_null, "p.recipe_fingerprint"},
    {"image", text, k_null, "p.image"},
    {"kv_transfer_lib", text, k_null, "p.kv_transfer_lib"},
    {"tput_per_gpu", float64, k_null, "p.tput_per_gpu"},
    {"median_intvty", float64, k_null, "p.median_intvty"},
    {"median_ttft", float64, k_null, "p.median_ttft"},
    {"median_e2el", float64, k_null, "p.median_e2el"},
    {"p99_ttft", float64, k_null, "p.p99_ttft"},
    {"median_tpot", float64, k_null, "p.median_tpot"},
    {"metrics", text, k_not_null, "@text{p.metrics}"},
    {"workers", text, k_null, "@text{p.workers}"},
    {"power_audit", text, k_null, "@text{p.power_audit}"},
    {"power_invalid_reasons", text, k_null, "@text{p.power_invalid_reasons}"},
    BL_ORIGIN,
    {"server_log_no", int64, k_null, "p.server_log_id"},
};

constexpr Column k_evals[] = {
    {"eval_no", int64, k_not_null, "p.id"},
    {"run_no", int64, k_not_null, "p.run_id"},
    {"config_no", int64, k_not_null, "p.config_id"},
    BL_RUN,
    {"html_url", text, k_null, "r.html_url"},
    {"run_created_at", timestamp, k_not_null, "r.created_at"},
    BL_CONFIG,
    {"task", text, k_not_null, "p.task"},
    {"isl", int64, k_null, "p.isl"},
    {"osl", int64, k_null, "p.osl"},
    {"conc", int64, k_null, "p.conc"},
    {"lm_eval_version", text, k_null, "p.lm_eval_version"},
    {"metrics", text, k_not_null, "@text{p.metrics}"},
    BL_ORIGIN,
};

constexpr Column k_run_stats[] = {
    {"stat_no", int64, k_not_null, "p.id"},
    {"run_no", int64, k_not_null, "p.run_id"},
    BL_RUN,
    {"hardware", text, k_not_null, "p.hardware"},
    {"n_success", int64, k_not_null, "p.n_success"},
    {"total", int64, k_not_null, "p.total"},
};

constexpr Column k_changelogs[] = {
    {"changelog_no", int64, k_not_null, "p.id"},
    {"run_no", int64, k_not_null, "p.run_id"},
    BL_RUN,
    {"run_created_at", timestamp, k_not_null, "r.created_at"},
    {"base_ref", text, k_not_null, "p.base_ref"},
    {"head_ref", text, k_not_null, "p.head_ref"},
    {"position", int64, k_not_null, "p.position"},
    {"config_keys", text, k_not_null, "@text{p.config_keys}"},
    {"description", text, k_not_null, "p.description"},
    {"pr_link", text, k_null, "p.pr_link"},
    {"evals_only", boolean, k_not_null, "p.evals_only"},
    {"append_only", boolean, k_not_null, "p.append_only"},
};

lake::Layout ordered_by(std::initializer_list<std::string_view> columns) {
  lake::Layout layout;
  for (const std::string_view column : columns) {
    layout.order.push_back({std::string(column), false});
  }
  return layout;
}

}  // namespace

columns::Schema Shape::schema() const {
  std::vector<columns::Field> fields;
  for (const Column& column : columns) {
    fields.push_back({std::string(column.name), column.kind, column.nullable});
  }
  return columns::Schema::make(std::move(fields)).value();
}

std::string Shape::select(std::span<const std::int64_t> runs, store::Dialect dialect) const {
  std::string sql = "select ";
  for (const Column& column : columns) {
    sql += fmt::format("{}{}", sql.size() > 7 ? ", " : "", store::in_dialect(column.from, dialect));
  }
  sql += store::in_dialect(tables, dialect);
  sql += fmt::format(" where {} in ({}) and r.is_newest = (1 = 1) order by {}, 1", run,
                     fmt::join(runs, ", "), run);
  return sql;
}

const Shape& runs_shape() {
  static const Shape shape{"inference_runs", k_runs,   " from @inference_run r",
                           "r.id",           "run_no", ordered_by({"date", "run_no"})};
  return shape;
}

const Shape& points_shape() {
  static const Shape shape = [] {
    Shape made{"inference_points",
               k_points,
               " from @inference_point p join @inference_run r on r.id = p.run_id "
               "join @inference_config c on c.id = p.config_id",
               "p.run_id",
               "point_no",
               ordered_by({"model", "benchmark_type", "isl", "osl", "line_no", "place", "config_no",
                           "conc"})};
    // Questions are of models. Their names are those of a registry, lower case.
    made.layout.group = "regexp_replace(model, '[^a-z0-9._-]', '_', 'g')";
    return made;
  }();
  return shape;
}

const Shape& evals_shape() {
  static const Shape shape{"inference_evals",
                           k_evals,
                           " from @inference_eval p join @inference_run r on r.id = p.run_id "
                           "join @inference_config c on c.id = p.config_id",
                           "p.run_id",
                           "eval_no",
                           ordered_by({"date", "eval_no"})};
  return shape;
}

const Shape& run_stats_shape() {
  static const Shape shape{"inference_run_stats",
                           k_run_stats,
                           " from @inference_run_stat p join @inference_run r on r.id = p.run_id",
                           "p.run_id",
                           "stat_no",
                           ordered_by({"date", "stat_no"})};
  return shape;
}

const Shape& changelogs_shape() {
  static const Shape shape{"inference_changelogs",
                           k_changelogs,
                           " from @inference_changelog p join @inference_run r on r.id = p.run_id",
                           "p.run_id",
                           "changelog_no",
                           ordered_by({"date", "changelog_no"})};
  return shape;
}

Result<std::shared_ptr<lake::Table>> table_of(lake::Lake& lake, const Shape& shape) {
  return lake::ensure_table(lake, std::string(shape.name), shape.schema(), shape.layout);
}

std::span<const Shape* const> all_shapes() {
  static const std::array<const Shape*, 5> shapes{
      &points_shape(), &evals_shape(), &run_stats_shape(), &changelogs_shape(), &runs_shape()};
  return shapes;
}

}  // namespace bl::inference::replica
