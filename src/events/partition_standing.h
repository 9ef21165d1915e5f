#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "events/log.h"

/// How a partition stands, from all that a log can say of it: one answer for the route and the
/// command. Threads: those of the log.
namespace bl::events {

struct PartitionStanding {
  PartitionRef partition_ref;
  PartitionState state;
  std::vector<std::string> active_builds;      ///< EventLog::active_builds_for_partition
  std::optional<std::string> available_build;  ///< EventLog::build_request_for_available_partition
};

/// nullopt: no partition event names the ref. Errors: those of the log.
Result<std::optional<PartitionStanding>> partition_standing(EventLog& log, std::string_view ref);

void encode(json::Writer& out, const PartitionStanding& standing);

}  // namespace bl::events
