#include <fmt/format.h>

#include "formats/metrics.h"

/// Folly's benchmarks. `--bm_json_verbose FILE`: an array of [source file, name, nanoseconds] and,
/// when the benchmark has counters, an object of them. `--json`: an object of picoseconds by name.
/// A name that begins with `%` is measured relative to the one before it; `-` is a drawn line.
namespace bl::formats {
namespace {

/// The draft of one benchmark; nullopt for a line that is drawn.
std::optional<Draft> draft_of(const std::string& name) {
  if (name == "-") return std::nullopt;
  Draft draft;
  draft.context.set("benchmark_language", json::Value::string("C++"));
  const bool is_relative = name.starts_with('%');
  draft.name = is_relative ? name.substr(1) : name;
  if (is_relative) draft.info.set("relative_to_baseline", json::Value::boolean(true));
  return draft;
}

/// The counters have no unit: one value each, {"value": 7, "type": 0}.
void add_counters(const json::Value& counters, const std::string& place,
                  std::vector<Metric>& metrics) {
  for (const auto& [name, counter] : counters.members()) {
    const json::Value* value = counter.is_object() ? counter.find("value") : &counter;
    metrics.push_back({.name = name,
                       .values = value == nullptr ? json::Array{} : json::Array{*value},
                       .place = place,
                       .refused = "a counter says no unit"});
  }
}

void read_row(const json::Value& row, const std::string& place, const Facts& facts,
              Reading& reading) {
  const bool is_row = row.is_array() && row.items().size() >= 3 && row.items()[0].is_string() &&
                      row.items()[1].is_string();
  if (!is_row) {
    reading.skipped.push_back({place, "not [file, name, nanoseconds]"});
    return;
  }
  std::optional<Draft> draft = draft_of(row.items()[1].as_string());
  if (!draft) return;
  if (draft->name.empty()) {
    reading.skipped.push_back({place, "has no name"});
    return;
  }
  // The build's folder is not the benchmark's.
  const std::string& file = row.items()[0].as_string();
  const std::size_t slash = file.find_last_of("/\\");
  draft->tags.set("file",
                  json::Value::string(file.substr(slash == std::string::npos ? 0 : slash + 1)));
  std::vector<Metric> metrics = {{.unit = "ns", .values = {row.items()[2]}, .place = place}};
  if (row.items().size() > 3 && row.items()[3].is_object())
    add_counters(row.items()[3], place, metrics);
  add_results(*std::move(draft), metrics, facts, reading);
}

}  // namespace

Result<Reading> read_folly(std::string_view bytes, const std::string& place, const Facts& facts) {
  Result<json::Value> document = parse_with_nonfinite(bytes);
  if (!document.ok()) return at_place(std::move(document).error(), place);
  Reading reading;
  if (document->is_array()) {
    for (std::size_t i = 0; i < document->items().size(); ++i)
      read_row(document->items()[i], fmt::format("{}#/{}", place, i), facts, reading);
    return reading;
  }
  if (!document->is_object()) {
    return Error{Code::invalid, "not Folly's JSON (an array or an object is needed): " + place};
  }
  for (const auto& [name, picoseconds] : document->members()) {
    const std::string member_place = place + "#" + json::pointer_append("", name);
    std::optional<Draft> draft = draft_of(name);
    if (!draft) continue;
    if (draft->name.empty()) {
      reading.skipped.push_back({member_place, "has no name"});
      continue;
    }
    add_results(*std::move(draft), {{.unit = "ps", .values = {picoseconds}, .place = member_place}},
                facts, reading);
  }
  return reading;
}

}  // namespace bl::formats
