#include "gate/commands/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/terminal.h"
#include "formats/machine.h"

namespace bl::gate {
namespace {

constexpr std::chrono::hours k_prepare_time_max{2};
constexpr std::uint64_t k_measured_bytes_max = 256u << 20;

std::map<std::string, Bounds> bounds_of(const GateConfig& config) {
  std::map<std::string, Bounds> bounds;
  for (const Scenario& scenario : config.scenarios) bounds[scenario.name] = scenario.bounds;
  return bounds;
}

/// What a baseline says of scenarios that were not asked for does not miss.
void forget_others(Benchmarks& baseline, const Request& request, const Benchmarks& measured) {
  if (request.chosen.empty()) return;
  std::erase_if(baseline, [&](const Benchmark& benchmark) {
    const bool is_chosen =
        std::ranges::find(request.chosen, benchmark.scenario) != request.chosen.end();
    return !is_chosen && find(measured, benchmark.name) == nullptr;
  });
}

std::set<std::string> open_scenarios(const Judgement& judgement) {
  std::set<std::string> names;
  for (const Row& row : judgement.rows) {
    if (row.status == Status::undecided || row.status == Status::noisy) names.insert(row.scenario);
  }
  return names;
}

std::string date_of(Timestamp time) {
  return to_rfc3339_seconds(time).substr(0, 10);
}

}  // namespace

/// A comparison in the making.
struct Session::Compared {
  Baseline baseline;
  Measured baseline_now;  ///< of the other checkout
  Measured measured;
  Machine machine;
  Timestamp now;
  Provenance provenance;
  bool judges_times = true;
  Report report;

