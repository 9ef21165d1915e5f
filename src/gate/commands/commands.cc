#include "gate/commands.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "base/terminal.h"
#include "formats/machine.h"
#include "gate/commands/bisect.h"
#include "gate/commands/session.h"
#include "gate/self_check.h"
#include "net/server_address.h"

namespace bl::gate {
namespace {

/// The machine's world, and a session in it.
struct RealWorld {
  explicit RealWorld(CommandIo& io) : session(*disk, clock, runner, io) {}
  std::unique_ptr<Disk> disk = make_real_disk();
  SystemClock clock;
  ProgramRunner runner;
  Session session;
};

ScreenOptions screen_options(const Arguments& arguments, CommandIo& io) {
  return {.width = terminal_width(io.out),
          .color = is_color_terminal(io.out),
          .shows_all = arguments.defaults.contains("--all") && arguments.flag("--all")};
}

Result<void> write_file(Disk& disk, const Arguments& arguments, const char* option,
                        const std::string& text) {
  const auto path = arguments.text_or_null(option);
  if (!path) return {};
  return write_file_atomically(disk, *path, text, FileMode::normal);
}

ExitCode print_refusal(const Refusal& refusal, const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json")) {
    std::string text;
    json::Writer out(text);
    out.begin_object().member("exit_code", static_cast<int>(refusal.code));
    out.member("verdict", refusal.code == ExitCode::no_baseline ? "no_baseline" : "wrong_machine");
    out.member("message", refusal.message).end_object();
    fmt::print(io.out, "{}\n", text);
  }
  fmt::print(io.err, "benchlake: {}\n", refusal.message);
  return refusal.code;
}

Result<ExitCode> print_outcome(const Outcome& outcome, Disk& disk, const Arguments& arguments,
                               CommandIo& io) {
  const Report& report = outcome.report;
  BL_RETURN_IF_ERROR(write_file(disk, arguments, "--markdown", to_markdown(report)));
  BL_RETURN_IF_ERROR(write_file(disk, arguments, "--junit", to_junit(report)));
  fmt::print(io.out, "{}",
             arguments.flag("--json") ? to_json(report) + "\n"
                                      : to_screen(report, screen_options(arguments, io)));
  return report.judgement.exit_code;
}

/// Where a gate's history goes, and what is said of it.
struct Destination {
  net::ServerAddress address;
  SubmissionFacts facts;
};

/// Before anything is measured, so that nothing is measured in vain.
Result<std::optional<Destination>> find_destination(const Arguments& arguments, CommandIo& io,
                                                    RealWorld& world, const Request& request) {
  if (!arguments.flag("--submit")) return std::optional<Destination>();
  BL_TRY(const net::ServerAddress address, net::find_server(arguments, io, *world.disk));
  SystemRandom random;
  const formats::GitFacts git = formats::detect_git(request.folder.empty() ? "." : request.folder);
  SubmissionFacts facts{
      .run_id = arguments.text_or_null("--run-id").value_or(IdSource(world.clock, random).next()),
      .repository = git.repository,
      .commit = git.commit,
      .pr_number = formats::detect_pull_request(io.environment),
      .machine = formats::detect_machine(*world.disk),
      .time = world.clock.now()};
  if (const auto repository = arguments.text_or_null("--repository")) facts.repository = repository;
  if (!facts.repository)
    return Error{Code::invalid, "--submit needs --repository URL: the checkout has no origin"};
  return std::optional(Destination{address, std::move(facts)});
}

/// The history of a gate, through the ordinary door.
Result<void> submit(const Outcome& outcome, const Destination& destination, CommandIo& io) {
  net::ApiClient client(destination.address);
  const SubmissionFacts& facts = destination.facts;
  const auto documents =
      to_submissions(outcome.measured.benchmarks, outcome.report.judgement, facts);
  for (const json::Value& document : documents) {
    auto stored = client.post("/api/results", json::to_text(document));
    if (!stored.ok()) return std::move(stored).error().with_context("the gate's history");
  }
  fmt::print(io.err, "stored {} results of run {}\n", documents.size(), facts.run_id);
  return {};
}

ExitCode answer(Result<ExitCode> outcome, CommandIo& io) {
  return outcome.ok() ? *outcome : print_error(io, outcome.error());
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    constexpr std::string_view k_plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@=,:+-";
    line += line.empty() ? "" : " ";
    if (!word.empty() && word.find_first_not_of(k_plain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

/// That nobody could be told changes nothing of what was found.
void tell(CheckObserver* observer, const Outcome& outcome, const Arguments& arguments,
          CommandIo& io) {
  if (observer == nullptr) return;
  const auto told = observer->tell({.report = outcome.report,
                                    .against = arguments.text_or_null("--against"),
                                    .command = shell_line(arguments.list("CMD"))});
  fmt::print(io.err, "{}\n", told.ok() ? *told : "benchlake: no comment: " + told.error().message);
}

Result<ExitCode> check(const Arguments& arguments, CommandIo& io,
                       const MakeCheckObserver& make_observer) {
  BL_TRY(const Request request, request_of_words(arguments, io));
  std::unique_ptr<CheckObserver> observer;
  if (make_observer && arguments.flag("--comment")) {
    observer = make_observer();
    BL_RETURN_IF_ERROR(observer->prepare(io));
  }
  RealWorld world(io);
  BL_TRY(const Outcome outcome, world.session.compare(request));
  if (outcome.refusal) return print_refusal(*outcome.refusal, arguments, io);
  BL_TRY(const ExitCode code, print_outcome(outcome, *world.disk, arguments, io));
  tell(observer.get(), outcome, arguments, io);
  return code;
}

Result<ExitCode> gate_check(const Arguments& arguments, CommandIo& io) {
  RealWorld world(io);
  BL_TRY(const Request request, request_of_config(arguments, io, *world.disk));
  BL_TRY(const auto destination, find_destination(arguments, io, world, request));
  BL_TRY(const Outcome outcome, world.session.compare(request));
  if (outcome.refusal) return print_refusal(*outcome.refusal, arguments, io);
  BL_TRY(const ExitCode code, print_outcome(outcome, *world.disk, arguments, io));
  if (destination) BL_RETURN_IF_ERROR(submit(outcome, *destination, io));
  return code;
}

Result<ExitCode> gate_run(const Arguments& arguments, CommandIo& io) {
  RealWorld world(io);
  BL_TRY(const Request request, request_of_config(arguments, io, *world.disk));
  BL_TRY(const Baseline measured, world.session.measure_only(request));
  BL_RETURN_IF_ERROR(write_file(*world.disk, arguments, "--output", detail_text(measured)));
  fmt::print(io.out, "{}",
             arguments.flag("--json")
                 ? detail_text(measured)
                 : figures_to_screen(measured.benchmarks, screen_options(arguments, io)));
  return ExitCode::ok;
}

using Options = std::vector<CommandOption>;

Options joined(std::initializer_list<Options> parts) {
  Options all;
  for (const Options& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Options baseline_options() {
  return {{.name = "--baseline", .value_name = "FILE", .help = "else that of the architecture"},
          {.name = "--arch",
           .value_name = "ARCH",
           .help = "linux-x86_64, linux-arm64, darwin-arm64; else this machine's"}};
}

Options command_options() {
  return {{.name = "--format",
           .value_name = "FORMAT",
           .help = fmt::format("{}; time: the command itself is timed; else looked for",
                               fmt::join(formats::format_names(), ", "))},
          {.name = "--output",
           .value_name = "FILE",
           .help = "that CMD writes its figures to; {output} in CMD: one is made"},
          {.name = "--rounds", .value_name = "N", .help = "runs of CMD; else 5, timed 10"},
          {.name = "--rounds-max",
           .value_name = "N",
           .help = "when these cannot decide; else 15, timed 30"},
          {.name = "--warmup", .value_name = "N", .help = "runs before that do not count; else 1"},
          {.name = "--timeout", .value_name = "TIME", .help = "of one run; else 10m"},
          {.name = "--bound",
           .value_name = "PERCENT",
           .help = "by which a median may be slower; else 10%"},
          {.name = "--counter",
           .value_name = "NAME",
           .help = "a number of the benchmark that must stay equal",
           .repeated = true}};
}

Options against_options() {
  return {{.name = "--against",
           .value_name = "REV",
           .help = "compare with another checkout, in turns, instead of a baseline"},
          {.name = "--prepare",
           .value_name = "COMMAND",
           .help = "for the shell, once in each checkout before: 'make -C bench'"},
          {.name = "--strict-machine", .help = "exit code 4 where the baseline is of another one"},
          {.name = "--counters-only-on-foreign-machine",
           .help = "there only counters are judged, times are not"}};
}

Options report_options() {
  return {{.name = "--markdown", .value_name = "FILE", .help = "write the report there, too"},
          {.name = "--junit", .value_name = "FILE", .help = "write the report there, too"},
          {.name = "--all", .help = "show every benchmark that is fine, too"}};
}

Options config_options() {
  return {{.name = "--config",
           .value_name = "FILE",
           .help = "what is measured",
           .default_text = "gate.toml"}};
}

Options scenario_options() {
  return {{.name = "--scenario", .value_name = "NAME", .help = "only this one", .repeated = true}};
}

Options measured_options() {
  return {{.name = "--measured",
           .value_name = "FILE",
           .help = "judge what gate run --output wrote, run nothing"}};
}

template <class Body>
auto running(Body body) {
  return
      [body](const Arguments& arguments, CommandIo& io) { return answer(body(arguments, io), io); };
}

/// A counter that has two values is none.
Result<void> check_counters(const Baseline& measured, const GateConfig& config) {
  for (const Scenario& scenario : config.scenarios) {
    for (const Benchmark& benchmark : measured.benchmarks) {
      if (benchmark.scenario != scenario.name) continue;
      for (const std::string& counter : scenario.bounds.counters) {
        const auto found = benchmark.extras.find(counter);
        if (found == benchmark.extras.end())
          return Error{Code::invalid,
                       fmt::format("{} does not give the counter: '{}'", benchmark.name, counter)};
        const std::vector<double> values = found->second.samples();
        for (const double value : values) {
          if (value != values.front())
            return Error{Code::invalid,
                         fmt::format("{}: {} is no counter, it was {} and {}", benchmark.name,
                                     counter, values.front(), value)};
        }
      }
    }
  }
  return {};
}

/// With gate.toml the scenarios say themselves how they are run.
Result<void> check_options_of_record(const Arguments& arguments, bool has_words) {
  if (has_words && arguments.has("--config"))
    return Error{Code::invalid, "--config and a command exclude each other"};
  if (has_words) return {};
  for (const CommandOption& option : command_options()) {
    if (arguments.has(option.name))
      return Error{Code::invalid,
                   "belongs to a command behind --, not to gate.toml: " + option.name};
  }
  return {};
}

Result<ExitCode> record(const Arguments& arguments, CommandIo& io, const std::string& version) {
  RealWorld world(io);
  const bool has_words = !arguments.list("CMD").empty();
  BL_RETURN_IF_ERROR(check_options_of_record(arguments, has_words));
  auto asked =
      has_words ? request_of_words(arguments, io) : request_of_config(arguments, io, *world.disk);
  if (!asked.ok()) return std::move(asked).error();
  const Request& request = *asked;
  BL_TRY(Baseline measured, world.session.measure_only(request));
  BL_RETURN_IF_ERROR(check_counters(measured, request.config));
  measured.provenance["program"] = "benchlake " + version;
  if (const auto message = arguments.text_or_null("--message"))
    measured.provenance["message"] = *message;
  const std::string path = world.session.baseline_path(request);
  BL_RETURN_IF_ERROR(write_baseline(*world.disk, path, measured));
  fmt::print(io.out, "{}",
             arguments.flag("--json")
                 ? flat_text(measured)
                 : figures_to_screen(measured.benchmarks, screen_options(arguments, io)));
  fmt::print(io.err, "recorded {} benchmarks in {}; commit it with {}\n",
             measured.benchmarks.size(), path, detail_path(path));
  return ExitCode::ok;
}

Result<ExitCode> explain(const Arguments& arguments, CommandIo& io) {
  RealWorld world(io);
  BL_TRY(const Request request, request_of_config(arguments, io, *world.disk));
  BL_TRY(const Outcome outcome, world.session.compare(request));
  if (outcome.refusal) return print_refusal(*outcome.refusal, arguments, io);
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", to_json(outcome.report));
    return outcome.report.judgement.exit_code;
  }
  std::vector<std::string> names = arguments.list("NAME");
  if (names.empty()) {
    for (const Row& row : outcome.report.judgement.rows) names.push_back(row.name);
  }
  for (const std::string& name : names) {
    BL_TRY(const std::string text, to_explanation(outcome.report, name));
    fmt::print(io.out, "{}{}", text, name == names.back() ? "" : "\n");
  }
  return outcome.report.judgement.exit_code;
}

Result<ExitCode> self_check(const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::int64_t trials, arguments.integer("--trials", 10, 100'000));
  BL_TRY(const std::int64_t seed, arguments.integer("--seed", 0, INT64_MAX));
  SelfCheckQuestion question{.trials = static_cast<int>(trials),
                             .seed = static_cast<std::uint64_t>(seed)};
  if (const auto path = arguments.text_or_null("--baseline")) {
    const auto disk = make_real_disk();
    BL_TRY(const Baseline recorded, read_baseline(*disk, *path));
    question.recorded = recorded.benchmarks;
  }
  const SelfCheck found = check_the_gate(question);
  fmt::print(
      io.out, "{}",
      arguments.flag("--json") ? to_json(found) + "\n" : to_screen(found, terminal_width(io.out)));
  return found.keeps_its_word() ? ExitCode::ok : ExitCode::regression;
}

Command check_command(const MakeCheckObserver& make_observer) {
  Options own;
  if (make_observer) {
    own = {{.name = "--comment",
            .help = "in GitHub Actions or GitLab CI: a comment on the pull request, and a check"}};
  }
  return {
      .path = "check",
      .help =
          "runs a benchmark command and says what got slower than its baseline or another "
          "checkout; needs no server and no configuration, saves nothing",
      .example = "benchlake check --against main -- ./bench --benchmark_format=json",
      .options =
          joined({command_options(), baseline_options(), against_options(), report_options(), own}),
      .arguments = {{.name = "CMD", .help = "program and arguments, behind --", .repeated = true}},
      .run = running([make_observer](const Arguments& arguments, CommandIo& io) {
        return check(arguments, io, make_observer);
      })};
}

Command gate_check_command() {
  return {.path = "gate check",
          .help = "measures the scenarios of gate.toml and judges them; saves nothing",
          .example = "benchlake gate check --junit gate.xml",
          .options = joined({config_options(), scenario_options(), baseline_options(),
                             against_options(), measured_options(), report_options(),
                             Options{{.name = "--submit", .help = "send the figures to a server"},
                                     {.name = "--run-id",
                                      .value_name = "ID",
                                      .help = "of what is sent; else a new one"},
                                     {.name = "--repository",
                                      .value_name = "URL",
                                      .help = "of what is sent; else from git"}},
                             net::server_options()}),
          .run = running(gate_check)};
}

Command gate_run_command() {
  return {.path = "gate run",
          .help = "measures the scenarios of gate.toml and shows the figures",
          .example = "benchlake gate run --output measured.json",
          .options = joined({config_options(), scenario_options(), baseline_options(),
                             Options{{.name = "--output",
                                      .value_name = "FILE",
                                      .help = "keep all samples, for gate check --measured"}}}),
          .run = running(gate_run)};
}

Command gate_record_command(const std::string& version) {
  return {.path = "gate record",
          .help = "measures, and makes the figures the baseline of this architecture",
          .example = "benchlake gate record --message 'new runner'",
          .options = joined({config_options(), command_options(), baseline_options(),
                             Options{{.name = "--message",
                                      .value_name = "TEXT",
                                      .help = "why, kept with the baseline"}}}),
          .arguments = {{.name = "CMD",
                         .help = "a command instead of gate.toml, behind --",
                         .repeated = true,
                         .required = false}},
          .run = [version](const Arguments& arguments, CommandIo& io) {
            return answer(record(arguments, io, version), io);
          }};
}

Command gate_explain_command() {
  return {.path = "gate explain",
          .help = "says in sentences why each benchmark counts as it does",
          .example = "benchlake gate explain BM_Sort/8 --measured measured.json",
          .options = joined({config_options(), scenario_options(), baseline_options(),
                             against_options(), measured_options()}),
          .arguments = {{.name = "NAME",
                         .help = "a benchmark; all when none",
                         .repeated = true,
                         .required = false}},
          .run = running(explain)};
}

Command gate_self_check_command() {
  return {
      .path = "gate self-check",
      .help =
          "how often the gate is red for nothing, and how often it sees a slowdown: on "
          "simulated noise and on a baseline's samples",
      .example = "benchlake gate self-check --baseline baselines/linux-x86_64.json",
      .options =
          {{.name = "--baseline",
            .value_name = "FILE",
            .help = "whose recorded samples are tried, too"},
           {.name = "--trials", .value_name = "N", .help = "of each kind", .default_text = "300"},
           {.name = "--seed", .value_name = "N", .help = "of chance", .default_text = "0"}},
      .run = running(self_check)};
}

}  // namespace

std::vector<Command> commands(const std::string& version, MakeCheckObserver make_observer) {
  return {check_command(make_observer), bisect_command(),
          gate_run_command(),           gate_check_command(),
          gate_record_command(version), gate_explain_command(),
          gate_self_check_command()};
}

}  // namespace bl::gate
