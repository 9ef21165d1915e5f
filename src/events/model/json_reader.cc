#include "events/model/json_reader.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "base/numbers.h"

namespace bl::events {
namespace {

std::optional<BuildRequestStatus> status_named(std::string_view name, BuildRequestStatus) {
  return build_request_status_named(name);
}
std::optional<PartitionStatus> status_named(std::string_view name, PartitionStatus) {
  return partition_status_named(name);
}
std::optional<JobStatus> status_named(std::string_view name, JobStatus) {
  return job_status_named(name);
}

std::string lowered(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool is_array(const json::Value& value, const std::string& path, json::Faults& faults) {
  if (value.is_array()) return true;
  faults.add(path, "is not a list", &value);
  return false;
}

bool is_text(const json::Value& value, const std::string& path, json::Faults& faults) {
  if (value.is_string()) return true;
  faults.add(path, "is not a text", &value);
  return false;
}

/// `{"str": "..."}` or a text.
bool read_wrapped(const json::Value& value, std::string_view inner, const std::string& path,
                  json::Faults& faults, std::string& to) {
  if (value.is_string()) {
    to = value.as_string();
    return true;
  }
  if (!value.is_object()) {
    faults.add(path, fmt::format("is neither a text nor an object with {}", inner), &value);
    return false;
  }
  Members members(value, path, faults);
  members.text(inner, to);
  members.finish();
  return true;
}

}  // namespace

Members::Members(const json::Value& value, std::string path, json::Faults& faults)
    : value_(value), path_(std::move(path)), faults_(faults) {
  if (value.is_object()) {
    taken_.resize(value.members().size());
  } else {
    faults.add(path_, "is not an object", &value);
  }
}

const json::Value* Members::take(std::string_view key) {
  if (!value_.is_object()) return nullptr;
  const json::Object& members = value_.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].first != key) continue;
    taken_[i] = true;
    return members[i].second.is_null() ? nullptr : &members[i].second;
  }
  return nullptr;
}

void Members::finish() {
  if (!value_.is_object()) return;
  const json::Object& members = value_.members();
  for (std::size_t i = 0; i < members.size(); ++i)
    if (!taken_[i])
      faults_.add(path_of(members[i].first), "is not a member that we know", &members[i].second);
}

void Members::text(std::string_view key, std::string& to) {
  const json::Value* value = take(key);
  if (value == nullptr) return;
  if (value->is_string()) {
    to = value->as_string();
  } else {
    faults_.add(path_of(key), "is not a text", value);
  }
}

void Members::integer(std::string_view key, std::int64_t& to) {
  const json::Value* value = take(key);
  if (value == nullptr) return;
  std::optional<std::int64_t> number;
  if (value->is_number()) number = value->as_int64();
  if (value->is_string()) number = parse_int64(value->as_string());
  if (number) {
    to = *number;
  } else {
    faults_.add(path_of(key), "is not a whole number of 64 bits", value);
  }
}

void Members::wrapped(std::string_view key, std::string_view inner, std::string& to) {
  const json::Value* value = take(key);
  if (value == nullptr) return;
  if (value->is_string()) {
    to = value->as_string();
  } else {
    read_wrapped(*value, inner, path_of(key), faults_, to);
  }
}

void Members::refs(std::string_view key, std::vector<PartitionRef>& to) {
  const json::Value* value = take(key);
  if (value == nullptr || !is_array(*value, path_of(key), faults_)) return;
  to.reserve(value->items().size());
  for (std::size_t i = 0; i < value->items().size(); ++i) {
    const json::Value& item = value->items()[i];
    std::string& ref = to.emplace_back();
    if (item.is_string()) {
      ref = item.as_string();
    } else {
      read_wrapped(item, "str", json::pointer_append(path_of(key), i), faults_, ref);
    }
  }
}

void Members::texts(std::string_view key, std::vector<std::string>& to) {
  const json::Value* value = take(key);
  if (value == nullptr || !is_array(*value, path_of(key), faults_)) return;
  for (std::size_t i = 0; i < value->items().size(); ++i) {
    const json::Value& item = value->items()[i];
    if (is_text(item, json::pointer_append(path_of(key), i), faults_))
      to.push_back(item.as_string());
  }
}

