#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "gate/measure.h"
#include "verdict/bisection.h"

/// `benchlake bisect`: drives a benchmark command over the commits of a range until it is known
/// which of them changed the figure (docs/bisect.md). What to run next is verdict/bisection.h's;
/// here are git, builds, failures, the log, and the words. One thread.
namespace bl::gate {

struct RangeCommit {
  std::string sha, subject;
  std::size_t parents = 1;
};

struct BisectLimits {
  std::size_t commits_max = 10'000;
  std::size_t tries_max = 3;      ///< of a run that fails, before its commit is passed over
  std::size_t worktrees_max = 6;  ///< checkouts that are kept, built; the one unused longest goes
  std::size_t log_bytes_max = 64u << 20;
  std::size_t commits_by_default = 64;  ///< behind the bad end, where no good one is named
};

/// The good commit, then those up to the bad one that are not behind the good one, by first
/// parents. Without `good`: BisectLimits::commits_by_default behind the bad one, or the first of
/// all. Errors: not_found (no such revision), invalid (the good one is not behind the bad one, or
/// the same), too_large, cancelled.
Result<std::vector<RangeCommit>> commits_between(Runner& runner, const std::string& folder,
                                                 const std::optional<std::string>& good,
                                                 const std::string& bad,
                                                 const std::function<bool()>& go_on,
                                                 const BisectLimits& limits = {});
/// The range that a merge brought in: from where its second parent left the first, to that parent.
Result<std::vector<RangeCommit>> commits_of_merge(Runner& runner, const std::string& folder,
                                                  const std::string& merge,
                                                  const std::function<bool()>& go_on,
                                                  const BisectLimits& limits = {});

/// One line of a log: a value, or why there is none.
struct BisectNote {
  std::string commit;  ///< whole, or its beginning
  std::optional<double> value;
  std::string unit;     ///< of a value
  std::string skipped;  ///< why the commit is not to be run again
  std::string failed;   ///< why one run gave nothing
};

/// Reads JSON lines such as `{"commit": "a1b2c3d", "value": 1.25}`. A last line without its end (of
/// a program that was killed) is passed over. Lines with the member `bisect` are headers; with
/// `header` they must be equal to it. Errors: not_found, malformed and invalid (with the line's
/// number), conflict (another header), too_large, io.
Result<std::vector<BisectNote>> read_bisect_notes(Disk& disk, const std::string& path,
                                                  const std::string& header = {},
                                                  const BisectLimits& limits = {});

/// The file in which a bisection keeps its values, to go on after an end. Each note is durable when
/// add() returns. Format: docs/bisect.md.
class BisectLog {
 public:
  /// Makes the file with `header` as its first line, or goes on with it.
  static Result<std::unique_ptr<BisectLog>> open(Disk& disk, const std::string& path,
                                                 const std::string& header,
                                                 const BisectLimits& limits = {});
  Result<void> add(const BisectNote& note);
  /// What was in it when it was opened.
  const std::vector<BisectNote>& notes() const { return notes_; }

 private:
  std::unique_ptr<File> file_;
  std::vector<BisectNote> notes_;
};

struct BisectQuestion {
  std::vector<RangeCommit> commits;
  Scenario scenario;
  std::optional<std::string> prepare;    ///< for the shell, once in each checkout
  std::optional<std::string> benchmark;  ///< where the command gives several
  std::string folder;                    ///< in the repository; empty: where we are
  double confidence = 0.95, change_min = 0.005;
  std::size_t runs_max = 400;
  std::vector<BisectNote>
      notes;  ///< what is known already; of commits beyond the range: passed over
  BisectLog* log = nullptr;
  std::function<void(const std::string&)> progress;  ///< one line
};

/// A bisection as far as it came.
struct BisectOutcome {
  std::vector<RangeCommit> commits;
  verdict::Bisection answer;
  std::map<std::size_t, std::string> skipped;  ///< by place: why the commit cannot be run
  std::string unit, benchmark;
  Direction better = Direction::less_is_better;
  std::size_t runs = 0, runs_before = 0;  ///< made now; in the log
  std::size_t measured = 0;               ///< commits with values
  std::size_t failures = 0;               ///< runs that gave nothing

  /// The level changed for the worse; of one change.
  bool is_worse() const;
  /// ok: no change, or for the better. regression. undecided.
  ExitCode exit_code() const;
};

/// Runs until it is known, or `runs_max` are made. Errors: invalid (an end cannot be run, several
/// benchmarks and none chosen), cancelled, io, those of bisect().
Result<BisectOutcome> drive_bisection(const World& world, BisectQuestion question,
                                      const BisectLimits& limits = {});
/// Says what to run next, without running it. Errors: those of bisect().
Result<BisectOutcome> judge_notes(const BisectQuestion& question, std::size_t next_max);

/// What a report says beside the outcome.
struct BisectWords {
  std::string command;                 ///< as for a shell
  std::optional<std::string> prepare;  ///< as for a shell
  double confidence = 0.95;
};
std::string to_screen(const BisectOutcome& outcome, const BisectWords& words);
/// As a member of a document.
json::Value to_json(const BisectOutcome& outcome, const BisectWords& words);
/// Words quoted for a shell where they must be.
std::string shell_text(const std::vector<std::string>& words);

}  // namespace bl::gate
