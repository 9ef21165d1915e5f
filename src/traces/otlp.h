#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "traces/model.h"

/// OTLP's wires, protobuf and JSON (spec/traces.md 3.1-3.4), both ways.
namespace bl::traces {

/// What a request held. Spans stand in the sender's order, not canonical.
struct DecodedSpans {
  Spans spans;  ///< those that fit the model; ids of wrong length etc. are in `rejected`
  std::int64_t rejected = 0;
  /// Why, of the first few (at most 10): `/resourceSpans/0/scopeSpans/0/spans/3/traceId`, for both
  /// wires.
  std::vector<Fault> faults;
  /// `*_strindex` that were passed over: tables of texts are there in profiles only. Worth a
  /// warning to the sender.
  std::int64_t ignored_indices = 0;
};

/// `ExportTraceServiceRequest` (equal to `TracesData`). Unknown fields are passed over. Zero bytes
/// are an empty request. Errors: malformed (not this wire, a text that is not UTF-8, nested too
/// deep), too_large (more spans than the limit).
Result<DecodedSpans> decode_otlp_protobuf(std::string_view bytes, std::int64_t now_ns,
                                          const SpanLimits& limits = {});
/// The same as JSON: lowerCamelCase keys, hex ids in any case, 64-bit numbers as text or number,
/// enums as numbers or names, other keys passed over, null as absent. Errors: as above, with the
/// path.
Result<DecodedSpans> decode_otlp_json(std::string_view text, std::int64_t now_ns,
                                      const SpanLimits& limits = {});

/// `TracesData`: resources and scopes in the order in which they come first; equal ones of
/// neighbours together. Equal spans give equal bytes.
std::string encode_otlp_protobuf(const Spans& spans);
/// OTLP/JSON: hex ids, enums as numbers, 64-bit numbers as texts.
std::string encode_otlp_json(const Spans& spans);
/// What Tempo gives: base64 ids, enums by name. `list`: `batches` (v1) or `resourceSpans`.
std::string encode_tempo_json(const Spans& spans, std::string_view list);

/// `ExportTraceServiceResponse`; with nothing to say no bytes, or `{}`. The message is cut to 4
/// KiB.
struct PartialSuccess {
  std::int64_t rejected_spans = 0;
  std::string message;  ///< with no rejected spans: a warning
};
std::string encode_response_protobuf(const PartialSuccess& answer);
std::string encode_response_json(const PartialSuccess& answer);

/// `google.rpc.Status` with the canonical code of gRPC; faults as `google.rpc.BadRequest`; a pause
/// as `google.rpc.RetryInfo`.
std::string encode_status_protobuf(const Error& error, int grpc_code,
                                   std::optional<int> retry_after_seconds);
std::string encode_status_json(const Error& error, int grpc_code,
                               std::optional<int> retry_after_seconds);

/// One value as protobuf's AnyValue, for columns and tests. Errors: malformed.
std::string encode_any_value(const AnyValue& value);
Result<AnyValue> decode_any_value(std::string_view bytes, const SpanLimits& limits = {});

}  // namespace bl::traces
