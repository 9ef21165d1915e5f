#include "traces/trace_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/json.h"
#include "traces/analysis/extent.h"
#include "traces/analysis/identities.h"
#include "traces/analysis/span_changes.h"
#include "traces/analysis/span_matching.h"
#include "traces/views/plain_json.h"

namespace bl::traces {
namespace {

using Index = std::size_t;

constexpr std::array<std::string_view, 3> k_formats = {"trace-patch-v0", "trace-summary-v0-native",
                                                       "trace-summary-v0-composed"};

/// A trace and what is known of it.
struct Side {
  Side(const DiffSide& side, Identities& identities)
      : given(side), tree(tree_of(side.spans)), identity(identities.of(side.spans)) {
    for (const Span& span : side.spans) {
      sum_ns += extent_of(span).length();
      errors += span.status == StatusCode::error;
    }
    place.resize(side.spans.size());
    number(tree.roots);
    for (const SpanTree::Node& node : tree.nodes) number(node.children);
  }
  void number(const std::vector<Index>& siblings) {
    for (Index i = 0; i < siblings.size(); ++i) place[siblings[i]] = i;
  }
  const Span& span(Index at) const { return given.spans[at]; }
  std::int64_t duration_ns() const { return tree.end_ns - tree.start_ns; }
  std::int64_t count() const { return static_cast<std::int64_t>(given.spans.size()); }

  const DiffSide& given;
  SpanTree tree;
  std::vector<Index> identity;  // by span
  std::vector<Index> place;     // by span: among its siblings
  std::int64_t sum_ns = 0, errors = 0;
};

struct Modified {
  Index base = 0, compare = 0;
  std::vector<SpanChange> changes;
};

/// What changed of one service.
struct ServiceChange {
  std::int64_t base_ns = 0, compare_ns = 0;  // sums of durations
  std::int64_t modified = 0, added = 0, removed = 0, new_errors = 0, resolved_errors = 0;
};

struct Warning {
  std::string_view code;
  std::string message;
};

class Diff {
 public:
  Diff(const DiffSide& base, const DiffSide& compare, const TraceDiffLimits& limits,
       const DiffTolerance& tolerance)
      : limits_(limits),
        tolerance_(tolerance),
        base_(base, identities_),
        compare_(compare, identities_),
        matching_(match_spans({base_.tree, base_.identity}, {compare_.tree, compare_.identity})) {
    compare_matched();
    collect_services();
    warn_of(base_, "base");
    warn_of(compare_, "compare");
    if (matching_.ambiguous > 0) {
      warnings_.push_back({"ambiguous_span_match",
                           fmt::format("{} spans were matched by their order among others alike",
                                       matching_.ambiguous)});
    }
  }

  Result<std::string> patch() const;
  std::string summary(TraceDiffFormat format) const;

 private:
  void compare_matched();
  void collect_services();
  void warn_of(const Side& side, std::string_view name);
  bool has_new_structure() const;
  double structure_overlap() const;
  std::string_view signal(std::int64_t base, std::int64_t compare, bool is_change) const;
  bool drifts(std::int64_t base_ns, std::int64_t compare_ns) const;

  void write_stats(json::Writer& writer) const;
  std::size_t write_entries(json::Writer& writer) const;
  void write_warnings(json::Writer& writer) const;
  void write_signals(json::Writer& writer) const;
  void write_services(json::Writer& writer) const;
  void write_summary_stats(json::Writer& writer) const;

