#include "events/protobuf.h"

#include <fmt/format.h>

#include "events/model/wire.h"

/// Fields as proto/databuild/v1/databuild.proto numbers them.
namespace bl::events {
namespace {

using wire::Field;
using wire::put_int;
using wire::put_map;
using wire::put_message;
using wire::put_text;
using wire::read_int;
using wire::read_map;
using wire::read_text;
using wire::Reader;

constexpr std::uint32_t k_first_payload = 10;

template <class Enum>
void put_enum(std::string& out, std::uint32_t field, Enum value) {
  put_int(out, field, static_cast<std::int32_t>(value));
}
// PartitionRef, JobLabel and GraphLabel: messages of one text. Empty: as if never set.
void put_ref(std::string& out, std::uint32_t field, std::string_view text) {
  put_message(out, field, [&] { put_text(out, 1, text); });
}
void put_refs(std::string& out, std::uint32_t field, const std::vector<PartitionRef>& refs) {
  for (const PartitionRef& ref : refs) put_ref(out, field, ref);
}
void put_set_ref(std::string& out, std::uint32_t field, std::string_view text) {
  if (!text.empty()) put_ref(out, field, text);
}

void put(std::string& out, const DataDep& dep) {
  put_enum(out, 1, dep.type);
  put_text(out, 2, dep.type_name);
  put_set_ref(out, 3, dep.partition_ref);
}
void put(std::string& out, const JobConfig& config) {
  put_refs(out, 1, config.outputs);
  for (const DataDep& dep : config.inputs) put_message(out, 2, [&] { put(out, dep); });
  for (const std::string& arg : config.args) wire::put_element(out, 3, arg);
  put_map(out, 4, config.env);
}
void put(std::string& out, const Task& task) {
  put_set_ref(out, 1, task.job);
  put_message(out, 2, [&] { put(out, task.config); });
}
void put(std::string& out, const PartitionManifest& manifest) {
  put_refs(out, 1, manifest.outputs);
  for (const PartitionManifest& input : manifest.inputs)
    put_message(out, 2, [&] { put(out, input); });
  put_int(out, 3, manifest.start_time);
  put_int(out, 4, manifest.end_time);
  if (manifest.task) put_message(out, 5, [&] { put(out, *manifest.task); });
  put_map(out, 6, manifest.metadata);
}
void put(std::string& out, const JobGraph& graph) {
  put_set_ref(out, 1, graph.label);
  put_refs(out, 2, graph.outputs);
  for (const Task& node : graph.nodes) put_message(out, 3, [&] { put(out, node); });
}

void put(std::string& out, const BuildRequestEvent& event) {
  put_enum(out, 1, event.status);
  put_text(out, 2, name_of(event.status));
  put_refs(out, 3, event.requested_partitions);
  put_text(out, 4, event.message);
}
void put(std::string& out, const PartitionEvent& event) {
  put_set_ref(out, 1, event.partition_ref);
  put_enum(out, 2, event.status);
  put_text(out, 3, name_of(event.status));
  put_text(out, 4, event.message);
  put_text(out, 5, event.job_run_id);
}
void put(std::string& out, const JobEvent& event) {
  put_text(out, 1, event.job_run_id);
  put_set_ref(out, 2, event.job_label);
  put_refs(out, 3, event.target_partitions);
  put_enum(out, 4, event.status);
  put_text(out, 5, name_of(event.status));
  put_text(out, 6, event.message);
  if (event.config) put_message(out, 7, [&] { put(out, *event.config); });
  for (const PartitionManifest& manifest : event.manifests)
    put_message(out, 8, [&] { put(out, manifest); });
}
void put(std::string& out, const DelegationEvent& event) {
  put_set_ref(out, 1, event.partition_ref);
  put_text(out, 2, event.delegated_to_build_request_id);
  put_text(out, 3, event.message);
}
void put(std::string& out, const JobGraphEvent& event) {
  put_message(out, 1, [&] { put(out, event.job_graph); });
  put_text(out, 2, event.message);
}
void put(std::string& out, const PartitionInvalidationEvent& event) {
  put_set_ref(out, 1, event.partition_ref);
  put_text(out, 2, event.reason);
}
void put(std::string& out, const TaskCancelEvent& event) {
  put_text(out, 1, event.job_run_id);
  put_text(out, 2, event.reason);
}
void put(std::string& out, const BuildCancelEvent& event) {
  put_text(out, 1, event.reason);
}

/// Reads messages; each member that is there twice is merged, as proto3 has it.
class Decoder {
 public:
  explicit Decoder(const EventLimits& limits) : limits_(limits) {}

