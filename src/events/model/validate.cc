#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"
#include "events/model.h"
#include "events/protobuf.h"

namespace bl::events {
namespace {

constexpr std::string_view k_refused = "the event cannot be accepted";

/// Where a value stands. Its text is made when there is a fault only: most events have none.
class Path {
 public:
  explicit Path(EventType type) : name_(name_of(type)) {}
  Path(const Path& parent, std::string_view name) : parent_(&parent), name_(name) {}
  Path(const Path& parent, std::size_t index) : parent_(&parent), index_(index) {}

  std::string text() const {
    if (parent_ == nullptr) return fmt::format("/{}_event", name_);
    if (name_.data() == nullptr) return json::pointer_append(parent_->text(), index_);
    return json::pointer_append(parent_->text(), valid_utf8(name_));
  }

 private:
  const Path* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = 0;
};

/// Without NUL, and ASCII: what nearly all texts are.
bool is_plain(std::string_view text) {
  unsigned others = 0;
  for (const char c : text) others |= static_cast<unsigned char>(c) - 1u >= 0x7f;
  return others == 0;
}

/// One pass over one event: the faults of all members are collected.
class Validator {
 public:
  Validator(const BuildEvent& event, const EventLimits& limits) : event_(event), limits_(limits) {}

  Result<void> run() {
    uuid_at_top("event_id", event_.event_id);
    if (event_.timestamp <= 0)
      faults_.add_text("/timestamp", "is not positive", std::to_string(event_.timestamp));
    uuid_at_top("build_request_id", event_.build_request_id);
    const Path at(event_.type());
    std::visit([&](const auto& payload) { check(at, payload); }, event_.payload);
    if (!faults_.ok()) return faults_.to_error(k_refused);
    size();
    if (sizes_.ok()) return {};
    Error error = sizes_.to_error(k_refused);
    error.code = Code::too_large;
    return error;
  }

 private:
  void check(const Path& at, const BuildRequestEvent& build) {
    status(at, build.status);
    refs({at, "requested_partitions"}, build.requested_partitions);
    message({at, "message"}, build.message);
  }
  void check(const Path& at, const PartitionEvent& partition) {
    needed({at, "partition_ref"}, partition.partition_ref);
    status(at, partition.status);
    message({at, "message"}, partition.message);
    name({at, "job_run_id"}, partition.job_run_id);
  }
  void check(const Path& at, const JobEvent& job) {
    needed({at, "job_run_id"}, job.job_run_id);
    needed({at, "job_label"}, job.job_label);
    refs({at, "target_partitions"}, job.target_partitions);
    status(at, job.status);
    message({at, "message"}, job.message);
    if (job.config) check({at, "config"}, *job.config);
    manifests({at, "manifests"}, job.manifests, 1);
  }
  void check(const Path& at, const DelegationEvent& delegation) {
    needed({at, "partition_ref"}, delegation.partition_ref);
    uuid({at, "delegated_to_build_request_id"}, delegation.delegated_to_build_request_id);
    message({at, "message"}, delegation.message);
  }
  void check(const Path& at, const JobGraphEvent& event) {
    const JobGraph& graph = event.job_graph;
    const Path graph_at(at, "job_graph"), nodes(graph_at, "nodes");
    name({graph_at, "label"}, graph.label);
    refs({graph_at, "outputs"}, graph.outputs);
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) check({nodes, i}, graph.nodes[i]);
    message({at, "message"}, event.message);
  }
  void check(const Path& at, const PartitionInvalidationEvent& event) {
    needed({at, "partition_ref"}, event.partition_ref);
    message({at, "reason"}, event.reason);
  }
  void check(const Path& at, const TaskCancelEvent& event) {
    needed({at, "job_run_id"}, event.job_run_id);
    message({at, "reason"}, event.reason);
  }
  void check(const Path& at, const BuildCancelEvent& event) {
    message({at, "reason"}, event.reason);
  }

