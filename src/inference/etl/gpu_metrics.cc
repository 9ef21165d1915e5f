#include "inference/gpu_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "base/time.h"
#include "inference/coercion.h"
#include "inference/etl/csv.h"
#include "inference/power.h"
#include "inference/statistics.h"

namespace bl::inference {
namespace {

constexpr std::array<std::string_view, k_gpu_metrics> k_names = {
    "power",   "temperature", "smClock",    "memClock",   "gpuUtil", "memUtil", "edgeTemp",
    "memTemp", "gfxVoltage",  "socVoltage", "memVoltage", "fclk",    "socClk",  "mmActivity"};
// Of amd-smi, in the same order.
constexpr std::array<std::string_view, k_gpu_metrics> k_amd_columns = {
    "socket_power", "hotspot",    "gfx_0_clk",    "mem_0_clk",   "gfx_activity",
    "umc_activity", "edge",       "mem",          "gfx_voltage", "soc_voltage",
    "mem_voltage",  "fclk_0_clk", "socclk_0_clk", "mm_activity"};
constexpr std::size_t k_always_there = 6;

constexpr double k_outlier_z = 3.5;
constexpr double k_hot_celsius = 83;
constexpr double k_power_share = 0.9;  // of the design power
constexpr double k_clock_share = 0.7;  // of the median
constexpr double k_busy_percent = 50;
constexpr std::size_t k_samples_min = 3;
constexpr double k_seconds_max = 1e12;

std::optional<double> number_in(const std::vector<std::string>& fields, std::size_t column) {
  return column < fields.size() ? number_prefix(fields[column]) : std::nullopt;
}

/// NVIDIA's columns: timestamp, index, then the six that are always there.
std::optional<GpuSample> nvidia_sample(const std::vector<std::string>& fields) {
  GpuSample sample;
  auto index = number_in(fields, 1);
  if (!index || !(std::abs(*index) < 1e9)) return std::nullopt;
  sample.timestamp = fields[0];
  sample.index = static_cast<std::int64_t>(*index);
  for (std::size_t i = 0; i < k_always_there; ++i) {
    sample.values[i] = number_in(fields, i + 2);
    if (!sample.values[i] || !std::isfinite(*sample.values[i])) return std::nullopt;
  }
  return sample;
}

using Columns = std::map<std::string, std::size_t, std::less<>>;

/// Seconds since 1970 become RFC 3339; anything else stays.
std::string amd_timestamp(const std::string& text) {
  auto seconds = number_prefix(text);
  bool is_epoch = seconds && *seconds >= 1e9 && *seconds <= 1e11;
  if (!is_epoch || text.find_first_of("-:T") != text.npos) return text;
  auto millis = static_cast<std::int64_t>(std::llround(*seconds * 1000));
  std::string whole = to_rfc3339_seconds(Timestamp::from_millis(millis - millis % 1000));
  whole.pop_back();  // Z
  return fmt::format("{}.{:03}Z", whole, millis % 1000);
}

std::optional<GpuSample> amd_sample(const std::vector<std::string>& fields,
                                    const Columns& columns) {
  auto read = [&](std::string_view name) {
    auto found = columns.find(name);
    auto number = found == columns.end() ? std::nullopt : number_in(fields, found->second);
    return number && std::isfinite(*number) ? number : std::nullopt;
  };
  auto timestamp = columns.find("timestamp");
  auto index = read("gpu");
  if (timestamp == columns.end() || timestamp->second >= fields.size() || !index ||
      !(std::abs(*index) < 1e9)) {
    return std::nullopt;
  }
  GpuSample sample;
  sample.timestamp = amd_timestamp(fields[timestamp->second]);
  sample.index = static_cast<std::int64_t>(*index);
  for (std::size_t i = 0; i < k_gpu_metrics; ++i) sample.values[i] = read(k_amd_columns[i]);
  auto& temperature = sample.values[static_cast<std::size_t>(GpuMetric::temperature)];
  if (!temperature) temperature = read("edge").value_or(0);
  for (std::size_t i = 0; i < k_always_there; ++i) {
    if (!sample.values[i]) return std::nullopt;
  }
  return sample;
}

std::map<std::int64_t, std::vector<const GpuSample*>> by_gpu(const std::vector<GpuSample>& samples,
                                                             GpuMetric metric) {
  std::map<std::int64_t, std::vector<const GpuSample*>> groups;
  for (const GpuSample& sample : samples) {
    if (sample.value(metric)) groups[sample.index].push_back(&sample);
  }
  return groups;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return percentile_of_sorted(values, 50);
}

class Anomalies {
 public:
  Anomalies(const Hardware* hardware, GpuMetric metric) : hardware_(hardware), metric_(metric) {}

  void look_at(std::int64_t gpu, const std::vector<const GpuSample*>& samples, double start) {
    std::vector<double> values, deviations;
    for (const GpuSample* sample : samples) values.push_back(*sample->value(metric_));
    double median = median_of(values);
    for (double value : values) deviations.push_back(std::abs(value - median));
    double mad = median_of(deviations);
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto at = parse_power_timestamp(samples[i]->timestamp);
      gpu_ = gpu;
      seconds_ = at && *at - start < k_seconds_max ? std::llround(*at - start) : 0;
      value_ = values[i];
      judge(median, mad, i > 0 ? values[i - 1] : 0);
    }
  }

  std::vector<GpuAnomaly> finish() {
    std::stable_sort(all_.begin(), all_.end(), [](const GpuAnomaly& a, const GpuAnomaly& b) {
      return a.seconds < b.seconds;
    });
    return std::move(all_);
  }

