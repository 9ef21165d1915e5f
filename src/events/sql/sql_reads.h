#pragma once

#include <optional>
#include <string>

#include "events/log.h"
#include "store/database.h"

/// The questions of EventLog as SQL, each within a read transaction that the caller has opened. One
/// text for both dialects where they agree. Errors: those of the connection; corrupt, too_large as
/// load_events().
namespace bl::events::sql {

using store::Connection;

struct ReadLimits {
  std::size_t bytes_max = 256u << 20;  ///< of the events of one answer
  std::size_t scan_events = 4'096;     ///< that list() looks at between two looks at the page
};

Result<Events> build_request_events(Connection& connection, std::string_view build,
                                    const Slice& slice, const ReadLimits& limits);
Result<Events> partition_events(Connection& connection, std::string_view ref, const Slice& slice,
                                const ReadLimits& limits);
Result<Events> job_run_events(Connection& connection, std::string_view run, const Slice& slice,
                              const ReadLimits& limits);
Result<Events> events_in_range(Connection& connection, std::int64_t start, std::int64_t end,
                               std::size_t limit, const ReadLimits& limits);
Result<std::optional<StoredEvent>> event(Connection& connection, std::string_view id,
                                         const ReadLimits& limits);
Result<EventPage> list(Connection& connection, Sequence after, const EventFilter& filter,
                       std::size_t limit, const ReadLimits& limits);

Result<std::optional<PartitionState>> latest_partition_status(Connection& connection,
                                                              std::string_view ref);
Result<std::vector<std::string>> active_builds_for_partition(Connection& connection,
                                                             std::string_view ref);
Result<std::optional<std::string>> build_request_for_available_partition(Connection& connection,
                                                                         std::string_view ref);
Result<std::optional<BuildRequestSummary>> build_request(Connection& connection,
                                                         std::string_view build);
Result<Listed<BuildRequestSummary>> list_build_requests(Connection& connection,
                                                        const Paging& paging,
                                                        std::optional<BuildRequestStatus> status);
Result<Listed<PartitionSummary>> list_recent_partitions(Connection& connection,
                                                        const Paging& paging,
                                                        std::optional<PartitionStatus> status);
Result<Listed<JobSummary>> list_jobs(Connection& connection, const Paging& paging,
                                     std::string_view search);
Result<ActivitySummary> activity(Connection& connection);
/// The greatest sequence, which is the number of events.
Result<Sequence> newest(Connection& connection);
/// Bytes of tables and indexes.
Result<std::int64_t> bytes(Connection& connection);

}  // namespace bl::events::sql
