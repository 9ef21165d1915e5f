#pragma once

#include "store/database.h"

namespace bl::inference {

/// Moves what SweepReader::revision() gives. The last statement of a transaction: other writers
/// wait for this row. Private to the store's side.
Result<void> count_revision(store::Connection& connection);

}  // namespace bl::inference