  Judgement judge_against(const Benchmarks& before, const Benchmarks& now_measured,
                          const Request& request) const {
    return judge({.baseline = before,
                  .measured = now_measured,
                  .bounds = bounds_of(request.config),
                  .false_share_max = request.config.false_share_max,
                  .judges_times = judges_times,
                  .failures = measured.failures,
                  .failures_of_baseline = baseline_now.failures});
  }
};

Session::Session(Disk& disk, const Clock& clock, Runner& runner, CommandIo& io)
    : disk_(disk), clock_(clock), runner_(runner), io_(io) {}

World Session::world(const std::string& scratch) const {
  return {.disk = disk_,
          .clock = clock_,
          .runner = runner_,
          .go_on = [this] { return !interruption_.happened(); },
          .temporary_folder = scratch};
}

MeasureQuestion Session::question_of(const Request& request) const {
  MeasureQuestion question{.scenarios = request.config.scenarios,
                           .folders = {request.folder},
                           .seed = request.seed,
                           .effort_when_timed = request.effort_when_timed};
  const bool is_terminal = terminal_width(io_.err).has_value();
  if (is_terminal)
    question.progress = [this](const std::string& what) { fmt::print(io_.err, "{}\n", what); };
  return question;
}

Provenance Session::provenance_of(const Request& request) {
  return find_provenance(disk_, runner_, request.config, request.folder,
                         [this] { return !interruption_.happened(); });
}

Baseline Session::described(Benchmarks benchmarks, const Request& request,
                            const Provenance& found) const {
  Baseline described{.architecture = request.architecture,
                     .recorded_at = clock_.now(),
                     .benchmarks = std::move(benchmarks),
                     .machine = detect_machine(disk_)};
  for (Benchmark& benchmark : described.benchmarks)
    benchmark.summary = summary_of(benchmark.main.samples());
  auto& provenance = described.provenance;
  provenance = found.facts;
  const formats::GitFacts git = formats::detect_git(request.folder.empty() ? "." : request.folder);
  if (git.commit) provenance["commit"] = *git.commit;
  if (git.repository) provenance["repository"] = *git.repository;
  provenance["seed"] = std::to_string(request.seed);
  for (const Scenario& scenario : request.config.scenarios)
    provenance["command of " + scenario.name] = fmt::format("{}", fmt::join(scenario.command, " "));
  return described;
}

std::string Session::baseline_path(const Request& request) const {
  if (!request.baseline_path.empty()) return request.baseline_path;
  const bool is_below = !request.folder.empty() && !request.config.baselines.starts_with('/');
  return (is_below ? request.folder + "/" : "") + request.config.baselines + "/" +
         request.architecture + ".json";
}

Result<Baseline> Session::measure_only(const Request& request) {
  const Provenance provenance = provenance_of(request);
  if (!provenance.unknown.empty()) return Error{Code::invalid, provenance.unknown.front()};
  BL_TRY(const auto scratch, ScratchFolder::make());
  BL_TRY(std::vector<Measured> measured, measure(world(scratch->path()), question_of(request)));
  if (const auto& failures = measured[0].failures; !failures.empty())
    return Error{Code::invalid,
                 fmt::format("{} failed: {}", failures.front().scenario, failures.front().reason)};
  return described(std::move(measured[0].benchmarks), request, provenance);
}

Result<void> Session::prepare(const World& world, const Request& request,
                              const std::string& folder) {
  if (!request.prepare) return {};
  BL_TRY(const ProgramEnd end, world.runner.run({.words = {"sh", "-c", *request.prepare},
                                                 .folder = folder,
                                                 .time_max = k_prepare_time_max,
                                                 .go_on = world.go_on,
                                                 .own_group = true}));
  if (end.exit_code == 0) return {};
  return Error{Code::invalid, fmt::format("--prepare ended with {} in {}: {}", end.exit_code,
                                          folder.empty() ? "." : folder, end.err)};
}

/// The refusal when there is none, or none of this machine.
Result<std::optional<Refusal>> Session::find_baseline(const Request& request, Compared& compared) {
  std::string path = request.baseline_path;
  auto& warnings = compared.report.warnings;
  if (path.empty()) {
    const std::string own = baseline_path(request);
    const auto chosen = choose_baseline(disk_, own.substr(0, own.rfind('/')), request.architecture);
    path = chosen.value_or(own);
    if (path != own)
      warnings.push_back(fmt::format("there is no baseline of {}; this is that of {}",
                                     request.architecture, k_canonical_architecture));
  }
  auto baseline = read_baseline(disk_, path);
  if (!baseline.ok() && baseline.error().code == Code::not_found) {
    return std::optional(Refusal{
        ExitCode::no_baseline,
        fmt::format("no baseline in {}\n  make one:          {}\n  or compare without: {}", path,
                    request.record_command, "--against main (any revision of this repository)")});
  }
  if (!baseline.ok()) return std::move(baseline).error();
  compared.baseline = std::move(baseline).value();
  compared.report.compared_with =
      fmt::format("{} of {}", path, date_of(compared.baseline.recorded_at));
  for (const std::string& warning : compared.baseline.warnings) warnings.push_back(warning);
  const auto age = compared.now - compared.baseline.recorded_at;
  if (age > k_baseline_age_max)
    warnings.push_back(fmt::format("the baseline is {} days old",
                                   std::chrono::duration_cast<std::chrono::days>(age).count()));
  for (const std::string& other :
       differences(compared.baseline, request.config, compared.provenance))
    warnings.push_back("the baseline was made otherwise: " + other);
  const bool is_known = compared.baseline.machine.is_known();
  auto differences = is_known ? compared.baseline.machine.differences(compared.machine)
                              : std::vector<std::string>{"the baseline does not say which"};
  const auto& same_time = request.config.virtual_machine_time;
  if (differences.empty() && compared.machine.is_virtual() && same_time && age > *same_time)
    differences.push_back(fmt::format("a virtual machine, {} minutes later",
                                      std::chrono::floor<std::chrono::minutes>(age).count()));
  if (differences.empty()) return std::optional<Refusal>();
  const std::string other =
      fmt::format("the baseline is of another machine ({})", fmt::join(differences, "; "));
  if (request.is_strict_machine) return std::optional(Refusal{ExitCode::wrong_machine, other});
  compared.judges_times = !request.only_counters_on_foreign_machine;
  warnings.push_back(other + (compared.judges_times
                                  ? ": times are compared all the same; --against REV compares on "
                                    "this machine"
                                  : ": only counters are judged, times are not"));
  return std::optional<Refusal>();
}

Result<void> Session::measure_here(const Request& request, Compared& compared) {
  if (request.measured_path) {
    BL_TRY(const std::string text, read_file(disk_, *request.measured_path, k_measured_bytes_max));
    BL_TRY(Baseline measured, parse_detail(text, *request.measured_path));
    compared.measured.benchmarks = std::move(measured.benchmarks);
    compared.machine = std::move(measured.machine);
    return {};
  }
  BL_TRY(const auto scratch, ScratchFolder::make());
  MeasureQuestion question = question_of(request);
  question.wants_more = [&](const std::vector<Measured>& so_far) {
    return open_scenarios(
        compared.judge_against(compared.baseline.benchmarks, so_far[0].benchmarks, request));
  };
  BL_TRY(std::vector<Measured> measured, measure(world(scratch->path()), question));
  compared.measured = std::move(measured[0]);
  return {};
}

Result<void> Session::measure_against(const Request& request, Compared& compared) {
  BL_TRY(const auto scratch, ScratchFolder::make());
  const World world = this->world(scratch->path());
  BL_TRY(const auto other, OtherCheckout::make(runner_, request.folder, *request.against,
                                               scratch->path(), world.go_on));
  BL_RETURN_IF_ERROR(prepare(world, request, other->folder()));
  BL_RETURN_IF_ERROR(prepare(world, request, request.folder));
  MeasureQuestion question = question_of(request);
  question.folders = {other->folder(), request.folder};
  question.wants_more = [&](const std::vector<Measured>& so_far) {
    return open_scenarios(
        compared.judge_against(so_far[0].benchmarks, so_far[1].benchmarks, request));
  };
  BL_TRY(std::vector<Measured> measured, measure(world, question));
  compared.baseline_now = std::move(measured[0]);
  compared.measured = std::move(measured[1]);
  compared.baseline.benchmarks = compared.baseline_now.benchmarks;
  compared.report.compared_with =
      fmt::format("{} ({})", *request.against, other->commit().substr(0, 12));
  compared.report.is_interleaved = true;
  return {};
}

Result<Outcome> Session::compare(const Request& request) {
  Compared compared{.machine = detect_machine(disk_), .now = clock_.now()};
  Outcome outcome;
  if (!request.measured_path) compared.provenance = provenance_of(request);
  for (const std::string& unknown : compared.provenance.unknown)
    compared.report.warnings.push_back(unknown);
  if (request.against) {
    BL_RETURN_IF_ERROR(measure_against(request, compared));
  } else {
    if (request.measured_path) BL_RETURN_IF_ERROR(measure_here(request, compared));
    BL_TRY(outcome.refusal, find_baseline(request, compared));
    if (outcome.refusal) return outcome;
    if (!request.measured_path) BL_RETURN_IF_ERROR(measure_here(request, compared));
  }
  forget_others(compared.baseline.benchmarks, request, compared.measured.benchmarks);
  compared.report.judgement =
      compared.judge_against(compared.baseline.benchmarks, compared.measured.benchmarks, request);
  compared.report.record_command = request.record_command;
  compared.report.machine = compared.machine;
  compared.report.false_share_max = request.config.false_share_max;
  outcome.measured =
      described(std::move(compared.measured.benchmarks), request, compared.provenance);
  outcome.report = std::move(compared.report);
  outcome.report.measured = outcome.measured.benchmarks;
  return outcome;
}

}  // namespace bl::gate