void Members::map(std::string_view key, std::map<std::string, std::string>& to) {
  const json::Value* value = take(key);
  if (value == nullptr) return;
  if (!value->is_object()) {
    faults_.add(path_of(key), "is not an object", value);
    return;
  }
  for (const auto& [name, item] : value->members())
    if (is_text(item, json::pointer_append(path_of(key), name), faults_))
      to[name] = item.as_string();
}

template <class Status>
void JsonReader::status(Members& members, Status& to) {
  const json::Value* code = members.take("status_code");
  std::string name;
  members.text("status_name", name);
  if (code == nullptr) {
    faults_.add(members.path_of("status_code"), "is missing");
    return;
  }
  if (code->is_string()) {
    const auto found = status_named(code->as_string(), Status{});
    if (found) {
      to = *found;
    } else {
      faults_.add(members.path_of("status_code"), "is no status of this type", code);
    }
  } else if (const auto number = code->is_number() ? code->as_int64() : std::nullopt;
             number && *number >= std::numeric_limits<std::int32_t>::min() &&
             *number <= std::numeric_limits<std::int32_t>::max()) {
    to = static_cast<Status>(static_cast<std::int32_t>(*number));
  } else {
    faults_.add(members.path_of("status_code"), "is neither a code nor a name", code);
  }
  const std::string_view expected = name_of(to);
  if (!name.empty() && !expected.empty() && status_named(name, Status{}) != to)
    faults_.add_text(members.path_of("status_name"),
                     fmt::format("does not fit the code, whose name is {}", expected), name);
}

BuildEvent JsonReader::event(const json::Value& value, const std::string& path) {
  BuildEvent event;
  Members members(value, path, faults_);
  members.text("event_id", event.event_id);
  members.integer("timestamp", event.timestamp);
  members.text("build_request_id", event.build_request_id);
  event.event_id = lowered(std::move(event.event_id));
  event.build_request_id = lowered(std::move(event.build_request_id));
  bool has_payload = false;
  for (std::size_t i = 0; i < k_event_types; ++i) {
    const auto type = static_cast<EventType>(i);
    const std::string key = std::string(name_of(type)) + "_event";
    const json::Value* payload = members.take(key);
    if (payload == nullptr) continue;
    if (has_payload) {
      faults_.add(members.path_of(key), "is a second payload");
    } else {
      event.payload = this->payload(type, *payload, members.path_of(key));
    }
    has_payload = true;
  }
  if (members.is_object() && !has_payload)
    faults_.add(path, "has no payload, such as partition_event");
  members.finish();
  return event;
}

Payload JsonReader::payload(EventType type, const json::Value& value, const std::string& path) {
  Members members(value, path, faults_);
  Payload payload;
  switch (type) {
    case EventType::build_request: {
      auto& event = payload.emplace<BuildRequestEvent>();
      status(members, event.status);
      members.refs("requested_partitions", event.requested_partitions);
      members.text("message", event.message);
      break;
    }
    case EventType::partition: {
      auto& event = payload.emplace<PartitionEvent>();
      members.wrapped("partition_ref", "str", event.partition_ref);
      status(members, event.status);
      members.text("message", event.message);
      members.text("job_run_id", event.job_run_id);
      break;
    }
    case EventType::job: {
      auto& event = payload.emplace<JobEvent>();
      members.text("job_run_id", event.job_run_id);
      members.wrapped("job_label", "label", event.job_label);
      members.refs("target_partitions", event.target_partitions);
      status(members, event.status);
      members.text("message", event.message);
      if (const auto* config = members.take("config"))
        event.config = this->config(*config, members.path_of("config"));
      if (const auto* list = members.take("manifests"))
        event.manifests = manifests(*list, members.path_of("manifests"), 1);
      break;
    }
    case EventType::delegation: {
      auto& event = payload.emplace<DelegationEvent>();
      members.wrapped("partition_ref", "str", event.partition_ref);
      members.text("delegated_to_build_request_id", event.delegated_to_build_request_id);
      event.delegated_to_build_request_id = lowered(std::move(event.delegated_to_build_request_id));
      members.text("message", event.message);
      break;
    }
    case EventType::job_graph: {
      auto& event = payload.emplace<JobGraphEvent>();
      if (const auto* graph = members.take("job_graph"))
        event.job_graph = this->graph(*graph, members.path_of("job_graph"));
      members.text("message", event.message);
      break;
    }
    case EventType::partition_invalidation: {
      auto& event = payload.emplace<PartitionInvalidationEvent>();
      members.wrapped("partition_ref", "str", event.partition_ref);
      members.text("reason", event.reason);
      break;
    }
    case EventType::task_cancel: {
      auto& event = payload.emplace<TaskCancelEvent>();
      members.text("job_run_id", event.job_run_id);
      members.text("reason", event.reason);
      break;
    }
    case EventType::build_cancel:
      members.text("reason", payload.emplace<BuildCancelEvent>().reason);
      break;
  }
  members.finish();
  return payload;
}