  Result<BuildEvent> event(std::string_view bytes) {
    BuildEvent event;
    bool has_payload = false;
    for (Reader reader(bytes); !reader.at_end();) {
      BL_TRY(const Field field, reader.next());
      if (field.number == 1) BL_RETURN_IF_ERROR(read_text(field, event.event_id));
      if (field.number == 2) BL_RETURN_IF_ERROR(read_int(field, event.timestamp));
      if (field.number == 3) BL_RETURN_IF_ERROR(read_text(field, event.build_request_id));
      const std::uint32_t index = field.number - k_first_payload;
      if (field.number < k_first_payload || index >= k_event_types) continue;
      BL_RETURN_IF_ERROR(wire::expect_message(field));
      if (!has_payload || event.payload.index() != index) set_payload(event.payload, index);
      has_payload = true;
      BL_RETURN_IF_ERROR(std::visit([&](auto& to) { return message(field, to); }, event.payload));
    }
    if (!has_payload) return wire::corrupt_at(bytes.size(), "has no payload that is known");
    return event;
  }

 private:
  template <std::size_t I = 0>
  static void set_payload(Payload& payload, std::size_t index) {
    if constexpr (I < k_event_types) {
      if (I == index) {
        payload.emplace<I>();
      } else {
        set_payload<I + 1>(payload, index);
      }
    }
  }

  template <class T>
  Result<void> message(const Field& field, T& to) {
    BL_RETURN_IF_ERROR(wire::expect_message(field));
    for (Reader reader(field); !reader.at_end();) {
      BL_TRY(const Field member, reader.next());
      BL_RETURN_IF_ERROR(read(member, to));
    }
    return check_name(field, to);
  }
  template <class T>
  Result<void> element(const Field& field, std::vector<T>& to) {
    return message(field, to.emplace_back());
  }
  Result<void> ref(const Field& field, std::string& to) {
    BL_RETURN_IF_ERROR(wire::expect_message(field));
    for (Reader reader(field); !reader.at_end();) {
      BL_TRY(const Field member, reader.next());
      if (member.number == 1) BL_RETURN_IF_ERROR(read_text(member, to));
    }
    return {};
  }
  Result<void> refs(const Field& field, std::vector<PartitionRef>& to) {
    return ref(field, to.emplace_back());
  }
  template <class Enum>
  static Result<void> code(const Field& field, Enum& to) {
    std::int64_t value = 0;
    BL_RETURN_IF_ERROR(read_int(field, value));
    to = static_cast<Enum>(static_cast<std::int32_t>(value));
    return {};
  }
  Result<void> name(const Field& field) { return read_text(field, status_name_); }

  // The name beside a code may be left out; one that says something else is refused.
  template <class T>
  Result<void> check_name(const Field& field, T& message) {
    if constexpr (requires { message.status; }) {
      const std::string said = std::exchange(status_name_, {});
      const std::string_view expected = name_of(message.status);
      if (!said.empty() && !expected.empty() && said != expected)
        return wire::corrupt_at(field.offset,
                                fmt::format("names the status {} {}", expected, said));
    }
    return {};
  }

