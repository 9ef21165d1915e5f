#pragma once

#include <cstddef>
#include <map>
#include <string_view>
#include <tuple>
#include <vector>

#include "traces/analysis/services.h"
#include "traces/model.h"

namespace bl::traces {

/// What makes spans of different traces the same operation. Refers to the spans.
struct SpanIdentity {
  std::string_view service, name;
  SpanKind kind = SpanKind::unspecified;
  auto operator<=>(const SpanIdentity&) const = default;
};

/// Identities of several traces as small numbers, from 0 on.
class Identities {
 public:
  /// By span.
  std::vector<std::size_t> of(const Spans& spans) {
    const Services services(spans);
    std::vector<std::size_t> numbers(spans.size());
    for (std::size_t at = 0; at < spans.size(); ++at) {
      const SpanIdentity identity{services.of(at), spans[at].name, spans[at].kind};
      const auto [place, is_new] = numbers_.try_emplace(identity, identities_.size());
      if (is_new) identities_.push_back(identity);
      numbers[at] = place->second;
    }
    return numbers;
  }
  const SpanIdentity& identity(std::size_t number) const { return identities_[number]; }
  std::size_t count() const { return identities_.size(); }

 private:
  std::map<SpanIdentity, std::size_t> numbers_;
  std::vector<SpanIdentity> identities_;
};

}  // namespace bl::traces