 private:
  void judge(double median, double mad, double before) {
    double z = mad > 0 ? 0.6745 * (value_ - median) / mad : 0;
    if (std::abs(z) > k_outlier_z) {
      add("statistical", "Statistical Outlier",
          fmt::format("Modified Z = {:.1f}, median = {:.1f}", std::abs(z), median));
    }
    if (metric_ == GpuMetric::temperature && value_ > k_hot_celsius) {
      add("thermal", "Thermal Throttling", fmt::format("above {:.0f} degrees C", k_hot_celsius));
    }
    if (metric_ == GpuMetric::power && hardware_ && value_ > k_power_share * hardware_->tdp_w) {
      add("power", "Power Limit",
          fmt::format("above {:.0f} % of {:.0f} W", k_power_share * 100, hardware_->tdp_w));
    }
    if (metric_ == GpuMetric::sm_clock && value_ < k_clock_share * median) {
      add("clock", "Clock Drop", fmt::format("median = {:.1f}", median));
    }
    if (metric_ == GpuMetric::gpu_util && value_ == 0 && before > k_busy_percent) {
      add("utilization", "Utilization Drop", fmt::format("from {:.1f}", before));
    }
  }

  void add(const char* type, const char* label, const std::string& why) {
    if (!told_.emplace(type, gpu_, seconds_).second) return;
    all_.push_back({.type = type,
                    .label = label,
                    .gpu_index = gpu_,
                    .seconds = seconds_,
                    .value = value_,
                    .message = fmt::format("GPU {} at {}s: {} = {:.1f} ({})", gpu_, seconds_,
                                           name_of(metric_), value_, why)});
  }

  const Hardware* hardware_;
  GpuMetric metric_;
  std::int64_t gpu_ = 0, seconds_ = 0;
  double value_ = 0;
  std::vector<GpuAnomaly> all_;
  std::set<std::tuple<std::string, std::int64_t, std::int64_t>> told_;
};

}  // namespace

std::string_view name_of(GpuMetric metric) {
  return k_names[static_cast<std::size_t>(metric)];
}

std::optional<GpuMetric> gpu_metric_of(std::string_view name) {
  auto found = std::find(k_names.begin(), k_names.end(), name);
  if (found == k_names.end()) return std::nullopt;
  return static_cast<GpuMetric>(found - k_names.begin());
}

GpuSamples read_gpu_metrics(std::string_view csv) {
  GpuSamples out;
  Columns columns;
  bool has_header = false;
  for_each_line(csv, [&](std::string_view line) {
    std::vector<std::string> fields = csv_fields(line);
    if (!has_header) {
      has_header = true;
      out.is_amd = line.find("socket_power") != line.npos || line.find("gfx_activity") != line.npos;
      for (std::size_t i = 0; i < fields.size(); ++i) columns.emplace(lower_case(fields[i]), i);
      return;
    }
    auto sample = out.is_amd ? amd_sample(fields, columns) : nvidia_sample(fields);
    if (sample) {
      out.samples.push_back(std::move(*sample));
    } else {
      ++out.lines_left_out;
    }
  });
  return out;
}

std::vector<GpuMetric> available_metrics(const std::vector<GpuSample>& samples) {
  std::vector<GpuMetric> available;
  for (std::size_t i = 0; i < k_gpu_metrics; ++i) {
    bool is_there = std::any_of(samples.begin(), samples.end(),
                                [&](const GpuSample& sample) { return sample.values[i]; });
    if (is_there) available.push_back(static_cast<GpuMetric>(i));
  }
  return available;
}

std::vector<GpuStatistics> gpu_statistics(const std::vector<GpuSample>& samples, GpuMetric metric) {
  std::vector<GpuStatistics> all;
  for (const auto& [gpu, group] : by_gpu(samples, metric)) {
    std::vector<double> values;
    for (const GpuSample* sample : group) values.push_back(*sample->value(metric));
    double mean = mean_of(values), stddev = standard_deviation_of(values);
    std::sort(values.begin(), values.end());
    all.push_back({.gpu_index = gpu,
                   .count = values.size(),
                   .min = values.front(),
                   .max = values.back(),
                   .mean = mean,
                   .median = percentile_of_sorted(values, 50),
                   .p95 = percentile_of_sorted(values, 95),
                   .p99 = percentile_of_sorted(values, 99),
                   .stddev = stddev});
  }
  return all;
}

std::vector<GpuAnomaly> gpu_anomalies(const Registry& registry,
                                      const std::vector<GpuSample>& samples, GpuMetric metric,
                                      std::string_view artifact_name) {
  double start = HUGE_VAL;
  for (const GpuSample& sample : samples) {
    start = std::min(start, parse_power_timestamp(sample.timestamp).value_or(HUGE_VAL));
  }
  Anomalies anomalies(hardware_in_name(registry, artifact_name), metric);
  for (const auto& [gpu, group] : by_gpu(samples, metric)) {
    if (group.size() >= k_samples_min) anomalies.look_at(gpu, group, start);
  }
  return anomalies.finish();
}

const Hardware* hardware_in_name(const Registry& registry, std::string_view name) {
  std::string lower = lower_case(name);
  const Hardware* longest = nullptr;
  for (const Hardware& hardware : registry.hardware()) {
    bool is_in = lower.find(hardware.key) != lower.npos;
    if (is_in && (!longest || hardware.key.size() > longest->key.size())) longest = &hardware;
  }
  return longest;
}

}  // namespace bl::inference
