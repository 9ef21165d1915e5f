#include "events/sql/sql_log.h"

#include "events/sql/schema.h"

namespace bl::events {

using store::Connection;

SqlLog::SqlLog(std::unique_ptr<store::Database> database, const LogUri& uri, const std::string& id,
               const LogWorld& world, const SqlLogLimits& limits)
    : database_(std::move(database)),
      uri_(uri),
      limits_(limits),
      appends_(*database_, uri.is_strict ? AppendQueue::Mode::strict : AppendQueue::Mode::plain,
               world.metrics, limits.append),
      mirror_(
          world.scratch + "/event-mirror-" + id,
          [this](Sequence after, std::size_t limit) { return list(after, {}, limit); }, world,
          limits.mirror) {}

template <class Ask>
auto SqlLog::read(const Ask& ask) {
  using Answer = decltype(ask(std::declval<Connection&>()));
  typename Answer::value_type answer{};
  auto outcome = database_->read([&](Connection& connection) -> Result<void> {
    BL_TRY(answer, ask(connection));
    return {};
  });
  return outcome.ok() ? Answer(std::move(answer)) : Answer(std::move(outcome).error());
}

Result<Appended> SqlLog::append(std::span<const BuildEvent> events) {
  if (uri_.mode == LogUri::Mode::read) {
    return Error(Code::forbidden, "the event log is opened for reading only: " + uri_.shown);
  }
  return appends_.append(events);
}

Result<Events> SqlLog::build_request_events(std::string_view build_request_id, const Slice& slice) {
  return read([&](Connection& c) {
    return sql::build_request_events(c, build_request_id, slice, limits_.read);
  });
}

Result<Events> SqlLog::partition_events(std::string_view partition_ref, const Slice& slice) {
  return read(
      [&](Connection& c) { return sql::partition_events(c, partition_ref, slice, limits_.read); });
}

Result<Events> SqlLog::job_run_events(std::string_view job_run_id, const Slice& slice) {
  return read(
      [&](Connection& c) { return sql::job_run_events(c, job_run_id, slice, limits_.read); });
}

Result<Events> SqlLog::events_in_range(std::int64_t start, std::int64_t end, std::size_t limit) {
  return read(
      [&](Connection& c) { return sql::events_in_range(c, start, end, limit, limits_.read); });
}

Result<std::optional<StoredEvent>> SqlLog::event(std::string_view event_id) {
  return read([&](Connection& c) { return sql::event(c, event_id, limits_.read); });
}

Result<EventPage> SqlLog::list(Sequence after, const EventFilter& filter, std::size_t limit) {
  return read([&](Connection& c) { return sql::list(c, after, filter, limit, limits_.read); });
}

Result<std::optional<PartitionState>> SqlLog::latest_partition_status(
    std::string_view partition_ref) {
  return read([&](Connection& c) { return sql::latest_partition_status(c, partition_ref); });
}

Result<std::vector<std::string>> SqlLog::active_builds_for_partition(
    std::string_view partition_ref) {
  return read([&](Connection& c) { return sql::active_builds_for_partition(c, partition_ref); });
}

Result<std::optional<std::string>> SqlLog::build_request_for_available_partition(
    std::string_view partition_ref) {
  return read(
      [&](Connection& c) { return sql::build_request_for_available_partition(c, partition_ref); });
}

Result<std::optional<BuildRequestSummary>> SqlLog::build_request(
    std::string_view build_request_id) {
  return read([&](Connection& c) { return sql::build_request(c, build_request_id); });
}

Result<Listed<BuildRequestSummary>> SqlLog::list_build_requests(
    const Paging& paging, std::optional<BuildRequestStatus> status) {
  return read([&](Connection& c) { return sql::list_build_requests(c, paging, status); });
}

Result<Listed<PartitionSummary>> SqlLog::list_recent_partitions(
    const Paging& paging, std::optional<PartitionStatus> status) {
  return read([&](Connection& c) { return sql::list_recent_partitions(c, paging, status); });
}

Result<Listed<JobSummary>> SqlLog::list_jobs(const Paging& paging, std::string_view search) {
  return read([&](Connection& c) { return sql::list_jobs(c, paging, search); });
}

Result<ActivitySummary> SqlLog::activity() {
  return read([&](Connection& c) { return sql::activity(c); });
}

Result<lake::Snapshot> SqlLog::table() {
  return mirror_.snapshot();
}

Result<LogStatus> SqlLog::status() {
  LogStatus status;
  status.backend = database_->dialect() == store::Dialect::sqlite ? "sqlite" : "postgres";
  status.uri = uri_.shown;
  status.schema_version = k_sql_schema_version;
  BL_RETURN_IF_ERROR(database_->read([&](Connection& c) -> Result<void> {
    BL_TRY(status.newest, sql::newest(c));
    BL_TRY(status.bytes, sql::bytes(c));
    status.events = status.newest;
    return {};
  }));
  return status;
}

}  // namespace bl::events
