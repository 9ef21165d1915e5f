#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "results/ports.h"
#include "results/store/dimensions.h"
#include "store/database.h"

/// Submissions on their way into the store, many in one transaction. Private to the writer.
namespace bl::results {

/// A submission with everything that can be made before the transaction. Refers to it.
struct PreparedSubmission {
  PreparedSubmission(const Submission& of, const HardwareKeys& keys);

  const Submission& submission;
  PreparedDimensions dimensions;
  bool failed;
  std::optional<double> best, mean;  ///< summaries
  std::string data, times, run_tags, change_annotations;
  std::optional<std::string> error, validation, optional_info;
  std::optional<std::int64_t> submitter_no;  ///< of receipts.h; absent: no receipt
};

/// Stores them in their order, inside one transaction: submission keys, dimension rows, commits
/// (repaired where they were unknown), facts, their numbers, change-log rows, and the derived
/// tables. `dimensions` are rows_of() all, of which some may be known. `outcomes` gets one for
/// each: what was stored, what was stored before under the same key, or conflict (the key is taken
/// by another content; the others are stored all the same). An error of the store itself is the
/// whole group's.
Result<void> store_group(store::Connection& connection, IdSource& ids, Timestamp now,
                         std::span<const PreparedSubmission* const> group,
                         DimensionRows& dimensions, std::vector<Result<Submitted>>& outcomes);

}  // namespace bl::results
