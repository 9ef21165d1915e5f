#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Prometheus metrics (prometheus-cpp core behind the .cc). Names and helps are declared once,
/// where the metric is made; docs/metrics.md is compared with the registry by a test. Threads: any.
namespace bl {

using MetricLabels = std::map<std::string, std::string>;

class Counter {
 public:
  void add(double by = 1);

 private:
  friend class Metrics;
  explicit Counter(void* impl) : impl_(impl) {}
  void* impl_;
};

class Gauge {
 public:
  void set(double value);
  void add(double by);

 private:
  friend class Metrics;
  explicit Gauge(void* impl) : impl_(impl) {}
  void* impl_;
};

class Histogram {
 public:
  void observe(double value);

 private:
  friend class Metrics;
  explicit Histogram(void* impl) : impl_(impl) {}
  void* impl_;
};

/// What a metric is; for the comparison with docs/metrics.md.
struct MetricInfo {
  std::string name;
  std::string type;  ///< counter, gauge, histogram
  std::string help;
};

/// One metric as it stands now; for the status page.
struct MetricSample {
  std::string name;
  MetricLabels labels;
  double value = 0;  ///< of a counter or gauge; of a histogram the sum of what was observed
  /// Of a histogram: upper bounds, ascending, the last infinite, with the observations up to each.
  std::vector<std::pair<double, std::uint64_t>> buckets;
};

/// All metrics of one process. Handles stay valid as long as it lives. Asking twice for the same
/// name and labels gives the same metric; a name with another type or help is a BL_CHECK.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter counter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Gauge gauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  /// `bounds` ascending, in the unit that the name ends with (_seconds, _bytes).
  Histogram histogram(std::string_view name, std::string_view help,
                      const std::vector<double>& bounds, const MetricLabels& labels = {});
  /// Prometheus text format 0.0.4.
  std::string text() const;
  std::vector<MetricInfo> list() const;
  /// Every metric whose name begins with `prefix`, by name and labels.
  std::vector<MetricSample> samples(std::string_view prefix) const;

  /// 0.5 ms to 30 s: the bounds for request durations.
  static const std::vector<double>& latency_bounds();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The value that `share` (0 to 1) of a histogram's observations do not exceed, straight within a
/// bucket; the last finite bound when it lies beyond. nullopt without observations.
std::optional<double> quantile(const MetricSample& histogram, double share);

}  // namespace bl
