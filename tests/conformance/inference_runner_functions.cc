#include "conformance/inference_etl_functions.h"
#include "inference/agentic_requests.h"
#include "inference/coercion.h"
#include "inference/eval_collection.h"
#include "inference/gpu_metrics.h"
#include "inference/power.h"
#include "inference/producer.h"
#include "inference/recipes.h"
#include "inference/statistics.h"

namespace bl::inference::conformance {
namespace {

using Input = const json::Value&;

json::Value text_json(std::string_view text) {
  return json::Value::string(std::string(text));
}

json::Value integer_json(std::int64_t number) {
  return json::Value::number(number);
}

json::Value number_or_null(std::optional<double> number) {
  return number ? number_of(*number) : json::Value();
}

std::vector<std::string> texts_of(const json::Value& array) {
  std::vector<std::string> texts;
  for (const json::Value& item : array.items()) texts.push_back(text_of(&item));
  return texts;
}

json::Value texts_json(const std::vector<std::string>& texts) {
  json::Array all;
  for (const auto& text : texts) all.push_back(text_json(text));
  return json::Value::array(std::move(all));
}

template <class T>
json::Value map_json(const std::map<std::string, T>& map) {
  json::Value out = json::Value::object();
  for (const auto& [key, value] : map) {
    if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      out.set(key, texts_json(value));
    } else {
      out.set(key, json::Value::number(value));
    }
  }
  return out;
}

/// The early revisions took their settings as arguments: accelerator, tp, file, framework,
/// precision.
RunnerSettings settings_of(const json::Value& input) {
  RunnerSettings settings;
  for (const auto& [name, value] : input.find("env")->members()) {
    settings[name] = text_of(&value);
  }
  const json::Value* arguments = input.find("argv");
  if (!arguments) return settings;
  std::vector<std::string> texts = texts_of(*arguments);
  constexpr std::array<const char*, 5> k_names = {"RUNNER_TYPE", "TP", "", "FRAMEWORK",
                                                  "PRECISION"};
  for (std::size_t i = 0; i < texts.size() && i < k_names.size(); ++i) {
    settings[k_names[i]] = texts[i];
  }
  return settings;
}

RowRevision revision_of(std::string_view rev) {
  if (rev.find("(2025-08") != rev.npos) return RowRevision::august_2025;
  if (rev.find("(2025-10") != rev.npos) return RowRevision::october_2025;
  if (rev.find("(2025-11") != rev.npos) return RowRevision::november_2025;
  return RowRevision::august_2026;
}

Result<json::Value> process(Input in) {
  const json::Value* bench = in.find("bench");
  if (!bench) bench = in.find("document");
  return process_result(*bench, settings_of(in), revision_of(in.find("rev")->as_string()));
}

/// The names carry a suffix, as the runner's flat rows do.
json::Value statistics_json(Input in) {
  std::vector<double> values;
  for (const json::Value& item : in.items()) values.push_back(item.as_double());
  json::Value out = json::Value::object();
  auto summary = summary_of(std::move(values));
  if (!summary) return out;
  out.set("mean_x", number_of(summary->mean));
  out.set("p50_x", number_of(summary->p50));
  out.set("p75_x", number_of(summary->p75));
  out.set("p90_x", number_of(summary->p90));
  out.set("p95_x", number_of(summary->p95));
  out.set("std_x", number_of(summary->std));
  return out;
}

json::Value columns_json(Input in) {
  std::vector<std::string> headers = texts_of(in);
  PowerColumns columns = detect_power_columns(headers);
  json::Array out;
  for (int column : {columns.timestamp, columns.power, columns.gpu}) {
    out.push_back(column < 0 ? json::Value()
                             : text_json(headers[static_cast<std::size_t>(column)]));
  }
  return json::Value::array(std::move(out));
}

json::Value power_json(Input in) {
  PowerWindow window{.start_unix = in.find("start_unix")->as_double(),
                     .end_unix = in.find("end_unix")->as_double(),
                     .expected_num_gpus = in.find("expected_num_gpus")->as_int64().value()};
  if (const json::Value* gap = in.find("max_sample_gap_s")) {
    window.max_sample_gap_s = gap->as_double();
  }
  PowerMeasurement power = integrate_power(in.find("csv")->as_string(), window);
  json::Value out = json::Value::object();
  out.set("power_valid", json::Value::boolean(power.is_valid));
  out.set("invalid_reasons", texts_json(power.invalid_reasons));
  out.set("expected_num_gpus", integer_json(window.expected_num_gpus));
  out.set("observed_gpu_ids", texts_json(power.gpu_ids));
  out.set("per_gpu_sample_counts", map_json(power.sample_counts));
  out.set("per_gpu_max_sample_gap_s", map_json(power.max_sample_gap_s));
  out.set("per_gpu_energy_j", map_json(power.energy_j));
  out.set("device_issues", map_json(power.device_issues));
  out.set("avg_power_w", number_or_null(power.avg_power_w));
  out.set("avg_total_gpu_power_w", number_or_null(power.avg_total_gpu_power_w));
  out.set("total_gpu_energy_j", number_or_null(power.total_gpu_energy_j));
  return out;
}

Result<json::Value> delta(Input in) {
  BL_TRY(json::Array added, append_only_delta(in.find("base")->items(), in.find("head")->items()));
  return json::Value::array(std::move(added));
}

Result<json::Value> expanded(Input in) {
  BL_TRY(auto keys,
         expand_config_keys(texts_of(*in.find("config_keys")), texts_of(*in.find("master"))));
  return texts_json(keys);
}

/// The clusters of the runner's configuration when the cases were recorded.
std::vector<std::string> cluster_labels() {
  return {"b200-dgxc", "b200-nscale", "b300-cw",     "b300-nv",       "gb200-nv", "gb300-nv",
          "h100-cw",   "h100-dgxc",   "h200-cw",     "h200-dgxc",     "h200-nb",  "mi300x-amds",
          "mi300x-tw", "mi325x-amds", "mi355x-amds", "rtx6000pro-lat"};
}

std::vector<GpuSample> samples_of(const json::Value& data) {
  std::vector<GpuSample> samples;
  for (const json::Value& row : data.items()) {
    GpuSample sample;
    sample.timestamp = text_of(row.find("timestamp"));
    sample.index = row.find("index")->as_int64().value();
    for (std::size_t i = 0; i < k_gpu_metrics; ++i) {
      const json::Value* value = row.find(name_of(static_cast<GpuMetric>(i)));
      if (value && value->is_number()) sample.values[i] = value->as_double();
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

json::Value samples_json(const std::vector<GpuSample>& samples) {
  json::Array all;
  for (const GpuSample& sample : samples) {
    json::Value out = json::Value::object();
    out.set("timestamp", text_json(sample.timestamp));
    out.set("index", integer_json(sample.index));
    for (std::size_t i = 0; i < k_gpu_metrics; ++i) {
      if (sample.values[i]) {
        out.set(std::string(name_of(static_cast<GpuMetric>(i))), number_of(*sample.values[i]));
      }
    }
    all.push_back(std::move(out));
  }
  return json::Value::array(std::move(all));
}

json::Value gpu_statistics_json(Input in) {
  json::Array all;
  GpuMetric metric = gpu_metric_of(in.find("metricKey")->as_string()).value();
  for (const GpuStatistics& gpu : gpu_statistics(samples_of(*in.find("data")), metric)) {
    json::Value out = json::Value::object();
    out.set("gpuIndex", integer_json(gpu.gpu_index));
    out.set("count", integer_json(static_cast<std::int64_t>(gpu.count)));
    out.set("min", number_of(gpu.min));
    out.set("max", number_of(gpu.max));
    out.set("mean", number_of(gpu.mean));
    out.set("median", number_of(gpu.median));
    out.set("p95", number_of(gpu.p95));
    out.set("p99", number_of(gpu.p99));
    out.set("stddev", number_of(gpu.stddev));
    all.push_back(std::move(out));
  }
  return json::Value::array(std::move(all));
}

json::Value anomalies_json(Input in) {
  json::Array all;
  GpuMetric metric = gpu_metric_of(in.find("metricKey")->as_string()).value();
  for (const GpuAnomaly& anomaly :
       gpu_anomalies(Registry::built_in(Edition::april_2026), samples_of(*in.find("data")), metric,
                     text_of(in.find("artifactName")))) {
    json::Value out = json::Value::object();
    out.set("type", text_json(anomaly.type));
    out.set("label", text_json(anomaly.label));
    out.set("gpuIndex", integer_json(anomaly.gpu_index));
    out.set("seconds", integer_json(anomaly.seconds));
    out.set("value", number_of(anomaly.value));
    out.set("message", text_json(anomaly.message));
    all.push_back(std::move(out));
  }
  return json::Value::array(std::move(all));
}

json::Value tdp_json(Input in) {
  const Hardware* hardware =
      hardware_in_name(Registry::built_in(Edition::april_2026), text_of(&in));
  if (!hardware) return {};
  std::string sku = hardware->key;
  std::transform(sku.begin(), sku.end(), sku.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  json::Value out = json::Value::object();
  out.set("sku", text_json(sku));
  out.set("tdp", number_of(hardware->tdp_w));
  return out;
}

json::Value available_json(Input in) {
  std::vector<std::string> names;
  for (GpuMetric metric : available_metrics(samples_of(in))) names.emplace_back(name_of(metric));
  return texts_json(names);
}

std::vector<std::string> texts_at(Input in, std::string_view key) {
  const json::Value* array = in.find(key);
  return array && array->is_array() ? texts_of(*array) : std::vector<std::string>();
}

/// Runs by id. Of each changelog the entries that the filter lets through; of the runs those that
/// have one; when there is none, all runs without their changelogs.
json::Value filtered_runs(Input in) {
  const json::Value* runs = in.find("availableRuns");
  ConfigKeyFilter filter{.model_prefixes = texts_at(in, "modelPrefixes"),
                         .precisions = texts_at(in, "selectedPrecisions"),
                         .gpus = texts_at(in, "selectedGPUs")};
  if (!runs || !runs->is_object() || filter.model_prefixes.empty()) {
    return runs ? *runs : json::Value();
  }
  json::Value kept = json::Value::object(), bare = json::Value::object();
  for (const auto& [id, run] : runs->members()) {
    json::Value without = run;
    std::erase_if(without.members(), [](const auto& m) { return m.first == "changelog"; });
    bare.set(id, std::move(without));
    const json::Value* changelog = run.find("changelog");
    const json::Value* entries = changelog ? changelog->find("entries") : nullptr;
    if (!entries || !entries->is_array()) continue;
    json::Array through;
    for (const json::Value& entry : entries->items()) {
      for (const std::string& key : texts_at(entry, "config_keys")) {
        if (!filter.lets_through(key)) continue;
        through.push_back(entry);
        break;
      }
    }
    if (through.empty()) continue;
    json::Value log = *changelog, with = run;
    log.set("entries", json::Value::array(std::move(through)));
    with.set("changelog", std::move(log));
    kept.set(id, std::move(with));
  }
  return kept.members().empty() ? bare : kept;
}

}  // namespace

std::vector<Function> runner_functions() {
  return {
      {"runner_process_result", process},
      {"runner_agentic_stats_for", statistics_json},
      {"runner_agentic_request_metrics",
       [](Input in) { return request_metrics(*in.find("records"), *in.find("aggregate")); }},
      {"runner_recipe_fingerprint", [](Input in) { return text_json(recipe_fingerprint(in)); }},
      {"runner_append_only_delta", delta},
      {"runner_trim_conc",
       [](Input in) { return json::Value::array(lowest_concurrencies(in.items())); }},
      {"runner_expand_config_keys", expanded},
      {"runner_extract_hardware_from_name",
       [](Input in) {
         auto label = cluster_in_job_name(in.as_string(), cluster_labels());
         return label ? text_json(*label) : json::Value();
       }},
      {"runner_extract_lm_metrics",
       [](Input in) { return json::Value::array(eval_scores(in, "<path>")); }},
      {"runner_eval_build_row",
       [](Input in) { return aggregate_eval(*in.find("meta"), *in.find("metrics")); }},
      {"runner_result_concurrency",
       [](Input in) {
         auto conc = concurrency_in_name(in.as_string());
         return conc ? integer_json(*conc) : json::Value();
       }},
      {"runner_power_detect_columns", columns_json},
      {"runner_power_parse_power",
       [](Input in) { return number_or_null(parse_power(in.as_string())); }},
      {"runner_power_parse_timestamp",
       [](Input in) { return number_or_null(parse_power_timestamp(in.as_string())); }},
      {"runner_power_integrate", power_json},
      {"filterRunsByModel", filtered_runs},
      {"gpuMetrics_parseCsvData",
       [](Input in) { return samples_json(read_gpu_metrics(in.as_string()).samples); }},
      {"gpuMetrics_getAvailableMetrics", available_json},
      {"gpuMetrics_computeGpuStats", gpu_statistics_json},
      {"gpuMetrics_detectAnomalies", anomalies_json},
      {"gpuMetrics_detectTdpFromArtifactName", tdp_json},
  };
}

}  // namespace bl::inference::conformance
