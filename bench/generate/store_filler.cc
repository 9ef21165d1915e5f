#include "generate/store_filler.h"

#include <fmt/format.h>

#include <algorithm>

#include "duck/database.h"
#include "generate/drawn_rows.h"
#include "results/replica/store_rows.h"

namespace bl::bench {
namespace {

namespace replica = results::replica;

constexpr const char* k_attached = "conbench";
constexpr std::int64_t k_chunk_rows = 500'000;

Result<void> run(duck::Connection& connection, const std::string& sql) {
  BL_TRY(duck::Answer answer, connection.query(sql));
  BL_TRY([[maybe_unused]] const auto rows, answer.all());
  return {};
}

Result<std::int64_t> count(duck::Connection& connection, const std::string& from) {
  BL_TRY(duck::Answer answer, connection.query("SELECT count(*) FROM " + from));
  BL_TRY(const columns::Batch batch, answer.all());
  BL_TRY(const auto rows, batch.column(0).as<std::int64_t>());
  return rows[0];
}

std::string table(const char* name) {
  return fmt::format("{}.public.\"{}\"", k_attached, name);
}

/// What results name: cases of four series each, contexts, infos, machines, commits.
struct Dimension {
  const char* table;
  const char* columns;
  std::string select;
};
std::vector<Dimension> dimensions(const LakePlan& plan) {
  const auto numbered = [&](const char* what, std::int64_t rows, const char* tags) {
    return fmt::format("SELECT md5('{0} {1} ' || range), {2} FROM range({3})", what, plan.seed,
                       tags, rows);
  };
  return {
      {"case", "id, name, tags",
       numbered("case", plan.series() / 4 + 1,
                R"('bench-' || range % 1000, '{"size": "' || range // 1000 || '"}')")},
      {"context", "id, tags", numbered("context", 3, R"('{"branch": "' || range || '"}')")},
      {"info", "id, tags",
       numbered("info", LakePlan::k_points / 100 + 1, R"('{"v": "' || range || '"}')")},
      {"hardware", "id, name, type, hash",
       numbered("hardware", LakePlan::k_machines,
                "'machine-' || range, 'machine', 'machine-' || range || '-hash'")},
      {"commit",
       "id, sha, parent, repository, message, author_name, \"timestamp\", branch, fork_point_sha",
       fmt::format(
           R"(SELECT md5(word || p), md5(word || p),
  CASE WHEN p = 0 THEN NULL ELSE md5(word || (p - 1)) END,
  'https://example.org/project-' || repository_no, 'change ' || p, 'somebody',
  make_timestamp({} + p * {}), 'main', md5(word || p)
FROM (SELECT r.range AS repository_no, p.range AS p,
        'commit {} ' || r.range || ' ' AS word
      FROM range(1, {} + 1) r, range({}) p))",
           k_drawn_start, k_drawn_step, plan.seed, plan.repositories(), LakePlan::k_points)},
  };
}

constexpr const char* k_result_columns =
    "id, case_id, context_id, run_id, unit, time_unit, batch_id, \"timestamp\", iterations, "
    "\"min\", "
    "\"max\", mean, median, stdev, q1, q3, iqr, info_id, error, data, times, run_tags, run_reason, "
    "commit_id, hardware_id, commit_repo_url, history_fingerprint";

/// As the database has it, of the replica's row: three samples each.
std::string as_stored(const std::string& rows) {
  return "SELECT lower(lpad(to_hex(id_high), 16, '0') || lpad(to_hex(id_low), 16, '0')), case_id, "
         "context_id, run_id, unit, 's', batch_id, \"timestamp\" AT TIME ZONE 'UTC', 3, \"min\", "
         "\"max\", mean, mean, (\"max\" - \"min\") / 2, \"min\", \"max\", \"max\" - \"min\", "
         "info_id, CASE WHEN has_error THEN '{\"stack_trace\": \"broken\"}' END, "
         "CASE WHEN has_error THEN NULL ELSE [\"min\", mean, \"max\"] END, "
         "CASE WHEN has_error THEN NULL ELSE []::DOUBLE[] END, run_tags, run_reason, commit_id, "
         "hardware_id, 'https://example.org/project-' || repository_no, history_fingerprint FROM "
         "(" +
         rows + ")";
}

}  // namespace

Result<void> fill_conbench(const std::string& uri, Disk& disk, const std::string& scratch,
                           const LakePlan& plan,
                           const std::function<void(std::int64_t, std::int64_t)>& done) {
  BL_TRY(const auto engine, duck::Database::open({.extensions = {"postgres_scanner"}}));
  BL_TRY(const auto connection, engine->connect());
  BL_TRY(const std::string place, duck::quoted_text(uri));
  BL_RETURN_IF_ERROR(
      run(*connection, fmt::format("ATTACH {} AS {} (TYPE postgres)", place, k_attached)));
  for (const Dimension& one : dimensions(plan)) {
    BL_TRY(const std::int64_t there, count(*connection, table(one.table)));
    if (there > 0) continue;
    BL_RETURN_IF_ERROR(run(*connection, fmt::format("INSERT INTO {} ({}) {}", table(one.table),
                                                    one.columns, one.select)));
  }
  BL_TRY(const std::string series, write_series(*engine, disk, scratch, plan));
  const std::int64_t chunks = plan.results / LakePlan::k_months / k_chunk_rows + 1;
  std::int64_t month = replica::month_of({k_drawn_start});
  for (std::int64_t i = 0; i < LakePlan::k_months; ++i, month = replica::next_month(month)) {
    BL_TRY(const std::int64_t there,
           count(*connection,
                 fmt::format("(SELECT 1 FROM {} WHERE \"timestamp\" >= make_timestamp({}) AND "
                             "\"timestamp\" < make_timestamp({}) LIMIT 1)",
                             table("benchmark_result"), replica::begin_of(month).micros,
                             replica::begin_of(replica::next_month(month)).micros)));
    if (there == 0) {
      BL_RETURN_IF_ERROR(run(*connection, "BEGIN"));
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
        BL_RETURN_IF_ERROR(
            run(*connection,
                fmt::format("INSERT INTO {} ({}) {}", table("benchmark_result"), k_result_columns,
                            as_stored(results_select(plan, series, {month, chunk, chunks})))));
      }
      BL_RETURN_IF_ERROR(run(*connection, "COMMIT"));
    }
    done(i + 1, LakePlan::k_months);
  }
  remove_series(disk, scratch);
  return {};
}

}  // namespace bl::bench
