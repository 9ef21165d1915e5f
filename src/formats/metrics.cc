#include "formats/metrics.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/hash.h"

namespace bl::formats {
namespace {

constexpr std::size_t k_parameters_max = 1000;  // far above what the server takes

struct NamedFactor {
  std::string_view name;
  double factor;
};

/// In seconds.
constexpr std::array<NamedFactor, 15> k_times = {{{"ps", 1e-12},
                                                  {"ns", 1e-9},
                                                  {"us", 1e-6},
                                                  {"\u00b5s", 1e-6},
                                                  {"\u03bcs", 1e-6},
                                                  {"ms", 1e-3},
                                                  {"s", 1},
                                                  {"sec", 1},
                                                  {"second", 1},
                                                  {"seconds", 1},
                                                  {"min", 60},
                                                  {"h", 3600},
                                                  {"hr", 3600},
                                                  {"hour", 3600},
                                                  {"day", 86400}}};
/// In bytes.
constexpr std::array<NamedFactor, 9> k_bytes = {{{"B", 1},
                                                 {"byte", 1},
                                                 {"bytes", 1},
                                                 {"KB", 1e3},
                                                 {"MB", 1e6},
                                                 {"GB", 1e9},
                                                 {"KiB", 1024},
                                                 {"MiB", 1048576},
                                                 {"GiB", 1073741824}}};

template <std::size_t N>
std::optional<double> factor_of(const std::array<NamedFactor, N>& table, std::string_view name) {
  for (const NamedFactor& entry : table) {
    if (entry.name == name) return entry.factor;
  }
  return std::nullopt;
}

/// `ns` of `p99-ns`.
std::string_view last_word(std::string_view text) {
  const std::size_t dash = text.rfind('-');
  return dash == std::string_view::npos ? text : text.substr(dash + 1);
}

/// A factor that is exact where decimal units differ by a power of ten.
Scale time_scale(std::string_view name, double seconds) {
  if (seconds >= 1) return {seconds, "s"};
  if (name == "ns") return {1, "ns"};
  if (name == "ps") return {1e-3, "ns"};
  return {name == "ms" ? 1e6 : 1e3, "ns"};
}

/// Per second, of a count per that time.
double per_second(double seconds) {
  // 1 / 1e-9 is not 1e9.
  return seconds < 1 ? std::round(1 / seconds) : 1 / seconds;
}

/// The results of one name are one batch of their run.
void set_batch(Draft& draft, const Facts& facts) {
  const auto& run = facts.run_id ? facts.run_id : draft.run_id;
  if (run && !draft.batch_id) draft.batch_id = batch_of(*run, draft.name);
}

/// The metric's stats, or why there are none.
std::optional<std::string> set_stats(Draft& draft, const Metric& metric) {
  if (metric.refused) return metric.refused;
  const std::optional<Scale> scale = scale_of(metric.unit);
  if (!scale) return "the stores have no such unit: " + metric.unit;
  if (metric.values.empty()) return "has no value";
  json::Array data;
  for (const json::Value& value : metric.values) {
    std::optional<json::Value> number = scaled(value, scale->factor);
    if (!number) return "not a number that a double holds: " + json::to_text(value);
    data.push_back(*std::move(number));
  }
  if (draft.stats.is_null()) draft.stats = json::Value::object();
  draft.stats.set("data", json::Value::array(std::move(data)));
  draft.stats.set("unit", json::Value::string(scale->unit));
  return std::nullopt;
}

json::Value kept(const Metric& metric) {
  json::Value value = json::Value::object();
  value.set("unit", json::Value::string(metric.unit));
  value.set("values", json::Value::array(metric.values));
  return value;
}

}  // namespace

std::optional<Scale> scale_of(std::string_view unit) {
  const std::size_t slash = unit.find('/');
  const std::string_view measured = last_word(unit.substr(0, slash));
  const std::optional<double> seconds = factor_of(k_times, measured);
  const std::optional<double> bytes = factor_of(k_bytes, measured);
  const std::optional<double> divisor =
      slash == std::string_view::npos ? std::nullopt : factor_of(k_times, unit.substr(slash + 1));
  if (divisor) {
    if (seconds || measured.empty() || measured == "%") return std::nullopt;
    if (bytes) return Scale{*bytes * per_second(*divisor), "B/s"};
    return Scale{per_second(*divisor), "i/s"};
  }
  // `min/op` is a minute, `min` and `rtt-min` are a minimum.
  const bool may_be_long = slash != std::string_view::npos && measured.size() == slash;
  if (seconds && (*seconds < 60 || may_be_long)) return time_scale(measured, *seconds);
  if (bytes) return Scale{*bytes, "B"};
  return std::nullopt;
}

std::optional<json::Value> scaled(const json::Value& value, double factor) {
  if (!value.is_number()) return std::nullopt;
  if (factor == 1) return value;
  const double number = value.as_double() * factor;
  if (!std::isfinite(number)) return std::nullopt;
  return json::Value::number(number);
}

json::Array samples_or_minimum(const json::Value& object, const char* key, Draft& draft) {
  const json::Value* samples = object.find(key);
  if (samples != nullptr && samples->is_array() && !samples->items().empty())
    return samples->items();
  const json::Value* least = object.find("min");
  if (least == nullptr) return {};
  draft.info.set("samples", json::Value::string("not in the file: the minimum stands for them"));
  return {*least};
}

void add_results(Draft draft, const std::vector<Metric>& metrics, const Facts& facts,
                 Reading& reading) {
  json::Value of_first = std::exchange(draft.optional_benchmark_info, json::Value());
  json::Value others = json::Value::object();
  std::vector<Draft> results;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Metric& metric = metrics[i];
    if (i == k_metrics_max) {
      reading.skipped.push_back(
          {metric.place,
           fmt::format("this and what follows: more than {} metrics", k_metrics_max)});
      break;
    }
    Draft result = draft;
    if (auto reason = set_stats(result, metric)) {
      const std::string& name = metric.name.empty() ? metric.unit : metric.name;
      reading.skipped.push_back({metric.place, fmt::format("{}: {}", name, *reason)});
      others.set(name, kept(metric));
      continue;
    }
    if (!metric.name.empty()) result.tags.set("metric", json::Value::string(metric.name));
    set_batch(result, facts);
    results.push_back(std::move(result));
  }
  if (!others.members().empty()) {
    if (of_first.is_null()) of_first = json::Value::object();
    of_first.set("metrics", std::move(others));
  }
  for (Draft& result : results) {
    result.optional_benchmark_info = std::exchange(of_first, json::Value());
    reading.submissions.push_back(to_submission(std::move(result), facts));
  }
}

void add_error(Draft draft, json::Value error, const Facts& facts, Reading& reading) {
  draft.error = std::move(error);
  set_batch(draft, facts);
  reading.submissions.push_back(to_submission(std::move(draft), facts));
}

void add_parameter(Draft& draft, std::string key, const json::Value& value) {
  if (draft.tags.members().size() > k_parameters_max) return;  // the server refuses so many
  if (key.empty()) key = "param";
  if (key == "name" || key == "metric" || draft.tags.find(key) != nullptr) key = "param_" + key;
  const bool is_scalar = !value.is_array() && !value.is_object();
  draft.tags.set(std::move(key), is_scalar ? value : json::Value::string(json::to_text(value)));
}

}  // namespace bl::formats
