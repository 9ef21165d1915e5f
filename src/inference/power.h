#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Energy of a benchmark from samples of its GPUs' power (spec/inference.md 2.5). Pure.
namespace bl::inference {

/// The first number of a text: `412.34 W` -> 412.34; nullopt for `N/A`.
std::optional<double> parse_power(std::string_view text);
/// Seconds since 1970: numbers (above 1e12 milliseconds), or a date and time, UTC unless it says
/// otherwise. nullopt for anything else.
std::optional<double> parse_power_timestamp(std::string_view text);

/// The columns of a telemetry file, by their headers; -1 = there is none.
struct PowerColumns {
  int timestamp = -1;
  int power = -1;
  int gpu = -1;
};
PowerColumns detect_power_columns(const std::vector<std::string>& headers);

struct PowerWindow {
  double start_unix = 0;  ///< seconds
  double end_unix = 0;
  std::int64_t expected_num_gpus = 0;
  double max_sample_gap_s = 3.0;
};

/// Numbers are there as far as they could be had; they count only when `is_valid`.
struct PowerMeasurement {
  bool is_valid = false;
  std::vector<std::string> invalid_reasons;  ///< the contract's codes, each once
  std::vector<std::string> gpu_ids;          ///< observed
  std::map<std::string, std::int64_t> sample_counts;
  std::map<std::string, double> max_sample_gap_s;
  std::map<std::string, double> energy_j;
  std::map<std::string, std::vector<std::string>> device_issues;
  std::optional<double> avg_power_w;            ///< per GPU
  std::optional<double> avg_total_gpu_power_w;  ///< of all
  std::optional<double> total_gpu_energy_j;
};

/// Integrates each GPU's power over the window: trapezoids, linear at both ends; samples of one
/// instant are averaged. Samples further from the window than the largest gap are not looked at.
/// `csv` has a header line. Cost: linear in its size, memory 16 bytes a sample.
PowerMeasurement integrate_power(std::string_view csv, const PowerWindow& window);

}  // namespace bl::inference
