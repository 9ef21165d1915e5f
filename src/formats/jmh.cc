#include <fmt/format.h>

#include <array>
#include <cmath>

#include "formats/metrics.h"

/// JMH's JSON (`-rf json`; spec/bigquery-and-gate.md 6.1): an array of benchmarks, each in one
/// mode. The unit of the score decides the direction (`ops/ms`: more is better, `us/op`: less), not
/// the mode's name. What is not finite stands there as text (`"NaN"`, `"+INF"`).
namespace bl::formats {
namespace {

/// What identifies a benchmark beside its name and parameters is a tag; these describe it.
constexpr std::array<const char*, 14> k_described = {"jmhVersion",
                                                     "threads",
                                                     "forks",
                                                     "jvmArgs",
                                                     "jdkVersion",
                                                     "vmName",
                                                     "vmVersion",
                                                     "warmupIterations",
                                                     "warmupTime",
                                                     "warmupBatchSize",
                                                     "measurementIterations",
                                                     "measurementTime",
                                                     "measurementBatchSize",
                                                     "opsPerInvocation"};

/// All iterations of all forks.
json::Array samples_of(const json::Value& forks) {
  json::Array samples;
  for (const json::Value& fork : forks.items()) {
    if (!fork.is_array()) return {fork};  // add_results names it
    for (const json::Value& iteration : fork.items()) samples.push_back(iteration);
  }
  return samples;
}

/// The mean of one iteration's histogram, [[value, count], ...]; null when it holds none.
json::Value mean_of(const json::Value& histogram) {
  double sum = 0;
  double count = 0;
  if (!histogram.is_array()) return {};
  for (const json::Value& bucket : histogram.items()) {
    const bool is_bucket = bucket.is_array() && bucket.items().size() == 2 &&
                           bucket.items()[0].is_number() && bucket.items()[1].is_number();
    if (!is_bucket) return {};
    sum += bucket.items()[0].as_double() * bucket.items()[1].as_double();
    count += bucket.items()[1].as_double();
  }
  const double mean = sum / count;
  return count > 0 && std::isfinite(mean) ? json::Value::number(mean) : json::Value();
}

json::Array means_of(const json::Value& forks) {
  json::Array means;
  for (const json::Value& fork : forks.items()) {
    if (!fork.is_array()) return {fork};
    for (const json::Value& iteration : fork.items()) means.push_back(mean_of(iteration));
  }
  return means;
}

/// JMH's profilers say how fast garbage is made in MB/s; there more is not better.
std::optional<std::string> reason_to_refuse(const std::string& unit) {
  if (unit != "MB/sec") return std::nullopt;
  return "of a rate of bytes the stores would say that more is better: " + unit;
}

/// A metric object: its samples, else its score.
Metric metric_of(const std::string& name, const json::Value& object, const std::string& place,
                 json::Value& info) {
  Metric metric{.name = name, .unit = text_at(object, "scoreUnit"), .place = place};
  const json::Value* raw = object.find("rawData");
  const json::Value* histogram = object.find("rawDataHistogram");
  if (raw != nullptr && raw->is_array() && !raw->items().empty()) {
    metric.values = samples_of(*raw);
  } else if (histogram != nullptr && histogram->is_array() && !histogram->items().empty()) {
    metric.values = means_of(*histogram);
    info.set("samples", json::Value::string("the mean of each iteration's histogram"));
  } else if (const json::Value* score = object.find("score")) {
    metric.values = {*score};
    info.set("samples", json::Value::string("not in the file: the score stands for them"));
  }
  return metric;
}

/// `·gc.alloc.rate` of JMH before 1.37 is `gc.alloc.rate`.
std::string without_dot(const std::string& name) {
  constexpr std::string_view k_middle_dot = "\u00b7";
  return name.starts_with(k_middle_dot) ? name.substr(k_middle_dot.size()) : name;
}

Draft draft_of(const json::Value& benchmark) {
  Draft draft;
  draft.name = text_at(benchmark, "benchmark");
  draft.context.set("benchmark_language", json::Value::string("Java"));
  const auto tag = [&](const char* key) {
    const json::Value* value = benchmark.find(key);
    if (value != nullptr && (value->is_string() || value->is_number())) draft.tags.set(key, *value);
  };
  tag("mode");
  const json::Value* threads = number_at(benchmark, "threads");
  if (threads != nullptr && threads->as_double() != 1) tag("threads");
  if (const json::Value* params = benchmark.find("params");
      params != nullptr && params->is_object()) {
    for (const auto& [key, value] : params->members()) add_parameter(draft, key, value);
  }
  for (const char* key : k_described) {
    if (const json::Value* value = benchmark.find(key); value != nullptr && !value->is_null())
      draft.info.set(key, *value);
  }
  return draft;
}

void read_benchmark(const json::Value& benchmark, const std::string& place, const Facts& facts,
                    Reading& reading) {
  Draft draft = draft_of(benchmark);
  const json::Value* primary = benchmark.find("primaryMetric");
  if (draft.name.empty() || primary == nullptr || !primary->is_object()) {
    reading.skipped.push_back({place, draft.name.empty() ? "has no name" : "has no primaryMetric"});
    return;
  }
  json::Value statistics = json::Value::object();
  for (const char* key :
       {"score", "scoreError", "scoreConfidence", "scorePercentiles", "scoreUnit"}) {
    if (const json::Value* value = primary->find(key)) statistics.set(key, *value);
  }
  draft.optional_benchmark_info = json::Value::object();
  draft.optional_benchmark_info.set("statistics", std::move(statistics));
  std::vector<Metric> metrics = {metric_of("", *primary, place + "/primaryMetric", draft.info)};
  const json::Value* secondary = benchmark.find("secondaryMetrics");
  if (secondary != nullptr && secondary->is_object()) {
    for (const auto& [key, object] : secondary->members()) {
      const std::string metric_place = place + json::pointer_append("/secondaryMetrics", key);
      json::Value ignored = json::Value::object();  // the same for the result as a whole
      Metric metric = metric_of(without_dot(key), object, metric_place, ignored);
      if (metric.name.empty()) metric.name = "secondary";
      metric.refused = reason_to_refuse(metric.unit);
      metrics.push_back(std::move(metric));
    }
  }
  add_results(std::move(draft), metrics, facts, reading);
}

}  // namespace

Result<Reading> read_jmh(std::string_view bytes, const std::string& place, const Facts& facts) {
  Result<json::Value> document = parse_with_nonfinite(bytes);
  if (!document.ok()) return at_place(std::move(document).error(), place);
  if (!document->is_array()) {
    return Error{Code::invalid, "not JMH's JSON (an array of benchmarks is needed): " + place};
  }
  Reading reading;
  for (std::size_t i = 0; i < document->items().size(); ++i)
    read_benchmark(document->items()[i], fmt::format("{}#/{}", place, i), facts, reading);
  return reading;
}

}  // namespace bl::formats
