#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "results/decoding/fields.h"
#include "results/exemplar.h"

namespace bl::results {

/// The member `exemplars` of an object; nothing when it is absent. `samples`: how many the result
/// has, where that is known: a sample that is not there is a fault.
std::vector<Exemplar> read_exemplars(Fields& fields, json::Faults& faults,
                                     const DecodeLimits& limits,
                                     std::optional<std::size_t> samples);

}  // namespace bl::results
