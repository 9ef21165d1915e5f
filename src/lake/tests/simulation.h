#pragma once

#include <cstdint>
#include <string>

#include "duck/database.h"

namespace bl::lake {

/// One life of a table, by chance: appends, flushes, compactions, replacements, expiry, crashes, a
/// reader, a second process that takes over, on a disk, a store and a catalog that fail. The same
/// seed does the same. Gives what went wrong, with all that happened before, or nothing.
std::string simulate(std::uint64_t seed, int steps, duck::Database& engine);

}  // namespace bl::lake
