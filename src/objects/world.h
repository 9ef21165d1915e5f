#pragma once

#include <chrono>
#include <functional>

#include "base/disk.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/time.h"

namespace bl::objects {

/// Pauses; false: the program is stopping.
using Wait = std::function<bool(std::chrono::milliseconds)>;

/// What of the world a store needs. All of it outlives the store.
struct World {
  const Clock& clock;
  Random& random;
  Disk& disk;  ///< of local stores, of put_file_if_absent, of the credentials' file
  Metrics& metrics;
  Wait wait;
};

}  // namespace bl::objects
