#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columns/table.h"
#include "traces/model.h"

/// A span as a row of the lake table `spans`, which people read with their own tools:
/// docs/formats/traces.md says what the columns mean. Nothing of a canonical span is lost.
namespace bl::traces {

using SpanTable = columns::Table<
    // Ids are the bits of the wire's big-endian numbers, as two's complement.
    columns::Is<"trace_high", std::int64_t>, columns::Is<"trace_low", std::int64_t>,
    columns::Is<"span_id", std::int64_t>,
    columns::Is<"parent_span_id", std::optional<std::int64_t>>,
    columns::Is<"hour", std::int32_t>,  // since 1970, of the start: the bucket of the file's order
    columns::Is<"start_ns", std::int64_t>, columns::Is<"duration_ns", std::int64_t>,
    columns::Is<"name", std::string_view>, columns::Is<"kind", std::string_view>,
    columns::Is<"status", std::string_view>,
    columns::Is<"status_message", std::optional<std::string_view>>,
    columns::Is<"service", std::string_view>, columns::Is<"flags", std::optional<std::int64_t>>,
    columns::Is<"trace_state", std::optional<std::string_view>>,
    // JSON, keys in order; null where there is nothing.
    columns::Is<"resource", std::optional<std::string_view>>,
    columns::Is<"scope", std::optional<std::string_view>>,
    columns::Is<"attributes", std::optional<std::string_view>>,
    columns::Is<"events", std::optional<std::string_view>>,
    columns::Is<"links", std::optional<std::string_view>>,
    columns::Is<"dropped_attributes", std::optional<std::int64_t>>,
    columns::Is<"dropped_events", std::optional<std::int64_t>>,
    columns::Is<"dropped_links", std::optional<std::int64_t>>,
    columns::Is<"run_id", std::optional<std::string_view>>>;

inline constexpr std::int64_t k_hour_ns = 3'600'000'000'000;
/// Hours since 1970, rounded down.
std::int32_t hour_of(std::int64_t ns);

/// The rows, in the order of the spans, in as many batches as `bytes_max` each asks for. The spans
/// are canonical. Errors: invalid (a text that is not UTF-8), too_large (a span alone is).
Result<std::vector<columns::Batch>> batches_of(const Spans& spans,
                                               std::size_t bytes_max = 24u << 20);

/// Rows back to spans. Spans of one resource or scope share it, across batches. One thread.
class SpanReader {
 public:
  /// Adds the batch's spans. Columns stand by name; all must be there. Errors: invalid (columns),
  /// corrupt (a text that is none of ours: names column and row).
  Result<void> read(const columns::Batch& batch, Spans& out);

 private:
  Result<std::shared_ptr<const Resource>> resource(std::optional<std::string_view> text);
  Result<std::shared_ptr<const Scope>> scope(std::optional<std::string_view> text);
  std::unordered_map<std::string, std::shared_ptr<const Resource>> resources_;
  std::unordered_map<std::string, std::shared_ptr<const Scope>> scopes_;
};

/// Words of the columns `kind` and `status`; numbers for what nobody knows. Errors: corrupt.
Result<SpanKind> kind_of_column(std::string_view word);
Result<StatusCode> status_of_column(std::string_view word);
std::string column_word(SpanKind kind);
std::string column_word(StatusCode status);

/// Of spans that came twice (trace, span id, kind), the one that counts: the earlier start, then
/// the earlier end, then the lesser of parent, status, service, name, run and all else. Does not
/// depend on when and in which order they came.
bool counts_before(const Span& a, const Span& b);

/// An attribute list as the column's text: `{"a":1,"b":"x"}`; empty: none.
std::string attributes_json(const Attributes& attributes);
/// Errors: malformed.
Result<Attributes> attributes_of_json(std::string_view text);

}  // namespace bl::traces
