#include "results/replica/tables.h"

#include <array>

#include "base/check.h"

namespace bl::results::replica {
namespace {

using columns::Kind;
using enum columns::Kind;

constexpr bool k_null = true, k_not_null = false;

// The columns that order and group both tables of results.
#define BL_PLACE_COLUMNS                                                           \
  {"result_no", int64, k_not_null, "n.no"},                                        \
      {"repository_no", int64, k_not_null, "r.commit_repo_url", Make::repository}, \
      {"fingerprint64", int64, k_not_null, "r.history_fingerprint", Make::key},    \
      {"commit_timestamp", timestamp, k_null, "@micros{c.timestamp}"},             \
      {"timestamp", timestamp, k_not_null, "@micros{r.timestamp}"}, {              \
    "month", int64, k_not_null, "@micros{r.timestamp}", Make::month                \
  }

#define BL_FAILED_SQLITE                                                                        \
  "(r.unit is null or r.error is not null or r.data is null or r.data = '[]' or instr(r.data, " \
  "'null') > 0)"
#define BL_FAILED_POSTGRES                                                                  \
  "(r.unit is null or r.error is not null or r.data is null or cardinality(r.data) = 0 or " \
  "array_position(r.data, null) is not null)"

constexpr Column k_results[] = {
    BL_PLACE_COLUMNS,
    {"id_high", int64, k_null, "r.id", Make::id_high},
    {"id_low", int64, k_null, "r.id", Make::id_low},
    {"id_text", text, k_null, "r.id", Make::id_odd},
    {"history_fingerprint", text, k_not_null, "r.history_fingerprint"},
    {"run_id", text, k_not_null, "r.run_id"},
    {"batch_id", text, k_null, "r.batch_id"},
    {"run_reason", text, k_null, "r.run_reason"},
    {"run_tags", text, k_not_null, "@text{r.run_tags}"},
    {"commit_id", text, k_null, "r.commit_id"},
    {"case_id", text, k_not_null, "r.case_id"},
    {"context_id", text, k_not_null, "r.context_id"},
    {"info_id", text, k_not_null, "r.info_id"},
    {"hardware_id", text, k_not_null, "r.hardware_id"},
    {"unit", text, k_null, "r.unit"},
    {"min", float64, k_null, "r.min", Make::measured},
    {"max", float64, k_null, "r.max", Make::measured},
    {"mean", float64, k_null, "r.mean", Make::measured},
    {"summary_mean", float64, k_null,
     "case when " BL_FAILED_SQLITE " then null else coalesce(r.mean, r.data) end", Make::summary,
     "case when " BL_FAILED_POSTGRES
     " then null else coalesce(r.mean, (select avg(e) from unnest(r.data) e)) end"},
    {"has_error", boolean, k_not_null, "r.error is not null"},
    {"failed", boolean, k_not_null, BL_FAILED_SQLITE, Make::plain, BL_FAILED_POSTGRES},
    {"begins_change", boolean, k_not_null,
     "coalesce(json_type(r.change_annotations, '$.begins_distribution_change'), '') = 'true'",
     Make::plain,
     "coalesce(r.change_annotations -> 'begins_distribution_change', 'false') = 'true'"},
};

constexpr Column k_samples[] = {
    BL_PLACE_COLUMNS,
    {"data", text, k_null, "r.data", Make::samples},
    {"times", text, k_null, "r.times", Make::samples},
    {"time_unit", text, k_null, "r.time_unit"},
    {"iterations", int64, k_null, "r.iterations"},
    {"median", float64, k_null, "r.median", Make::measured},
    {"stdev", float64, k_null, "r.stdev", Make::measured},
    {"q1", float64, k_null, "r.q1", Make::measured},
    {"q3", float64, k_null, "r.q3", Make::measured},
    {"iqr", float64, k_null, "r.iqr", Make::measured},
    {"error", text, k_null, "@text{r.error}"},
    {"validation", text, k_null, "@text{r.validation}"},
    {"optional_benchmark_info", text, k_null, "@text{r.optional_benchmark_info}"},
    {"change_annotations", text, k_null, "@text{r.change_annotations}"},
};

constexpr Column k_series[] = {
    {"series_no", int64, k_not_null, "s.series_no"},
    {"history_fingerprint", text, k_not_null, "s.history_fingerprint"},
    {"fingerprint64", int64, k_not_null, "s.history_fingerprint", Make::key},
    {"context_id", text, k_not_null, "s.context_id"},
    {"hardware_name", text, k_not_null, "s.hardware_name"},
    {"hardware_hash", text, k_not_null, "s.hardware_hash"},
    {"repository", text, k_not_null, "s.repository"},
    {"name", text, k_not_null, "s.name"},
    {"tags", text, k_not_null, "s.tags"},
    {"search_text", text, k_not_null, "s.search_text"},
    {"result_count", int64, k_not_null, "s.result_count"},
    {"error_count", int64, k_not_null, "s.error_count"},
    {"point_count", int64, k_not_null, "s.point_count"},
    {"latest_result_no", int64, k_not_null, "s.latest_result_no"},
    {"latest_result_id", text, k_not_null, "s.latest_result_id"},
    {"latest_run_no", int64, k_not_null, "s.latest_run_no"},
    {"latest_result_timestamp", timestamp, k_not_null, "s.latest_result_timestamp"},
    {"latest_commit_timestamp", timestamp, k_null, "s.latest_commit_timestamp"},
    {"latest_commit_sha", text, k_null, "s.latest_commit_sha"},
    {"latest_best", float64, k_null, "s.latest_best", Make::measured},
    {"latest_mean", float64, k_null, "s.latest_mean", Make::measured},
    {"unit", text, k_null, "s.unit"},
    {"change_count", int64, k_not_null, "s.change_count"},
    {"fresh_count", int64, k_not_null, "s.fresh_count"},
    {"status", int64, k_not_null, "s.status"},
    {"z_score", float64, k_null, "s.z_score", Make::measured},
    {"change_percent", float64, k_null, "s.change_percent", Make::measured},
    {"change_rank", float64, k_null, "s.change_rank", Make::measured},
    {"sparkline", text, k_null, "p.sparkline"},
};

constexpr Column k_runs[] = {
    {"run_no", int64, k_not_null, "u.run_no"},
    {"run_id", text, k_not_null, "u.run_id"},
    {"repository", text, k_not_null, "u.repository"},
    {"run_reason", text, k_null, "u.run_reason"},
    {"run_tags", text, k_not_null, "u.run_tags"},
    {"commit_id", text, k_null, "u.commit_id"},
    {"latest_batch_id", text, k_null, "u.latest_batch_id"},
    {"latest_result_id", text, k_not_null, "u.latest_result_id"},
    {"latest_result_no", int64, k_not_null, "u.latest_result_no"},
    {"first_result_at", timestamp, k_not_null, "u.first_result_at"},
    {"last_result_at", timestamp, k_not_null, "u.last_result_at"},
    {"result_count", int64, k_not_null, "u.result_count"},
    {"error_count", int64, k_not_null, "u.error_count"},
    {"series_count", int64, k_not_null, "u.series_count"},
    {"batch_count", int64, k_not_null, "u.batch_count"},
};

constexpr Column k_commits[] = {
    {"id", text, k_not_null, "c.id"},
    {"sha", text, k_not_null, "c.sha"},
    {"parent", text, k_null, "c.parent"},
    {"repository", text, k_not_null, "c.repository"},
    {"message", text, k_not_null, "c.message"},
    {"author_name", text, k_not_null, "c.author_name"},
    {"author_login", text, k_null, "c.author_login"},
    {"author_avatar", text, k_null, "c.author_avatar"},
    {"timestamp", timestamp, k_null, "@micros{c.timestamp}"},
    {"branch", text, k_null, "c.branch"},
    {"fork_point_sha", text, k_null, "c.fork_point_sha"},
};

constexpr Column k_cases[] = {
    {"id", text, k_not_null, "k.id"},
    {"name", text, k_not_null, "k.name"},
    {"tags", text, k_not_null, "@text{k.tags}"},
};
constexpr Column k_contexts[] = {
    {"id", text, k_not_null, "x.id"},
    {"tags", text, k_not_null, "@text{x.tags}"},
};
constexpr Column k_infos[] = {
    {"id", text, k_not_null, "i.id"},
    {"tags", text, k_not_null, "@text{i.tags}"},
};
constexpr Column k_hardware[] = {
    {"id", text, k_not_null, "h.id"},
    {"name", text, k_not_null, "h.name"},
    {"architecture_name", text, k_null, "h.architecture_name"},
    {"kernel_name", text, k_null, "h.kernel_name"},
    {"os_name", text, k_null, "h.os_name"},
    {"os_version", text, k_null, "h.os_version"},
    {"cpu_model_name", text, k_null, "h.cpu_model_name"},
    {"cpu_l1d_cache_bytes", int64, k_null, "h.cpu_l1d_cache_bytes"},
    {"cpu_l1i_cache_bytes", int64, k_null, "h.cpu_l1i_cache_bytes"},
    {"cpu_l2_cache_bytes", int64, k_null, "h.cpu_l2_cache_bytes"},
    {"cpu_l3_cache_bytes", int64, k_null, "h.cpu_l3_cache_bytes"},
    {"cpu_core_count", int64, k_null, "h.cpu_core_count"},
    {"cpu_thread_count", int64, k_null, "h.cpu_thread_count"},
    {"cpu_frequency_max_hz", int64, k_null, "h.cpu_frequency_max_hz"},
    {"memory_bytes", int64, k_null, "h.memory_bytes"},
    {"gpu_count", int64, k_null, "h.gpu_count"},
    {"gpu_product_names", text, k_null, "@texts{h.gpu_product_names}"},
    {"type", text, k_not_null, "h.type"},
    {"info", text, k_null, "@text{h.info}"},
    {"optional_info", text, k_null, "@text{h.optional_info}"},
    {"hash", text, k_not_null, "h.hash"},
};
constexpr Column k_repositories[] = {
    {"repository_no", int64, k_not_null, ""},
    {"repository", text, k_not_null, ""},
};

constexpr std::string_view k_result_tables =
    " from benchmark_result r join @result_number n on n.id = r.id "
    "left join \"commit\" c on c.id = r.commit_id";

// Small groups of rows: a history reads one or two of a month.
constexpr std::int64_t k_row_group_rows = 24'576;

lake::Layout layout_of_results() {
  return {.order = {{"repository_no"}, {"fingerprint64"}, {"commit_timestamp"}, {"result_no"}},
          .group = "\"month\"",
          .row_group_rows = k_row_group_rows};
}
// Of the small tables a question wants a few rows, mostly one.
constexpr std::int64_t k_small_group_rows = 4'096;

lake::Layout layout_by(const char* column) {
  return {.order = {{column}}, .group = "", .row_group_rows = k_small_group_rows};
}
// Histories and ancestries ask for those of one repository and time.
lake::Layout layout_of_commits() {
  return {.order = {{"repository"}, {"timestamp"}, {"id"}},
          .group = "",
          .row_group_rows = k_small_group_rows};
}

}  // namespace

const Shape& results_shape() {
  static const Shape k_shape{"results", k_results, k_result_tables,    "result_no",
                             "n.no",    "n.no",    layout_of_results()};
  return k_shape;
}
const Shape& samples_shape() {
  static const Shape k_shape{"result_samples", k_samples, k_result_tables,    "result_no",
                             "n.no",           "n.no",    layout_of_results()};
  return k_shape;
}
const Shape& series_shape() {
  static const Shape k_shape{
      "series",
      k_series,
      " from @series s left join @series_sparkline p on p.series_no = s.series_no",
      "history_fingerprint",
      "s.history_fingerprint",
      "s.series_no",
      layout_by("fingerprint64")};
  return k_shape;
}
const Shape& runs_shape() {
  static const Shape k_shape{"runs",     k_runs,     " from @run u",     "run_id",
                             "u.run_id", "u.run_no", layout_by("run_no")};
  return k_shape;
}
const Shape& commits_shape() {
  static const Shape k_shape{"commits", k_commits, " from \"commit\" c", "id",
                             "c.id",    "c.id",    layout_of_commits()};
  return k_shape;
}
const Shape& cases_shape() {
  static const Shape k_shape{"cases", k_cases, " from \"case\" k", "id",
                             "k.id",  "k.id",  layout_by("id"),    "case_id"};
  return k_shape;
}
const Shape& contexts_shape() {
  static const Shape k_shape{"contexts", k_contexts, " from context x", "id",
                             "x.id",     "x.id",     layout_by("id"),   "context_id"};
  return k_shape;
}
const Shape& infos_shape() {
  static const Shape k_shape{"infos", k_infos, " from info i",  "id",
                             "i.id",  "i.id",  layout_by("id"), "info_id"};
  return k_shape;
}
const Shape& hardware_shape() {
  static const Shape k_shape{"hardware", k_hardware, " from hardware h", "id",
                             "h.id",     "h.id",     layout_by("id"),    "hardware_id"};
  return k_shape;
}
const Shape& repositories_shape() {
  static const Shape k_shape{
      "repositories", k_repositories, "", "repository_no", "", "", layout_by("repository_no")};
  return k_shape;
}

std::span<const Shape* const> all_shapes() {
  static const std::array<const Shape*, 9> k_all{
      &commits_shape(), &cases_shape(), &contexts_shape(), &infos_shape(),  &hardware_shape(),
      &series_shape(),  &runs_shape(),  &samples_shape(),  &results_shape()};
  return k_all;
}
std::span<const Shape* const> small_shapes() {
  return all_shapes().first(all_shapes().size() - 2);
}

columns::Schema Shape::schema() const {
  std::vector<columns::Field> fields;
  for (const Column& column : columns) {
    fields.push_back({std::string(column.name), column.kind, column.nullable});
  }
  return columns::Schema::make(std::move(fields)).value();
}

bool Shape::has_number_key() const {
  return column(key).kind == Kind::int64;
}

const Column& Shape::column(std::string_view named) const {
  for (const Column& column : columns) {
    if (column.name == named) return column;
  }
  BL_CHECK(false);
}

}  // namespace bl::results::replica
