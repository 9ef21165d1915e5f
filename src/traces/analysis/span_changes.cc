#include "traces/analysis/span_changes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "traces/analysis/extent.h"

namespace bl::traces {
namespace {

/// Attributes that differ from run to run without meaning.
constexpr std::array<std::string_view, 8> k_volatile = {
    "thread.id",         "thread.name",   "process.pid",        "client.port",
    "network.peer.port", "net.peer.port", "net.sock.peer.port", "net.sock.host.port"};
/// Ends of keys whose numbers are names: 500 is not nearly 503.
constexpr std::array<std::string_view, 7> k_names = {"code", "port",   "id",  "version",
                                                     "line", "lineno", "type"};

bool is_amount(std::string_view key) {
  return std::ranges::none_of(k_names, [&](std::string_view end) {
    if (!key.ends_with(end)) return false;
    if (key.size() == end.size()) return true;
    const char before = key[key.size() - end.size() - 1];
    return before == '.' || before == '_' || before == '-';
  });
}

std::optional<double> number_of(const AnyValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    return static_cast<double>(*integer);
  }
  const auto* number = std::get_if<double>(&value.value);
  return number ? std::optional(*number) : std::nullopt;
}

bool is_same(std::string_view key, const AnyValue& a, const AnyValue& b,
             const DiffTolerance& tolerance) {
  if (a == b) return true;
  const auto x = number_of(a), y = number_of(b);
  if (!x || !y || !is_amount(key)) return false;
  const double larger = std::max(std::abs(*x), std::abs(*y));
  return std::abs(*x - *y) <= tolerance.attribute_relative * larger;
}

using ByKey = std::map<std::string_view, const AnyValue*>;
ByKey by_key(const Attributes& attributes) {
  ByKey map;
  for (const Attribute& one : attributes) {
    if (std::ranges::count(k_volatile, one.key) == 0) map[one.key] = &one.value;  // the last stays
  }
  return map;
}

/// Calls `each(key, in a, in b)` for all keys; null or zero where it is not.
template <class Map, class Each>
void walk_both(const Map& a, const Map& b, const Each& each) {
  std::set<std::string_view> keys;
  for (const auto& [key, unused] : a) keys.insert(key);
  for (const auto& [key, unused] : b) keys.insert(key);
  const auto value_in = [](const Map& map, std::string_view key) {
    const auto found = map.find(key);
    return found == map.end() ? typename Map::mapped_type{} : found->second;
  };
  for (const std::string_view key : keys) each(key, value_in(a, key), value_in(b, key));
}

void add_field(std::vector<SpanChange>& changes, std::string name, AnyValue before,
               AnyValue after) {
  SpanChange change;
  change.name = std::move(name);
  change.before = std::move(before);
  change.after = std::move(after);
  changes.push_back(std::move(change));
}

std::map<std::string_view, std::int64_t> events_of(const Span& span) {
  std::map<std::string_view, std::int64_t> counts;
  for (const SpanEvent& event : span.events) ++counts[event.name];
  return counts;
}

}  // namespace

bool is_told(std::int64_t base_ns, std::int64_t compare_ns, const DiffTolerance& tolerance) {
  const double change = std::abs(static_cast<double>(compare_ns) - static_cast<double>(base_ns));
  return change > 0 && change >= static_cast<double>(tolerance.duration_ns) &&
         change >= tolerance.duration_relative * static_cast<double>(base_ns);
}

std::vector<SpanChange> changes_of(const Span& base, const Span& compare,
                                   const DiffTolerance& tolerance) {
  std::vector<SpanChange> changes;
  const std::int64_t before = extent_of(base).length(), after = extent_of(compare).length();
  if (is_told(before, after, tolerance)) add_field(changes, "duration_nanos", before, after);
  if (base.status != compare.status) {
    add_field(changes, "status", std::string(name_of(base.status)),
              std::string(name_of(compare.status)));
  }
  if (base.status_message != compare.status_message) {
    add_field(changes, "status_message", base.status_message, compare.status_message);
  }
  walk_both(by_key(base.attributes), by_key(compare.attributes),
            [&](std::string_view key, const AnyValue* a, const AnyValue* b) {
              if (a && b && is_same(key, *a, *b, tolerance)) return;
              changes.push_back({SpanChange::Target::attribute,
                                 {},
                                 std::string(key),
                                 !a,
                                 !b,
                                 a ? *a : AnyValue(),
                                 b ? *b : AnyValue()});
            });
  walk_both(events_of(base), events_of(compare),
            [&](std::string_view name, std::int64_t a, std::int64_t b) {
              if (a == b) return;
              changes.push_back({SpanChange::Target::event,
                                 {},
                                 std::string(name),
                                 a == 0,
                                 b == 0,
                                 AnyValue(a),
                                 AnyValue(b)});
            });
  return changes;
}

}  // namespace bl::traces
