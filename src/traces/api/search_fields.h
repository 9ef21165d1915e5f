#pragma once

#include "net/query_fields.h"
#include "traces/filter.h"

/// The filter of a search as query parameters. Private to this domain.
namespace bl::traces {

/// `service`, `operation`, `kind`, `status`, `min_duration`, `max_duration`, `run_id`, `attribute`
/// (`KEY=VALUE`, may be repeated), `q` (TraceQL). All of them hold of one and the same span.
/// What is wrong becomes a fault.
SpanFilter filter_of(net::QueryFields& fields);

}  // namespace bl::traces
