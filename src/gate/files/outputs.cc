#include "gate/outputs.h"

#include <fmt/format.h>

#include <algorithm>

namespace bl::gate {
namespace {

using formats::Format;

/// In seconds, of a unit of the stores; 0: no time.
double seconds_of(std::string_view unit) {
  if (unit == "s") return 1;
  if (unit == "ns") return 1e-9;
  return 0;
}

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : "";
}

/// The numbers of an array at the key; those that are none are left out.
std::vector<double> numbers_at(const json::Value& object, const char* key) {
  std::vector<double> numbers;
  const json::Value* array = object.find(key);
  if (array == nullptr || !array->is_array()) return numbers;
  for (const json::Value& value : array->items()) {
    if (value.is_number()) numbers.push_back(value.as_double());
  }
  return numbers;
}

Direction better_of(std::string_view unit) {
  return unit.ends_with("/s") ? Direction::more_is_better : Direction::less_is_better;
}

void add_extra(Benchmark& benchmark, const std::string& name, std::string unit,
               std::vector<double> values) {
  if (values.empty() || !std::ranges::all_of(values, is_extra_figure)) return;
  const Direction better = better_of(unit);
  benchmark.extras[name] = {.unit = std::move(unit), .better = better, .rounds = {values}};
}

/// `BM_Sort/8`, `sort[n=8,fast=true]`.
std::string name_of_tags(const json::Value& tags) {
  std::string parameters;
  for (const auto& [key, value] : tags.members()) {
    if (key == "name" || key == "metric") continue;
    const std::string text = value.is_string() ? value.as_string() : json::to_text(value);
    if (!parameters.empty()) parameters += ",";
    parameters += key + "=" + text;
  }
  const std::string name = text_at(tags, "name");
  if (parameters.empty()) return name;
  const std::string params = text_at(tags, "params");
  if (!params.empty() && parameters == "params=" + params)
    return name + (params.starts_with('<') ? "" : "/") + params;
  return name + "[" + parameters + "]";
}

/// The main series of a result: its time, else what its rate makes of one.
Result<void> set_main(Benchmark& benchmark, const json::Value& stats, const std::string& place) {
  const std::string unit = text_at(stats, "unit");
  std::vector<double> values = numbers_at(stats, "data");
  const bool is_rate = unit.ends_with("/s");
  if (is_rate) {
    add_extra(benchmark, unit == "B/s" ? "bytes_per_second" : "items_per_second", unit, values);
    std::vector<double> times = numbers_at(stats, "times");
    if (const double factor = seconds_of(text_at(stats, "time_unit"));
        factor > 0 && !times.empty()) {
      values = std::move(times);
      for (double& value : values) value *= factor;
    } else {
      for (double& value : values) value = 1 / value;
    }
  } else if (const double factor = seconds_of(unit); factor > 0) {
    for (double& value : values) value *= factor;
  }
  if (values.empty()) return Error{Code::invalid, place + ": no samples of " + benchmark.name};
  for (const double value : values) {
    if (!is_figure(value))
      return Error{Code::invalid, fmt::format("{}: a sample that is not above zero, of {}: {}",
                                              place, benchmark.name, value)};
  }
  benchmark.main = {.unit = unit == "B" ? "B" : "s", .rounds = {std::move(values)}};
  return {};
}

/// Counters of Google Benchmark, metrics without a unit of the stores.
void add_further_numbers(Benchmark& benchmark, const json::Value& submission) {
  const json::Value* info = submission.find("optional_benchmark_info");
  if (info == nullptr || !info->is_object()) return;
  if (const json::Value* counters = info->find("counters");
      counters != nullptr && counters->is_object()) {
    for (const auto& [name, values] : counters->members())
      add_extra(benchmark, name, "", numbers_at(*counters, name.c_str()));
  }
  if (const json::Value* metrics = info->find("metrics");
      metrics != nullptr && metrics->is_object()) {
    for (const auto& [name, metric] : metrics->members())
      add_extra(benchmark, name, text_at(metric, "unit"), numbers_at(metric, "values"));
  }
}

Benchmark& named(Benchmarks& all, const std::string& name) {
  auto at = std::ranges::lower_bound(all, name, {}, &Benchmark::name);
  if (at == all.end() || at->name != name) at = all.insert(at, Benchmark{.name = name});
  return *at;
}

Result<void> add_submission(Benchmarks& all, const json::Value& submission,
                            const std::string& place) {
  const json::Value* tags = submission.find("tags");
  if (tags == nullptr || !tags->is_object() || text_at(*tags, "name").empty())
    return Error{Code::invalid, place + ": a result without a name"};
  Benchmark read{.name = name_of_tags(*tags)};
  if (const json::Value* error = submission.find("error"))
    return Error{Code::invalid,
                 fmt::format("{}: {} failed: {}", place, read.name, json::to_text(*error))};
  const json::Value* stats = submission.find("stats");
  if (stats == nullptr || !stats->is_object())
    return Error{Code::invalid, place + ": no samples of " + read.name};
  if (const std::string metric = text_at(*tags, "metric"); !metric.empty()) {
    std::vector<double> values = numbers_at(*stats, "data");
    std::string unit = text_at(*stats, "unit");
    if (unit == "ns") {
      unit = "s";
      for (double& value : values) value *= 1e-9;
    }
    add_extra(named(all, read.name), metric, std::move(unit), std::move(values));
    return {};
  }
  BL_RETURN_IF_ERROR(set_main(read, *stats, place));
  add_further_numbers(read, submission);
  Benchmark& kept = named(all, read.name);
  if (!kept.main.rounds.empty())
    return Error{Code::invalid, place + ": two benchmarks have one name: " + read.name};
  kept.main = std::move(read.main);
  kept.extras.merge(read.extras);
  return {};
}

/// pytest-benchmark is read here: its full names are the names of baselines, and its extra_info
/// holds rates and counters.
Result<void> add_pytest(Benchmarks& all, const json::Value& benchmark, const std::string& place) {
  std::string name = text_at(benchmark, "fullname");
  if (name.empty()) name = text_at(benchmark, "name");
  const json::Value* stats = benchmark.find("stats");
  if (name.empty() || stats == nullptr || !stats->is_object())
    return Error{Code::invalid, place + ": a benchmark needs fullname and stats"};
  Benchmark& kept = named(all, name);
  if (!kept.main.unit.empty())
    return Error{Code::invalid, place + ": two benchmarks have one name: " + name};
  kept.main.unit = "s";
  json::Value samples = json::Value::object();
  if (const json::Value* data = stats->find("data");
      data != nullptr && data->is_array() && !data->items().empty()) {
    samples.set("data", *data);
    samples.set("unit", json::Value::string("s"));
    BL_RETURN_IF_ERROR(set_main(kept, samples, place));
  } else {
    const auto number = [&](const char* key) {
      const json::Value* value = stats->find(key);
      return value != nullptr && value->is_number() ? value->as_double() : -1.0;
    };
    kept.summary = {.median = number("median"),
                    .stddev = number("stddev"),
                    .samples = static_cast<std::int64_t>(std::min(number("rounds"), 1e15))};
    const bool is_sound = is_figure(kept.summary->median) && kept.summary->stddev >= 0 &&
                          kept.summary->stddev <= k_figure_max && kept.summary->samples >= 1;
    if (!is_sound)
      return Error{Code::invalid,
                   place + ": stats need median, stddev and rounds, or data: " + name};
  }
  const json::Value* extra = benchmark.find("extra_info");
  if (extra == nullptr || !extra->is_object()) return {};
  for (const auto& [key, value] : extra->members()) {
    if (value.is_number()) add_extra(kept, key, "", {value.as_double()});
  }
  return {};
}

}  // namespace

