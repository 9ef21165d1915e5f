// TraceQL, tags and durations: any text. What is taken has a checked filter, and fields whose names
// read back.
#include <cstdint>
#include <cstdlib>

#include "traces/go_duration.h"
#include "traces/traceql.h"

namespace {

using namespace bl::traces;

void require(bool holds) {
  if (!holds) std::abort();
}

void look_at_fields(const SpanFilter& filter) {
  if (filter.kind == SpanFilter::Kind::condition) {
    const auto field = parse_traceql_field(traceql_name_of(filter.condition.field));
    require(field.ok());
    require(*field == SpanField(filter.condition.field) ||
            std::holds_alternative<IntrinsicField>(*field));
  }
  for (const SpanFilter& part : filter.parts) look_at_fields(part);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const TraceqlLimits limits;
  if (const auto query = parse_traceql(text, limits); query.ok()) {
    require(check(query->filter, limits.filter).ok());
    require(SpanMatcher::make(query->filter).ok());
    look_at_fields(query->filter);
    for (const auto& field : query->selected) {
      require(parse_traceql_field(traceql_name_of(field)).ok());
    }
  } else {
    require(!query.error().message.empty());
  }
  (void)parse_tempo_tags(text);
  (void)parse_jaeger_tag(text);
  (void)parse_jaeger_tags(text);
  if (const auto duration = parse_go_duration(text); duration.ok()) {
    require(*parse_go_duration(to_go_duration(*duration)) == *duration);
  }
  return 0;
}
