#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/registry.h"

/// What nvidia-smi and amd-smi sampled during a run: files read, statistics per GPU, anomalies
/// (spec/inference.md 5.10). Pure.
namespace bl::inference {

/// One metric of a sample; the first six are always there.
enum class GpuMetric : unsigned char {
  power,
  temperature,
  sm_clock,
  mem_clock,
  gpu_util,
  mem_util,
  edge_temp,
  mem_temp,
  gfx_voltage,
  soc_voltage,
  mem_voltage,
  fclk,
  soc_clk,
  mm_activity,
};
inline constexpr std::size_t k_gpu_metrics = 14;
/// As the contract's rows call it: `smClock`.
std::string_view name_of(GpuMetric metric);
std::optional<GpuMetric> gpu_metric_of(std::string_view name);

struct GpuSample {
  std::string timestamp;  ///< as in the file; seconds since 1970 as RFC 3339 with milliseconds
  std::int64_t index = 0;
  std::optional<double> values[k_gpu_metrics];  ///< W, degrees C, MHz, %, mV

  std::optional<double> value(GpuMetric metric) const {
    return values[static_cast<std::size_t>(metric)];
  }
};

/// Reads one file, or several one behind the other. Whose it is, the header tells: AMD's columns
/// are found by name, NVIDIA's by position. Lines that are no samples are left out and counted.
struct GpuSamples {
  std::vector<GpuSample> samples;
  std::size_t lines_left_out = 0;
  bool is_amd = false;  ///< amd-smi wrote it, else nvidia-smi
};
GpuSamples read_gpu_metrics(std::string_view csv);

/// The metrics that some sample has, in the order of GpuMetric.
std::vector<GpuMetric> available_metrics(const std::vector<GpuSample>& samples);

struct GpuStatistics {
  std::int64_t gpu_index = 0;
  std::size_t count = 0;
  double min = 0, max = 0, mean = 0, median = 0, p95 = 0, p99 = 0, stddev = 0;
};
/// One for each GPU that has the metric, by index.
std::vector<GpuStatistics> gpu_statistics(const std::vector<GpuSample>& samples, GpuMetric metric);

struct GpuAnomaly {
  std::string type;   ///< statistical, thermal, power, clock, utilization
  std::string label;  ///< for people
  std::int64_t gpu_index = 0;
  std::int64_t seconds = 0;  ///< since the first sample, rounded
  double value = 0;
  std::string message;
};
/// Sorted by time; of one type, GPU and second only the first. `artifact_name` tells the
/// accelerator, whose design power bounds what is normal. GPUs with fewer than 3 samples are left
/// out.
std::vector<GpuAnomaly> gpu_anomalies(const Registry& registry,
                                      const std::vector<GpuSample>& samples, GpuMetric metric,
                                      std::string_view artifact_name);

/// The accelerator that a name holds (the longest one), with its design power.
const Hardware* hardware_in_name(const Registry& registry, std::string_view name);

}  // namespace bl::inference
