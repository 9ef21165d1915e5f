#include "inference/etl/agentic.h"

#include <charconv>
#include <cmath>

#include "inference/coercion.h"
#include "inference/decode.h"

namespace bl::inference {
namespace {

constexpr std::size_t k_reasons_max = 32;
constexpr std::size_t k_reason_bytes_max = 64;
constexpr double k_safe_integer_max = 9007199254740991.0;

const json::Value* at(const json::Value* value, std::string_view key) {
  return value ? value->find(key) : nullptr;
}

void add_number(Metrics& metrics, std::string name, const json::Value* value) {
  if (value && value->is_number()) metrics.emplace_back(std::move(name), value->as_double());
}

/// {mean, p50, p90, std} -> mean_NAME, median_NAME, ...; window_seconds and samples are none.
void add_statistics(Metrics& metrics, const json::Value* statistics, std::string_view name) {
  if (!statistics || !statistics->is_object()) return;
  for (const auto& [stat, value] : statistics->members()) {
    bool is_percentile = stat.size() > 1 && stat[0] == 'p' && stat[1] >= '0' && stat[1] <= '9';
    if (stat != "mean" && stat != "std" && !is_percentile) continue;
    std::string prefix = stat == "p50" ? "median" : stat;
    add_number(metrics, prefix + "_" + std::string(name), &value);
  }
}

void add_members(Metrics& metrics, const json::Value* object, const std::string& prefix) {
  if (!object || !object->is_object()) return;
  for (const auto& [name, value] : object->members()) add_number(metrics, prefix + name, &value);
}

void add_request_metrics(Metrics& metrics, const json::Value* requests) {
  if (const json::Value* latency = at(requests, "latency"); latency && latency->is_object()) {
    for (const auto& [name, statistics] : latency->members()) {
      add_statistics(metrics, &statistics, name);
    }
  }
  add_statistics(metrics, at(requests, "qps"), "qps");
  const json::Value* tokens = at(requests, "tokens");
  add_statistics(metrics, at(tokens, "input"), "input_tokens");
  add_statistics(metrics, at(tokens, "output_actual"), "output_tokens_actual");
  add_statistics(metrics, at(tokens, "output_expected"), "output_tokens_expected");
  const json::Value* throughput = at(requests, "throughput");
  for (const char* side : {"input", "output", "total"}) {
    add_number(metrics, std::string(side) + "_tput_tps",
               at(at(throughput, side), "tokens_per_second"));
  }
  add_number(metrics, "duration_seconds", at(throughput, "duration_seconds"));
  const json::Value* per_gpu = at(throughput, "per_gpu");
  add_number(metrics, "tput_per_gpu", at(per_gpu, "total_tput_tps"));
  add_number(metrics, "output_tput_per_gpu", at(per_gpu, "output_tput_tps"));
  add_number(metrics, "input_tput_per_gpu", at(per_gpu, "input_tput_tps"));
  add_number(metrics, "theoretical_cache_hit_rate",
             at(at(requests, "cache"), "theoretical_cache_hit_rate"));
}

void add_server_metrics(Metrics& metrics, const json::Value* server) {
  const json::Value* cache = at(server, "cache");
  for (const char* where : {"gpu", "cpu", "external"}) {
    std::string name = std::string(where) + "_cache_hit_rate";
    add_number(metrics, "server_" + name, at(cache, name));
  }
  add_number(metrics, "gpu_kv_cache_usage_pct", at(at(server, "kv_cache"), "gpu_usage_pct"));
  const json::Value* tokens = at(server, "tokens");
  add_number(metrics, "total_prompt_tokens", at(tokens, "prompt_total"));
  add_number(metrics, "total_generation_tokens", at(tokens, "generation_total"));
  add_number(metrics, "total_requests_completed", at(tokens, "requests_completed"));
}

bool is_valid_version(const json::Value& version) {
  if (version.is_number()) {
    double number = version.as_double();
    return number >= 1 && number <= k_safe_integer_max && number == std::floor(number);
  }
  if (!version.is_string() || version.as_string().starts_with('0')) return false;
  const std::string& text = version.as_string();
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 1 &&
         static_cast<double>(number) <= k_safe_integer_max;
}

bool is_reason(const json::Value& value) {
  if (!value.is_string()) return false;
  const std::string& text = value.as_string();
  if (text.empty() || text.size() > k_reason_bytes_max || text[0] < 'a' || text[0] > 'z') {
    return false;
  }
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == text.npos;
}

bool is_worker(const json::Value& worker) {
  const json::Value* role = worker.find("role");
  if (!role || !role->is_string()) return false;
  for (const char* key : {"worker_idx", "num_gpus", "avg_power_w"}) {
    const json::Value* value = worker.find(key);
    if (!value || !value->is_number()) return false;
  }
  return true;
}

json::Value workers_of(const json::Value* workers) {
  if (!workers || !workers->is_array()) return {};
  json::Array valid;
  for (const json::Value& worker : workers->items()) {
    if (is_worker(worker)) valid.push_back(worker);
  }
  return valid.empty() ? json::Value() : json::Value::array(std::move(valid));
}

void erase_metrics(Metrics& metrics, const std::function<bool(std::string_view)>& is_gone) {
  std::erase_if(metrics, [&](const auto& metric) { return is_gone(metric.first); });
}

}  // namespace

Metrics agentic_metrics(const json::Value& row) {
  Metrics metrics;
  const json::Value* requests = row.find("request_metrics");
  if (!requests || !requests->is_object()) return metrics;
  metrics.reserve(96);
  add_request_metrics(metrics, requests);
  add_server_metrics(metrics, row.find("server_metrics"));
  const json::Value* stability = requests->find("stability");
  add_members(metrics, at(stability, "observed_window"), "observed_window_");
  add_members(metrics, at(stability, "root_trajectory"), "root_trajectory_");
  recompute_interactivity(metrics);
  return metrics;
}

void recompute_interactivity(Metrics& metrics) {
  constexpr std::string_view ending = "_intvty";
  erase_metrics(metrics, [&](std::string_view name) {
    return name.ends_with(ending) && name.find("full_response") == name.npos &&
           name.find("e2e_norm") == name.npos;
  });
  for (std::size_t i = 0, count = metrics.size(); i < count; ++i) {
    std::string_view name = metrics[i].first;
    bool is_full = name.ends_with("_full_response_itl");
    if (!is_full && !name.ends_with("_itl")) continue;
    std::string stat(name.substr(0, name.find('_')));
    // The reciprocal of a standard deviation is no standard deviation.
    if (stat == "std") continue;
    double latency = metrics[i].second;
    bool has_full = !is_full && find_metric(metrics, stat + "_full_response_itl");
    if (has_full || !(latency > 0)) continue;
    set_metric(metrics, stat + std::string(ending), 1 / latency);
  }
}

std::string offload_mode(const json::Value& row) {
  const json::Value* given = row.find("offload_mode");
  if (is_truthy(given)) return text_of(given);
  const json::Value* offloading = row.find("kv_offloading");
  if (!is_truthy(offloading)) offloading = row.find("offloading");
  bool is_on = is_truthy(offloading) && text_of(offloading) != "none";
  return is_on ? "on" : "off";
}

std::optional<std::string> kv_transfer_lib(const json::Value* kv_p2p_transfer) {
  const json::Value* named = at(kv_p2p_transfer, "name");
  std::string name = lower_case(text_of(named ? named : kv_p2p_transfer));
  for (const char* known : {"mooncake", "nixl", "mori", "ucx"}) {
    if (name == known) return name;
  }
  return std::nullopt;
}

void apply_power_contract(const RowFields& fields, BenchmarkRow& row) {
  if (const json::Value* reasons = fields[Field::power_invalid_reasons];
      reasons && reasons->is_array()) {
    for (const json::Value& reason : reasons->items()) {
      auto& kept = row.power_invalid_reasons;
      bool is_new = is_reason(reason) && kept.size() < k_reasons_max &&
                    std::find(kept.begin(), kept.end(), reason.as_string()) == kept.end();
      if (is_new) kept.push_back(reason.as_string());
    }
  }
  const json::Value* audit = fields[Field::power_audit];
  if (audit && audit->is_object()) row.power_audit = *audit;
  row.workers = workers_of(fields[Field::workers]);
  if (const json::Value* version = fields[Field::power_metric_schema_version];
      version && !is_valid_version(*version)) {
    erase_metrics(row.metrics,
                  [](std::string_view name) { return name == "power_metric_schema_version"; });
  }
  const json::Value* valid = fields[Field::power_valid];
  if (!valid) return;
  bool is_valid = valid->is_number() ? valid->as_double() == 1
                                     : valid->is_string() && valid->as_string() == "1";
  set_metric(row.metrics, "power_valid", is_valid ? 1 : 0);
  if (is_valid) return;
  erase_metrics(row.metrics, is_measured_power);
  row.workers = {};
}

}  // namespace bl::inference