  Result<void> read(const Field& field, DataDep& to) {
    switch (field.number) {
      case 1:
        return code(field, to.type);
      case 2:
        return read_text(field, to.type_name);
      case 3:
        return ref(field, to.partition_ref);
    }
    return {};
  }
  Result<void> check_name(const Field&, DataDep& to) {
    if (to.type_name.empty()) to.type_name = name_of(to.type);
    return {};
  }
  Result<void> read(const Field& field, JobConfig& to) {
    switch (field.number) {
      case 1:
        return refs(field, to.outputs);
      case 2:
        return element(field, to.inputs);
      case 3:
        return read_text(field, to.args.emplace_back());
      case 4:
        return read_map(field, to.env);
    }
    return {};
  }
  Result<void> read(const Field& field, Task& to) {
    switch (field.number) {
      case 1:
        return ref(field, to.job);
      case 2:
        return message(field, to.config);
    }
    return {};
  }
  Result<void> read(const Field& field, PartitionManifest& to) {
    switch (field.number) {
      case 1:
        return refs(field, to.outputs);
      case 2:
        return manifest(field, to.inputs);
      case 3:
        return read_int(field, to.start_time);
      case 4:
        return read_int(field, to.end_time);
      case 5:
        return message(field, to.task ? *to.task : to.task.emplace());
      case 6:
        return read_map(field, to.metadata);
    }
    return {};
  }
  Result<void> manifest(const Field& field, std::vector<PartitionManifest>& to) {
    if (depth_ == limits_.manifest_depth_max)
      return wire::corrupt_at(field.offset,
                              fmt::format("has more than {} manifests within each other", depth_));
    ++depth_;
    auto done = element(field, to);
    --depth_;
    return done;
  }
  Result<void> read(const Field& field, JobGraph& to) {
    switch (field.number) {
      case 1:
        return ref(field, to.label);
      case 2:
        return refs(field, to.outputs);
      case 3:
        return element(field, to.nodes);
    }
    return {};
  }

  Result<void> read(const Field& field, BuildRequestEvent& to) {
    switch (field.number) {
      case 1:
        return code(field, to.status);
      case 2:
        return name(field);
      case 3:
        return refs(field, to.requested_partitions);
      case 4:
        return read_text(field, to.message);
    }
    return {};
  }
  Result<void> read(const Field& field, PartitionEvent& to) {
    switch (field.number) {
      case 1:
        return ref(field, to.partition_ref);
      case 2:
        return code(field, to.status);
      case 3:
        return name(field);
      case 4:
        return read_text(field, to.message);
      case 5:
        return read_text(field, to.job_run_id);
    }
    return {};
  }
  Result<void> read(const Field& field, JobEvent& to) {
    switch (field.number) {
      case 1:
        return read_text(field, to.job_run_id);
      case 2:
        return ref(field, to.job_label);
      case 3:
        return refs(field, to.target_partitions);
      case 4:
        return code(field, to.status);
      case 5:
        return name(field);
      case 6:
        return read_text(field, to.message);
      case 7:
        return message(field, to.config ? *to.config : to.config.emplace());
      case 8:
        return manifest(field, to.manifests);
    }
    return {};
  }
  Result<void> read(const Field& field, DelegationEvent& to) {
    switch (field.number) {
      case 1:
        return ref(field, to.partition_ref);
      case 2:
        return read_text(field, to.delegated_to_build_request_id);
      case 3:
        return read_text(field, to.message);
    }
    return {};
  }
  Result<void> read(const Field& field, JobGraphEvent& to) {
    switch (field.number) {
      case 1:
        return message(field, to.job_graph);
      case 2:
        return read_text(field, to.message);
    }
    return {};
  }
  Result<void> read(const Field& field, PartitionInvalidationEvent& to) {
    switch (field.number) {
      case 1:
        return ref(field, to.partition_ref);
      case 2:
        return read_text(field, to.reason);
    }
    return {};
  }
  Result<void> read(const Field& field, TaskCancelEvent& to) {
    switch (field.number) {
      case 1:
        return read_text(field, to.job_run_id);
      case 2:
        return read_text(field, to.reason);
    }
    return {};
  }
  Result<void> read(const Field& field, BuildCancelEvent& to) {
    return field.number == 1 ? read_text(field, to.reason) : Result<void>{};
  }

  const EventLimits& limits_;
  std::size_t depth_ = 0;
  std::string status_name_;  // of the message that is being read
};

}  // namespace

void append_protobuf(std::string& out, const BuildEvent& event) {
  put_text(out, 1, event.event_id);
  put_int(out, 2, event.timestamp);
  put_text(out, 3, event.build_request_id);
  const auto field = k_first_payload + static_cast<std::uint32_t>(event.payload.index());
  put_message(out, field,
              [&] { std::visit([&](const auto& payload) { put(out, payload); }, event.payload); });
}

std::string to_protobuf(const BuildEvent& event) {
  std::string out;
  append_protobuf(out, event);
  return out;
}

Result<BuildEvent> from_protobuf(std::string_view bytes, const EventLimits& limits) {
  return Decoder(limits).event(bytes);
}

}  // namespace bl::events
