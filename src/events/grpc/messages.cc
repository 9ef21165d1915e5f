#include "events/grpc/messages.h"

#include <bit>

#include "events/model/wire.h"
#include "events/protobuf.h"

namespace bl::events::grpc {
namespace {

using wire::Field;
using wire::put_int;
using wire::put_message;
using wire::put_text;

// The client's bytes are no message: its mistake, not our corruption.
Error malformed(Error error) {
  if (error.code == Code::corrupt) error.code = Code::malformed;
  return error;
}

/// Hands every field to `each`.
template <class Each>
Result<void> read_fields(std::string_view bytes, const Each& each) {
  wire::Reader reader(bytes);
  while (!reader.at_end()) {
    auto field = reader.next();
    if (!field.ok()) return malformed(std::move(field).error());
    auto read = each(*field);
    if (!read.ok()) return malformed(std::move(read).error());
  }
  return {};
}

Result<void> add_text(const Field& field, std::vector<std::string>& to) {
  std::string text;
  BL_RETURN_IF_ERROR(wire::read_text(field, text));
  to.push_back(std::move(text));
  return {};
}
Result<void> read_present(const Field& field, std::optional<std::int64_t>& to) {
  return wire::read_int(field, to.emplace());
}

Result<EventFilter> read_filter(const Field& message) {
  BL_RETURN_IF_ERROR(wire::expect_message(message));
  EventFilter filter;
  BL_RETURN_IF_ERROR(read_fields(message.bytes, [&](const Field& field) -> Result<void> {
    switch (field.number) {
      case 1:
        return add_text(field, filter.partition_refs);
      case 2:
        return add_text(field, filter.partition_patterns);
      case 3:
        return add_text(field, filter.job_labels);
      case 4:
        return add_text(field, filter.job_run_ids);
      case 5:
        return add_text(field, filter.build_request_ids);
      case 6: {
        std::string name;
        BL_RETURN_IF_ERROR(wire::read_text(field, name));
        const auto type = event_type_named(name);
        if (!type) return Error{Code::invalid, "no such type of events: " + name};
        filter.types.push_back(*type);
        return {};
      }
      default:
        return {};
    }
  }));
  return filter;
}

void put_flag(std::string& out, std::uint32_t field, bool flag) {
  put_int(out, field, flag ? 1 : 0);
}
void put_double(std::string& out, std::uint32_t field, double value) {
  auto bits = std::bit_cast<std::uint64_t>(value);
  if (bits == 0) return;
  wire::put_tag(out, field, wire::Type::fixed64);
  for (int i = 0; i < 8; ++i, bits >>= 8) out.push_back(static_cast<char>(bits & 0xff));
}
// PartitionRef, JobLabel.
void put_ref(std::string& out, std::uint32_t field, std::string_view text) {
  put_message(out, field, [&] { put_text(out, 1, text); });
}
template <class Status>
void put_status(std::string& out, std::uint32_t field, Status status) {
  put_int(out, field, static_cast<std::int32_t>(status));
  put_text(out, field + 1, name_of(status));
}
void put_event(std::string& out, std::uint32_t field, const BuildEvent& event) {
  put_message(out, field, [&] { append_protobuf(out, event); });
}

void put(std::string& out, const StoredEvent& stored) {
  put_int(out, 1, stored.sequence);
  put_event(out, 2, stored.event);
}
void put(std::string& out, const BuildRequestSummary& summary) {
  put_text(out, 1, summary.build_request_id);
  put_status(out, 2, summary.status);
  for (const PartitionRef& ref : summary.requested_partitions) put_ref(out, 4, ref);
  put_int(out, 5, summary.created_at);
  put_int(out, 6, summary.updated_at);
}
void put(std::string& out, const PartitionSummary& summary) {
  put_ref(out, 1, summary.partition_ref);
  put_status(out, 2, summary.status);
  put_int(out, 4, summary.updated_at);
  put_text(out, 5, summary.build_request_id);
}
void put(std::string& out, const JobSummary& summary) {
  put_ref(out, 1, summary.job_label);
  put_int(out, 2, summary.total_runs);
  put_int(out, 3, summary.successful_runs);
  put_int(out, 4, summary.failed_runs);
  put_int(out, 5, summary.cancelled_runs);
  put_double(out, 6, summary.average_partitions_per_run);
  put_int(out, 7, summary.last_run_timestamp);
  put_status(out, 8, summary.last_run_status);
  for (const std::string& build : summary.recent_builds) wire::put_element(out, 10, build);
  put_int(out, 11, summary.timed_runs);
  put_int(out, 12, summary.total_duration);
}
template <class Item>
std::string list_message(const Listed<Item>& list) {
  std::string out;
  for (const Item& item : list.items) put_message(out, 1, [&] { put(out, item); });
  put_int(out, 2, list.total);
  return out;
}

}  // namespace

Result<std::vector<BuildEvent>> read_append_request(std::string_view bytes,
                                                    const EventLimits& limits) {
  std::vector<BuildEvent> events;
  BL_RETURN_IF_ERROR(read_fields(bytes, [&](const Field& field) -> Result<void> {
    if (field.number != 1) return {};
    BL_RETURN_IF_ERROR(wire::expect_message(field));
    BL_TRY(BuildEvent event, from_protobuf(field.bytes, limits));
    events.push_back(std::move(event));
    return {};
  }));
  return events;
}

Result<EventsRequest> read_events_request(std::string_view bytes) {
  EventsRequest request;
  BL_RETURN_IF_ERROR(read_fields(bytes, [&](const Field& field) -> Result<void> {
    if (field.number == 1) return wire::read_text(field, request.id);
    if (field.number == 2) return read_present(field, request.since);
    if (field.number == 3) return wire::read_int(field, request.limit);
    return {};
  }));
  return request;
}

Result<EventsInRangeRequest> read_events_in_range_request(std::string_view bytes) {
  EventsInRangeRequest request;
  BL_RETURN_IF_ERROR(read_fields(bytes, [&](const Field& field) -> Result<void> {
    if (field.number == 1) return wire::read_int(field, request.start);
    if (field.number == 2) return wire::read_int(field, request.end);
    if (field.number == 3) return wire::read_int(field, request.limit);
    return {};
  }));
  return request;
}

Result<ListEventsRequest> read_list_events_request(std::string_view bytes) {
  ListEventsRequest request;
  BL_RETURN_IF_ERROR(read_fields(bytes, [&](const Field& field) -> Result<void> {
    if (field.number == 1) return read_present(field, request.since_idx);
    if (field.number == 3) return wire::read_int(field, request.limit);
    if (field.number != 2) return {};
    BL_TRY(request.filter, read_filter(field));
    return {};
  }));
  return request;
}

Result<ListRequest> read_list_request(std::string_view bytes) {
  ListRequest request;
  BL_RETURN_IF_ERROR(read_fields(bytes, [&](const Field& field) -> Result<void> {
    if (field.number == 1) return wire::read_int(field, request.limit);
    if (field.number == 2) return wire::read_int(field, request.offset);
    if (field.number == 3) return wire::read_text(field, request.status);
    if (field.number == 4) return wire::read_text(field, request.search);
    return {};
  }));
  return request;
}

Result<QueryRequest> read_query_request(std::string_view bytes) {
  QueryRequest request;
  BL_RETURN_IF_ERROR(read_fields(bytes, [&](const Field& field) -> Result<void> {
    if (field.number == 1) return wire::read_text(field, request.sql);
    if (field.number == 2) return wire::read_int(field, request.rows_max);
    return {};
  }));
  return request;
}

std::string message_of(const Appended& appended) {
  std::string out;
  put_int(out, 1, appended.added);
  put_int(out, 2, appended.repeated);
  return out;
}

std::string message_of(const StoredEvent& stored) {
  std::string out;
  put(out, stored);
  return out;
}

std::string message_of(const EventPage& page) {
  std::string out;
  for (const StoredEvent& stored : page.events) put_message(out, 1, [&] { put(out, stored); });
  put_int(out, 2, page.next);
  put_flag(out, 3, page.has_more);
  return out;
}

std::string message_of(const Events& events) {
  std::string out;
  for (const BuildEvent& event : events.events) put_event(out, 1, event);
  put_flag(out, 2, events.has_more);
  return out;
}

std::string message_of(const PartitionState& state) {
  std::string out;
  put_status(out, 1, state.status);
  put_int(out, 3, state.timestamp);
  return out;
}

std::string message_of(const std::vector<std::string>& build_request_ids) {
  std::string out;
  for (const std::string& id : build_request_ids) wire::put_element(out, 1, id);
  return out;
}

std::string message_of(const BuildRequestSummary& summary) {
  std::string out;
  put(out, summary);
  return out;
}

std::string message_of(const Listed<BuildRequestSummary>& list) {
  return list_message(list);
}
std::string message_of(const Listed<PartitionSummary>& list) {
  return list_message(list);
}
std::string message_of(const Listed<JobSummary>& list) {
  return list_message(list);
}

std::string message_of(const ActivitySummary& activity) {
  std::string out;
  put_int(out, 1, activity.active_builds_count);
  for (const auto& build : activity.recent_builds) put_message(out, 2, [&] { put(out, build); });
  for (const auto& one : activity.recent_partitions) put_message(out, 3, [&] { put(out, one); });
  put_int(out, 4, activity.total_partitions_count);
  return out;
}

std::string message_of(const QueryResult& result) {
  std::string out;
  for (const std::string& column : result.columns) wire::put_element(out, 1, column);
  for (const auto& row : result.rows) {
    put_message(out, 2, [&] {
      for (const auto& cell : row) {
        put_message(out, 1, [&] {
          if (cell) wire::put_element(out, 1, *cell);
        });
      }
    });
  }
  put_flag(out, 3, result.is_truncated);
  return out;
}

}  // namespace bl::events::grpc
