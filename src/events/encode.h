#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "events/log.h"
#include "events/model.h"

/// BuildEvent and answers -> canonical JSON: keys in the order of the protobuf fields, maps sorted
/// by key, enums as numbers beside their names, refs as `{"str": "..."}`, absent lists `[]`, absent
/// maps `{}`. Equal values have equal bytes.
namespace bl::events {

/// Timestamps (nanoseconds, over 2^53) are decimal texts.
void encode_event(json::Writer& out, const BuildEvent& event);
std::string event_json(const BuildEvent& event);
/// `{"sequence":1,"event":{...}}`
void encode(json::Writer& out, const StoredEvent& stored);
/// The texts of the columns `config`, `manifests`, `job_graph`.
std::string job_config_json(const JobConfig& config);
std::string manifests_json(const std::vector<PartitionManifest>& manifests);
std::string job_graph_json(const JobGraph& graph);

void encode(json::Writer& out, const BuildRequestSummary& summary);
void encode(json::Writer& out, const PartitionSummary& summary);
void encode(json::Writer& out, const JobSummary& summary);
void encode(json::Writer& out, const ActivitySummary& summary);
void encode(json::Writer& out, const LogStatus& status);

}  // namespace bl::events