  void check(const Path& at, const Task& task) {
    needed({at, "job"}, task.job);
    check({at, "config"}, task.config);
  }
  void check(const Path& at, const JobConfig& config) {
    refs({at, "outputs"}, config.outputs);
    const Path inputs(at, "inputs"), args(at, "args");
    for (std::size_t i = 0; i < config.inputs.size(); ++i) {
      const DataDep& dep = config.inputs[i];
      const Path path(inputs, i);
      if (name_of(dep.type).empty()) {
        faults_.add_text(Path(path, "dep_type_code").text(), "is no type of a dependency",
                         std::to_string(static_cast<std::int32_t>(dep.type)));
      } else if (dep.type_name != name_of(dep.type)) {
        faults_.add_text(Path(path, "dep_type_name").text(), "does not fit the code",
                         dep.type_name);
      }
      needed({path, "partition_ref"}, dep.partition_ref);
    }
    for (std::size_t i = 0; i < config.args.size(); ++i) text({args, i}, config.args[i]);
    texts({at, "env"}, config.env);
  }
  void manifests(const Path& at, const std::vector<PartitionManifest>& list, std::size_t depth) {
    if (list.empty()) return;
    if (depth > limits_.manifest_depth_max) {
      sizes_.add_text(
          at.text(),
          fmt::format("more than {} manifests stand within each other", limits_.manifest_depth_max),
          "");
      return;
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
      const PartitionManifest& manifest = list[i];
      const Path path(at, i);
      refs({path, "outputs"}, manifest.outputs);
      manifests({path, "inputs"}, manifest.inputs, depth + 1);
      if (manifest.task) check({path, "task"}, *manifest.task);
      texts({path, "metadata"}, manifest.metadata);
    }
  }
  void texts(const Path& at, const std::map<std::string, std::string>& map) {
    for (const auto& [key, value] : map) {
      text(at, key);
      text({at, key}, value);
    }
  }

  template <class Status>
  void status(const Path& at, Status status) {
    if (status != Status::unknown && !name_of(status).empty()) return;
    faults_.add_text(Path(at, "status_code").text(), "is no status of this type",
                     std::to_string(static_cast<std::int32_t>(status)));
  }
  void uuid_at_top(const char* name, std::string_view id) {
    if (!is_uuid(id)) quoted(faults_, std::string("/") + name, "is not a UUID in lower case", id);
  }
  void uuid(const Path& at, std::string_view id) {
    if (!is_uuid(id)) quoted(faults_, at.text(), "is not a UUID in lower case", id);
  }
  void refs(const Path& at, const std::vector<PartitionRef>& list) {
    for (std::size_t i = 0; i < list.size(); ++i) needed({at, i}, list[i]);
  }
  void needed(const Path& at, std::string_view text) {
    if (text.empty()) faults_.add_text(at.text(), "is empty", "");
    name(at, text);
  }
  void name(const Path& at, std::string_view name) {
    text(at, name);
    if (name.size() > limits_.text_bytes_max)
      quoted(sizes_, at.text(), fmt::format("is longer than {} bytes", limits_.text_bytes_max),
             name);
  }
  void message(const Path& at, std::string_view message) { text(at, message); }
  void text(const Path& at, std::string_view text) {
    bytes_ += text.size() + 16;
    if (is_plain(text)) return;
    if (text.find('\0') != std::string_view::npos) {
      faults_.add_text(at.text(), "must not contain U+0000", "");
    } else if (!is_utf8(text)) {
      faults_.add_text(at.text(), "is not UTF-8", "");
    }
  }
  static void quoted(json::Faults& faults, std::string at, std::string message,
                     std::string_view value) {
    const json::Value text = json::Value::string(valid_utf8(value.substr(0, 200)));
    faults.add(std::move(at), std::move(message), &text);
  }
  // What the texts come to is close: the wire's own size is asked near the limit only.
  void size() {
    if (bytes_ + 1024 < limits_.event_bytes_max / 2) return;
    const std::size_t bytes = to_protobuf(event_).size();
    if (bytes <= limits_.event_bytes_max) return;
    sizes_.add_text("", fmt::format("is larger than {} bytes", limits_.event_bytes_max),
                    std::to_string(bytes));
  }

  const BuildEvent& event_;
  const EventLimits& limits_;
  json::Faults faults_;
  json::Faults sizes_;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<void> validate(const BuildEvent& event, const EventLimits& limits) {
  return Validator(event, limits).run();
}

}  // namespace bl::events