  const TraceDiffLimits& limits_;
  const DiffTolerance& tolerance_;
  Identities identities_;
  const Side base_, compare_;
  const SpanMatching matching_;
  std::vector<Modified> modified_;
  std::vector<Index> added_, removed_;  // in the order of the walks
  std::int64_t field_changes_ = 0, attribute_changes_ = 0, event_changes_ = 0;
  std::map<std::string, ServiceChange, std::less<>> services_;
  std::vector<Warning> warnings_;
};

void Diff::compare_matched() {
  for (const Index at : base_.tree.walk) {
    const Index other = matching_.compare_of[at];
    if (other == k_unmatched) {
      removed_.push_back(at);
      continue;
    }
    auto changes = changes_of(base_.span(at), compare_.span(other), tolerance_);
    for (const SpanChange& change : changes) {
      const bool is_field = change.target == SpanChange::Target::field;
      const bool is_attribute = change.target == SpanChange::Target::attribute;
      ++(is_field ? field_changes_ : is_attribute ? attribute_changes_ : event_changes_);
    }
    if (!changes.empty()) modified_.push_back({at, other, std::move(changes)});
  }
  for (const Index at : compare_.tree.walk) {
    if (matching_.base_of[at] == k_unmatched) added_.push_back(at);
  }
}

void Diff::collect_services() {
  const auto of = [&](const Side& side, Index at) -> ServiceChange& {
    return services_[std::string(identities_.identity(side.identity[at]).service)];
  };
  const auto has_error = [](const Span& span) { return span.status == StatusCode::error; };
  for (Index at = 0; at < base_.given.spans.size(); ++at) {
    of(base_, at).base_ns += extent_of(base_.span(at)).length();
    const Index other = matching_.compare_of[at];
    const bool stays = other != k_unmatched && has_error(compare_.span(other));
    if (has_error(base_.span(at)) && !stays) ++of(base_, at).resolved_errors;
  }
  for (Index at = 0; at < compare_.given.spans.size(); ++at) {
    of(compare_, at).compare_ns += extent_of(compare_.span(at)).length();
    const Index other = matching_.base_of[at];
    const bool was = other != k_unmatched && has_error(base_.span(other));
    if (has_error(compare_.span(at)) && !was) ++of(compare_, at).new_errors;
  }
  for (const Modified& one : modified_) ++of(base_, one.base).modified;
  for (const Index at : added_) ++of(compare_, at).added;
  for (const Index at : removed_) ++of(base_, at).removed;
}

/// A service most of whose spans have a name of their own: they cannot be matched by it.
std::optional<std::string> service_of_many_names(const Spans& spans) {
  constexpr std::size_t spans_min = 50;
  std::map<std::string_view, std::pair<std::size_t, std::set<std::string_view>>> names;
  const Services services(spans);
  for (Index at = 0; at < spans.size(); ++at) {
    auto& [count, different] = names[services.of(at)];
    ++count;
    different.insert(spans[at].name);
  }
  for (const auto& [service, of_service] : names) {
    const auto& [count, different] = of_service;
    if (count >= spans_min && different.size() * 2 > count) return std::string(service);
  }
  return std::nullopt;
}

void Diff::warn_of(const Side& side, std::string_view name) {
  const auto warn = [&](std::string_view code, std::string_view message) {
    warnings_.push_back({code, fmt::format("{}: {}", name, message)});
  };
  const Spans& spans = side.given.spans;
  if (const auto service = service_of_many_names(spans)) {
    warn("high_cardinality_span_name",
         fmt::format("most spans have a name of their own, in the service {}", *service));
  }
  if (!side.given.partial_reason.empty()) warn("partial_trace", side.given.partial_reason);
  if (std::ranges::any_of(spans, [](const Span& s) { return s.end_ns < s.start_ns; })) {
    warn("invalid_duration", "spans end before they begin");
  }
  if (spans.empty()) warn("zero_span_trace", "the trace has no spans");
  std::set<SpanId> ids;
  const bool repeats = std::ranges::any_of(
      spans, [&](const Span& span) { return !ids.insert(span.span_id).second; });
  if (repeats) warn("duplicate_span_id", "spans have the id of another one");
}

bool Diff::has_new_structure() const {
  if (!added_.empty() || !removed_.empty()) return true;
  for (Index at = 0; at < base_.given.spans.size(); ++at) {
    const auto& parent = base_.tree.nodes[at].parent;
    const auto& other = compare_.tree.nodes[matching_.compare_of[at]].parent;
    if (parent.has_value() != other.has_value()) return true;
    if (parent && matching_.compare_of[*parent] != *other) return true;
  }
  return false;
}

double Diff::structure_overlap() const {
  using Edge = std::pair<Index, Index>;  // of identities; from 1 on: the parent's, 0: none
  std::map<Edge, std::pair<std::int64_t, std::int64_t>> edges;
  const auto edge = [](const Side& side, Index at) {
    const auto& parent = side.tree.nodes[at].parent;
    return Edge(parent ? side.identity[*parent] + 1 : 0, side.identity[at]);
  };
  for (Index at = 0; at < base_.given.spans.size(); ++at) ++edges[edge(base_, at)].first;
  for (Index at = 0; at < compare_.given.spans.size(); ++at) ++edges[edge(compare_, at)].second;
  std::int64_t both = 0, either = 0;
  for (const auto& [unused, counts] : edges) {
    both += std::min(counts.first, counts.second);
    either += std::max(counts.first, counts.second);
  }
  return either == 0 ? 1.0 : static_cast<double>(both) / static_cast<double>(either);
}

std::string_view Diff::signal(std::int64_t base, std::int64_t compare, bool is_change) const {
  if (!is_change || base == compare) return "unchanged";
  return compare > base ? "increased" : "decreased";
}

bool Diff::drifts(std::int64_t base_ns, std::int64_t compare_ns) const {
  const double change = std::abs(static_cast<double>(compare_ns) - static_cast<double>(base_ns));
  return change >= std::max(static_cast<double>(tolerance_.duration_ns),
                            tolerance_.sum_relative * static_cast<double>(base_ns));
}

double milliseconds(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e6;
}

/// Places among siblings, from the root on.
void write_path(json::Writer& writer, const Side& side, std::optional<Index> at) {
  std::vector<Index> path;
  for (; at; at = side.tree.nodes[*at].parent) path.push_back(side.place[*at]);
  writer.begin_array();
  for (auto place = path.rbegin(); place != path.rend(); ++place) {
    writer.value(std::uint64_t{*place});
  }
  writer.end_array();
}

void write_span(json::Writer& writer, const Side& side, Index at, bool is_snapshot) {
  const Span& span = side.span(at);
  writer.begin_object().key("path");
  write_path(writer, side, at);
  writer.member("service", service_of(*span.resource)).member("name", span.name);
  writer.member("kind", name_of(span.kind));
  if (is_snapshot) {
    writer.member("duration_nanos", extent_of(span).length());
    writer.member("status", name_of(span.status));
  }
  writer.end_object();
}

/// A span that came or went.
void write_span_change(json::Writer& writer, const Side& side, Index at) {
  writer.begin_object().key("target").begin_object().member("type", "span").key("path");
  write_path(writer, side, at);
  if (const auto& parent = side.tree.nodes[at].parent) {
    writer.key("parentPath");
    write_path(writer, side, *parent);
  }
  writer.member("index", std::uint64_t{side.place[at]}).end_object().key("span");
  write_span(writer, side, at, true);
  writer.end_object();
}

void write_change(json::Writer& writer, const SpanChange& change) {
  writer.begin_object().member("op", change.is_added     ? "add"
                                     : change.is_removed ? "remove"
                                                         : "modify");
  writer.key("target").begin_object();
  switch (change.target) {
    case SpanChange::Target::field:
      writer.member("type", "field").member("name", change.name);
      break;
    case SpanChange::Target::attribute:
      writer.member("type", "attribute").member("scope", "span").member("key", change.key);
      break;
    case SpanChange::Target::event:
      writer.member("type", "field").member("name", "events").member("key", change.key);
      break;
  }
  writer.end_object().key("before");
  write_plain(writer, change.before);
  writer.key("after");
  write_plain(writer, change.after);
  writer.end_object();
}

/// Entries of a patch, as many as the limits allow; one by one, so that a patch that is refused was
/// never held.
class Entries {
 public:
  Entries(json::Writer& writer, const TraceDiffLimits& limits)
      : writer_(writer), entries_left_(limits.entries_max), bytes_max_(limits.patch_bytes_max) {}

