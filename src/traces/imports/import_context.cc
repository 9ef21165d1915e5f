#include "traces/imports/import_context.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace bl::traces {
namespace {

constexpr std::size_t k_faults_max = 10;

}  // namespace

void ImportContext::skip(std::string path, std::string message, std::string value) {
  ++imported_.skipped;
  if (imported_.faults.size() < k_faults_max)
    imported_.faults.push_back({std::move(path), std::move(message), std::move(value)});
}

bool ImportContext::add(Span span, std::string_view place) {
  if (auto fault = fault_of(span, options_.now_ns, options_.limits)) {
    skip(std::string(place) + fault->path, std::move(fault->message), std::move(fault->value));
    return true;
  }
  if (imported_.spans.size() == limits_.spans_max) return false;
  imported_.spans.push_back(std::move(span));
  return true;
}

Error ImportContext::too_many() const {
  return Error{Code::too_large, fmt::format("the file has over {} spans", limits_.spans_max)};
}

std::shared_ptr<const Resource> ImportContext::resource(std::string_view by_default,
                                                        Attributes more) const {
  Resource resource;
  resource.attributes = std::move(more);
  resource.attributes.push_back(
      {"service.name", options_.service.empty() ? std::string(by_default) : options_.service});
  if (!options_.run_id.empty())
    resource.attributes.push_back({"benchlake.run_id", options_.run_id});
  make_canonical(resource);
  return std::make_shared<const Resource>(std::move(resource));
}

std::shared_ptr<const Scope> ImportContext::scope(TraceFormat format) const {
  Scope scope;
  scope.name = fmt::format("benchlake.import.{}", name_of(format));
  return std::make_shared<const Scope>(std::move(scope));
}

Span ImportContext::build_root(const TraceId& trace, std::string_view name_by_default) const {
  const std::string name = options_.name.empty() ? std::string(name_by_default) : options_.name;
  Span root;
  root.trace_id = trace;
  root.span_id = span_id_of(trace, 0);
  root.kind = SpanKind::server;
  root.name = "BUILD " + name;
  root.attributes = {
      {"cicd.pipeline.action.name", "BUILD"},
      {"cicd.pipeline.name", name},
      {"cicd.pipeline.run.id", options_.run_id.empty() ? trace.hex() : options_.run_id}};
  return root;
}

TraceId trace_id_of(TraceFormat format, std::string_view content) {
  const auto digest =
      sha256(fmt::format("benchlake import of {}\n{}", name_of(format), sha256_hex(content)));
  const auto* bytes = reinterpret_cast<const char*>(digest.data());
  return *TraceId::from_bytes(std::string_view(bytes, 16));
}

SpanId span_id_of(const TraceId& trace, std::uint64_t place) {
  const std::uint64_t hash = xxh3_64(fmt::format("{} {}", trace.hex(), place));
  return {hash != 0 ? hash : 1};
}

}  // namespace bl::traces
