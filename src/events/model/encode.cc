#include "events/encode.h"

namespace bl::events {
namespace {

void put_wrapped(json::Writer& out, std::string_view inner, const std::string& text) {
  out.begin_object().member(inner, text).end_object();
}
void put_ref(json::Writer& out, const PartitionRef& ref) {
  put_wrapped(out, "str", ref);
}

void put_refs(json::Writer& out, std::string_view key, const std::vector<PartitionRef>& refs) {
  out.key(key).begin_array();
  for (const PartitionRef& ref : refs) put_ref(out, ref);
  out.end_array();
}

void put_map(json::Writer& out, std::string_view key,
             const std::map<std::string, std::string>& map) {
  out.key(key).begin_object();
  for (const auto& [name, value] : map) out.member(name, value);
  out.end_object();
}

template <class Status>
void put_status(json::Writer& out, Status status) {
  out.member("status_code", static_cast<int>(status)).member("status_name", name_of(status));
}

void put(json::Writer& out, const JobConfig& config) {
  out.begin_object();
  put_refs(out, "outputs", config.outputs);
  out.key("inputs").begin_array();
  for (const DataDep& dep : config.inputs) {
    out.begin_object().member("dep_type_code", static_cast<int>(dep.type));
    out.member("dep_type_name", dep.type_name).key("partition_ref");
    put_ref(out, dep.partition_ref);
    out.end_object();
  }
  out.end_array().key("args").begin_array();
  for (const std::string& arg : config.args) out.value(arg);
  out.end_array();
  put_map(out, "env", config.env);
  out.end_object();
}

void put(json::Writer& out, const Task& task) {
  out.begin_object().key("job");
  put_wrapped(out, "label", task.job);
  out.key("config");
  put(out, task.config);
  out.end_object();
}

void put(json::Writer& out, const std::vector<PartitionManifest>& manifests) {
  out.begin_array();
  for (const PartitionManifest& manifest : manifests) {
    out.begin_object();
    put_refs(out, "outputs", manifest.outputs);
    out.key("inputs");
    put(out, manifest.inputs);
    out.member("start_time", manifest.start_time).member("end_time", manifest.end_time).key("task");
    if (manifest.task) {
      put(out, *manifest.task);
    } else {
      out.null();
    }
    put_map(out, "metadata", manifest.metadata);
    out.end_object();
  }
  out.end_array();
}

void put(json::Writer& out, const JobGraph& graph) {
  out.begin_object().key("label");
  put_wrapped(out, "label", graph.label);
  put_refs(out, "outputs", graph.outputs);
  out.key("nodes").begin_array();
  for (const Task& node : graph.nodes) put(out, node);
  out.end_array().end_object();
}

void put_members(json::Writer& out, const BuildRequestEvent& event) {
  put_status(out, event.status);
  put_refs(out, "requested_partitions", event.requested_partitions);
  out.member("message", event.message);
}
void put_members(json::Writer& out, const PartitionEvent& event) {
  put_ref(out.key("partition_ref"), event.partition_ref);
  put_status(out, event.status);
  out.member("message", event.message).member("job_run_id", event.job_run_id);
}
void put_members(json::Writer& out, const JobEvent& event) {
  out.member("job_run_id", event.job_run_id);
  put_wrapped(out.key("job_label"), "label", event.job_label);
  put_refs(out, "target_partitions", event.target_partitions);
  put_status(out, event.status);
  out.member("message", event.message).key("config");
  if (event.config) {
    put(out, *event.config);
  } else {
    out.null();
  }
  put(out.key("manifests"), event.manifests);
}
void put_members(json::Writer& out, const DelegationEvent& event) {
  put_ref(out.key("partition_ref"), event.partition_ref);
  out.member("delegated_to_build_request_id", event.delegated_to_build_request_id);
  out.member("message", event.message);
}
void put_members(json::Writer& out, const JobGraphEvent& event) {
  put(out.key("job_graph"), event.job_graph);
  out.member("message", event.message);
}
void put_members(json::Writer& out, const PartitionInvalidationEvent& event) {
  put_ref(out.key("partition_ref"), event.partition_ref);
  out.member("reason", event.reason);
}
void put_members(json::Writer& out, const TaskCancelEvent& event) {
  out.member("job_run_id", event.job_run_id).member("reason", event.reason);
}
void put_members(json::Writer& out, const BuildCancelEvent& event) {
  out.member("reason", event.reason);
}

void put_time(json::Writer& out, std::string_view key, std::int64_t nanoseconds) {
  out.member(key, std::to_string(nanoseconds));
}

template <class Part>
std::string text_of(const Part& part) {
  std::string text;
  json::Writer out(text);
  put(out, part);
  return text;
}

}  // namespace

void encode_event(json::Writer& out, const BuildEvent& event) {
  out.begin_object().member("event_id", event.event_id);
  put_time(out, "timestamp", event.timestamp);
  out.member("build_request_id", event.build_request_id);
  std::string key(name_of(event.type()));
  out.key(key += "_event").begin_object();
  std::visit([&](const auto& payload) { put_members(out, payload); }, event.payload);
  out.end_object().end_object();
}

std::string event_json(const BuildEvent& event) {
  std::string text;
  json::Writer out(text);
  encode_event(out, event);
  return text;
}

void encode(json::Writer& out, const StoredEvent& stored) {
  out.begin_object().member("sequence", stored.sequence).key("event");
  encode_event(out, stored.event);
  out.end_object();
}

std::string job_config_json(const JobConfig& config) {
  return text_of(config);
}
std::string manifests_json(const std::vector<PartitionManifest>& manifests) {
  return text_of(manifests);
}
std::string job_graph_json(const JobGraph& graph) {
  return text_of(graph);
}

void encode(json::Writer& out, const BuildRequestSummary& summary) {
  out.begin_object().member("build_request_id", summary.build_request_id);
  put_status(out, summary.status);
  put_refs(out, "requested_partitions", summary.requested_partitions);
  put_time(out, "created_at", summary.created_at);
  put_time(out, "updated_at", summary.updated_at);
  out.end_object();
}

void encode(json::Writer& out, const PartitionSummary& summary) {
  out.begin_object();
  put_ref(out.key("partition_ref"), summary.partition_ref);
  put_status(out, summary.status);
  put_time(out, "updated_at", summary.updated_at);
  out.member("build_request_id", summary.build_request_id).end_object();
}

void encode(json::Writer& out, const JobSummary& summary) {
  out.begin_object();
  put_wrapped(out.key("job_label"), "label", summary.job_label);
  out.member("total_runs", summary.total_runs).member("successful_runs", summary.successful_runs);
  out.member("failed_runs", summary.failed_runs).member("cancelled_runs", summary.cancelled_runs);
  out.member("average_partitions_per_run", summary.average_partitions_per_run);
  put_time(out, "last_run_timestamp", summary.last_run_timestamp);
  out.member("last_run_status_code", static_cast<int>(summary.last_run_status));
  out.member("last_run_status_name", name_of(summary.last_run_status));
  out.key("recent_builds").begin_array();
  for (const std::string& build : summary.recent_builds) out.value(build);
  out.end_array().member("timed_runs", summary.timed_runs);
  put_time(out, "total_duration", summary.total_duration);
  out.end_object();
}

void encode(json::Writer& out, const ActivitySummary& summary) {
  out.begin_object().member("active_builds_count", summary.active_builds_count);
  out.key("recent_builds").begin_array();
  for (const BuildRequestSummary& build : summary.recent_builds) encode(out, build);
  out.end_array().key("recent_partitions").begin_array();
  for (const PartitionSummary& partition : summary.recent_partitions) encode(out, partition);
  out.end_array().member("total_partitions_count", summary.total_partitions_count).end_object();
}

void encode(json::Writer& out, const LogStatus& status) {
  out.begin_object().member("backend", status.backend).member("uri", status.uri);
  out.member("events", status.events).member("newest", status.newest);
  out.member("unpublished", status.unpublished).member("schema_version", status.schema_version);
  out.member("bytes", status.bytes).member("version", status.version);
  out.member("files", status.files).end_object();
}

}  // namespace bl::events
