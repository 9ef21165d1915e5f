#include "events/api/decode_answers.h"

#include "base/numbers.h"
#include "events/decode.h"

namespace bl::events {
namespace {

/// Reads members of an object; the first that is not as it must be is the error.
class Members {
 public:
  explicit Members(const json::Value& object) : object_(object) {}

  std::string text(std::string_view name) {
    const json::Value* value = find(name);
    if (value != nullptr && value->is_string()) return value->as_string();
    fail(name);
    return {};
  }
  bool flag(std::string_view name) {
    const json::Value* value = find(name);
    if (value != nullptr && value->is_bool()) return value->as_bool();
    fail(name);
    return false;
  }
  /// A number, or its digits as a text.
  std::int64_t integer(std::string_view name) {
    const json::Value* value = find(name);
    std::optional<std::int64_t> number;
    if (value != nullptr && value->is_number()) number = value->as_int64();
    if (value != nullptr && value->is_string()) number = parse_int64(value->as_string());
    if (!number) fail(name);
    return number.value_or(0);
  }
  double number(std::string_view name) {
    const json::Value* value = find(name);
    if (value != nullptr && value->is_number()) return value->as_double();
    fail(name);
    return 0;
  }
  /// `{"str": "..."}` and the like.
  std::string wrapped(std::string_view name, std::string_view inner) {
    const json::Value* value = find(name);
    return value == nullptr ? (fail(name), std::string()) : wrapped(name, *value, inner);
  }
  std::vector<std::string> refs(std::string_view name) {
    std::vector<std::string> refs;
    for (const json::Value& item : items(name)) refs.push_back(wrapped(name, item, "str"));
    return refs;
  }
  std::vector<std::string> texts(std::string_view name) {
    std::vector<std::string> texts;
    for (const json::Value& item : items(name)) {
      if (!item.is_string()) fail(name);
      texts.push_back(item.is_string() ? item.as_string() : std::string());
    }
    return texts;
  }
  const json::Array& items(std::string_view name) {
    static const json::Array k_none;
    const json::Value* value = find(name);
    if (value != nullptr && value->is_array()) return value->items();
    fail(name);
    return k_none;
  }
  const json::Value* find(std::string_view name) const { return object_.find(name); }

  Result<void> finish() const {
    if (missing_.empty()) return {};
    return Error{Code::malformed, "the server's answer has no such member: " + missing_};
  }
  template <class T>
  Result<T> finish(T value) const {
    BL_RETURN_IF_ERROR(finish());
    return value;
  }

 private:
  std::string wrapped(std::string_view name, const json::Value& value, std::string_view inner) {
    const json::Value* text = value.find(inner);
    if (text != nullptr && text->is_string()) return text->as_string();
    fail(name);
    return {};
  }
  void fail(std::string_view name) {
    if (missing_.empty()) missing_ = name;
  }

