#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "traces/trace_store.h"
#include "traces/traceql.h"

/// What Tempo's clients read, Grafana above all (spec/traces.md 6.3). Pure.
namespace bl::traces {

/// `/api/search`. Of each hit the spans that it holds, with the attributes that were selected and
/// there. Zeros are left out, ids are never shortened.
std::string encode_tempo_search(const SearchAnswer& answer,
                                const std::vector<SpanField>& selected = {});

/// `/api/traces/{id}`: `{"batches":[..]}`; with `Accept: application/protobuf` it is
/// encode_otlp_protobuf().
std::string encode_tempo_trace_v1(const Spans& spans);
/// `/api/v2/traces/{id}`: `{"trace":{"resourceSpans":[..]},"metrics":{..}}`, and, when the answer
/// is partial, `"status":"PARTIAL","message":..`.
std::string encode_tempo_trace_v2(const TraceAnswer& answer);
/// The same as protobuf: `TraceByIDResponse`.
std::string encode_tempo_trace_v2_protobuf(const TraceAnswer& answer);

/// `/api/search/tags`: names of attributes, each once, and `name`, `status` and their like are not
/// among them.
std::string encode_tempo_tag_names(const std::vector<AttributeKey>& keys);
/// Which scopes `/api/v2/search/tags` gives; `none`: what the service knows of is left out.
struct TempoScopes {
  bool attributes = true;  ///< of the keys given, by their places
  bool intrinsics = true;
};
/// `/api/v2/search/tags`: by scope, those with keys only.
std::string encode_tempo_scoped_tags(const std::vector<AttributeKey>& keys,
                                     const TempoScopes& scopes = {});
/// `scope=` of the request: `resource`, `span`, `event`, `link`, `instrumentation`. nullopt:
/// something else (`none`, empty and `intrinsic` are the caller's).
std::optional<AttributePlace> tempo_scope_named(std::string_view name);

/// `/api/search/tag/{tag}/values`: texts.
std::string encode_tempo_tag_values(const std::vector<AnyValue>& values);
/// `/api/v2/search/tag/{field}/values`: with types. Intrinsics of few values (status, kind) are
/// keywords, durations `duration`.
std::string encode_tempo_typed_values(const SpanField& field, const std::vector<AnyValue>& values);
/// All values of a field that has few: status, kind. Empty: ask the store.
std::vector<AnyValue> tempo_keywords(const SpanField& field);

}  // namespace bl::traces
