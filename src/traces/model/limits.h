#pragma once

#include <optional>
#include <string_view>

#include "traces/model.h"

/// The parts of fault_of(), for those who check what many spans share only once.
namespace bl::traces {

std::optional<Fault> fault_of(const Resource& resource, const SpanLimits& limits);
std::optional<Fault> fault_of(const Scope& scope, const SpanLimits& limits);
/// All but resource and scope.
std::optional<Fault> fault_of_own(const Span& span, std::int64_t now_ns, const SpanLimits& limits);

}  // namespace bl::traces
