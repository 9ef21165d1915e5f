#include "events/sql/states.h"

#include <algorithm>

#include "base/json.h"
#include "events/sql/event_rows.h"

namespace bl::events {
namespace {

bool is_end(JobStatus status) {
  return status == JobStatus::completed || status == JobStatus::failed ||
         status == JobStatus::cancelled;
}

}  // namespace

void fold(std::optional<BuildState>& state, const BuildRequestEvent& event, Moment moment) {
  if (!state) state = BuildState{.status = event.status, .created = moment, .updated = moment};
  state->created = std::min(state->created, moment);
  if (state->updated <= moment) {
    state->updated = moment;
    state->status = event.status;
  }
  if (!event.requested_partitions.empty() && (!state->requested || *state->requested < moment)) {
    state->requested = moment;
    state->requested_json = texts_json(event.requested_partitions);
  }
}

void fold(std::optional<PartitionStateRow>& state, const PartitionEvent& event,
          std::string_view build_request_id, Moment moment) {
  if (!state) state = PartitionStateRow{.updated = moment};
  if (state->updated <= moment) {
    state->updated = moment;
    state->status = event.status;
    state->build_request_id = build_request_id;
  }
  if (event.status == PartitionStatus::available &&
      (!state->available || *state->available < moment)) {
    state->available = moment;
    state->available_build = build_request_id;
  }
}

void fold(std::optional<RunState>& state, const JobEvent& event, Moment moment) {
  if (!state) state = RunState{.updated = moment};
  if (state->updated <= moment) {
    state->updated = moment;
    state->status = event.status;
    state->targets = static_cast<std::int64_t>(event.target_partitions.size());
  }
  if (event.status == JobStatus::running && (!state->running || moment < *state->running)) {
    state->running = moment;
  }
}

void fold(LabelState& state, const JobEvent& event, std::string_view build_request_id,
          Moment moment) {
  if (state.last <= moment) {
    state.last = moment;
    state.last_status = event.status;
  }
  auto& recent = state.recent;
  const auto same = std::ranges::find(recent, build_request_id, &LabelState::Build::id);
  if (same == recent.end()) {
    recent.push_back({std::string(build_request_id), moment});
  } else {
    same->moment = std::max(same->moment, moment);
  }
  // What falls out comes back with a newer event only: an older one could not pass those that stay.
  std::ranges::sort(recent, std::greater(), &LabelState::Build::moment);
  if (recent.size() > k_recent_builds) recent.resize(k_recent_builds);
}

void count(LabelState& state, const RunState& run, int sign) {
  state.runs += sign;
  state.targets += sign * run.targets;
  if (run.status == JobStatus::completed) state.successful += sign;
  if (run.status == JobStatus::failed) state.failed += sign;
  if (run.status == JobStatus::cancelled) state.cancelled += sign;
  if (!run.running || !is_end(run.status) || run.updated <= *run.running) return;
  state.timed += sign;
  state.duration += sign * (run.updated.at - run.running->at);
}

std::string recent_json(const std::vector<LabelState::Build>& recent) {
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const LabelState::Build& build : recent) {
    writer.begin_array();
    writer.value(build.id).value(build.moment.at).value(build.moment.sequence);
    writer.end_array();
  }
  writer.end_array();
  return out;
}

Result<std::vector<LabelState::Build>> recent_of_json(std::string_view text) {
  BL_TRY(const json::Value value, json::parse(text));
  std::vector<LabelState::Build> recent;
  const auto broken = [&] {
    return Error(Code::corrupt, "not the recent builds of a label: " + std::string(text));
  };
  if (!value.is_array()) return broken();
  for (const json::Value& item : value.items()) {
    if (!item.is_array() || item.items().size() != 3 || !item.items()[0].is_string()) {
      return broken();
    }
    const auto at = item.items()[1].is_number() ? item.items()[1].as_int64() : std::nullopt;
    const auto sequence = item.items()[2].is_number() ? item.items()[2].as_int64() : std::nullopt;
    if (!at || !sequence) return broken();
    recent.push_back({item.items()[0].as_string(), {*at, *sequence}});
  }
  return recent;
}

}  // namespace bl::events
