#include "inference/model.h"

#include <fmt/format.h>

namespace bl::inference {

std::string config_cache_key(const ServingConfig& c) {
  return fmt::format("{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}", c.hardware, c.framework,
                     c.model, c.precision, c.spec_method, c.disagg, c.is_multinode, c.prefill_tp,
                     c.prefill_ep, c.prefill_dp_attention, c.prefill_num_workers, c.decode_tp,
                     c.decode_ep, c.decode_dp_attention, c.decode_num_workers, c.num_prefill_gpu,
                     c.num_decode_gpu);
}

const double* find_metric(const Metrics& metrics, std::string_view name) {
  for (const auto& [key, value] : metrics) {
    if (key == name) return &value;
  }
  return nullptr;
}

void set_metric(Metrics& metrics, std::string_view name, double value) {
  for (auto& [key, old] : metrics) {
    if (key == name) {
      old = value;
      return;
    }
  }
  metrics.emplace_back(name, value);
}

}  // namespace bl::inference