  template <class Write>
  void add(const Write& write) {
    if (entries_left_ == 0 || bytes_ > bytes_max_) return;
    --entries_left_;
    std::string text;
    json::Writer entry(text);
    write(entry);
    bytes_ += text.size();
    if (bytes_ <= bytes_max_) writer_.raw(text);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  json::Writer& writer_;
  std::size_t entries_left_, bytes_max_, bytes_ = 0;
};

/// Gives how many bytes they have.
std::size_t Diff::write_entries(json::Writer& writer) const {
  Entries entries(writer, limits_);
  writer.key("modified").begin_array();
  for (const Modified& one : modified_) {
    entries.add([&](json::Writer& entry) {
      entry.begin_object().key("span");
      write_span(entry, base_, one.base, false);
      entry.key("changes").begin_array();
      for (const SpanChange& change : one.changes) write_change(entry, change);
      entry.end_array().end_object();
    });
  }
  writer.end_array().key("added").begin_array();
  for (const Index at : added_) {
    entries.add([&](json::Writer& entry) { write_span_change(entry, compare_, at); });
  }
  writer.end_array().key("removed").begin_array();
  for (const Index at : removed_) {
    entries.add([&](json::Writer& entry) { write_span_change(entry, base_, at); });
  }
  writer.end_array();
  return entries.bytes();
}

void Diff::write_warnings(json::Writer& writer) const {
  writer.begin_array();
  for (const Warning& warning : warnings_) {
    writer.begin_object().member("code", warning.code).member("message", warning.message);
    writer.end_object();
  }
  writer.end_array();
}

std::int64_t size_of(const auto& list) {
  return static_cast<std::int64_t>(list.size());
}

void Diff::write_stats(json::Writer& writer) const {
  const bool truncated = modified_.size() + added_.size() + removed_.size() > limits_.entries_max;
  writer.key("stats").begin_object();
  writer.member("spanCountA", base_.count()).member("spanCountB", compare_.count());
  writer.member("matchedSpans", static_cast<std::int64_t>(matching_.matched));
  writer.member("modifiedSpans", size_of(modified_)).member("addedSpans", size_of(added_));
  writer.member("removedSpans", size_of(removed_)).member("fieldChanges", field_changes_);
  writer.member("attributeChanges", attribute_changes_);
  writer.member("eventChanges", event_changes_).member("truncated", truncated).end_object();
}

Result<std::string> Diff::patch() const {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("version", name_of(TraceDiffFormat::patch));
  for (const auto& [name, side] : {std::pair("base", &base_), std::pair("compare", &compare_)}) {
    writer.key(name).begin_object().member("traceId", side->given.id.hex());
    writer.member("spanCount", side->count()).end_object();
  }
  write_stats(writer);
  const std::size_t bytes = write_entries(writer);
  writer.key("warnings");
  write_warnings(writer);
  writer.end_object();
  if (bytes > limits_.patch_bytes_max) {
    return Error(Code::too_large, fmt::format("the patch has more than {} bytes: {}",
                                              limits_.patch_bytes_max, bytes));
  }
  return text;
}

void write_summary_side(json::Writer& writer, const Side& side) {
  const auto root = std::ranges::find_if(
      side.tree.roots, [&](Index at) { return !side.span(at).parent_span_id.has_value(); });
  writer.begin_object().member("traceId", side.given.id.hex());
  if (root != side.tree.roots.end()) {
    writer.member("rootService", service_of(*side.span(*root).resource));
    writer.member("rootName", side.span(*root).name);
  }
  writer.member("spanCount", side.count()).member("errorSpanCount", side.errors);
  writer.member("durationMs", milliseconds(side.duration_ns()));
  writer.member("sumSpanDurationMs", milliseconds(side.sum_ns)).end_object();
}

void Diff::write_signals(json::Writer& writer) const {
  const std::int64_t before = base_.duration_ns(), after = compare_.duration_ns();
  writer.key("signals").begin_object();
  writer.member("traceLatency", signal(before, after, is_told(before, after, tolerance_)));
  writer.member("sumSpanDuration",
                signal(base_.sum_ns, compare_.sum_ns, drifts(base_.sum_ns, compare_.sum_ns)));
  writer.member("errors", signal(base_.errors, compare_.errors, true));
  writer.member("spanCount", signal(base_.count(), compare_.count(), true));
  writer.member("structure", has_new_structure() ? "changed" : "unchanged").end_object();

  const std::int64_t larger = std::max(base_.count(), compare_.count());
  const double ratio =
      larger == 0 ? 1.0 : static_cast<double>(matching_.matched) / static_cast<double>(larger);
  writer.key("trust").begin_object().member("matchedSpanRatio", ratio);
  writer.member("structureOverlap", structure_overlap()).end_object();
}

void Diff::write_summary_stats(json::Writer& writer) const {
  writer.key("stats").begin_object();
  writer.member("traceLatencyDeltaMs", milliseconds(compare_.duration_ns() - base_.duration_ns()));
  writer.member("sumSpanDurationDeltaMs", milliseconds(compare_.sum_ns - base_.sum_ns));
  writer.member("spanCountDelta", compare_.count() - base_.count());
  writer.member("errorSpanDelta", compare_.errors - base_.errors);
  writer.member("matchedSpans", static_cast<std::int64_t>(matching_.matched));
  writer.member("modifiedSpans", size_of(modified_)).member("addedSpans", size_of(added_));
  writer.member("removedSpans", size_of(removed_)).member("fieldChanges", field_changes_);
  writer.member("attributeChanges", attribute_changes_).end_object();
}

void Diff::write_services(json::Writer& writer) const {
  using Entry = std::pair<const std::string, ServiceChange>;
  std::vector<const Entry*> changed;
  for (const Entry& entry : services_) {
    const ServiceChange& service = entry.second;
    const bool has_counts = service.modified + service.added + service.removed +
                                service.new_errors + service.resolved_errors >
                            0;
    if (has_counts || drifts(service.base_ns, service.compare_ns)) changed.push_back(&entry);
  }
  std::ranges::stable_sort(changed, std::greater(), [](const Entry* entry) {
    return std::abs(entry->second.compare_ns - entry->second.base_ns);
  });
  writer.key("changedServices").begin_array();
  for (const Entry* entry : changed) writer.value(entry->first);
  writer.end_array().key("services").begin_array();
  for (const auto* entry : changed) {
    const ServiceChange& service = entry->second;
    writer.begin_object().member("name", entry->first);
    writer.member("sumSpanDurationDeltaMs", milliseconds(service.compare_ns - service.base_ns));
    writer.member("modified", service.modified).member("added", service.added);
    writer.member("removed", service.removed).member("newErrors", service.new_errors);
    writer.member("resolvedErrors", service.resolved_errors).end_object();
  }
  writer.end_array();
}

std::string Diff::summary(TraceDiffFormat format) const {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("version", name_of(format)).key("base");
  write_summary_side(writer, base_);
  writer.key("compare");
  write_summary_side(writer, compare_);
  write_signals(writer);
  write_summary_stats(writer);
  if (!warnings_.empty()) {
    writer.key("warnings");
    write_warnings(writer);
  }
  write_services(writer);
  if (format == TraceDiffFormat::composed) {
    const auto whole = patch();
    const std::size_t bytes = whole.ok() ? whole->size() : limits_.patch_bytes_max;
    if (bytes <= limits_.attached_bytes_max) {
      writer.key("patch").raw(*whole);
    } else {
      writer.key("patchOmitted").begin_object().member("bytes", std::uint64_t{bytes});
      writer.member("reason", "over_budget").end_object();
    }
  }
  writer.end_object();
  return text;
}

Result<void> check_size(const DiffSide& side, const TraceDiffLimits& limits) {
  if (side.spans.size() <= limits.spans_max) return {};
  return Error(Code::too_large, fmt::format("the trace {} has more than {} spans: {}",
                                            side.id.hex(), limits.spans_max, side.spans.size()));
}

}  // namespace

std::optional<TraceDiffFormat> trace_diff_format_named(std::string_view name) {
  const auto found = std::ranges::find(k_formats, name);
  if (found == k_formats.end()) return std::nullopt;
  return static_cast<TraceDiffFormat>(found - k_formats.begin());
}
std::string_view name_of(TraceDiffFormat format) {
  return k_formats[static_cast<std::size_t>(format)];
}

Result<std::string> diff_traces(const DiffSide& base, const DiffSide& compare,
                                TraceDiffFormat format, const TraceDiffLimits& limits,
                                const DiffTolerance& tolerance) {
  BL_RETURN_IF_ERROR(check_size(base, limits));
  BL_RETURN_IF_ERROR(check_size(compare, limits));
  const Diff diff(base, compare, limits, tolerance);
  if (format == TraceDiffFormat::patch) return diff.patch();
  return diff.summary(format);
}

}  // namespace bl::traces
