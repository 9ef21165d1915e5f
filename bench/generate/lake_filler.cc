#include "generate/lake_filler.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "duck/parquet.h"
#include "results/replica/lake_rows.h"
#include "results/replica/sealing.h"
#include "results/replica/store_rows.h"

namespace bl::bench {
namespace {

namespace replica = results::replica;

constexpr std::int64_t k_start = 1'577'836'800'000'000;  // 2020-01-01
constexpr std::int64_t k_day = 86'400'000'000;
constexpr std::int64_t k_step = 1'827 * k_day / LakePlan::k_points;  // to 2025-01-01
constexpr std::int64_t k_late_days_max = 20;
constexpr std::int64_t k_chunk_rows = 500'000;

// A table of the series, one row each: what their results share.
std::string series_select(const LakePlan& plan) {
  return fmt::format(
      R"(SELECT s, repository_no, machine, fp AS history_fingerprint,
  CASE WHEN bits >= 9223372036854775808 THEN (bits::HUGEINT - 18446744073709551616)::BIGINT
       ELSE bits::BIGINT END AS fingerprint64,
  md5('case {0} ' || (s // 4)) AS case_id, md5('context {0} ' || s % 3) AS context_id,
  md5('hardware {0} ' || machine) AS hardware_id,
  CASE WHEN s % 10 < 7 THEN 's' WHEN s % 10 < 9 THEN 'B/s' ELSE 'i/s' END AS unit,
  exp(4 * (hash({0}, s, 1) >> 11) * 1.1102230246251565e-16) AS level,
  0.002 + 0.03 * (hash({0}, s, 2) >> 11) * 1.1102230246251565e-16 AS noise
FROM (SELECT *, ('0x' || substr(fp, 1, 16))::UBIGINT AS bits FROM (
  SELECT range AS s, 1 + range % {2} AS repository_no, (range // {2}) % {3} AS machine,
    md5('series {0} ' || range) AS fp FROM range({1}))))",
      plan.seed, plan.series(), plan.repositories(), LakePlan::k_machines);
}

constexpr std::string_view k_run_id = "'ci-' || repository_no || '-' || p || '-' || machine";

std::string results_select(const LakePlan& plan, const std::string& series, std::int64_t month,
                           std::int64_t chunk, std::int64_t chunks) {
  const std::int64_t begin = replica::begin_of(month).micros;
  const std::int64_t end = replica::begin_of(replica::next_month(month)).micros;
  // Of the points before the month, the late ones may lie in it.
  const auto point_at = [](std::int64_t time) {
    return std::clamp<std::int64_t>((time - k_start) / k_step, 0, LakePlan::k_points);
  };
  const std::int64_t first = point_at(begin - (k_late_days_max + 1) * k_day);
  const std::int64_t last = std::min(point_at(end) + 1, LakePlan::k_points);
  return fmt::format(
      R"(WITH drawn AS (
  SELECT f.*, p, hash({seed}, s, p) AS h, {start} + p * {step} AS committed
  FROM read_parquet({series}) f, (SELECT range AS p FROM range({first}, {last}))
  WHERE s % {chunks} = {chunk}),
timed AS (
  SELECT *, committed + 60000000 + s % 3600 * 1000000 +
    CASE WHEN h % 100 = 7 THEN (1 + (h >> 8) % {late})::BIGINT * {day} ELSE 0 END AS happened
  FROM drawn),
valued AS (
  SELECT *, (h >> 10) % 1000 < 3 AS broken, (h >> 20) % 1000 < 5 AS rootless,
    level * (1 + noise * 2 * (((hash(h, 1) >> 11) + (hash(h, 2) >> 11) + (hash(h, 3) >> 11))
      * 1.1102230246251565e-16 - 1.5)) AS value
  FROM timed WHERE happened >= {begin} AND happened < {end})
SELECT (p * {count} + s + 1)::BIGINT AS result_no, repository_no::BIGINT AS repository_no,
  fingerprint64,
  CASE WHEN rootless THEN NULL ELSE CAST(make_timestamp(committed) AS TIMESTAMPTZ) END
    AS commit_timestamp,
  CAST(make_timestamp(happened) AS TIMESTAMPTZ) AS timestamp, {month}::BIGINT AS month,
  ((happened // 1000) * 65536 + 28672 + (h % 4096)::BIGINT)::BIGINT AS id_high,
  (hash(h, 4) >> 1)::BIGINT AS id_low, NULL::VARCHAR AS id_text, history_fingerprint,
  {run_id} AS run_id, CASE WHEN h % 100 = 1 THEN NULL ELSE {run_id} END AS batch_id,
  CASE WHEN p % 25 = 24 THEN 'pull request' ELSE 'commit' END AS run_reason,
  '{{"name":"nightly"}}' AS run_tags,
  CASE WHEN rootless THEN NULL ELSE md5('commit {seed} ' || repository_no || ' ' || p) END
    AS commit_id,
  case_id, context_id, md5('info {seed} ' || p // 100) AS info_id, hardware_id,
  CASE WHEN (h >> 30) % 10000 = 3 THEN 'B' ELSE unit END AS unit,
  CASE WHEN broken THEN NULL ELSE value * 0.99 END AS min,
  CASE WHEN broken THEN NULL ELSE value * 1.01 END AS max,
  CASE WHEN broken THEN NULL ELSE value END AS mean,
  CASE WHEN broken THEN NULL ELSE value END AS summary_mean,
  broken AS has_error, broken AS failed, false AS begins_change
FROM valued)",
      fmt::arg("seed", plan.seed), fmt::arg("start", k_start), fmt::arg("step", k_step),
      fmt::arg("series", series), fmt::arg("first", first), fmt::arg("last", last),
      fmt::arg("chunks", chunks), fmt::arg("chunk", chunk), fmt::arg("late", k_late_days_max),
      fmt::arg("day", k_day), fmt::arg("begin", begin), fmt::arg("end", end),
      fmt::arg("count", plan.series()), fmt::arg("month", month), fmt::arg("run_id", k_run_id));
}

std::string runs_select(const LakePlan& plan) {
  return fmt::format(
      R"(WITH f AS (SELECT 1 + range % {repositories} AS repository_no,
    range // {repositories} % {machines} AS machine, range // ({repositories} * {machines}) AS p
  FROM range({repositories} * {machines} * {points}))
SELECT (1 + (p * {repositories} + repository_no - 1) * {machines} + machine)::BIGINT AS run_no,
  {run_id} AS run_id, 'https://example.org/project-' || repository_no AS repository,
  CASE WHEN p % 25 = 24 THEN 'pull request' ELSE 'commit' END AS run_reason,
  '{{"name":"nightly"}}' AS run_tags,
  md5('commit {seed} ' || repository_no || ' ' || p) AS commit_id, {run_id} AS latest_batch_id,
  md5({run_id}) AS latest_result_id, (p * {count} + repository_no)::BIGINT AS latest_result_no,
  CAST(make_timestamp({start} + p * {step} + 60000000) AS TIMESTAMPTZ) AS first_result_at,
  CAST(make_timestamp({start} + p * {step} + 3660000000) AS TIMESTAMPTZ)
    AS last_result_at,
  {each}::BIGINT AS result_count, 0::BIGINT AS error_count, {each}::BIGINT AS series_count,
  1::BIGINT AS batch_count FROM f)",
      fmt::arg("repositories", plan.repositories()), fmt::arg("machines", LakePlan::k_machines),
      fmt::arg("points", LakePlan::k_points), fmt::arg("run_id", k_run_id),
      fmt::arg("seed", plan.seed), fmt::arg("count", plan.series()), fmt::arg("start", k_start),
      fmt::arg("step", k_step),
      fmt::arg("each", std::max<std::int64_t>(
                           1, plan.series() / (plan.repositories() * LakePlan::k_machines))));
}

Result<void> put_once(lake::Lake& lake, const replica::Shape& shape, const std::string& select) {
  BL_TRY(const auto table, replica::open_table(lake, shape));
  if (table->snapshot().rows() > 0) return {};
  lake::Change change{.what = "generate"};
  change.select = "(" + select + ")";
  BL_TRY([[maybe_unused]] const auto id, table->replace(change));
  return {};
}

}  // namespace

Result<void> fill_lake(lake::Lake& lake, Disk& disk, const std::string& scratch,
                       const LakePlan& plan,
                       const std::function<void(std::int64_t, std::int64_t)>& done) {
  const std::string path = scratch + "/series.parquet";
  BL_TRY(const bool there, disk.exists(path));
  if (there) BL_RETURN_IF_ERROR(disk.remove(path));
  {
    BL_TRY(const auto connection, lake.engine().connect());
    BL_TRY([[maybe_unused]] const auto file,
           duck::write_parquet(*connection, disk, series_select(plan), {}, path));
  }
  BL_TRY(const std::string series, duck::quoted_text(path));
  BL_RETURN_IF_ERROR(put_once(
      lake, replica::repositories_shape(),
      fmt::format("SELECT range AS repository_no, 'https://example.org/project-' || range AS "
                  "repository FROM range(1, {} + 1)",
                  plan.repositories())));
  BL_RETURN_IF_ERROR(put_once(lake, replica::runs_shape(), runs_select(plan)));
  BL_TRY(const auto table, replica::open_table(lake, replica::results_shape()));
  std::map<std::int64_t, std::int64_t> files;  // of each month
  for (const lake::DataFile& file : table->snapshot().files().files()) {
    const auto group = replica::group_of_file("results", file.key);
    if (group && group->is_sealed())
      return disk.remove(path);  // years are sealed when all is there
    if (group) ++files[group->first_month];
  }
  const std::int64_t per_month = plan.results / LakePlan::k_months;
  const std::int64_t chunks =
      std::max<std::int64_t>(1, (per_month + k_chunk_rows - 1) / k_chunk_rows);
  std::int64_t month = replica::month_of({k_start});
  for (std::int64_t i = 0; i < LakePlan::k_months; ++i, month = replica::next_month(month)) {
    for (std::int64_t chunk = files[month]; chunk < chunks; ++chunk) {
      lake::Change change{.what = "generate"};
      change.select = "(" + results_select(plan, series, month, chunk, chunks) + ")";
      change.group = std::to_string(month);
      BL_TRY([[maybe_unused]] const auto id, table->replace(change));
    }
    done(i + 1, LakePlan::k_months);
  }
  return disk.remove(path);
}

Result<void> seal_lake(lake::Lake& lake) {
  const std::int64_t end = replica::month_of({k_start}) / 100 + LakePlan::k_months / 12 - 1;
  for (;;) {
    BL_TRY(const auto year, replica::seal_one_year(lake, replica::results_shape(), end, {}));
    if (!year) return {};
  }
}

}  // namespace bl::bench
