#pragma once

#include <optional>
#include <string_view>

#include "traces/traceql.h"
#include "traces/views/traceql_lexer.h"

/// Which fields TraceQL has, and which of them are ours.
namespace bl::traces {

/// What values a field can have.
enum class TraceqlType : unsigned char { any, text, kind, status, duration, trace_id, span_id };
TraceqlType traceql_type_of(const SpanField& field);

/// The field that a word names. nullopt: no field at all (a keyword, a value). Errors: unsupported
/// (a field of TraceQL that we do not keep), malformed (an attribute without a name).
Result<std::optional<SpanField>> traceql_field(const TraceqlLexer& lexer, const TraceqlToken& word);

}  // namespace bl::traces
