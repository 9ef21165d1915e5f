#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "traces/trace_store.h"

/// What Jaeger's clients read (spec/traces.md 6.1, 6.2): the legacy JSON, and api_v3. Pure.
namespace bl::traces {

/// `data` of the legacy answers is an array or an object, `errors` null or a list:
/// `{"data":..,"total":n,"limit":0,"offset":0,"errors":null}`.
/// One trace for each element; of each all spans have one trace id. Microseconds: what is finer is
/// cut off.
std::string encode_jaeger_traces(const std::vector<Spans>& traces);
std::string encode_jaeger_services(const std::vector<std::string>& services);
/// Names alone, each once: `/api/services/{service}/operations`.
std::string encode_jaeger_operation_names(const std::vector<Operation>& operations);
/// `{name, spanKind}`: `/api/operations`.
std::string encode_jaeger_operations(const std::vector<Operation>& operations);
std::string encode_jaeger_dependencies(const std::vector<Dependency>& dependencies);
/// `data` null. `trace_id` where the error is of one.
std::string encode_jaeger_error(int http_status, std::string_view message,
                                std::optional<TraceId> trace_id = std::nullopt);

/// `{"services":[..]}`
std::string encode_jaeger_v3_services(const std::vector<std::string>& services);
/// `{"operations":[{"name","spanKind"}]}`; of no kind: internal.
std::string encode_jaeger_v3_operations(const std::vector<Operation>& operations);
/// `{"result":{"resourceSpans":[..]}}`, OTLP/JSON; of many traces: their spans one after another.
std::string encode_jaeger_v3_spans(const Spans& spans);
/// `{"summaries":[..]}`, zeros and empty texts left out; of none `{}`.
std::string encode_jaeger_v3_summaries(const std::vector<TraceSummary>& summaries);
/// `{"error":{"httpCode":..,"message":..}}`
std::string encode_jaeger_v3_error(int http_status, std::string_view message);
/// As api_v3's paths have it: hex or base64 (either alphabet, padded or not) of 16 bytes. nullopt:
/// something else, or the invalid id.
std::optional<TraceId> parse_jaeger_v3_trace_id(std::string_view text);

}  // namespace bl::traces
