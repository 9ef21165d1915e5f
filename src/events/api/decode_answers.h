#pragma once

#include "base/json.h"
#include "events/log.h"

/// The server's answers -> values: the other side of encode.h. Private to the client. Errors:
/// malformed (a member that is missing or of another kind, by its name), those of decode_event.
namespace bl::events {

/// For answers as large as that, with events as large as they may be.
json::ParseLimits parse_limits(std::size_t bytes_max);

Result<Appended> appended_of(const json::Value& answer);
/// The members `events` and `has_more`.
Result<Events> events_of_answer(const json::Value& answer);
Result<StoredEvent> stored_event_of(const json::Value& answer);
Result<EventPage> event_page_of(const json::Value& answer);
Result<PartitionState> partition_state_of(const json::Value& answer);
Result<std::vector<std::string>> active_builds_of(const json::Value& answer);
Result<std::optional<std::string>> available_build_of(const json::Value& answer);
/// `build` of one build's answer.
Result<std::optional<BuildRequestSummary>> summary_of_build(const json::Value& answer);
Result<Listed<BuildRequestSummary>> builds_of(const json::Value& answer);
Result<Listed<PartitionSummary>> partitions_of_answer(const json::Value& answer);
Result<Listed<JobSummary>> jobs_of(const json::Value& answer);
Result<ActivitySummary> activity_of(const json::Value& answer);
Result<LogStatus> status_of(const json::Value& answer);

}  // namespace bl::events
