#include "events/partition_standing.h"

namespace bl::events {

Result<std::optional<PartitionStanding>> partition_standing(EventLog& log, std::string_view ref) {
  BL_TRY(const auto state, log.latest_partition_status(ref));
  if (!state) return std::optional<PartitionStanding>();
  PartitionStanding standing{.partition_ref = std::string(ref),
                             .state = *state,
                             .active_builds = {},
                             .available_build = {}};
  BL_TRY(standing.active_builds, log.active_builds_for_partition(ref));
  BL_TRY(standing.available_build, log.build_request_for_available_partition(ref));
  return std::optional(std::move(standing));
}

void encode(json::Writer& out, const PartitionStanding& standing) {
  out.begin_object().key("partition_ref").begin_object();
  out.member("str", standing.partition_ref).end_object();
  out.member("status_code", static_cast<int>(standing.state.status));
  out.member("status_name", name_of(standing.state.status));
  out.member("timestamp", std::to_string(standing.state.timestamp));
  out.key("active_builds").begin_array();
  for (const std::string& build : standing.active_builds) out.value(build);
  out.end_array().member("available_build_request_id", standing.available_build).end_object();
}

}  // namespace bl::events
