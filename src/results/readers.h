#pragma once

#include "results/ports.h"

namespace bl::results {

/// The readers of one side: all of the store, or all of the lake.
struct Readers {
  HistoryReader& history;
  CompareReader& compare;
  ProjectHealthReader& health;
  RunBrowser& runs;
  SummaryMode mode = SummaryMode::best;
};

}  // namespace bl::results
