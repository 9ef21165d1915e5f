#include "inference/ingest/gpu_summary.h"

#include <cmath>
#include <set>

#include "base/hash.h"
#include "inference/gpu_metrics.h"
#include "inference/power.h"

namespace bl::inference {
namespace {

constexpr double k_seconds_max = 253'402'300'799;  // the year 9999

std::optional<Timestamp> time_of(const GpuSample& sample) {
  const auto seconds = parse_power_timestamp(sample.timestamp);
  if (!seconds || !(*seconds >= 0) || *seconds > k_seconds_max) return std::nullopt;
  return Timestamp{static_cast<std::int64_t>(std::llround(*seconds * 1e6))};
}

json::Value statistics_of(const std::vector<GpuSample>& samples, GpuMetric metric) {
  json::Value by_gpu = json::Value::object();
  for (const GpuStatistics& gpu : gpu_statistics(samples, metric)) {
    json::Value numbers = json::Value::object();
    numbers.set("count", json::Value::number(static_cast<std::int64_t>(gpu.count)));
    for (const auto& [name, value] :
         {std::pair("min", gpu.min), std::pair("max", gpu.max), std::pair("mean", gpu.mean),
          std::pair("median", gpu.median), std::pair("p95", gpu.p95), std::pair("p99", gpu.p99),
          std::pair("stddev", gpu.stddev)}) {
      if (std::isfinite(value)) numbers.set(name, json::Value::number(value));
    }
    by_gpu.set(std::to_string(gpu.gpu_index), std::move(numbers));
  }
  return by_gpu;
}

}  // namespace

std::optional<GpuMetricSummary> gpu_summary(std::string_view csv) {
  const GpuSamples read = read_gpu_metrics(csv);
  if (read.samples.empty()) return std::nullopt;
  GpuMetricSummary summary;
  summary.vendor = read.is_amd ? "amd" : "nvidia";
  summary.samples = std::ssize(read.samples);
  std::set<std::int64_t> gpus;
  for (const GpuSample& sample : read.samples) {
    gpus.insert(sample.index);
    const auto time = time_of(sample);
    if (!time) continue;
    summary.started_at = std::min(summary.started_at.value_or(*time), *time);
    summary.ended_at = std::max(summary.ended_at.value_or(*time), *time);
  }
  summary.gpus = std::ssize(gpus);
  summary.statistics = json::Value::object();
  for (const GpuMetric metric : available_metrics(read.samples)) {
    summary.statistics.set(std::string(name_of(metric)), statistics_of(read.samples, metric));
  }
  summary.csv_sha256 = sha256_hex(csv);
  return summary;
}

}  // namespace bl::inference
