#include "generate/drawn_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "duck/parquet.h"
#include "results/replica/store_rows.h"

namespace bl::bench {
namespace {

namespace replica = results::replica;

constexpr std::int64_t k_day = 86'400'000'000;
constexpr std::int64_t k_late_days_max = 20;

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

std::string series_path(const std::string& scratch) {
  return scratch + "/series.parquet";
}

}  // namespace

Result<std::string> write_series(duck::Database& engine, Disk& disk, const std::string& scratch,
                                 const LakePlan& plan) {
  remove_series(disk, scratch);
  BL_TRY(const auto connection, engine.connect());
  BL_TRY([[maybe_unused]] const auto file,
         duck::write_parquet(*connection, disk, series_select(plan), {}, series_path(scratch)));
  return duck::quoted_text(series_path(scratch));
}

void remove_series(Disk& disk, const std::string& scratch) {
  (void)disk.remove(series_path(scratch)).ok();
}

std::string results_select(const LakePlan& plan, const std::string& series, const DrawnPart& part) {
  const auto [month, chunk, chunks] = part;
  const std::int64_t begin = replica::begin_of(month).micros;
  const std::int64_t end = replica::begin_of(replica::next_month(month)).micros;
  // Of the points before the month, the late ones may lie in it.
  const auto point_at = [](std::int64_t time) {
    return std::clamp<std::int64_t>((time - k_drawn_start) / k_drawn_step, 0, LakePlan::k_points);
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
      fmt::arg("seed", plan.seed), fmt::arg("start", k_drawn_start), fmt::arg("step", k_drawn_step),
      fmt::arg("series", series), fmt::arg("first", first), fmt::arg("last", last),
      fmt::arg("chunks", chunks), fmt::arg("chunk", chunk), fmt::arg("late", k_late_days_max),
      fmt::arg("day", k_day), fmt::arg("begin", begin), fmt::arg("end", end),
      fmt::arg("count", plan.series()), fmt::arg("month", month),
      fmt::arg("run_id", k_drawn_run_id));
}

}  // namespace bl::bench