Result<Benchmarks> read_pytest_file(std::string_view bytes, const std::string& place) {
  auto document = json::parse(bytes, {.bytes_max = 256u << 20});
  if (!document.ok()) return std::move(document).error().with_context(place);
  const json::Value* benchmarks = document->find("benchmarks");
  if (benchmarks == nullptr || !benchmarks->is_array())
    return Error{Code::invalid, place + ": not pytest-benchmark's JSON"};
  Benchmarks all;
  for (const json::Value& benchmark : benchmarks->items())
    BL_RETURN_IF_ERROR(add_pytest(all, benchmark, place));
  return all;
}

Result<Benchmarks> read_output(std::optional<Format> format, std::string_view bytes,
                               const std::string& place) {
  if (!format) format = formats::detect(bytes);
  if (!format)
    return Error{Code::invalid, fmt::format("{}: none of the formats {}", place,
                                            fmt::join(formats::format_names(), ", "))};
  Benchmarks all;
  if (*format == Format::pytest_benchmark) {
    BL_TRY(all, read_pytest_file(bytes, place));
    for (const Benchmark& benchmark : all) {
      if (benchmark.main.rounds.empty())
        return Error{Code::invalid, fmt::format("{}: no samples (--benchmark-json writes them, "
                                                "--benchmark-save only with "
                                                "--benchmark-save-data) of {}",
                                                place, benchmark.name)};
    }
  } else {
    BL_TRY(const formats::Reading reading, formats::read(*format, bytes, place, {}));
    for (const json::Value& submission : reading.submissions)
      BL_RETURN_IF_ERROR(add_submission(all, submission, place));
    std::erase_if(all, [](const Benchmark& benchmark) { return benchmark.main.rounds.empty(); });
  }
  if (all.empty()) return Error{Code::invalid, place + ": no benchmark in it"};
  return all;
}

Result<void> add_rounds(Benchmarks& all, Benchmarks more) {
  for (Benchmark& round : more) {
    Benchmark& kept = named(all, round.name);
    if (kept.main.rounds.empty()) {
      kept = std::move(round);
      continue;
    }
    if (kept.scenario != round.scenario)
      return Error{Code::invalid, fmt::format("two scenarios, {} and {}, give one benchmark: {}",
                                              kept.scenario, round.scenario, round.name)};
    if (kept.main.unit != round.main.unit)
      return Error{Code::invalid, fmt::format("the unit changed between two rounds, from {} to {}: "
                                              "{}",
                                              kept.main.unit, round.main.unit, round.name)};
    for (auto& samples : round.main.rounds) kept.main.rounds.push_back(std::move(samples));
    for (auto& [name, series] : round.extras) {
      Series& extra = kept.extras[name];
      if (extra.rounds.empty()) {
        extra = std::move(series);
        continue;
      }
      for (auto& samples : series.rounds) extra.rounds.push_back(std::move(samples));
    }
  }
  return {};
}

}  // namespace bl::gate
