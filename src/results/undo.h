#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "results/result_editor.h"
#include "store/database.h"

/// Takes back what was sent by mistake: a batch, a run, all that a token sent since an instant.
namespace bl::results {

/// All that is said must hold; something is.
struct UndoSelection {
  std::optional<std::string> batch_id, run_id;
  std::optional<std::string> submitter;  ///< id or name of the token or user who sent them
  std::optional<Timestamp> since;        ///< received at or behind this, as their ids say
};

struct UndoLimits {
  std::int64_t results_max = 200'000;  ///< of one selection; a larger one is refused
  std::int64_t at_once = 100;          ///< removed in one transaction
  std::size_t groups_max = 100;        ///< runs and series that a preview names
  std::size_t first_rows = 20;         ///< results that it shows
};

/// What would go.
struct UndoPreview {
  struct Group {
    std::string name;
    std::int64_t results = 0;
  };
  struct Row {
    std::string id, name, run_id;
    Timestamp timestamp;
  };
  std::int64_t results = 0, runs = 0, series = 0;
  std::vector<Group> largest_runs, largest_series;  ///< at most groups_max; series by fingerprint
  std::vector<Group> months;                        ///< `2024-08` of the results' times, in order
  std::vector<std::string> repositories;            ///< all, in order: who asks must may write them
  std::vector<Row> first;                           ///< by id: in the order in which they came
};

struct UndoReport {
  std::vector<std::string> removed;  ///< ids, for Replicator::prove_removed
  std::int64_t gone = 0;             ///< that somebody else removed meanwhile
  bool is_complete = true;           ///< false: ended early; the same call again goes on
};

/// False ends it early.
using UndoProgress = std::function<bool(std::size_t done, std::size_t all)>;

/// Undo over the store. Threads: any. Errors of all: invalid (nothing is said), too_large (more
/// than results_max: say more), those of the store. Cost: a selection by submitter or time alone
/// goes through all results; a removal as StoreResultEditor::remove.
class StoreResultUndo {
 public:
  StoreResultUndo(store::Database& database, const Clock& clock, UndoLimits limits = {})
      : database_(database), clock_(clock), limits_(limits) {}

  Result<UndoPreview> preview(const UndoSelection& selection);

  /// Removes them in transactions of at_once results, each with all that is kept beside its results
  /// and its rows of the change log; the first one with the one audit row, `result.undo`. Durable
  /// on return. Killed or ended early, what was removed stays removed, and the same call goes on.
  /// What is received meanwhile stays. Errors also: conflict (there are other than `expected`
  /// results: nothing was removed).
  Result<UndoReport> undo(const UndoSelection& selection, std::optional<std::int64_t> expected,
                          const Editor& editor, const UndoProgress& progress = {});

 private:
  store::Database& database_;
  const Clock& clock_;
  const UndoLimits limits_;
};

}  // namespace bl::results
