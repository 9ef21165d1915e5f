#include "traces/store/span_facts.h"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>
#include <unordered_set>

#include "traces/columns.h"

namespace bl::traces {
namespace {

using FactTable =
    columns::Table<columns::Is<"trace_high", std::int64_t>, columns::Is<"trace_low", std::int64_t>,
                   columns::Is<"span_id", std::int64_t>,
                   columns::Is<"parent_span_id", std::optional<std::int64_t>>,
                   columns::Is<"start_ns", std::int64_t>, columns::Is<"duration_ns", std::int64_t>,
                   columns::Is<"kind", std::string_view>, columns::Is<"status", std::string_view>,
                   columns::Is<"service", std::string_view>, columns::Is<"name", std::string_view>,
                   columns::Is<"run_id", std::optional<std::string_view>>>;

auto place_of(const SpanFact& s) {
  return std::tie(s.trace_id, s.start_ns, s.span_id, s.kind, s.end_ns);
}

}  // namespace

std::uint32_t Names::add(std::string_view name) {
  if (const auto it = numbers_.find(name); it != numbers_.end()) return it->second;
  const auto no = static_cast<std::uint32_t>(names_.size());
  const auto it = numbers_.emplace(std::string(name), no).first;
  names_.push_back(&it->first);
  return no;
}

Result<void> SpanFacts::add(const columns::Batch& batch) {
  BL_TRY(const auto rows, FactTable::read(batch));
  // Room doubles at least: batches are many, and a reservation for each would move all again.
  const std::size_t wanted = spans.size() + static_cast<std::size_t>(rows.size());
  if (wanted > spans.capacity()) spans.reserve(std::max(wanted, 2 * spans.capacity()));
  // Neighbours mostly share their service, often their name.
  std::optional<std::uint32_t> service, name;
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    SpanFact& fact = spans.emplace_back();
    const auto unsigned_of = [](std::int64_t v) { return std::bit_cast<std::uint64_t>(v); };
    fact.trace_id = {unsigned_of(rows.column<"trace_high">()[i]),
                     unsigned_of(rows.column<"trace_low">()[i])};
    fact.span_id = {unsigned_of(rows.column<"span_id">()[i])};
    if (const auto parent = rows.column<"parent_span_id">().get(i)) {
      fact.parent = {unsigned_of(*parent)};
      fact.has_parent = true;
    }
    fact.start_ns = rows.column<"start_ns">()[i];
    fact.end_ns = fact.start_ns + rows.column<"duration_ns">()[i];
    BL_TRY(fact.kind, kind_of_column(rows.column<"kind">()[i]));
    BL_TRY(fact.status, status_of_column(rows.column<"status">()[i]));
    if (!service || names[*service] != rows.column<"service">()[i]) {
      service = names.add(rows.column<"service">()[i]);
    }
    if (!name || names[*name] != rows.column<"name">()[i]) {
      name = names.add(rows.column<"name">()[i]);
    }
    fact.service = *service;
    fact.name = *name;
    fact.run_id = names.add(rows.column<"run_id">().get(i).value_or(""));
  }
  return {};
}

void SpanFacts::add(const Span& span) {
  SpanFact& fact = spans.emplace_back();
  fact.trace_id = span.trace_id;
  fact.span_id = span.span_id;
  fact.parent = span.parent_span_id.value_or(SpanId());
  fact.has_parent = span.parent_span_id.has_value();
  fact.start_ns = span.start_ns;
  fact.end_ns = span.end_ns;
  fact.kind = span.kind;
  fact.status = span.status;
  fact.service = names.add(service_of(*span.resource));
  fact.name = names.add(span.name);
  fact.run_id = names.add(run_id_of(span));
}

