#pragma once

#include <optional>
#include <string>

#include "traces/otlp.h"

/// Where in a request a decoder stands, and what it rejects there. The same for both wires.
namespace bl::traces {

class Rejections {
 public:
  explicit Rejections(DecodedSpans& into) : into_(into) {}
  void enter_resource(std::size_t index) { resource_ = index; }
  void enter_scope(std::size_t index) { scope_ = index; }

  std::string resource_path() const { return "/resourceSpans/" + std::to_string(resource_); }
  std::string scope_path() const {
    return resource_path() + "/scopeSpans/" + std::to_string(scope_);
  }
  std::string span_path(std::size_t index) const {
    return scope_path() + "/spans/" + std::to_string(index);
  }
  /// `fault.path` is put behind `path`.
  void reject(std::size_t spans, const std::string& path, const Fault& fault) {
    into_.rejected += static_cast<std::int64_t>(spans);
    if (spans == 0 || into_.faults.size() >= k_faults_max) return;
    into_.faults.push_back(fault);
    into_.faults.back().path.insert(0, path);
  }

 private:
  static constexpr std::size_t k_faults_max = 10;
  DecodedSpans& into_;
  std::size_t resource_ = 0, scope_ = 0;
};

}  // namespace bl::traces
