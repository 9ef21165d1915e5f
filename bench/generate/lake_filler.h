#pragma once

#include <cstdint>
#include <functional>

#include "base/disk.h"
#include "lake/lake.h"

/// A replica of any size straight into a lake, without a store: the tables `results`, `runs` and
/// `repositories`. Drawn from a seed; a month at a time, in constant memory.
namespace bl::bench {

/// The shape of a large deployment (spec/lake-ducklake.md 3.11): 500 results of each series over 60
/// months in 40 repositories on 4 machines; of 1,000 results 10 are up to three weeks late, 3
/// failed, 5 have no commit, 10 no batch; of 10,000 one has another unit than its series.
struct LakePlan {
  std::uint64_t seed = 1;
  std::int64_t results = 10'000'000;
  static constexpr std::int64_t k_points = 500, k_months = 60, k_machines = 4;

  std::int64_t series() const { return std::max<std::int64_t>(1, results / k_points); }
  std::int64_t repositories() const { return std::min<std::int64_t>(40, series()); }
};

/// What the lake has of the plan already stays: a call that was killed is gone on with. `scratch`:
/// a folder that is there. `done` gets months done and all. Errors: those of lake and engine.
Result<void> fill_lake(lake::Lake& lake, Disk& disk, const std::string& scratch,
                       const LakePlan& plan,
                       const std::function<void(std::int64_t, std::int64_t)>& done);

/// Seals all years but the last, as the replica does by and by.
Result<void> seal_lake(lake::Lake& lake);

}  // namespace bl::bench
