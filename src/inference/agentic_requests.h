#pragma once

#include "base/json.h"

/// The records of an agentic benchmark's requests -> `request_metrics` of an AgentX v3 row
/// (spec/inference.md 2.4). Pure.
namespace bl::inference {

/// `records`: one object for each request, times in ms under `metrics`, instants in ns under
/// `metadata`; those that failed or were not in the profiling phase do not count. `aggregate`: the
/// tool's own summary, of which only the theoretical cache hit rate is read. Latencies in seconds;
/// interactivity is the reciprocal of the latency's statistic, its deviation that of reciprocals.
/// What was not measured is an empty object, or null.
json::Value request_metrics(const json::Value& records, const json::Value& aggregate);

}  // namespace bl::inference
