#pragma once

#include <utility>

#include "columns/batch_row.h"
#include "store/database.h"

/// Rows of the lake where the store's readers of rows want one. Private to the replica.
namespace bl::results::replica {

using BatchRow = columns::BatchRow<store::Row>;

/// Calls `each` for every row until it fails.
template <class Each>
Result<void> for_each_row(const columns::Batch& batch, const Each& each) {
  return columns::for_each_row<store::Row>(batch, each);
}

}  // namespace bl::results::replica
