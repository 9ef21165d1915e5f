#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/check.h"

namespace bl {
namespace {

bool is_name(std::string_view name) {
  auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

/// Families by name and their metrics by labels: the same metrics always give the same text.
void sort_families(std::vector<prometheus::MetricFamily>& families) {
  auto labels_of = [](const prometheus::ClientMetric& metric) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (const auto& label : metric.label) labels.emplace_back(label.name, label.value);
    return labels;
  };
  std::sort(families.begin(), families.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (auto& family : families) {
    std::sort(family.metric.begin(), family.metric.end(),
              [&](const auto& a, const auto& b) { return labels_of(a) < labels_of(b); });
  }
}

}  // namespace

void Counter::add(double by) {
  static_cast<prometheus::Counter*>(impl_)->Increment(by);
}

void Gauge::set(double value) {
  static_cast<prometheus::Gauge*>(impl_)->Set(value);
}

void Gauge::add(double by) {
  static_cast<prometheus::Gauge*>(impl_)->Increment(by);
}

void Histogram::observe(double value) {
  static_cast<prometheus::Histogram*>(impl_)->Observe(value);
}

struct Metrics::State {
  struct Family {
    std::string type;
    std::string help;
    std::vector<double> bounds;  // of a histogram
    void* impl = nullptr;
  };

  /// The family of that name, made by `build` when it is new.
  template <class Build>
  void* family(std::string_view name, const Family& wanted, Build build) {
    BL_CHECK(is_name(name));
    auto [entry, is_new] = families.try_emplace(std::string(name), wanted);
    if (is_new) entry->second.impl = build(entry->first);
    BL_CHECK(entry->second.type == wanted.type);
    BL_CHECK(entry->second.help == wanted.help);
    BL_CHECK(entry->second.bounds == wanted.bounds);
    return entry->second.impl;
  }

  prometheus::Registry registry;  // locks itself
  std::mutex mutex;
  std::map<std::string, Family, std::less<>> families;  // guarded by mutex
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}

Metrics::~Metrics() = default;

Counter Metrics::counter(std::string_view name, std::string_view help, const MetricLabels& labels) {
  std::lock_guard lock(state_->mutex);
  void* family = state_->family(name, {"counter", std::string(help), {}},
                                [&](const std::string& key) -> void* {
                                  return &prometheus::BuildCounter()
                                              .Name(key)
                                              .Help(std::string(help))
                                              .Register(state_->registry);
                                });
  return Counter(&static_cast<prometheus::Family<prometheus::Counter>*>(family)->Add(labels));
}

Gauge Metrics::gauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  std::lock_guard lock(state_->mutex);
  void* family =
      state_->family(name, {"gauge", std::string(help), {}}, [&](const std::string& key) -> void* {
        return &prometheus::BuildGauge()
                    .Name(key)
                    .Help(std::string(help))
                    .Register(state_->registry);
      });
  return Gauge(&static_cast<prometheus::Family<prometheus::Gauge>*>(family)->Add(labels));
}

Histogram Metrics::histogram(std::string_view name, std::string_view help,
                             const std::vector<double>& bounds, const MetricLabels& labels) {
  BL_CHECK(std::is_sorted(bounds.begin(), bounds.end()));
  std::lock_guard lock(state_->mutex);
  void* family = state_->family(name, {"histogram", std::string(help), bounds},
                                [&](const std::string& key) -> void* {
                                  return &prometheus::BuildHistogram()
                                              .Name(key)
                                              .Help(std::string(help))
                                              .Register(state_->registry);
                                });
  return Histogram(
      &static_cast<prometheus::Family<prometheus::Histogram>*>(family)->Add(labels, bounds));
}

std::string Metrics::text() const {
  auto families = state_->registry.Collect();
  sort_families(families);
  return prometheus::TextSerializer().Serialize(families);
}

std::vector<MetricInfo> Metrics::list() const {
  std::lock_guard lock(state_->mutex);
  std::vector<MetricInfo> metrics;
  for (const auto& [name, family] : state_->families) {
    metrics.push_back({name, family.type, family.help});
  }
  return metrics;
}

std::vector<MetricSample> Metrics::samples(std::string_view prefix) const {
  auto families = state_->registry.Collect();
  std::erase_if(families, [&](const auto& family) { return !family.name.starts_with(prefix); });
  sort_families(families);
  std::vector<MetricSample> samples;
  for (const auto& family : families) {
    for (const auto& metric : family.metric) {
      MetricSample sample{.name = family.name};
      for (const auto& label : metric.label) sample.labels.emplace(label.name, label.value);
      sample.value = family.type == prometheus::MetricType::Counter ? metric.counter.value
                     : family.type == prometheus::MetricType::Gauge ? metric.gauge.value
                                                                    : metric.histogram.sample_sum;
      for (const auto& bucket : metric.histogram.bucket)
        sample.buckets.emplace_back(bucket.upper_bound, bucket.cumulative_count);
      samples.push_back(std::move(sample));
    }
  }
  return samples;
}

std::optional<double> quantile(const MetricSample& histogram, double share) {
  if (histogram.buckets.empty() || histogram.buckets.back().second == 0) return std::nullopt;
  const double wanted = share * static_cast<double>(histogram.buckets.back().second);
  double bound_below = 0, count_below = 0;
  for (const auto& [bound, cumulative] : histogram.buckets) {
    const auto count = static_cast<double>(cumulative);
    if (count >= wanted && count > count_below) {
      if (!std::isfinite(bound)) break;
      return bound_below + (bound - bound_below) * (wanted - count_below) / (count - count_below);
    }
    bound_below = bound;
    count_below = count;
  }
  return bound_below;
}

const std::vector<double>& Metrics::latency_bounds() {
  static const std::vector<double> k_bounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                               0.25,   0.5,   1,      2.5,   5,    10,    30};
  return k_bounds;
}

}  // namespace bl