  const json::Value& object_;
  std::string missing_;
};

Result<BuildRequestSummary> build_of(const json::Value& value) {
  Members members(value);
  return members.finish(
      BuildRequestSummary{.build_request_id = members.text("build_request_id"),
                          .status = static_cast<BuildRequestStatus>(members.integer("status_code")),
                          .requested_partitions = members.refs("requested_partitions"),
                          .created_at = members.integer("created_at"),
                          .updated_at = members.integer("updated_at")});
}

Result<PartitionSummary> partition_of(const json::Value& value) {
  Members members(value);
  return members.finish(
      PartitionSummary{.partition_ref = members.wrapped("partition_ref", "str"),
                       .status = static_cast<PartitionStatus>(members.integer("status_code")),
                       .updated_at = members.integer("updated_at"),
                       .build_request_id = members.text("build_request_id")});
}

Result<JobSummary> job_of(const json::Value& value) {
  Members members(value);
  return members.finish(
      JobSummary{.job_label = members.wrapped("job_label", "label"),
                 .total_runs = members.integer("total_runs"),
                 .successful_runs = members.integer("successful_runs"),
                 .failed_runs = members.integer("failed_runs"),
                 .cancelled_runs = members.integer("cancelled_runs"),
                 .average_partitions_per_run = members.number("average_partitions_per_run"),
                 .last_run_timestamp = members.integer("last_run_timestamp"),
                 .last_run_status = static_cast<JobStatus>(members.integer("last_run_status_code")),
                 .recent_builds = members.texts("recent_builds"),
                 .timed_runs = members.integer("timed_runs"),
                 .total_duration = members.integer("total_duration")});
}

template <class T>
Result<std::vector<T>> all_of(Members& members, std::string_view name,
                              Result<T> (*decode)(const json::Value&)) {
  std::vector<T> all;
  for (const json::Value& item : members.items(name)) {
    BL_TRY(T one, decode(item));
    all.push_back(std::move(one));
  }
  BL_RETURN_IF_ERROR(members.finish());
  return all;
}

template <class T>
Result<Listed<T>> listed_of(const json::Value& answer, std::string_view name,
                            Result<T> (*decode)(const json::Value&)) {
  Members members(answer);
  Listed<T> listed;
  BL_TRY(listed.items, all_of(members, name, decode));
  listed.total = members.integer("total");
  return members.finish(std::move(listed));
}

Result<BuildEvent> event_of(const json::Value& value) {
  return decode_event(value);
}

}  // namespace

json::ParseLimits parse_limits(std::size_t bytes_max) {
  // Manifests within manifests, and the answer around the event.
  const auto depth = static_cast<int>(2 * EventLimits().manifest_depth_max + 32);
  return {.bytes_max = bytes_max,
          .depth_max = depth,
          .string_bytes_max = EventLimits().event_bytes_max,
          .values_max = bytes_max / 4};
}

Result<Appended> appended_of(const json::Value& answer) {
  Members members(answer);
  return members.finish(
      Appended{.added = members.integer("added"), .repeated = members.integer("repeated")});
}

Result<Events> events_of_answer(const json::Value& answer) {
  Members members(answer);
  Events events;
  BL_TRY(events.events, all_of(members, "events", event_of));
  events.has_more = members.flag("has_more");
  return members.finish(std::move(events));
}

Result<StoredEvent> stored_event_of(const json::Value& answer) {
  Members members(answer);
  StoredEvent stored{.sequence = members.integer("sequence"), .event = {}};
  BL_RETURN_IF_ERROR(members.finish());
  const json::Value* event = members.find("event");
  if (event == nullptr)
    return Error{Code::malformed, "the server's answer has no such member: event"};
  BL_TRY(stored.event, decode_event(*event));
  return stored;
}

Result<EventPage> event_page_of(const json::Value& answer) {
  Members members(answer);
  EventPage page;
  BL_TRY(page.events, all_of(members, "events", stored_event_of));
  page.next = members.integer("next_idx");
  page.has_more = members.flag("has_more");
  return members.finish(std::move(page));
}

Result<PartitionState> partition_state_of(const json::Value& answer) {
  Members members(answer);
  return members.finish(
      PartitionState{.status = static_cast<PartitionStatus>(members.integer("status_code")),
                     .timestamp = members.integer("timestamp")});
}

Result<std::vector<std::string>> active_builds_of(const json::Value& answer) {
  Members members(answer);
  return members.finish(members.texts("active_builds"));
}

Result<std::optional<std::string>> available_build_of(const json::Value& answer) {
  Members members(answer);
  const json::Value* build = members.find("available_build_request_id");
  if (build == nullptr || build->is_null()) return std::optional<std::string>();
  return members.finish(std::optional(members.text("available_build_request_id")));
}

Result<std::optional<BuildRequestSummary>> summary_of_build(const json::Value& answer) {
  const json::Value* build = answer.find("build");
  if (build == nullptr || build->is_null()) return std::optional<BuildRequestSummary>();
  BL_TRY(BuildRequestSummary summary, build_of(*build));
  return std::optional(std::move(summary));
}

Result<Listed<BuildRequestSummary>> builds_of(const json::Value& answer) {
  return listed_of(answer, "builds", build_of);
}
Result<Listed<PartitionSummary>> partitions_of_answer(const json::Value& answer) {
  return listed_of(answer, "partitions", partition_of);
}
Result<Listed<JobSummary>> jobs_of(const json::Value& answer) {
  return listed_of(answer, "jobs", job_of);
}

Result<ActivitySummary> activity_of(const json::Value& answer) {
  Members members(answer);
  ActivitySummary activity;
  activity.active_builds_count = members.integer("active_builds_count");
  activity.total_partitions_count = members.integer("total_partitions_count");
  BL_TRY(activity.recent_builds, all_of(members, "recent_builds", build_of));
  BL_TRY(activity.recent_partitions, all_of(members, "recent_partitions", partition_of));
  return activity;
}

Result<LogStatus> status_of(const json::Value& answer) {
  Members members(answer);
  LogStatus status{.backend = members.text("backend"),
                   .uri = members.text("uri"),
                   .events = members.integer("events"),
                   .newest = members.integer("newest"),
                   .unpublished = members.integer("unpublished"),
                   .schema_version = members.integer("schema_version"),
                   .bytes = members.integer("bytes"),
                   .version = std::nullopt,
                   .files = members.integer("files")};
  if (const json::Value* version = members.find("version"); version && !version->is_null()) {
    status.version = members.integer("version");
  }
  return members.finish(std::move(status));
}

}  // namespace bl::events
