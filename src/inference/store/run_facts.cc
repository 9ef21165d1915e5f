#include "inference/store/run_facts.h"

#include <deque>
#include <map>

#include "base/compression.h"
#include "base/hash.h"
#include "inference/store/documents.h"
#include "inference/store/run_rows.h"
#include "store/both_dialects.h"

namespace bl::inference {
namespace {

using store::Null;
using store::Param;
using store::param_of;
using Rows = std::vector<std::vector<Param>>;

Param micros_of(const std::optional<Timestamp>& time) {
  return time ? Param(time->micros) : Param(Null{});
}

}  // namespace

Result<WriteCount> write_evals(store::Connection& connection, std::int64_t run_id,
                               const Sweep& sweep, std::span<const std::int64_t> configs) {
  static const RunTable k_table("eval", {"config_id", "task", "isl", "osl", "conc"},
                                {"lm_eval_version", "metrics", "origin_artifact", "origin_path"});
  Rows rows;
  std::deque<std::string> texts;
  for (std::size_t i = 0; i < sweep.evals.size(); ++i) {
    const EvalRow& row = sweep.evals[i].row;
    const Origin& origin = sweep.evals[i].origin;
    rows.push_back({configs[i], std::string_view(row.task), param_of(row.isl), param_of(row.osl),
                    param_of(row.conc), param_of(row.lm_eval_version),
                    std::string_view(texts.emplace_back(metrics_text(row.metrics))),
                    std::string_view(origin.artifact), std::string_view(origin.path)});
  }
  return write_run_rows(connection, k_table, run_id, rows);
}

Result<WriteCount> write_stats(store::Connection& connection, std::int64_t run_id,
                               const Sweep& sweep) {
  static const RunTable k_table("run_stat", {"hardware"}, {"n_success", "total"});
  Rows rows;
  for (const RunStat& stat : sweep.stats) {
    rows.push_back({std::string_view(stat.hardware), stat.n_success, stat.total});
  }
  return write_run_rows(connection, k_table, run_id, rows);
}

Result<WriteCount> write_changelogs(store::Connection& connection, std::int64_t run_id,
                                    const Sweep& sweep) {
  static const RunTable k_table(
      "changelog", {"base_ref", "head_ref", "position"},
      {"config_keys", "description", "pr_link", "evals_only", "append_only"});
  Rows rows;
  std::deque<std::string> texts;
  for (const Changelog& changelog : sweep.changelogs) {
    std::int64_t position = 0;
    for (const ChangelogEntry& entry : changelog.entries) {
      rows.push_back({std::string_view(changelog.base_ref), std::string_view(changelog.head_ref),
                      position++,
                      std::string_view(texts.emplace_back(strings_text(entry.config_keys))),
                      std::string_view(entry.description), param_of(entry.pr_link),
                      std::int64_t{entry.evals_only}, std::int64_t{entry.append_only}});
    }
  }
  return write_run_rows(connection, k_table, run_id, rows);
}

Result<WriteCount> write_gpu_metrics(store::Connection& connection, std::int64_t run_id,
                                     const Sweep& sweep) {
  static const RunTable k_table(
      "gpu_metric", {"origin_artifact", "origin_path"},
      {"vendor", "gpus", "samples", "started_at", "ended_at", "statistics", "csv_sha256"});
  Rows rows;
  std::deque<std::string> texts;
  for (const GpuMetricSummary& one : sweep.gpu_metrics) {
    rows.push_back({std::string_view(one.origin.artifact), std::string_view(one.origin.path),
                    std::string_view(one.vendor), one.gpus, one.samples, micros_of(one.started_at),
                    micros_of(one.ended_at),
                    std::string_view(texts.emplace_back(json::to_text(one.statistics))),
                    std::string_view(one.csv_sha256)});
  }
  return write_run_rows(connection, k_table, run_id, rows);
}

Result<WrittenLogs> write_server_logs(store::Connection& connection, std::int64_t run_id,
                                      const Sweep& sweep) {
  static const RunTable k_table("server_log", {"origin_artifact", "origin_path"},
                                {"sha256", "bytes", "zstd"}, {.not_compared = 1});
  Rows rows;
  std::deque<std::string> texts;
  for (const ServerLog& log : sweep.server_logs) {
    rows.push_back({std::string_view(log.origin.artifact), std::string_view(log.origin.path),
                    std::string_view(texts.emplace_back(sha256_hex(log.text))),
                    static_cast<std::int64_t>(log.text.size()),
                    store::Blob{texts.emplace_back(compress(Encoding::zstd, log.text))}});
  }
  WrittenLogs written;
  BL_TRY(written.count, write_run_rows(connection, k_table, run_id, rows));
  if (rows.empty()) return written;
  std::map<std::pair<std::string, std::string>, std::int64_t> ids;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select id, origin_artifact, origin_path from @inference_server_log "
                           "where run_id = $1">(),
      {run_id}, [&](const store::Row& row) {
        ids.insert_or_assign({std::string(row.text(1)), std::string(row.text(2))}, row.integer(0));
        return true;
      }));
  for (const ServerLog& log : sweep.server_logs) {
    written.ids.push_back(ids.at({log.origin.artifact, log.origin.path}));
  }
  return written;
}

}  // namespace bl::inference