JobConfig JsonReader::config(const json::Value& value, const std::string& path) {
  JobConfig config;
  Members members(value, path, faults_);
  members.refs("outputs", config.outputs);
  if (const auto* inputs = members.take("inputs")) {
    const std::string at = members.path_of("inputs");
    if (is_array(*inputs, at, faults_))
      for (std::size_t i = 0; i < inputs->items().size(); ++i)
        config.inputs.push_back(dep(inputs->items()[i], json::pointer_append(at, i)));
  }
  members.texts("args", config.args);
  members.map("env", config.env);
  members.finish();
  return config;
}

DataDep JsonReader::dep(const json::Value& value, const std::string& path) {
  DataDep dep;
  Members members(value, path, faults_);
  constexpr std::string_view k_code = "dep_type_code", k_name = "dep_type_name";
  if (const auto* code = members.take(k_code)) {
    const std::int64_t number = code->is_number() ? code->as_int64().value_or(-1) : -1;
    const std::string name = code->is_string() ? lowered(code->as_string()) : std::string();
    if (number == 1 || name == name_of(DepType::materialize)) {
      dep.type = DepType::materialize;
    } else if (number != 0 && name != name_of(DepType::query)) {
      faults_.add(members.path_of(k_code), "is no type of a dependency", code);
    }
  }
  members.text(k_name, dep.type_name);
  if (!dep.type_name.empty() && dep.type_name != name_of(dep.type))
    faults_.add_text(members.path_of(k_name), "does not fit the code", dep.type_name);
  dep.type_name = name_of(dep.type);
  members.wrapped("partition_ref", "str", dep.partition_ref);
  members.finish();
  return dep;
}

Task JsonReader::task(const json::Value& value, const std::string& path) {
  Task task;
  Members members(value, path, faults_);
  members.wrapped("job", "label", task.job);
  if (const auto* config = members.take("config"))
    task.config = this->config(*config, members.path_of("config"));
  members.finish();
  return task;
}

std::vector<PartitionManifest> JsonReader::manifests(const json::Value& value,
                                                     const std::string& path, std::size_t depth) {
  std::vector<PartitionManifest> manifests;
  if (!is_array(value, path, faults_) || value.items().empty()) return manifests;
  if (depth > limits_.manifest_depth_max) {
    faults_.add(path, fmt::format("more than {} manifests stand within each other",
                                  limits_.manifest_depth_max));
    return manifests;
  }
  manifests.reserve(value.items().size());
  for (std::size_t i = 0; i < value.items().size(); ++i)
    manifests.push_back(manifest(value.items()[i], json::pointer_append(path, i), depth));
  return manifests;
}

PartitionManifest JsonReader::manifest(const json::Value& value, const std::string& path,
                                       std::size_t depth) {
  PartitionManifest manifest;
  Members members(value, path, faults_);
  members.refs("outputs", manifest.outputs);
  if (const auto* inputs = members.take("inputs"))
    manifest.inputs = manifests(*inputs, members.path_of("inputs"), depth + 1);
  members.integer("start_time", manifest.start_time);
  members.integer("end_time", manifest.end_time);
  if (const auto* task = members.take("task"))
    manifest.task = this->task(*task, members.path_of("task"));
  members.map("metadata", manifest.metadata);
  members.finish();
  return manifest;
}

JobGraph JsonReader::graph(const json::Value& value, const std::string& path) {
  JobGraph graph;
  Members members(value, path, faults_);
  members.wrapped("label", "label", graph.label);
  members.refs("outputs", graph.outputs);
  if (const auto* nodes = members.take("nodes")) {
    const std::string at = members.path_of("nodes");
    if (is_array(*nodes, at, faults_))
      for (std::size_t i = 0; i < nodes->items().size(); ++i)
        graph.nodes.push_back(task(nodes->items()[i], json::pointer_append(at, i)));
  }
  members.finish();
  return graph;
}

}  // namespace bl::events