std::int64_t SpanFacts::settle() {
  const auto same = [](const SpanFact& s) { return std::tie(s.trace_id, s.span_id, s.kind); };
  const auto counts = [&](const SpanFact& s) {
    return std::make_tuple(s.start_ns, s.end_ns, s.has_parent, s.parent, s.status,
                           std::string_view(names[s.service]), std::string_view(names[s.name]),
                           std::string_view(names[s.run_id]));
  };
  std::ranges::sort(spans, [&](const SpanFact& a, const SpanFact& b) {
    if (same(a) != same(b)) return same(a) < same(b);
    return counts(a) < counts(b);
  });
  for (std::size_t i = 0; i + 1 < spans.size(); ++i) {
    // The first of its copies, which stays, and the one behind it.
    const bool is_first = i == 0 || same(spans[i - 1]) != same(spans[i]);
    if (!is_first || same(spans[i]) != same(spans[i + 1])) continue;
    spans[i].is_tied = counts(spans[i]) == counts(spans[i + 1]);
  }
  const auto gone = std::ranges::unique(
      spans, [&](const SpanFact& a, const SpanFact& b) { return same(a) == same(b); });
  const auto count = std::ssize(gone);
  spans.erase(gone.begin(), gone.end());
  std::ranges::sort(spans,
                    [](const SpanFact& a, const SpanFact& b) { return place_of(a) < place_of(b); });
  return count;
}

std::size_t SpanFacts::end_of_trace(std::size_t from) const {
  std::size_t to = from;
  while (to < spans.size() && spans[to].trace_id == spans[from].trace_id) ++to;
  return to;
}

bool SpanFacts::holds(const Span& span) const {
  SpanFact wanted;
  wanted.trace_id = span.trace_id;
  wanted.start_ns = span.start_ns;
  wanted.span_id = span.span_id;
  wanted.kind = span.kind;
  wanted.end_ns = span.end_ns;
  const auto at = std::lower_bound(
      spans.begin(), spans.end(), wanted,
      [](const SpanFact& a, const SpanFact& b) { return place_of(a) < place_of(b); });
  if (at == spans.end() || place_of(*at) != place_of(wanted)) return false;
  const auto parent = at->has_parent ? std::optional(at->parent) : std::nullopt;
  return parent == span.parent_span_id && at->status == span.status &&
         names[at->service] == service_of(*span.resource) && names[at->name] == span.name &&
         names[at->run_id] == run_id_of(span);
}

TraceSummary SpanFacts::summary(std::size_t from, std::size_t to) const {
  TraceSummary out;
  out.id = spans[from].trace_id;
  out.start_ns = spans[from].start_ns;
  out.end_ns = spans[from].end_ns;
  std::unordered_set<SpanId> ids;
  ids.reserve(to - from);
  for (std::size_t i = from; i < to; ++i) ids.insert(spans[i].span_id);
  std::map<std::uint32_t, ServiceCount> services;
  const SpanFact* root = nullptr;
  for (std::size_t i = from; i < to; ++i) {
    const SpanFact& span = spans[i];
    const bool is_error = span.status == StatusCode::error;
    out.end_ns = std::max(out.end_ns, span.end_ns);
    out.spans += 1;
    out.errors += is_error ? 1 : 0;
    out.orphans += span.has_parent && !ids.contains(span.parent) ? 1 : 0;
    if (root == nullptr && !span.has_parent) root = &span;
    ServiceCount& service = services[span.service];
    service.spans += 1;
    service.errors += is_error ? 1 : 0;
    if (out.run_id.empty()) out.run_id = names[span.run_id];
  }
  if (root != nullptr) {
    out.root_service = names[root->service];
    out.root_name = names[root->name];
  }
  for (auto& [no, count] : services) {
    count.name = names[no];
    out.services.push_back(std::move(count));
  }
  std::ranges::sort(out.services, {}, &ServiceCount::name);
  return out;
}

TraceFacts facts_of(const TraceSummary& summary) {
  TraceFacts facts;
  if (summary.root_service) facts.root_service = *summary.root_service;
  if (summary.root_name) facts.root_name = *summary.root_name;
  facts.duration_ns = summary.end_ns - summary.start_ns;
  return facts;
}

}  // namespace bl::traces
