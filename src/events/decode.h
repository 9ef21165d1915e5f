#pragma once

#include <string_view>
#include <vector>

#include "base/json.h"
#include "events/model.h"

/// Wire -> BuildEvent. JSON as spec/events-delta.md 1.3 has it: snake_case keys, enums as numbers
/// or names, a ref as `{"str": "..."}` or a text, the payload under the type's own key
/// (`partition_event`); timestamps are numbers or decimal texts. `status_name` may be left out; one
/// that does not fit the code is an error. Unknown members are errors with their path. Ids are
/// lowered. What is read is validated.
namespace bl::events {

/// Errors: malformed (no JSON), invalid, too_large; faults with paths.
Result<BuildEvent> decode_event(const json::Value& value, const EventLimits& limits = {});
/// One event, an array of them, or JSON lines. Errors: as above; faults name the event or the line.
Result<std::vector<BuildEvent>> decode_events(std::string_view text,
                                              const EventLimits& limits = {});
Result<JobConfig> decode_job_config(std::string_view json, const EventLimits& limits = {});
Result<std::vector<PartitionManifest>> decode_manifests(std::string_view json,
                                                        const EventLimits& limits = {});
Result<JobGraph> decode_job_graph(std::string_view json, const EventLimits& limits = {});

}  // namespace bl::events
