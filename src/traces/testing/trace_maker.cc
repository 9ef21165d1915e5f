#include "traces/testing/trace_maker.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace bl::traces {
namespace {

constexpr std::size_t k_kept = 256;  // spans to be repeated, and to be continued
constexpr std::int64_t k_day_ns = 86'400'000'000'000;
constexpr std::array<std::string_view, 8> k_verbs{"GET /",    "POST /", "SELECT ", "compile ",
                                                  "publish ", "link ",  "test ",   "decode "};
constexpr std::array<std::string_view, 6> k_things{"items", "orders", "users",
                                                   "größe", "module", "queue"};
constexpr std::array<std::string_view, 5> k_methods{"GET", "POST", "PUT", "DELETE", "PATCH"};

}  // namespace

/// A part of a trace that is still to be made: its first span and those below.
struct TraceMaker::Branch {
  std::optional<SpanId> parent;
  std::size_t service = 0;
  bool is_entry = true;  // its parent is of another service
  std::int64_t start_ns = 0, end_ns = 0;
  std::size_t spans = 1;
};

struct TraceMaker::Trace {
  TraceId id;
  std::string run_id;
  std::vector<Branch> pending;
};

TraceMaker::~TraceMaker() = default;

TraceMaker::TraceMaker(const TraceShape& shape)
    : shape_(shape), engine_(shape.seed), now_(shape.start_ns), resources_(shape.services) {
  for (int i = 0; i < 4; ++i) {
    Scope scope{fmt::format("instrumentation.{}", i), i == 0 ? "" : fmt::format("1.{}.0", i), {}};
    if (i == 3) scope.attributes = {{"short", std::string("yes")}};
    scopes_.push_back(std::make_shared<const Scope>(std::move(scope)));
  }
  for (std::size_t i = 0; i < shape_.traces_in_flight; ++i) traces_.push_back(new_trace());
}

Spans TraceMaker::take(std::size_t count) {
  Spans spans;
  spans.reserve(count);
  while (spans.size() < count) spans.push_back(next());
  return spans;
}

