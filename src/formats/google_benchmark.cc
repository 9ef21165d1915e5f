#include <fmt/format.h>

#include <array>
#include <cmath>
#include <unordered_map>

#include "formats/draft.h"
#include "formats/formats.h"

/// Google Benchmark's JSON (`--benchmark_format=json`), mapped as Conbench's own adapter does
/// (spec/results-conbench.md 7.2): repetitions of one benchmark become the samples of one result.
/// Beyond it: microseconds and milliseconds are converted to nanoseconds, which the stores accept,
/// and the user's counters are kept beside the context.
namespace bl::formats {
namespace {

/// The repetitions of one benchmark, collected.
struct Group {
  std::string run_name;
  json::Array values, times;
  std::string unit, time_unit;
  json::Value error;  // the first one
  std::string label;
  std::vector<std::pair<std::string, json::Array>> counters;  // per repetition
};

/// Nanoseconds in the tool's time unit; 0 when it is unknown. Seconds stay seconds.
double nanoseconds_in(const std::string& unit) {
  if (unit == "ns") return 1;
  if (unit == "us") return 1e3;
  if (unit == "ms") return 1e6;
  return 0;
}

struct Measured {
  json::Value value;
  std::string unit;
};

/// bytes_per_second, else items_per_second, else the real time.
std::optional<Measured> measured_of(const json::Value& run, const json::Value& time,
                                    const std::string& time_unit) {
  if (const json::Value* bytes = number_at(run, "bytes_per_second")) return Measured{*bytes, "B/s"};
  if (const json::Value* items = number_at(run, "items_per_second")) return Measured{*items, "i/s"};
  if (time.is_null()) return std::nullopt;
  return Measured{time, time_unit};
}

/// Members that are not the user's counters.
constexpr std::array<std::string_view, 8> k_own_numbers = {
    "family_index", "per_family_instance_index",
    "repetitions",  "repetition_index",
    "threads",      "iterations",
    "real_time",    "cpu_time"};

/// Every other number of the run, and a rate that did not become the value.
void add_counters(const json::Value& run, const std::string& unit, Group& group) {
  for (const auto& [key, value] : run.members()) {
    if (!value.is_number()) continue;
    if (key == "bytes_per_second" || (key == "items_per_second" && unit == "i/s")) continue;
    if (std::find(k_own_numbers.begin(), k_own_numbers.end(), key) != k_own_numbers.end()) continue;
    auto found = std::find_if(group.counters.begin(), group.counters.end(),
                              [&](const auto& counter) { return counter.first == key; });
    if (found == group.counters.end()) {
      found = group.counters.insert(group.counters.end(), {key, {}});
    }
    found->second.push_back(value);
  }
}

bool is_set(const json::Value& run, const char* flag) {
  const json::Value* value = run.find(flag);
  return value != nullptr && value->is_bool() && value->as_bool();
}

/// The time in nanoseconds where the unit is smaller than a second. nullopt when it has no double.
std::optional<json::Value> in_nanoseconds(const json::Value& time, double factor) {
  if (factor == 0 || factor == 1) return time;
  const double nanoseconds = time.as_double() * factor;
  if (!std::isfinite(nanoseconds)) return std::nullopt;
  return json::Value::number(nanoseconds);
}

/// One element of `benchmarks`: added to its group, or the reason why not.
std::optional<std::string> add_run(const json::Value& run, Group& group) {
  if (is_set(run, "skipped")) return "skipped by the benchmark: " + text_at(run, "skip_message");
  if (is_set(run, "error_occurred")) {
    if (group.error.is_null()) {
      group.error = error_object(text_at(run, "error_message"));
    }
    return std::nullopt;
  }
  const json::Value* real_time = number_at(run, "real_time");
  std::string time_unit = text_at(run, "time_unit");
  json::Value time;
  if (real_time != nullptr) {
    const double factor = nanoseconds_in(time_unit);
    auto converted = in_nanoseconds(*real_time, factor);
    if (!converted) return "real_time is too large for a double: " + real_time->number_text();
    time = *std::move(converted);
    if (factor != 0) time_unit = "ns";
  }
  std::optional<Measured> measured = measured_of(run, time, time_unit);
  if (!measured) return "neither real_time nor a rate is a number";
  if (!group.unit.empty() && group.unit != measured->unit) {
    return fmt::format("unit differs from the repetition before: '{}'", measured->unit);
  }
  group.unit = measured->unit;
  group.time_unit = time_unit;
  group.values.push_back(std::move(measured->value));
  if (!time.is_null()) group.times.push_back(std::move(time));
  if (const std::string label = text_at(run, "label"); !label.empty()) group.label = label;
  add_counters(run, group.unit, group);
  return std::nullopt;
}

/// `BM_Copy<int>/8/threads:2` -> name `BM_Copy`, params `<int>/8/threads:2`.
void set_name(Draft& draft, const std::string& run_name) {
  const std::size_t cut = run_name.find_first_of("/<", 1);
  draft.name = run_name.substr(0, cut);
  if (cut == std::string::npos) return;
  const std::string params = run_name.substr(run_name[cut] == '/' ? cut + 1 : cut);
  draft.tags.set("params", json::Value::string(params));
}

Draft draft_of(Group group, const json::Value& context) {
  Draft draft;
  set_name(draft, group.run_name);
  draft.context.set("benchmark_language", json::Value::string("C++"));
  if (!group.values.empty()) {
    draft.stats = json::Value::object();
    const auto repetitions = static_cast<std::int64_t>(group.values.size());
    draft.stats.set("data", json::Value::array(std::move(group.values)));
    draft.stats.set("unit", json::Value::string(group.unit));
    draft.stats.set("times", json::Value::array(std::move(group.times)));
    draft.stats.set("time_unit", json::Value::string(group.time_unit));
    draft.stats.set("iterations", json::Value::number(repetitions));
  }
  draft.error = std::move(group.error);
  draft.optional_benchmark_info = json::Value::object();
  draft.optional_benchmark_info.set("gbench_context", context);
  if (!group.counters.empty()) {
    json::Value counters = json::Value::object();
    for (auto& [name, values] : group.counters)
      counters.set(name, json::Value::array(std::move(values)));
    draft.optional_benchmark_info.set("counters", std::move(counters));
  }
  if (!group.label.empty()) draft.info.set("label", json::Value::string(group.label));

  if (const std::string host = text_at(context, "host_name"); !host.empty()) {
    draft.machine = json::Value::object();
    draft.machine.set("name", json::Value::string(host));
    if (const json::Value* cpus = number_at(context, "num_cpus"))
      draft.machine.set("cpu_thread_count", *cpus);
  }
  if (auto date = parse_iso_datetime(text_at(context, "date")); date.ok()) draft.timestamp = *date;
  return draft;
}

}  // namespace

Result<Reading> read_google_benchmark(std::string_view bytes, const std::string& place,
                                      const Facts& facts) {
  Result<json::Value> document = parse_with_nonfinite(bytes);
  if (!document.ok()) return at_place(std::move(document).error(), place);
  const json::Value* runs = document->find("benchmarks");
  const json::Value* context = document->find("context");
  if (runs == nullptr || !runs->is_array() || context == nullptr || !context->is_object()) {
    return Error{Code::invalid,
                 "not Google Benchmark's JSON (context and benchmarks are needed): " + place};
  }
  Reading reading;
  std::vector<Group> groups;
  std::unordered_map<std::string, std::size_t> group_of;
  for (std::size_t i = 0; i < runs->items().size(); ++i) {
    const json::Value& run = runs->items()[i];
    const std::string run_place = fmt::format("{}#/benchmarks/{}", place, i);
    if (text_at(run, "run_type") == "aggregate") {
      reading.skipped.push_back({run_place, "an aggregate: computed again from the repetitions"});
      continue;
    }
    std::string run_name = text_at(run, "run_name");
    if (run_name.empty()) run_name = text_at(run, "name");
    if (run_name.empty()) {
      reading.skipped.push_back({run_place, "has no name"});
      continue;
    }
    const auto [found, is_new] = group_of.try_emplace(run_name, groups.size());
    if (is_new) groups.push_back({.run_name = run_name});
    if (auto reason = add_run(run, groups[found->second]))
      reading.skipped.push_back({run_place, std::move(*reason)});
  }
  for (Group& group : groups) {
    if (group.values.empty() && group.error.is_null())
      continue;  // every repetition was named above
    Draft draft = draft_of(std::move(group), *context);
    if (facts.run_id) draft.batch_id = batch_of(*facts.run_id, draft.name);
    reading.submissions.push_back(to_submission(std::move(draft), facts));
  }
  return reading;
}

}  // namespace bl::formats
