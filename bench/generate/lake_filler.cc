#include "generate/lake_filler.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "generate/drawn_rows.h"
#include "results/replica/lake_rows.h"
#include "results/replica/sealing.h"
#include "results/replica/store_rows.h"

namespace bl::bench {
namespace {

namespace replica = results::replica;

constexpr std::int64_t k_chunk_rows = 500'000;

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
      fmt::arg("points", LakePlan::k_points), fmt::arg("run_id", k_drawn_run_id),
      fmt::arg("seed", plan.seed), fmt::arg("count", plan.series()),
      fmt::arg("start", k_drawn_start), fmt::arg("step", k_drawn_step),
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
  BL_TRY(const std::string series, write_series(lake.engine(), disk, scratch, plan));
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
    if (group && group->is_sealed()) return {};  // years are sealed when all is there
    if (group) ++files[group->first_month];
  }
  const std::int64_t per_month = plan.results / LakePlan::k_months;
  const std::int64_t chunks =
      std::max<std::int64_t>(1, (per_month + k_chunk_rows - 1) / k_chunk_rows);
  std::int64_t month = replica::month_of({k_drawn_start});
  for (std::int64_t i = 0; i < LakePlan::k_months; ++i, month = replica::next_month(month)) {
    for (std::int64_t chunk = files[month]; chunk < chunks; ++chunk) {
      lake::Change change{.what = "generate"};
      change.select = "(" + results_select(plan, series, {month, chunk, chunks}) + ")";
      change.group = std::to_string(month);
      BL_TRY([[maybe_unused]] const auto id, table->replace(change));
    }
    done(i + 1, LakePlan::k_months);
  }
  remove_series(disk, scratch);
  return {};
}

Result<void> seal_lake(lake::Lake& lake) {
  const std::int64_t end = replica::month_of({k_drawn_start}) / 100 + LakePlan::k_months / 12 - 1;
  for (;;) {
    BL_TRY(const auto year, replica::seal_one_year(lake, replica::results_shape(), end, {}));
    if (!year) return {};
  }
}

}  // namespace bl::bench
