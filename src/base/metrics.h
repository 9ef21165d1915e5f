#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
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

  /// 0.5 ms to 30 s: the bounds for request durations.
  static const std::vector<double>& latency_bounds();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bl
