#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "base/result.h"

/// The serving benchmark's own JSON -> a result row of schema v1 or v2, so that a team without the
/// sweep's runner can start from what `benchmark_serving` writes (spec/inference.md 2.2, 2.3).
/// Pure.
namespace bl::inference {

/// What is not in the benchmark's file, under the names of the runner's environment variables:
/// RUNNER_TYPE, FRAMEWORK, PRECISION, SPEC_DECODING, ISL, OSL, DISAGG, MODEL_PREFIX, IMAGE, and
/// TP, EP_SIZE, DP_ATTENTION of one node, or PREFILL_*, DECODE_* with IS_MULTINODE=true.
using RunnerSettings = std::map<std::string, std::string, std::less<>>;

/// States of the schema, by when they began; older rows are still in archives and comparisons.
enum class RowRevision : unsigned char { august_2025, october_2025, november_2025, august_2026 };

/// Throughputs per GPU (output per decode GPU, input per prefill GPU), latencies in seconds,
/// interactivity as 1000 / tpot in ms. Members in the runner's order.
/// Errors: invalid: settings are missing, contradict each other or are no numbers; the benchmark
/// lacks a throughput; a time per output token is 0 (a failed benchmark has no row).
Result<json::Value> process_result(const json::Value& bench, const RunnerSettings& settings,
                                   RowRevision revision = RowRevision::august_2026);

}  // namespace bl::inference
