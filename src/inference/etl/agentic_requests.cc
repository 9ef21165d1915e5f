#include "inference/agentic_requests.h"

#include <cmath>

#include "inference/coercion.h"
#include "inference/statistics.h"

namespace bl::inference {
namespace {

constexpr double k_windows_max = 1e7;  // of one second: 115 days

const json::Value* at(const json::Value* value, std::string_view key) {
  return value ? value->find(key) : nullptr;
}

std::optional<double> number_at(const json::Value* value) {
  return value && value->is_number() ? std::optional(value->as_double()) : std::nullopt;
}

void set(json::Value& object, std::string key, double number) {
  object.set(std::move(key), std::isfinite(number) ? json::Value::number(number) : json::Value());
}

json::Value summary_json(const std::optional<Summary>& summary) {
  json::Value out = json::Value::object();
  if (!summary) return out;
  set(out, "mean", summary->mean);
  set(out, "p50", summary->p50);
  set(out, "p75", summary->p75);
  set(out, "p90", summary->p90);
  set(out, "p95", summary->p95);
  set(out, "std", summary->std);
  return out;
}

/// Rates from seconds per token: the reciprocal of each statistic, the deviation of reciprocals.
json::Value reciprocal_json(const std::vector<double>& seconds) {
  std::vector<double> rates;
  for (double one : seconds) {
    if (one > 0) rates.push_back(1 / one);
  }
  auto summary = summary_of(seconds);
  if (!summary || rates.size() != seconds.size()) return json::Value::object();
  return summary_json(Summary{.mean = 1 / summary->mean,
                              .p50 = 1 / summary->p50,
                              .p75 = 1 / summary->p75,
                              .p90 = 1 / summary->p90,
                              .p95 = 1 / summary->p95,
                              .std = standard_deviation_of(rates)});
}

/// What the records say, one value for each request that has it; times in seconds.
struct Requests {
  std::vector<double> ttft, e2el, itl, seconds_per_token, full_response_itl;
  std::vector<double> input_tokens, output_tokens, expected_tokens, starts, ends;

  void add(const json::Value& record) {
    const json::Value* metadata = record.find("metadata");
    const json::Value* phase = at(metadata, "benchmark_phase");
    if (phase && text_of(phase) != "profiling") return;
    if (is_truthy(record.find("error"))) return;
    const json::Value* metrics = record.find("metrics");
    auto value = [&](std::string_view name) { return number_at(at(at(metrics, name), "value")); };
    auto keep = [](std::vector<double>& to, std::optional<double> number, double scale) {
      if (number) to.push_back(*number * scale);
    };
    auto latency = value("request_latency");
    auto tokens = value("output_sequence_length");
    keep(ttft, value("time_to_first_token"), 1e-3);
    keep(e2el, latency, 1e-3);
    keep(itl, value("inter_token_latency"), 1e-3);
    keep(full_response_itl, value("full_response_inter_token_latency"), 1e-3);
    keep(input_tokens, value("input_sequence_length"), 1);
    keep(output_tokens, tokens, 1);
    keep(expected_tokens, value("expected_output_sequence_length"), 1);
    if (latency && tokens && *tokens > 0) seconds_per_token.push_back(*latency * 1e-3 / *tokens);
    keep(starts, number_at(at(metadata, "request_start_ns")), 1e-9);
    keep(ends, number_at(at(metadata, "request_end_ns")), 1e-9);
  }

  /// From the first start to the last end; 0 when there is none.
  double duration() const {
    if (starts.empty() || ends.empty()) return 0;
    return *std::max_element(ends.begin(), ends.end()) -
           *std::min_element(starts.begin(), starts.end());
  }
};

/// Completions in windows of one second, from the first completion on.
json::Value queries_per_second(const Requests& requests) {
  json::Value out = json::Value::object();
  if (requests.ends.empty()) return out;
  double first = *std::min_element(requests.ends.begin(), requests.ends.end());
  double last = *std::max_element(requests.ends.begin(), requests.ends.end());
  double windows = std::floor(last - first);
  if (windows > k_windows_max) return out;
  std::vector<double> counts(static_cast<std::size_t>(windows), 0);
  for (double end : requests.ends) {
    auto window = static_cast<std::size_t>(end - first);
    if (window < counts.size()) counts[window] += 1;
  }
  auto summary = summary_of(counts);
  if (summary) {
    out.set("window_seconds", json::Value::number(1.0));
    out.set("samples", json::Value::number(static_cast<std::int64_t>(counts.size())));
    json::Value statistics = summary_json(summary);
    for (auto& [name, value] : statistics.members()) out.set(name, std::move(value));
    return out;
  }
  double duration = requests.duration();
  if (duration > 0) set(out, "mean", static_cast<double>(requests.ends.size()) / duration);
  return out;
}

json::Value throughput_json(const Requests& requests) {
  json::Value out = json::Value::object();
  double duration = requests.duration();
  if (!(duration > 0)) return out;
  double input = 0, output = 0;
  for (double tokens : requests.input_tokens) input += tokens;
  for (double tokens : requests.output_tokens) output += tokens;
  auto rate = [&](const char* side, double tokens) {
    json::Value one = json::Value::object();
    set(one, "tokens_per_second", tokens / duration);
    out.set(side, std::move(one));
  };
  rate("input", input);
  rate("output", output);
  rate("total", input + output);
  set(out, "duration_seconds", duration);
  out.set("per_gpu", json::Value::object());
  return out;
}

json::Value cache_json(const json::Value& aggregate) {
  const json::Value* hit = aggregate.find("theoretical_prefix_cache_hit");
  auto rate = number_at(at(hit, "avg"));
  json::Value out = json::Value::object();
  out.set("theoretical_cache_hit_rate", json::Value());
  if (rate) {
    bool is_percent = text_of(at(hit, "unit")) == "%";
    set(out, "theoretical_cache_hit_rate", is_percent ? *rate / 100 : *rate);
  }
  return out;
}

}  // namespace

json::Value request_metrics(const json::Value& records, const json::Value& aggregate) {
  Requests requests;
  if (records.is_array()) {
    for (const json::Value& record : records.items()) requests.add(record);
  }
  json::Value latency = json::Value::object();
  latency.set("ttft", summary_json(summary_of(requests.ttft)));
  latency.set("e2el", summary_json(summary_of(requests.e2el)));
  latency.set("itl", summary_json(summary_of(requests.itl)));
  latency.set("tpot", summary_json(summary_of(requests.itl)));
  latency.set("intvty", reciprocal_json(requests.itl));
  latency.set("e2e_norm_intvty", reciprocal_json(requests.seconds_per_token));
  latency.set("full_response_itl", summary_json(summary_of(requests.full_response_itl)));
  latency.set("full_response_intvty", reciprocal_json(requests.full_response_itl));
  json::Value tokens = json::Value::object();
  tokens.set("input", summary_json(summary_of(requests.input_tokens)));
  tokens.set("output_actual", summary_json(summary_of(requests.output_tokens)));
  tokens.set("output_expected", summary_json(summary_of(requests.expected_tokens)));
  json::Value out = json::Value::object();
  out.set("qps", queries_per_second(requests));
  out.set("latency", std::move(latency));
  out.set("tokens", std::move(tokens));
  out.set("throughput", throughput_json(requests));
  out.set("cache", cache_json(aggregate));
  return out;
}

}  // namespace bl::inference
