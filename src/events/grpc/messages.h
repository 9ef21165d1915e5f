#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/event_sql.h"
#include "events/log.h"

/// The messages of the service BuildEventLog (proto/databuild/v1/databuild.proto). Private to the
/// gRPC side. Unknown fields are passed over; errors of reading: malformed.
namespace bl::events::grpc {

struct EventsRequest {
  std::string id;
  std::optional<std::int64_t> since;
  std::int64_t limit = 0;
};
struct EventsInRangeRequest {
  std::int64_t start = 0, end = 0, limit = 0;
};
struct ListEventsRequest {
  std::optional<std::int64_t> since_idx;
  EventFilter filter;
  std::int64_t limit = 0;
};
struct ListRequest {
  std::int64_t limit = 0, offset = 0;
  std::string status, search;
};
struct QueryRequest {
  std::string sql;
  std::int64_t rows_max = 0;
};

Result<std::vector<BuildEvent>> read_append_request(std::string_view bytes,
                                                    const EventLimits& limits);
Result<EventsRequest> read_events_request(std::string_view bytes);
Result<EventsInRangeRequest> read_events_in_range_request(std::string_view bytes);
/// Also TailEventsRequest. Errors: also invalid (an event type that is not known).
Result<ListEventsRequest> read_list_events_request(std::string_view bytes);
Result<ListRequest> read_list_request(std::string_view bytes);
Result<QueryRequest> read_query_request(std::string_view bytes);

std::string message_of(const Appended& appended);
std::string message_of(const StoredEvent& stored);
std::string message_of(const EventPage& page);
std::string message_of(const Events& events);
std::string message_of(const PartitionState& state);
std::string message_of(const std::vector<std::string>& build_request_ids);
std::string message_of(const BuildRequestSummary& summary);
std::string message_of(const Listed<BuildRequestSummary>& list);
std::string message_of(const Listed<PartitionSummary>& list);
std::string message_of(const Listed<JobSummary>& list);
std::string message_of(const ActivitySummary& activity);
std::string message_of(const QueryResult& result);

}  // namespace bl::events::grpc
