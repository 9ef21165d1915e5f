#include <fmt/format.h>

#include <algorithm>

#include "events/sql/event_rows.h"
#include "events/sql/sql_reads.h"
#include "events/sql/state_tables.h"

namespace bl::events::sql {
namespace {

using store::Param;
using store::Row;
using store::Sql;

const Sql k_partition_status =
    "select status_code, updated_at from partition_states where partition_ref = $1";
const Sql k_active_builds =
    "select e.build_request_id from partition_events as p join build_events as e on e.seq = p.seq"
    " join build_states as b on b.build_request_id = e.build_request_id"
    " where p.partition_ref = $1 and p.status_code in (1, 2, 3) and b.status_code in (1, 2, 3, 7)"
    " order by p.timestamp, p.seq";
const Sql k_available =
    "select available_build_request_id from partition_states where partition_ref = $1"
    " and available_build_request_id is not null";
const Sql k_newest = "select coalesce(max(seq), 0) from build_events";
const Sql k_bytes(
    "select page_count * page_size from pragma_page_count(), pragma_page_size()",
    "select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint from pg_catalog.pg_class as c"
    " join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where n.nspname = 'public'"
    " and c.relkind = 'r' and c.relname = any ('{build_events,build_request_events,"
    "build_request_partitions,partition_events,job_events,job_partitions,delegation_events,"
    "job_graph_events,partition_invalidation_events,task_cancel_events,build_cancel_events,"
    "build_states,partition_states,job_run_states,job_label_states,state_counts}')");
static_assert(static_cast<int>(PartitionStatus::requested) == 1 &&
              static_cast<int>(PartitionStatus::building) == 3 &&
              static_cast<int>(BuildRequestStatus::executing) == 3 &&
              static_cast<int>(BuildRequestStatus::analysis_completed) == 7);

Result<BuildRequestSummary> summary_of_build(const Row& row) {
  const BuildState state = read_build_state(row);
  BuildRequestSummary summary{.build_request_id = std::string(row.text(0)),
                              .status = state.status,
                              .requested_partitions = {},
                              .created_at = state.created.at,
                              .updated_at = state.updated.at};
  BL_TRY(summary.requested_partitions, texts_of_json(state.requested_json));
  return summary;
}

Result<JobSummary> summary_of_label(const Row& row) {
  BL_TRY(const LabelState state, read_label_state(row));
  JobSummary summary{.job_label = std::string(row.text(0)),
                     .total_runs = state.runs,
                     .successful_runs = state.successful,
                     .failed_runs = state.failed,
                     .cancelled_runs = state.cancelled,
                     .last_run_timestamp = state.last.at,
                     .last_run_status = state.last_status,
                     .recent_builds = {},
                     .timed_runs = state.timed,
                     .total_duration = state.duration};
  if (state.runs > 0) {
    summary.average_partitions_per_run =
        static_cast<double>(state.targets) / static_cast<double>(state.runs);
  }
  for (const LabelState::Build& build : state.recent) summary.recent_builds.push_back(build.id);
  return summary;
}

/// Runs a query whose rows become values by a function that may fail.
template <class T>
Result<std::vector<T>> values_of(Connection& connection, const std::string& sql,
                                 std::span<const Param> params, Result<T> (*read)(const Row&)) {
  std::vector<T> values;
  std::optional<Error> failure;
  BL_RETURN_IF_ERROR(connection.query_text(sql, params, [&](const Row& row) {
    auto value = read(row);
    if (value.ok()) {
      values.push_back(std::move(value).value());
    } else {
      failure = std::move(value).error();
    }
    return !failure;
  }));
  if (failure) return *failure;
  return values;
}

// Of entities of that name with one of those statuses; all of them when it is none.
Result<std::int64_t> counted(Connection& connection, std::string_view name,
                             std::initializer_list<std::int64_t> statuses) {
  std::int64_t count = 0;
  BL_RETURN_IF_ERROR(connection.query(
      "select status_code, entities from state_counts where name = $1", {name},
      [&](const Row& row) {
        const bool is_meant =
            statuses.size() == 0 || std::ranges::find(statuses, row.integer(0)) != statuses.end();
        if (is_meant) count += row.integer(1);
        return true;
      }));
  return count;
}

template <class T, class Status>
Result<Listed<T>> list_states(Connection& connection, const Paging& paging,
                              std::optional<Status> status, std::string_view name,
                              const std::string& select, std::string_view key,
                              Result<T> (*read)(const Row&)) {
  Listed<T> listed;
  std::vector<Param> params = {static_cast<std::int64_t>(paging.limit),
                               static_cast<std::int64_t>(paging.offset)};
  std::string where;
  if (status) {
    params.push_back(static_cast<std::int64_t>(*status));
    where = " where status_code = $3";
    BL_TRY(listed.total, counted(connection, name, {static_cast<std::int64_t>(*status)}));
  } else {
    BL_TRY(listed.total, counted(connection, name, {}));
  }
  if (static_cast<std::int64_t>(paging.offset) >= listed.total) return listed;
  BL_TRY(listed.items,
         values_of<T>(connection,
                      fmt::format("{}{} order by updated_at desc, {} limit $1 offset $2", select,
                                  where, key),
                      params, read));
  return listed;
}

}  // namespace

Result<std::optional<PartitionState>> latest_partition_status(Connection& connection,
                                                              std::string_view ref) {
  std::optional<PartitionState> state;
  BL_RETURN_IF_ERROR(connection.query(k_partition_status, {ref}, [&](const Row& row) {
    state = {.status = static_cast<PartitionStatus>(row.integer(0)), .timestamp = row.integer(1)};
    return true;
  }));
  return state;
}

Result<std::vector<std::string>> active_builds_for_partition(Connection& connection,
                                                             std::string_view ref) {
  std::vector<std::string> builds;
  BL_RETURN_IF_ERROR(connection.query(k_active_builds, {ref}, [&](const Row& row) {
    if (std::ranges::find(builds, row.text(0)) == builds.end()) builds.emplace_back(row.text(0));
    return true;
  }));
  return builds;
}

Result<std::optional<std::string>> build_request_for_available_partition(Connection& connection,
                                                                         std::string_view ref) {
  std::optional<std::string> build;
  BL_RETURN_IF_ERROR(connection.query(k_available, {ref}, [&](const Row& row) {
    build = std::string(row.text(0));
    return true;
  }));
  return build;
}

Result<std::optional<BuildRequestSummary>> build_request(Connection& connection,
                                                         std::string_view build) {
  const Param params[] = {build};
  BL_TRY(auto found, values_of<BuildRequestSummary>(
                         connection,
                         fmt::format("select {} from build_states where build_request_id = $1",
                                     k_build_columns),
                         params, summary_of_build));
  if (found.empty()) return std::optional<BuildRequestSummary>();
  return std::optional(std::move(found.front()));
}

Result<Listed<BuildRequestSummary>> list_build_requests(Connection& connection,
                                                        const Paging& paging,
                                                        std::optional<BuildRequestStatus> status) {
  return list_states<BuildRequestSummary>(
      connection, paging, status, "build",
      fmt::format("select {} from build_states", k_build_columns), "build_request_id",
      summary_of_build);
}

Result<Listed<PartitionSummary>> list_recent_partitions(Connection& connection,
                                                        const Paging& paging,
                                                        std::optional<PartitionStatus> status) {
  const auto read = [](const Row& row) {
    return Result<PartitionSummary>({.partition_ref = std::string(row.text(0)),
                                     .status = static_cast<PartitionStatus>(row.integer(1)),
                                     .updated_at = row.integer(2),
                                     .build_request_id = std::string(row.text(3))});
  };
  return list_states<PartitionSummary>(
      connection, paging, status, "partition",
      "select partition_ref, status_code, updated_at, build_request_id from partition_states",
      "partition_ref", +read);
}

Result<Listed<JobSummary>> list_jobs(Connection& connection, const Paging& paging,
                                     std::string_view search) {
  const bool is_sqlite = connection.dialect() == store::Dialect::sqlite;
  const std::string where = search.empty() ? ""
                            : is_sqlite    ? " where instr(job_label, $1) > 0"
                                           : " where strpos(job_label, $1) > 0";
  std::vector<Param> params;
  if (!search.empty()) params.push_back(search);
  Listed<JobSummary> listed;
  BL_RETURN_IF_ERROR(connection.query_text("select count(*) from job_label_states" + where, params,
                                           [&](const Row& row) {
                                             listed.total = row.integer(0);
                                             return true;
                                           }));
  const std::size_t first = params.size();
  params.push_back(static_cast<std::int64_t>(paging.limit));
  params.push_back(static_cast<std::int64_t>(paging.offset));
  BL_TRY(
      listed.items,
      values_of<JobSummary>(
          connection,
          fmt::format("select {} from job_label_states{} order by job_label limit ${} offset ${}",
                      k_label_columns, where, first + 1, first + 2),
          params, summary_of_label));
  return listed;
}

Result<ActivitySummary> activity(Connection& connection) {
  ActivitySummary activity;
  BL_TRY(activity.active_builds_count, counted(connection, "build", {1, 2, 3, 7}));
  BL_TRY(activity.total_partitions_count, counted(connection, "partition", {}));
  const Paging five{.limit = 5};
  BL_TRY(auto builds, list_build_requests(connection, five, std::nullopt));
  BL_TRY(auto partitions, list_recent_partitions(connection, five, std::nullopt));
  activity.recent_builds = std::move(builds.items);
  activity.recent_partitions = std::move(partitions.items);
  return activity;
}

Result<Sequence> newest(Connection& connection) {
  Sequence newest = 0;
  BL_RETURN_IF_ERROR(connection.query(k_newest, {}, [&](const Row& row) {
    newest = row.integer(0);
    return true;
  }));
  return newest;
}

Result<std::int64_t> bytes(Connection& connection) {
  std::int64_t bytes = 0;
  BL_RETURN_IF_ERROR(connection.query(k_bytes, {}, [&](const Row& row) {
    bytes = row.integer(0);
    return true;
  }));
  return bytes;
}

}  // namespace bl::events::sql
