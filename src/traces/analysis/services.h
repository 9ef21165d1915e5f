#pragma once

#include <string_view>
#include <unordered_map>

#include "traces/model.h"

namespace bl::traces {

/// The services of spans, each resource looked at once. Refers to the spans.
class Services {
 public:
  explicit Services(const Spans& spans) : spans_(spans) {
    for (const Span& span : spans) {
      const auto [place, is_new] = of_resource_.try_emplace(span.resource.get());
      if (is_new) place->second = service_of(*span.resource);
    }
  }
  std::string_view of(std::size_t at) const {
    return of_resource_.find(spans_[at].resource.get())->second;
  }

 private:
  const Spans& spans_;
  std::unordered_map<const Resource*, std::string_view> of_resource_;
};

}  // namespace bl::traces
