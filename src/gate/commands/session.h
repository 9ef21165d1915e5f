#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "gate/baseline.h"
#include "gate/commands/provenance.h"
#include "gate/config.h"
#include "gate/measure.h"
#include "gate/report.h"

/// Private: what the commands have in common. A session measures, finds the baseline, judges.
namespace bl::gate {

/// What is asked of a gate, from options and gate.toml.
struct Request {
  GateConfig config;
  std::string folder;         ///< of gate.toml; empty: where we are
  std::string baseline_path;  ///< empty: chosen among those of the architecture
  std::string architecture;
  std::optional<std::string> against, prepare;
  std::vector<std::string> chosen;  ///< names of scenarios; empty: all
  std::optional<std::string> measured_path;
  std::optional<Effort> effort_when_timed;
  bool is_strict_machine = false;
  bool only_counters_on_foreign_machine = false;
  std::uint64_t seed = 0;
  std::string record_command;
};

/// The command behind `--`, with `--format` and `--output`. Errors: invalid.
Result<Scenario> scenario_of_words(const Arguments& arguments);
/// `--warmup` and `--timeout`. Errors: invalid.
Result<void> read_run_effort(const Arguments& arguments, Effort& effort);
/// Of `check -- CMD`, with options such as `--rounds`. Errors: invalid.
Result<Request> request_of_words(const Arguments& arguments, const CommandIo& io);
/// Of gate.toml. Errors: those of parse_gate_config, not_found (no file, no such scenario).
Result<Request> request_of_config(const Arguments& arguments, const CommandIo& io, Disk& disk);

/// What a gate ended with before it could judge.
struct Refusal {
  ExitCode code = ExitCode::error;
  std::string message;
};

struct Outcome {
  std::optional<Refusal> refusal;
  Report report;
  Baseline measured;
};

class Session {
 public:
  Session(Disk& disk, const Clock& clock, Runner& runner, CommandIo& io);

  /// Measures without comparing; a scenario that fails, and provenance that cannot be found out, is
  /// an error. Errors: those of measure, invalid.
  Result<Baseline> measure_only(const Request& request);
  /// Errors: those of measure, read_baseline and OtherCheckout.
  Result<Outcome> compare(const Request& request);
  /// The file of the architecture, or where it would be.
  std::string baseline_path(const Request& request) const;

 private:
  struct Compared;
  Result<std::optional<Refusal>> find_baseline(const Request& request, Compared& compared);
  Result<void> measure_against(const Request& request, Compared& compared);
  Result<void> measure_here(const Request& request, Compared& compared);
  Result<void> prepare(const World& world, const Request& request, const std::string& folder);
  World world(const std::string& scratch) const;
  MeasureQuestion question_of(const Request& request) const;
  Baseline described(Benchmarks benchmarks, const Request& request,
                     const Provenance& provenance) const;
  Provenance provenance_of(const Request& request);

  Disk& disk_;
  const Clock& clock_;
  Runner& runner_;
  CommandIo& io_;
  Interruption interruption_;
};

}  // namespace bl::gate
