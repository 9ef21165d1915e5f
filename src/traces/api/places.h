#pragma once

#include <optional>
#include <string_view>

#include "traces/filter.h"

/// Names of the places of attributes, in our own API. Private to this domain.
namespace bl::traces {

/// `span`, `resource`, `scope`, `event`, `link`, `any`.
std::string_view name_of(AttributePlace place);
std::optional<AttributePlace> attribute_place_named(std::string_view name);

}  // namespace bl::traces
