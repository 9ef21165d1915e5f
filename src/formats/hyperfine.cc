#include <fmt/format.h>

#include "formats/metrics.h"

/// hyperfine's JSON (`--export-json`; spec/bigquery-and-gate.md 6.1). Times are seconds, one per
/// run; user and system time are means over all runs; memory is bytes per run (since 1.16).
namespace bl::formats {
namespace {

/// What the exit codes say was wrong, as an error object. Null when every run ended with 0.
json::Value error_of(const json::Value& result) {
  const json::Value* codes = result.find("exit_codes");
  if (codes == nullptr || !codes->is_array()) return {};
  const json::Value zero = json::Value::number(std::int64_t{0});
  const json::Array& all = codes->items();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == zero) continue;
    const std::string code =
        all[i].is_null() ? "ended by a signal" : "exit code " + json::to_text(all[i]);
    json::Value error = error_object(fmt::format("{} in run {} of {}", code, i + 1, all.size()));
    error.set("exit_codes", *codes);
    return error;
  }
  return {};
}

std::vector<Metric> metrics_of(const json::Value& result, const std::string& place, Draft& draft) {
  std::vector<Metric> metrics = {
      {.unit = "s", .values = samples_or_minimum(result, "times", draft), .place = place}};
  for (const char* name : {"user", "system"}) {
    if (const json::Value* mean = result.find(name))
      metrics.push_back({.name = name, .unit = "s", .values = {*mean}, .place = place});
  }
  const json::Value* memory = result.find("memory_usage_byte");
  if (memory != nullptr && memory->is_array() && !memory->items().empty()) {
    metrics.push_back({.name = "memory", .unit = "B", .values = memory->items(), .place = place});
  }
  return metrics;
}

void read_command(const json::Value& result, const std::string& place, const Facts& facts,
                  Reading& reading) {
  Draft draft;
  draft.name = text_at(result, "command");
  if (draft.name.empty()) {
    reading.skipped.push_back({place, "has no command"});
    return;
  }
  if (const json::Value* parameters = result.find("parameters");
      parameters != nullptr && parameters->is_object()) {
    for (const auto& [key, value] : parameters->members()) add_parameter(draft, key, value);
  }
  std::vector<Metric> metrics = metrics_of(result, place, draft);
  json::Value statistics = json::Value::object();
  for (const char* key : {"mean", "stddev", "median", "user", "system", "min", "max"}) {
    if (const json::Value* value = number_at(result, key)) statistics.set(key, *value);
  }
  draft.optional_benchmark_info = json::Value::object();
  draft.optional_benchmark_info.set("statistics", std::move(statistics));
  json::Value error = error_of(result);
  if (error.is_null()) return add_results(std::move(draft), metrics, facts, reading);
  // What a failed command took is kept, but it is no measurement.
  draft.stats = json::Value::object();
  json::Array data;
  for (const json::Value& time : metrics[0].values) {
    if (time.is_number()) data.push_back(time);
  }
  draft.stats.set("data", json::Value::array(std::move(data)));
  draft.stats.set("unit", json::Value::string("s"));
  add_error(std::move(draft), std::move(error), facts, reading);
}

}  // namespace

Result<Reading> read_hyperfine(std::string_view bytes, const std::string& place,
                               const Facts& facts) {
  Result<json::Value> document = parse_with_nonfinite(bytes);
  if (!document.ok()) return at_place(std::move(document).error(), place);
  const json::Value* results = document->find("results");
  if (results == nullptr || !results->is_array()) {
    return Error{Code::invalid, "not hyperfine's JSON (an array of results is needed): " + place};
  }
  Reading reading;
  for (std::size_t i = 0; i < results->items().size(); ++i) {
    read_command(results->items()[i], fmt::format("{}#/results/{}", place, i), facts, reading);
  }
  return reading;
}

}  // namespace bl::formats
