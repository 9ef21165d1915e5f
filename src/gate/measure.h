#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/program.h"
#include "base/time.h"
#include "gate/config.h"
#include "gate/decision.h"
#include "gate/model.h"

/// Runs scenarios. Rounds go over all scenarios, in an order that is shuffled anew each time; two
/// checkouts take turns, A B B A, so that what drifts falls on both. One thread.
namespace bl::gate {

/// Runs programs. Threads: one.
class Runner {
 public:
  virtual ~Runner() = default;
  /// As run_program.
  virtual Result<ProgramEnd> run(const ProgramCall& call) = 0;
};

class ProgramRunner final : public Runner {
 public:
  Result<ProgramEnd> run(const ProgramCall& call) override { return run_program(call); }
};

/// What measuring needs of the world.
struct World {
  Disk& disk;
  const Clock& clock;
  Runner& runner;
  std::function<bool()> go_on;   ///< false: somebody wants the program to end
  std::string temporary_folder;  ///< for `{output}`; there, and the caller's to remove
};

/// What one checkout gave.
struct Measured {
  Benchmarks benchmarks;
  std::vector<Failure> failures;  ///< scenarios of which a run failed; they have no benchmarks
};

struct MeasureLimits {
  std::size_t output_bytes_max = 256u << 20;
  std::size_t reason_bytes_max = 500;  ///< of what a failed command said
};

struct MeasureQuestion {
  std::vector<Scenario> scenarios;
  std::vector<std::string> folders = {""};  ///< one or two checkouts, where relative folders begin
  std::uint64_t seed = 0;
  /// Told before each run: `round 2 of 5: NAME`.
  std::function<void(const std::string&)> progress;
  /// Asked after the planned rounds, and after each further one, which scenarios want more.
  std::function<std::set<std::string>(const std::vector<Measured>&)> wants_more;
  /// Of a scenario that may be timed, when it turns out that it is.
  std::optional<Effort> effort_when_timed;
};

/// One Measured for each folder. A command that fails, takes too long or writes what cannot be read
/// fails its scenario, not the others. Errors: not_found (no such program), cancelled (go_on),
/// invalid (two scenarios give one benchmark), io.
Result<std::vector<Measured>> measure(const World& world, const MeasureQuestion& question,
                                      const MeasureLimits& limits = {});

/// A second checkout of the repository in a temporary folder: `git worktree`. Removed at the end,
/// also from git's list.
class OtherCheckout {
 public:
  /// `folder` lies in the repository. Errors: not_found (no git, no repository, no such revision),
  /// io, cancelled.
  static Result<std::unique_ptr<OtherCheckout>> make(Runner& runner, const std::string& folder,
                                                     const std::string& revision,
                                                     const std::string& temporary_folder,
                                                     std::function<bool()> go_on);
  ~OtherCheckout();
  OtherCheckout(const OtherCheckout&) = delete;
  OtherCheckout& operator=(const OtherCheckout&) = delete;
  /// The same place in the other checkout as the caller's folder in its own.
  const std::string& folder() const { return folder_; }
  const std::string& commit() const { return commit_; }

 private:
  OtherCheckout(Runner& runner, std::string repository_folder)
      : runner_(runner), repository_folder_(std::move(repository_folder)) {}
  Runner& runner_;
  std::string repository_folder_, root_, folder_, commit_;
};

/// While alive, SIGINT, SIGTERM and SIGHUP are noted instead of ending the program. One at a time.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  bool happened() const;

 private:
  struct Before;
  std::unique_ptr<Before> before_;
};

/// A new folder for temporary files, removed with all in it.
class ScratchFolder {
 public:
  /// Errors: io.
  static Result<std::unique_ptr<ScratchFolder>> make();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace bl::gate
