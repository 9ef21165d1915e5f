#include <fmt/format.h>

#include <algorithm>

#include "base/numbers.h"
#include "base/utf8.h"
#include "gate/commands/session.h"

namespace bl::gate {
namespace {

constexpr int k_rounds_when_timed = 10, k_rounds_max_when_timed = 30;
constexpr std::uint64_t k_config_bytes_max = 1 << 20;

std::string joined_words(const std::vector<std::string>& words) {
  return valid_utf8(fmt::format("{}", fmt::join(words, " ")));
}

Result<void> read_rounds(const Arguments& arguments, Effort& effort) {
  const GateLimits limits;
  if (arguments.has("--rounds")) {
    BL_TRY(const auto rounds, arguments.integer("--rounds", 1, limits.rounds_max));
    effort.rounds = static_cast<int>(rounds);
    effort.rounds_max = std::max(effort.rounds, effort.rounds_max);
  }
  if (arguments.has("--rounds-max")) {
    BL_TRY(const auto rounds, arguments.integer("--rounds-max", effort.rounds, limits.rounds_max));
    effort.rounds_max = static_cast<int>(rounds);
  }
  return {};
}

Result<void> read_effort(const Arguments& arguments, Request& request, Effort& effort) {
  BL_RETURN_IF_ERROR(read_rounds(arguments, effort));
  BL_RETURN_IF_ERROR(read_run_effort(arguments, effort));
  Effort when_timed = effort;
  when_timed.rounds = k_rounds_when_timed;
  when_timed.rounds_max = k_rounds_max_when_timed;
  BL_RETURN_IF_ERROR(read_rounds(arguments, when_timed));
  if (!arguments.has("--rounds-max"))
    when_timed.rounds_max = std::max(when_timed.rounds_max, when_timed.rounds);
  if (arguments.has("--rounds-max"))
    when_timed.rounds = std::min(when_timed.rounds, when_timed.rounds_max);
  request.effort_when_timed = when_timed;
  return {};
}

Result<void> read_bounds(const Arguments& arguments, Bounds& bounds) {
  if (const auto text = arguments.text_or_null("--bound")) {
    const auto bound = parse_percent(*text);
    if (!bound)
      return Error{Code::invalid, "--bound must be a percentage such as 10%: '" + *text + "'"};
    bounds.median = *bound;
  }
  for (const std::string& counter : arguments.list("--counter")) bounds.counters.insert(counter);
  return {};
}

Result<void> read_common(const Arguments& arguments, const CommandIo& io, Request& request) {
  const std::string* seed = io.variable("BENCHLAKE_PERF_SEED");
  if (seed != nullptr) {
    const auto number = parse_int64(*seed);
    if (!number || *number < 0)
      return Error{Code::invalid, "BENCHLAKE_PERF_SEED must be an integer from 0: '" + *seed + "'"};
    request.seed = static_cast<std::uint64_t>(*number);
  }
  request.architecture = arguments.text_or_null("--arch").value_or(architecture());
  const std::string& arch = request.architecture;
  if (arch.empty() || arch.find('/') != std::string::npos)
    return Error{Code::invalid, "--arch must be a name such as linux-x86_64: '" + arch + "'"};
  request.baseline_path = arguments.text("--baseline");
  return {};
}

void read_comparison(const Arguments& arguments, Request& request) {
  request.against = arguments.text_or_null("--against");
  request.prepare = arguments.text_or_null("--prepare");
  request.is_strict_machine = arguments.flag("--strict-machine");
  request.only_counters_on_foreign_machine = arguments.flag("--counters-only-on-foreign-machine");
}

bool has_option(const Arguments& arguments, const char* name) {
  return arguments.defaults.contains(name);
}

Result<void> choose(Request& request) {
  for (const std::string& name : request.chosen) {
    const bool exists = std::ranges::any_of(
        request.config.scenarios, [&](const Scenario& scenario) { return scenario.name == name; });
    if (!exists) return Error{Code::not_found, "gate.toml has no such scenario: '" + name + "'"};
  }
  if (request.chosen.empty()) return {};
  std::erase_if(request.config.scenarios, [&](const Scenario& scenario) {
    return std::ranges::find(request.chosen, scenario.name) == request.chosen.end();
  });
  return {};
}

}  // namespace

Result<Scenario> scenario_of_words(const Arguments& arguments) {
  Scenario scenario{.command = arguments.list("CMD")};
  scenario.name = joined_words(scenario.command);
  scenario.output = arguments.text("--output");
  if (const std::string format = arguments.text("--format"); format == "time") {
    scenario.is_timed = true;
  } else if (!format.empty()) {
    BL_TRY(scenario.format, formats::parse_format(format));
  } else {
    scenario.may_be_timed = true;
  }
  return scenario;
}

Result<void> read_run_effort(const Arguments& arguments, Effort& effort) {
  if (arguments.has("--warmup")) {
    BL_TRY(const auto warmup, arguments.integer("--warmup", 0, 1000));
    effort.warmup = static_cast<int>(warmup);
  }
  if (const auto text = arguments.text_or_null("--timeout")) {
    const auto time = parse_time(*text);
    if (!time || time->count() <= 0)
      return Error{Code::invalid,
                   "--timeout must be a time such as 500ms, 30s, 5m: '" + *text + "'"};
    effort.timeout = *time;
  }
  return {};
}

Result<Request> request_of_words(const Arguments& arguments, const CommandIo& io) {
  Request request;
  BL_RETURN_IF_ERROR(read_common(arguments, io, request));
  if (has_option(arguments, "--against")) read_comparison(arguments, request);
  request.config.baselines = ".benchlake/baselines";
  BL_TRY(Scenario scenario, scenario_of_words(arguments));
  BL_RETURN_IF_ERROR(read_effort(arguments, request, scenario.effort));
  if (scenario.is_timed) scenario.effort = *request.effort_when_timed;
  BL_RETURN_IF_ERROR(read_bounds(arguments, scenario.bounds));
  request.config.scenarios = {std::move(scenario)};
  request.record_command = "benchlake gate record -- " + joined_words(arguments.list("CMD"));
  return request;
}

Result<Request> request_of_config(const Arguments& arguments, const CommandIo& io, Disk& disk) {
  Request request;
  BL_RETURN_IF_ERROR(read_common(arguments, io, request));
  const std::string& path = arguments.text("--config");
  BL_TRY(const std::string toml, read_file(disk, path, k_config_bytes_max));
  BL_TRY(request.config, parse_gate_config(toml, path));
  if (const std::size_t slash = path.rfind('/'); slash != std::string::npos)
    request.folder = slash == 0 ? "/" : path.substr(0, slash);
  request.record_command =
      "benchlake gate record" + (path == "gate.toml" ? "" : " --config " + path);
  if (has_option(arguments, "--scenario")) request.chosen = arguments.list("--scenario");
  BL_RETURN_IF_ERROR(choose(request));
  if (has_option(arguments, "--against")) read_comparison(arguments, request);
  if (has_option(arguments, "--measured"))
    request.measured_path = arguments.text_or_null("--measured");
  if (request.measured_path && request.against)
    return Error{Code::invalid, "--measured and --against exclude each other"};
  return request;
}

}  // namespace bl::gate
