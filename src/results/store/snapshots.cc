#include "results/store_snapshots.h"

#include <algorithm>

#include "base/hash.h"
#include "results/ci_encode.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Param;
using store::param_of;

Snapshot snapshot_of(const CiRun& run, const CiReport& report, const SnapshotLimits& limits) {
  Snapshot snapshot;
  snapshot.run_id = run.run_id;
  snapshot.repository = run.commit ? run.commit->repository : report.repository.value_or("");
  if (run.commit) snapshot.commit_sha = run.commit->sha;
  snapshot.baseline_run_id = run.baseline_run_id;
  CiReport alone;
  alone.runs.push_back(run);
  conclude(alone);
  snapshot.status = name_of(alone.status);
  snapshot.summary_json = encode_ci_summary(alone.summary);
  snapshot.regressions_json = encode_regressions(run, report, limits.regressions_max);
  return snapshot;
}

std::string content_of(const Snapshot& snapshot) {
  std::string content = snapshot.baseline_run_id.value_or("");
  content.append("\n").append(snapshot.status).append("\n").append(snapshot.summary_json);
  content.append("\n").append(snapshot.regressions_json);
  return md5_hex(content);
}

Result<void> insert(store::Connection& connection, const Snapshot& snapshot, const Change& change,
                    int per_run_max) {
  const std::string content = content_of(snapshot);
  BL_RETURN_IF_ERROR(connection.execute(
      store::both_dialects<
          "insert into @regression_snapshot (id, run_id, repository, commit_sha, "
          "baseline_run_id, content_md5, made_at, made_by, status, summary, regressions) "
          "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing">(),
      {std::string_view(snapshot.id), std::string_view(snapshot.run_id),
       std::string_view(snapshot.repository), param_of(snapshot.commit_sha),
       param_of(snapshot.baseline_run_id), std::string_view(content), change.at.micros,
       std::string_view(change.actor_name), std::string_view(snapshot.status),
       std::string_view(snapshot.summary_json), std::string_view(snapshot.regressions_json)}));
  BL_RETURN_IF_ERROR(connection.execute(
      store::both_dialects<"delete from @regression_snapshot where run_id = $1 and id not in "
                           "(select id from @regression_snapshot where run_id = $1 "
                           "order by id desc limit $2)">(),
      {std::string_view(snapshot.run_id), static_cast<std::int64_t>(per_run_max)}));
  return {};
}

}  // namespace

Result<void> StoreSnapshots::keep(const CiReport& report, const Change& change) {
  std::vector<Snapshot> snapshots;
  for (const CiRun& run : report.runs) {
    snapshots.push_back(snapshot_of(run, report, limits_));
    snapshots.back().id = ids_.next();
  }
  if (snapshots.empty()) return {};
  return database_.write([&](store::Connection& connection) -> Result<void> {
    for (const Snapshot& snapshot : snapshots) {
      BL_RETURN_IF_ERROR(insert(connection, snapshot, change, limits_.per_run_max));
    }
    return {};
  });
}

Result<std::vector<Snapshot>> StoreSnapshots::snapshots(const Filter& filter) {
  std::string sql =
      "select id, run_id, repository, commit_sha, baseline_run_id, made_at, made_by, status, "
      "summary, regressions from @regression_snapshot";
  std::vector<Param> params;
  const auto add = [&](const char* condition, const std::optional<std::string>& value) {
    if (!value) return;
    sql += params.empty() ? " where " : " and ";
    params.emplace_back(std::string_view(*value));
    sql += std::string(condition) + "$" + std::to_string(params.size());
  };
  add("run_id = ", filter.run_id);
  add("repository = ", filter.repository);
  add("id < ", filter.before_id);
  sql += " order by id desc limit " + std::to_string(filter.page_size);
  std::vector<Snapshot> snapshots;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    snapshots.clear();
    return connection.query_text(store::in_dialect(sql, connection.dialect()), params,
                                 [&](const store::Row& row) {
                                   Snapshot& snapshot = snapshots.emplace_back();
                                   snapshot.id = row.text(0);
                                   snapshot.run_id = row.text(1);
                                   snapshot.repository = row.text(2);
                                   snapshot.commit_sha = row.text_or_null(3);
                                   snapshot.baseline_run_id = row.text_or_null(4);
                                   snapshot.made_at = Timestamp{row.integer(5)};
                                   snapshot.made_by = row.text(6);
                                   snapshot.status = row.text(7);
                                   snapshot.summary_json = row.text(8);
                                   snapshot.regressions_json = row.text(9);
                                   return true;
                                 });
  }));
  return snapshots;
}

}  // namespace bl::results
