#pragma once

#include "events/log.h"
#include "net/query_fields.h"

/// The parameters that choose events; each may be given again: then one of its values must fit.
namespace bl::events {

/// `partition`, `partition_pattern`, `job_label`, `job_run_id`, `build_request_id`, `type`. Faults
/// are added to `fields`.
EventFilter filter_of(net::QueryFields& fields);
/// The same, as they stand in a query: empty, or beginning with `&`.
std::string query_of(const EventFilter& filter);

}  // namespace bl::events
