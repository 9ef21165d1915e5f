#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "traces/trace_store.h"
#include "traces/traceql.h"

/// What Tempo's clients read, Grafana above all (spec/traces.md 6.3). Pure.
namespace bl::traces {

/// `/api/search`: of each hit the spans that it holds, with those of the selected fields that they
/// have. Zeros are left out, ids are never shortened; a root that did not come is
/// `<root span not yet received>`. An answer that is partial says fewer completed than total jobs.
std::string encode_tempo_search(const SearchAnswer& answer,
                                const std::vector<SpanField>& selected = {});

/// `/api/traces/{id}`: `{"batches":[..]}`; as protobuf it is encode_otlp_protobuf().
std::string encode_tempo_trace_v1(const Spans& spans);
/// `/api/v2/traces/{id}`: `{"trace":{"resourceSpans":[..]},"metrics":{..}}` and, when the answer is
/// partial or has more pages, `"status":"PARTIAL","message":..`.
std::string encode_tempo_trace_v2(const TraceAnswer& answer);
/// The same as protobuf: `TraceByIDResponse`.
std::string encode_tempo_trace_v2_protobuf(const TraceAnswer& answer);

/// `scope=` of the requests for tags: `none`, `all` or empty is everything. nullopt: something
/// else.
struct TempoScope {
  std::optional<AttributePlace> place;  ///< nullopt: all of them
  bool has_intrinsics = true;
  bool has_attributes = true;
};
std::optional<TempoScope> tempo_scope_named(std::string_view name);
/// `/api/search/tags`: names of the attributes in the scope, each once, sorted.
std::string encode_tempo_tag_names(const std::vector<AttributeKey>& keys,
                                   const TempoScope& scope = {});
/// `/api/v2/search/tags`: the same by scope, and the intrinsics. Scopes without tags are left out.
std::string encode_tempo_scoped_tags(const std::vector<AttributeKey>& keys,
                                     const TempoScope& scope = {});

/// All values of a field that has few: status and kind. nullopt: ask the store.
std::optional<std::vector<AnyValue>> tempo_keywords(const SpanField& field);
/// What the spans of the hits have in a field, each value once, elements of lists too.
std::vector<AnyValue> tempo_values_in(const std::vector<TraceHit>& hits, const SpanField& field);
/// `/api/search/tag/{tag}/values`: as texts, each once.
std::string encode_tempo_tag_values(const std::vector<AnyValue>& values);
/// `/api/v2/search/tag/{field}/values`: with their types. Statuses and kinds are keywords,
/// durations `duration`; bytes, lists and maps are left out, no query can ask for them.
std::string encode_tempo_typed_values(const SpanField& field, const std::vector<AnyValue>& values);

}  // namespace bl::traces
