#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "results/read_evidence.h"
#include "results/readers.h"
#include "results/replica.h"

/// Who answers a read of results, by port and mode (read_modes.h), and the comparison of answers
/// beside the service.
namespace bl::results {

struct ReadRouterLimits {
  std::size_t comparisons_max = 256;             ///< that wait; more are left out and counted
  std::chrono::milliseconds behind_max{30'000};  ///< a lake that is further behind is not asked
  std::chrono::seconds catch_up_max{120};        ///< that a comparison waits for the lake
  int looks_max = 3;                             ///< at an answer that keeps changing
};

/// How a port's reads are answered now.
struct ReadState {
  ReadPort port = ReadPort::history;
  ReadMode mode;
  bool is_paused = false;  ///< the lake failed too often, or was too slow: the store answers
  std::int64_t by_store = 0, by_lake = 0;  ///< reads since the start
  std::int64_t comparisons_waiting = 0, comparisons_left_out = 0;
};

/// What came of asking both sides again.
struct ReadReplay {
  std::string store_answer, lake_answer;
  bool is_equal = false;
};

/// The readers that it gives answer as the modes say; each call looks once. In mode lake the store
/// is asked where the lake does not do: it failed, or too often lately (breaker); it is too far
/// behind; a change that it does not have is about what is asked (one result, series, run or
/// batch); it has no such thing. Lists of everything may be as far behind as behind_max.
///
/// Comparisons are made by compare_some(), not by those who read. Two answers differ only when the
/// store said the same before and after a lake that had caught up with it said something else.
///
/// Threads: any; compare_some() is one at a time. All that is given outlives it.
class ReadRouter {
 public:
  struct World {
    store::Database& database;
    std::function<ReplicaStatus()> replica;
    const Clock& clock;
    Random& random;
    Log& log;
    Metrics& metrics;
  };
  ReadRouter(const Readers& store, const Readers& lake, ReadEvidence& evidence, const World& world,
             const ReadRouterLimits& limits = {});
  ~ReadRouter();
  ReadRouter(const ReadRouter&) = delete;
  ReadRouter& operator=(const ReadRouter&) = delete;

  Readers readers();
  void set_modes(const ReadModes& modes);
  ReadModes modes() const;
  std::vector<ReadState> states() const;
  /// Comparisons that are due. True when there is more to do at once.
  bool compare_some();
  /// Asks both sides what a mismatch asked. Errors: corrupt (its question), those of the readers.
  Result<ReadReplay> replay(const ReadMismatch& mismatch);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The modes that may be, of those that are wanted: with the reason, those of ports whose answers
/// from the lake are not proved (ReadStanding::missing) are refused. Errors: conflict, naming each.
Result<void> demand_proved(const ReadModes& modes, ReadEvidence& evidence);

}  // namespace bl::results
