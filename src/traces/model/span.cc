#include <algorithm>
#include <array>
#include <cctype>
#include <tuple>

#include "traces/model.h"

namespace bl::traces {
namespace {

constexpr std::array<std::string_view, 6> k_kinds = {"unspecified", "internal", "server",
                                                     "client",      "producer", "consumer"};
constexpr std::array<std::string_view, 3> k_codes = {"unset", "ok", "error"};

template <class Enum, std::size_t n>
std::string_view name_in(const std::array<std::string_view, n>& names, Enum value) {
  const auto at = static_cast<std::size_t>(value);
  return at < n ? names[at] : std::string_view();
}

template <class Enum, std::size_t n>
std::optional<Enum> value_in(const std::array<std::string_view, n>& names, std::string_view prefix,
                             std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::string_view name = lowered;
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::string_view text_of(const Attributes& attributes, std::string_view key) {
  const AnyValue* value = find(attributes, key);
  const auto* text = value ? std::get_if<std::string>(&value->value) : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

}  // namespace

std::string_view name_of(SpanKind kind) {
  return name_in(k_kinds, kind);
}
std::string_view name_of(StatusCode code) {
  return name_in(k_codes, code);
}
std::optional<SpanKind> span_kind_named(std::string_view name) {
  return value_in<SpanKind>(k_kinds, "span_kind_", name);
}
std::optional<StatusCode> status_code_named(std::string_view name) {
  return value_in<StatusCode>(k_codes, "status_code_", name);
}

bool Span::operator==(const Span& other) const {
  const auto parts = [](const Span& s) {
    return std::tie(s.trace_id, s.span_id, s.parent_span_id, s.trace_state, s.flags, s.name, s.kind,
                    s.start_ns, s.end_ns, s.attributes, s.dropped_attributes, s.events,
                    s.dropped_events, s.links, s.dropped_links, s.status, s.status_message,
                    *s.resource, *s.scope);
  };
  return parts(*this) == parts(other);
}

std::string_view service_of(const Resource& resource) {
  const std::string_view name = text_of(resource.attributes, "service.name");
  return name.empty() ? k_unknown_service : name;
}

std::string_view run_id_of(const Span& span) {
  for (const char* key : {"benchlake.run_id", "cicd.pipeline.run.id"}) {
    for (const Attributes* where : {&span.attributes, &span.resource->attributes}) {
      if (const std::string_view id = text_of(*where, key); !id.empty()) return id;
    }
  }
  return {};
}

bool is_before(const Span& a, const Span& b) {
  return std::tie(a.start_ns, a.span_id, a.kind, a.end_ns) <
         std::tie(b.start_ns, b.span_id, b.kind, b.end_ns);
}

}  // namespace bl::traces
