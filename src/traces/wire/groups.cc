#include "traces/wire/groups.h"

namespace bl::traces {
namespace {

template <class T>
bool are_equal(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) {
  return a == b || *a == *b;
}

}  // namespace

std::vector<ResourceGroup> groups_of(const Spans& spans) {
  std::vector<ResourceGroup> groups;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const bool same_resource = i > 0 && are_equal(spans[i].resource, spans[i - 1].resource);
    if (!same_resource) groups.emplace_back();
    auto& scopes = groups.back().scopes;
    if (!same_resource || !are_equal(spans[i].scope, spans[i - 1].scope))
      scopes.push_back({.begin = i, .end = i});
    scopes.back().end = i + 1;
  }
  return groups;
}

}  // namespace bl::traces
