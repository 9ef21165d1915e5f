#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "gate/config.h"
#include "gate/model.h"

/// The decision (docs/gate.md): whether measured figures are worse than a baseline's. Worse is
/// always positive. Pure; the same figures give the same answer whatever their order and unit.
///
/// A figure counts as a regression by effect and evidence: it is more than its bound worse; a rank
/// test (Benjamini-Hochberg over all benchmarks) says so; the whole interval of the change is above
/// zero; and the change is more than the baseline's own noise. With the effect but without the
/// evidence it cannot be decided. So a median beyond its bound never passes.
namespace bl::gate {

enum class Status : unsigned char {
  fine,        ///< worse by more than the bound is ruled out
  noisy,       ///< within the bound, but worse by more than it is not ruled out: told, passes
  improved,    ///< evidently better by more than the bound
  regression,  ///< evidently worse by more than the bound, or a counter that is another one
  undecided,   ///< worse by more than the bound, not evidently
  failed,      ///< was to be measured and was not
  added,       ///< the baseline does not have it
  not_judged,  ///< a time on another machine, where only counters count
};
const char* name_of(Status status);
/// ok, regression or undecided.
ExitCode exit_code_of(Status status);

/// One figure of one benchmark.
struct Criterion {
  std::string what;  ///< `median`, `p95`, `rate rows_per_s`, `counter rows`
  std::string unit;
  double baseline = 0, measured = 0;
  double change = 0;                 ///< share by which it is worse; negative: better
  std::optional<double> low, high;   ///< of the change, 95 times in 100
  std::optional<double> p_value;     ///< two-sided, of the rank test or the bootstrap
  std::optional<double> p_adjusted;  ///< among all figures of the gate
  double bound = 0;
  std::optional<double> noise_floor;  ///< change that the baseline shows against itself
  std::optional<double> detectable;   ///< change that is found 80 times in 100
  Status status = Status::fine;
  std::string reason;  ///< one sentence
};

struct Row {
  std::string name, scenario, unit;
  Status status = Status::fine;     ///< the worst of its figures
  std::vector<Criterion> criteria;  ///< the median first; empty when there was nothing to compare
  std::optional<double> median;     ///< as measured
  std::optional<double> spread_baseline, spread;  ///< spread_of all samples
  std::size_t samples_baseline = 0, samples = 0, rounds_baseline = 0, rounds = 0;
  std::string note;  ///< why it failed, is not judged, or how little is known
};

struct Judgement {
  std::vector<Row> rows;  ///< the worst first, then by change
  ExitCode exit_code = ExitCode::ok;
  std::size_t count(Status status) const;
};

struct Failure {
  std::string scenario, reason;
};

struct JudgeQuestion {
  const Benchmarks& baseline;
  const Benchmarks& measured;
  std::map<std::string, Bounds> bounds;  ///< by scenario
  Bounds bounds_default;
  double false_share_max = 0.05;
  bool judges_times = true;
  std::vector<Failure> failures;              ///< scenarios that gave nothing
  std::vector<Failure> failures_of_baseline;  ///< that gave nothing in the other checkout
};

/// No benchmark in common, and none missing: ExitCode::no_baseline.
Judgement judge(const JudgeQuestion& question);

}  // namespace bl::gate
