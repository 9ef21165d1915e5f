#pragma once

#include <cstdint>
#include <set>

#include "store/database.h"

/// Which runs have points on which lines, on which dates, and what they brought of which
/// configuration: what reads find points by (schema/sweeps.cc). Made from one run's rows; whoever
/// calls these holds the run. Private to the store's side.
namespace bl::inference {

/// Holds all attempts of a run until the end of the transaction: whoever writes rows of it waits.
Result<void> hold_run(store::Connection& connection, std::int64_t github_run_id);
/// Nothing is found of the run any more.
Result<void> take_from_lines(store::Connection& connection, std::int64_t run_id);
/// The run, which is not on any line, is found where its points lie.
Result<void> put_on_lines(store::Connection& connection, std::int64_t run_id);

/// Where points were written.
struct Touched {
  std::set<std::int64_t> lines, configs;
};
/// The same for a run that is found, of whose points those on some lines changed. Cost: the run's
/// points on these lines and of these configurations.
Result<void> renew_on_lines(store::Connection& connection, std::int64_t run_id,
                            const Touched& touched);

}  // namespace bl::inference
