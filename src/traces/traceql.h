#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "traces/filter.h"

/// The part of TraceQL that looks for spans (spec/traces.md 6.3), and the older ways in which Tempo
/// and Jaeger are asked.
///
///     { resource.service.name = "shop" && (name =~ "GET .*" || duration > 10ms) && !(status = ok)
///     }
///       || { span."odd name" != nil } | select(span.http.route, status) with (most_recent=true)
///
/// Fields: `name status statusMessage kind duration traceDuration rootName rootServiceName`, the
/// same and more with a scope (`span:id trace:id event:name instrumentation:name` ...), attributes
/// as `span.k resource.k event.k link.k instrumentation.k` or `.k` (anywhere), names in quotes.
/// Values: texts in quotes or backticks, numbers, durations, `true false`, statuses, kinds, `nil`.
/// Operators: `= != =~ !~ < <= > >=`, `&& || !`, parentheses; `||` between spansets. An expression
/// (`=~`) must match the whole value.
///
/// Refused by name: structural operators (`>>`, `<`, `~`, ...), `&&` between spansets, aggregates
/// and metrics functions, arithmetic, two fields compared, fields that we do not keep.
namespace bl::traces {

using SpanField = std::variant<IntrinsicField, AttributeField>;

struct TraceqlQuery {
  SpanFilter filter;
  std::vector<SpanField> selected;  ///< of `select`, in its order
  bool most_recent = false;         ///< `with(most_recent=true)`: we always give the newest first
};

struct TraceqlLimits {
  std::size_t bytes_max = 128u << 10;  ///< Tempo's own
  std::size_t selected_max = 64;
  FilterLimits filter;
};

/// Blanks alone are `{}`. Errors, each with the place ("at character 17"): malformed (no TraceQL),
/// invalid (a value that the field cannot have, an expression that is none), unsupported (refused
/// by name), too_large (a limit).
Result<TraceqlQuery> parse_traceql(std::string_view text, const TraceqlLimits& limits = {});

/// One field as TraceQL names it: for Tempo's `/api/v2/search/tag/{field}/values`. Errors:
/// malformed, unsupported.
Result<SpanField> parse_traceql_field(std::string_view text);
/// How TraceQL names a field: `resource.service.name`, `.k`, `status`. What was parsed gives the
/// same field again.
std::string traceql_name_of(const SpanField& field);
/// The fields without a place that TraceQL has and we answer: Tempo's scope `intrinsic`.
const std::vector<std::string_view>& traceql_intrinsics();

/// Tempo's `tags` (logfmt): `service.name=shop http.status_code=200 msg="two words"`. Each value is
/// to be part of the attribute's (or of name, service.name, root.name, root.service.name), case
/// aside; `error=true` and `status.code=error` ask the status. All must hold. Errors: malformed,
/// with the place.
Result<SpanFilter> parse_tempo_tags(std::string_view logfmt);

/// Jaeger's `tag=k:v`. The text equals the attribute wherever it stands, whatever its type: `200`
/// is also the number, `true` also the truth. `error`, `span.kind`, `otel.status_code`,
/// `otel.status_description`, `otel.scope.name` ask what they came from. Errors: malformed.
Result<SpanFilter> parse_jaeger_tag(std::string_view tag);
/// Jaeger's `tags={"k":"v"}`: all must hold. Errors: malformed, invalid (no texts).
Result<SpanFilter> parse_jaeger_tags(std::string_view json);
/// The same of one pair that is known.
SpanFilter jaeger_tag(std::string_view key, std::string_view value);

}  // namespace bl::traces
