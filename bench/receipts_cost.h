#pragma once

#include "filled_store.h"

/// What receipts cost a submission: the same submits with and without them, by turns, so that what
/// else the machine does falls on both.
namespace bl::bench {

struct ReceiptsScenario {
  int rounds = 0;    ///< of singles and batches, with and without
  int threads = 16;  ///< of single submits
  int singles = 2'000;
  int batch = 1'000;
  int batches = 4;
};

/// CPU of a result in each way, the least of the rounds, and how much more that with receipts is.
void time_receipts(FilledStore& store, const ResultPlan& plan, const ReceiptsScenario& scenario,
                   Report& report);

}  // namespace bl::bench
