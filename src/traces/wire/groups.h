#pragma once

#include <vector>

#include "traces/model.h"

/// Spans as OTLP's messages hold them: under their scope, under their resource.
namespace bl::traces {

/// Neighbours of one resource, and within of one scope. Indices, half open.
struct ScopeGroup {
  std::size_t begin = 0, end = 0;
};
struct ResourceGroup {
  std::vector<ScopeGroup> scopes;  ///< never empty
};
std::vector<ResourceGroup> groups_of(const Spans& spans);

}  // namespace bl::traces
