#pragma once

#include "inference/stored.h"

/// What the tables would refuse of a sweep, said with the place that it came from. Private to the
/// store's side.
namespace bl::inference {

/// Errors: invalid.
Result<void> check_sweep(const Sweep& sweep);

}  // namespace bl::inference