Span TraceMaker::next() {
  now_ += 1 + static_cast<std::int64_t>(below(2 * static_cast<std::uint64_t>(shape_.step_ns)));
  ++made_.spans;
  const auto later = [](const Late& a, const Late& b) { return a.due > b.due; };
  if (!late_.empty() && late_.front().due <= made_.spans) {
    std::ranges::pop_heap(late_, later);
    Span span = std::move(late_.back().span);
    late_.pop_back();
    ++made_.late;
    ++made_.distinct;
    return span;
  }
  if (!recent_.empty() && chance(shape_.repeated)) {
    ++made_.repeated;
    return recent_[below(recent_.size())];
  }
  if (!old_.empty() && chance(shape_.very_late)) return another_of_old_trace();
  for (;;) {
    std::optional<Span> span = begin_next();
    if (!span) continue;
    if (chance(shape_.lost)) {
      ++made_.lost;
      continue;
    }
    if (chance(shape_.late)) {
      late_.push_back({made_.spans + 1 + static_cast<std::int64_t>(below(20'000)), *span});
      std::ranges::push_heap(late_, later);
      continue;
    }
    remember(*span);
    ++made_.distinct;
    return *std::move(span);
  }
}

void TraceMaker::remember(const Span& span) {
  if (recent_.size() < k_kept) {
    recent_.push_back(span);
  } else {
    recent_[below(k_kept)] = span;
  }
  // Few replace old ones, so that some become very old.
  if (old_.size() < k_kept) {
    old_.push_back(span);
  } else if (below(2'000) == 0) {
    old_[below(k_kept)] = span;
  }
}

Span TraceMaker::another_of_old_trace() {
  const Span& old = old_[below(old_.size())];
  Branch branch;
  branch.parent = old.span_id;
  branch.service = some_service();
  branch.start_ns = old.start_ns;
  branch.end_ns = old.end_ns;
  ++made_.very_late;
  ++made_.distinct;
  return span_of(old.trace_id, branch);
}

TraceMaker::Trace TraceMaker::new_trace() {
  Trace trace;
  trace.id = {engine_(), engine_() | 1};
  Branch root;
  root.service = some_service();
  // Each doubling is a little less likely than one in two: the tail is heavy, the mean is not.
  while (root.spans < shape_.spans_of_trace_max && chance(450)) root.spans *= 2;
  root.spans = std::min(root.spans + below(root.spans), shape_.spans_of_trace_max);
  const std::int64_t least = std::int64_t{50'000} << below(23);
  const std::int64_t duration =
      least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(least)));
  root.start_ns = now_;
  if (chance(shape_.midnight)) {
    const auto before = static_cast<std::int64_t>(below(static_cast<std::uint64_t>(duration)));
    root.start_ns = now_ / k_day_ns * k_day_ns - before;
  }
  root.end_ns = root.start_ns + duration;
  if (chance(shape_.with_run_id)) trace.run_id = fmt::format("run-{}", now_ / 3'600'000'000'000);
  trace.pending.push_back(std::move(root));
  ++made_.traces;
  return trace;
}

/// The next span of some trace; nullopt: it had none any more, and another one took its place.
std::optional<Span> TraceMaker::begin_next() {
  Trace& trace = traces_[below(traces_.size())];
  if (trace.pending.empty()) {
    trace = new_trace();
    return std::nullopt;
  }
  const Branch branch = trace.pending.back();
  trace.pending.pop_back();
  Span span = span_of(trace.id, branch);
  if (!branch.parent && !trace.run_id.empty())
    span.attributes.push_back({"benchlake.run_id", trace.run_id});
  grow(trace, branch, span.span_id);
  return span;
}

/// Divides what is left of a branch among children, each within a part of its parent's time.
void TraceMaker::grow(Trace& trace, const Branch& branch, const SpanId& parent) {
  std::size_t left = branch.spans - 1;
  if (left == 0) return;
  const std::size_t children = std::min<std::size_t>(left, 1 + below(8));
  const std::int64_t slot = (branch.end_ns - branch.start_ns) / static_cast<std::int64_t>(children);
  for (std::size_t i = 0; i < children; ++i) {
    Branch child;
    child.parent = parent;
    child.spans = i + 1 == children ? left : 1 + below(left - (children - 1 - i));
    left -= child.spans;
    child.is_entry = chance(300);
    child.service = child.is_entry ? some_service() : branch.service;
    // Half of them one behind the other, the others at the same time.
    const std::int64_t at = chance(500) ? slot * static_cast<std::int64_t>(i) : 0;
    const auto part = static_cast<std::uint64_t>(slot) + 1;
    child.start_ns = branch.start_ns + at + static_cast<std::int64_t>(below(part)) / 4;
    child.end_ns = child.start_ns + static_cast<std::int64_t>(below(part)) / 4 * 3;
    if (chance(shape_.skewed))
      child.start_ns = branch.start_ns - 1 - static_cast<int>(below(9'999));
    trace.pending.push_back(std::move(child));
  }
}

Span TraceMaker::span_of(const TraceId& trace, const Branch& branch) {
  Span span;
  span.trace_id = trace;
  span.span_id = {engine_() | 1};
  span.parent_span_id = branch.parent;
  span.start_ns = branch.start_ns;
  span.end_ns = std::max(branch.start_ns, branch.end_ns);
  span.flags = 0x101;
  span.kind = branch.is_entry ? SpanKind::server : SpanKind::internal;
  if (chance(150)) span.kind = static_cast<SpanKind>(below(6));
  if (chance(shape_.errors)) {
    span.status = StatusCode::error;
    span.status_message = chance(500) ? "deadline exceeded" : "";
  } else if (chance(100)) {
    span.status = StatusCode::ok;
  }
  const std::size_t operation = below(below(shape_.operations_of_service) + 1);
  span.name = fmt::format("{}{}", k_verbs[(branch.service + operation) % k_verbs.size()],
                          k_things[operation % k_things.size()]);
  if (operation >= k_things.size()) span.name += fmt::format("/{}", operation);
  span.resource = resource_of(branch.service);
  span.scope = scopes_[branch.service % scopes_.size()];
  dress(span, branch.service);
  add_events_and_links(span);
  return span;
}

void TraceMaker::dress(Span& span, std::size_t service) {
  Attributes& to = span.attributes;
  const auto add = [&](std::string_view key, AnyValue::Value value) {
    to.push_back({std::string(key), AnyValue(std::move(value))});
  };
  add("http.request.method", std::string(k_methods[below(k_methods.size())]));
  add("http.response.status_code", std::int64_t{span.status == StatusCode::error ? 500
                                                : chance(50)                     ? 404
                                                                                 : 200});
  add("thread.id", static_cast<std::int64_t>(below(64)));
  if (chance(300)) add("cache.hit", chance(500));
  if (chance(200)) add("load", static_cast<double>(below(1'000)) / 8);
  if (chance(200)) add("user.id", fmt::format("user-{}", below(100'000)));
  if (chance(100)) add("url.path", fmt::format("/v1/{}/{}", k_things[service % 6], below(10'000)));
  if (chance(20)) add("digest", Bytes{std::string{'\0', '\x7f', static_cast<char>(below(256))}});
  if (chance(20)) add("tags", Array{AnyValue(std::string("a")), AnyValue(std::int64_t{2})});
  if (chance(10)) add("empty", std::monostate());
  if (chance(10)) add("peer", Attributes{{"host", std::string("h1")}, {"port", std::int64_t{443}}});
  if (chance(5)) add("load", std::string("another kind, and the key again"));
  if (chance(shape_.big_values)) {
    std::string big(below(shape_.attribute_bytes_max + 1), ' ');
    for (char& c : big) c = static_cast<char>('a' + below(26));
    add("db.query.text", std::move(big));
  }
  if (chance(5)) span.dropped_attributes = static_cast<std::uint32_t>(1 + below(9));
  if (chance(20)) span.trace_state = "vendor=1";
}

void TraceMaker::add_events_and_links(Span& span) {
  const auto within = static_cast<std::uint64_t>(span.duration_ns()) + 1;
  if (span.status == StatusCode::error || chance(50)) {
    SpanEvent event;
    event.time_ns = span.start_ns + static_cast<std::int64_t>(below(within));
    event.name = span.status == StatusCode::error ? "exception" : "cache.miss";
    event.attributes = {{"exception.type", std::string("Timeout")},
                        {"attempt", static_cast<std::int64_t>(below(3))}};
    span.events.push_back(std::move(event));
  }
  if (chance(10) && !old_.empty()) {
    const Span& other = old_[below(old_.size())];
    span.links.push_back({other.trace_id, other.span_id, "", {{"why", "batch"}}});
  }
}

std::size_t TraceMaker::some_service() {
  return below(below(shape_.services) + 1);
}

std::shared_ptr<const Resource> TraceMaker::resource_of(std::size_t service) {
  auto& instances = resources_[service];
  for (std::size_t i = instances.size(); i < 2; ++i) {
    Resource resource;
    resource.attributes = {{"service.name", fmt::format("service-{:04}", service)},
                           {"service.version", fmt::format("1.{}", service % 7)},
                           {"service.instance.id", fmt::format("{}-{}", service, i)},
                           {"host.cpu.count", std::int64_t{16}},
                           {"telemetry.sdk.language", std::string("cpp")}};
    if (service % 5 == 4) resource.schema_url = "https://opentelemetry.io/schemas/1.30.0";
    instances.push_back(std::make_shared<const Resource>(std::move(resource)));
  }
  return instances[below(instances.size())];
}

Spans one_trace(std::uint64_t seed, std::size_t spans, std::size_t depth) {
  // Made by a maker whose only trace it is: what it grows is cut to the number that is asked for.
  TraceShape shape;
  shape.seed = seed;
  shape.traces_in_flight = 1;
  shape.late = shape.very_late = shape.repeated = shape.lost = shape.skewed = 0;
  TraceMaker maker(shape);
  Spans all = maker.take(spans);
  const std::int64_t start = shape.start_ns;
  const auto length = static_cast<std::int64_t>(spans + 1) * 1'000'000;
  std::mt19937_64 engine(seed);
  for (std::size_t i = 0; i < all.size(); ++i) {
    Span& span = all[i];
    span.trace_id = all.front().trace_id;
    if (i == 0) {
      span.parent_span_id.reset();
      span.start_ns = start;
      span.end_ns = start + length;
      continue;
    }
    // The chain first; then the parent is one of those before, mostly of the first ones.
    const std::size_t parent = i < depth ? i - 1 : engine() % (engine() % i + 1);
    const Span& above = all[parent];
    span.parent_span_id = above.span_id;
    const std::int64_t room = above.duration_ns();
    span.start_ns = above.start_ns;
    if (i >= depth) span.start_ns += static_cast<std::int64_t>(engine() % 1'000) * room / 2'000;
    span.end_ns = i < depth ? above.end_ns - 1 : std::min(above.end_ns, span.start_ns + room / 2);
    for (SpanEvent& event : span.events) event.time_ns = span.start_ns;
  }
  return all;
}

}  // namespace bl::traces
