#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/trace_id.h"

/// Exemplars: a result names the traces of some of its samples (spec/traces.md 7.2), so that a slow
/// one can be followed to where its time went. Values and their wire, without I/O.
namespace bl::results {

struct ExemplarLimits {
  std::size_t per_result_max = 1'000;
};

/// What a trace is of its result. In the order in which people look at them.
enum class ExemplarRole : unsigned char { slowest, median, fastest, outlier, manual };
std::string_view role_name(ExemplarRole role);
std::optional<ExemplarRole> exemplar_role_named(std::string_view name);

struct Exemplar {
  TraceId trace_id;  ///< valid
  ExemplarRole role = ExemplarRole::manual;
  std::optional<std::int64_t> sample_no;  ///< in the result's data, from 0; none: the whole result
  std::optional<SpanId> span_id;          ///< valid; the part of the trace that was measured
  std::optional<std::int64_t> start_ns;   ///< since 1970: when the trace was, [start, end), so that
  std::optional<std::int64_t> end_ns;     ///< it is found with less reading; end only with a start
  bool operator==(const Exemplar&) const = default;
};
/// Trace, role and sample: what there is once of a result.
bool is_same_link(const Exemplar& a, const Exemplar& b);

/// The body of `POST /api/v1/results/{id}/traces`: `{"exemplars": [{"trace_id": 32 hex digits,
/// "role", "sample_no"?, "span_id"?, "start"?, "end"?}]}`; instants are RFC 3339 or nanoseconds.
/// Errors: malformed, invalid (each fault with its path: what is missing, unknown or of the wrong
/// kind, the same link twice, more than per_result_max, none).
Result<std::vector<Exemplar>> decode_exemplars(std::string_view body);

/// One object, as it is read.
void write_exemplar(json::Writer& writer, const Exemplar& exemplar);
/// Its members, into an object that is open.
void write_exemplar_members(json::Writer& writer, const Exemplar& exemplar);

}  // namespace bl::results
