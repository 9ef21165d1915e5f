#include "gate/commands/bisect.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/terminal.h"
#include "base/uri.h"
#include "base/utf8.h"
#include "gate/bisect.h"
#include "gate/commands/session.h"
#include "net/server_address.h"

namespace bl::gate {
namespace {

constexpr int k_points_max = 20'000;  // of a series, asked of a server

struct Surroundings {
  std::unique_ptr<Disk> disk = make_real_disk();
  SystemClock clock;
  ProgramRunner runner;
  Interruption interruption;
  std::function<bool()> go_on = [this] { return !interruption.happened(); };
};

Result<double> share_of(const Arguments& arguments, const char* option) {
  const std::string& text = arguments.text(option);
  if (const auto percent = parse_percent(text)) return *percent;
  auto number = arguments.number(option);
  if (!number.ok()) return number;
  return *number;
}

/// The command, and all that would make its values others.
std::string header_of(const BisectQuestion& question, const Arguments& arguments) {
  std::string text;
  json::Writer out(text);
  out.begin_object().member("bisect", 1).key("command").begin_array();
  for (const std::string& word : question.scenario.command) out.value(valid_utf8(word));
  out.end_array().member("prepare", question.prepare).member("benchmark", question.benchmark);
  out.member("format", arguments.text("--format")).member("output", arguments.text("--output"));
  out.end_object();
  return text;
}

Result<BisectQuestion> question_of(const Arguments& arguments, Surroundings& world) {
  BisectQuestion question;
  BL_TRY(question.confidence, share_of(arguments, "--confidence"));
  BL_TRY(question.change_min, share_of(arguments, "--change-min"));
  BL_TRY(const std::int64_t runs_max, arguments.integer("--runs-max", 1, 20'000));
  question.runs_max = static_cast<std::size_t>(runs_max);
  question.prepare = arguments.text_or_null("--prepare");
  question.benchmark = arguments.text_or_null("--benchmark");
  BL_TRY(question.commits,
         commits_between(world.runner, question.folder, arguments.text_or_null("--good"),
                         arguments.text("--bad"), world.go_on));
  return question;
}

BisectWords words_of(const BisectQuestion& question) {
  BisectWords words{.command = valid_utf8(shell_text(question.scenario.command)),
                    .confidence = question.confidence};
  if (question.prepare) words.prepare = valid_utf8(shell_text({*question.prepare}));
  return words;
}

/// Of a server's series, on the machine of the newest result, in the order in which they came.
Result<std::vector<BisectNote>> notes_of_series(const Arguments& arguments, CommandIo& io,
                                                Surroundings& world) {
  BL_TRY(const net::ServerAddress address, net::find_server(arguments, io, *world.disk));
  net::ApiClient server(address);
  BL_TRY(const json::Value picture,
         server.get(fmt::format("/api/v1/series/{}/verdict?points={}",
                                percent_encode(arguments.text("--series")), k_points_max)));
  const json::Value* points = picture.find("points");
  if (points == nullptr || !points->is_array())
    return Error{Code::corrupt, "the answer has no points"};
  std::vector<std::pair<std::string, BisectNote>> timed;
  const json::Value* machine =
      points->items().empty() ? nullptr : points->items().back().find("env");
  const json::Value* unit = picture.find("unit");
  for (const json::Value& point : points->items()) {
    const json::Value *sha = point.find("commit_sha"), *value = point.find("value"),
                      *time = point.find("result_timestamp"), *env = point.find("env");
    if (sha == nullptr || !sha->is_string() || value == nullptr || !value->is_number() ||
        time == nullptr || !time->is_string() || env == nullptr || !(*env == *machine))
      continue;
    timed.emplace_back(
        time->as_string(),
        BisectNote{.commit = sha->as_string(),
                   .value = value->as_double(),
                   .unit = unit != nullptr && unit->is_string() ? unit->as_string() : ""});
  }
  std::ranges::stable_sort(timed, {}, [](const auto& entry) { return entry.first; });
  std::vector<BisectNote> notes;
  for (auto& [time, note] : timed) notes.push_back(std::move(note));
  return notes;
}

void print(const std::vector<BisectOutcome>& stages, const BisectWords& words,
           const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json")) {
    json::Value document = to_json(stages.front(), words);
    if (stages.size() > 1) document.set("into_merge", to_json(stages.back(), words));
    fmt::print(io.out, "{}\n", json::to_text(document));
    return;
  }
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (i > 0) fmt::print(io.out, "\nwithin that merge:\n");
    fmt::print(io.out, "{}", to_screen(stages[i], words));
  }
}

Result<ExitCode> say_next(const Arguments& arguments, CommandIo& io) {
  Surroundings world;
  BL_TRY(BisectQuestion question, question_of(arguments, world));
  BL_TRY(const std::int64_t count, arguments.integer("--count", 1, 100));
  const auto values = arguments.text_or_null("--values");
  if (values.has_value() == arguments.has("--series"))
    return Error{Code::invalid, "--next needs either --values FILE or --series FINGERPRINT"};
  auto notes =
      values ? read_bisect_notes(*world.disk, *values) : notes_of_series(arguments, io, world);
  if (!notes.ok()) return std::move(notes).error();
  question.notes = std::move(notes).value();
  BL_TRY(const BisectOutcome outcome, judge_notes(question, static_cast<std::size_t>(count)));
  print({outcome}, words_of(question), arguments, io);
  return outcome.exit_code();
}

/// Whether the one guilty commit is a merge.
const RangeCommit* guilty_merge(const BisectOutcome& outcome) {
  const auto& answer = outcome.answer;
  if (answer.state != verdict::Bisection::State::found) return nullptr;
  const RangeCommit& commit = outcome.commits[answer.changes[0].last];
  return answer.changes[0].first == answer.changes[0].last && commit.parents > 1 ? &commit
                                                                                 : nullptr;
}

Result<ExitCode> drive(const Arguments& arguments, CommandIo& io) {
  Surroundings world;
  BL_TRY(BisectQuestion question, question_of(arguments, world));
  BL_TRY(question.scenario, scenario_of_words(arguments));
  BL_RETURN_IF_ERROR(read_run_effort(arguments, question.scenario.effort));
  question.progress = [&io](const std::string& line) {
    fmt::print(io.err, "{}\n", line);
    std::fflush(io.err);
  };
  std::unique_ptr<BisectLog> log;
  if (const auto path = arguments.text_or_null("--log")) {
    BL_TRY(log, BisectLog::open(*world.disk, *path, header_of(question, arguments)));
    question.log = log.get();
    question.notes = log->notes();
  }
  BL_TRY(const auto scratch, ScratchFolder::make());
  const World measured_world{.disk = *world.disk,
                             .clock = world.clock,
                             .runner = world.runner,
                             .go_on = world.go_on,
                             .temporary_folder = scratch->path()};
  std::vector<BisectOutcome> stages;
  BL_TRY(BisectOutcome whole, drive_bisection(measured_world, question));
  stages.push_back(std::move(whole));
  const RangeCommit* merge = guilty_merge(stages.back());
  if (arguments.flag("--into-merge") && merge != nullptr) {
    fmt::print(io.err, "{} is a merge: into it\n", merge->sha.substr(0, 10));
    BL_TRY(question.commits,
           commits_of_merge(world.runner, question.folder, merge->sha, world.go_on));
    if (log) {
      BL_TRY(question.notes, read_bisect_notes(*world.disk, arguments.text("--log")));
    }
    BL_TRY(BisectOutcome within, drive_bisection(measured_world, question));
    stages.push_back(std::move(within));
  }
  print(stages, words_of(question), arguments, io);
  return stages.front().exit_code();
}

Result<ExitCode> bisect(const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--next")) {
    if (!arguments.list("CMD").empty())
      return Error{Code::invalid, "--next runs nothing: it takes no command"};
    return say_next(arguments, io);
  }
  for (const char* option : {"--values", "--series"}) {
    if (arguments.has(option))
      return Error{Code::invalid, std::string("belongs to --next: ") + option};
  }
  if (arguments.list("CMD").empty())
    return Error{Code::invalid, "a command is missing behind --, or --next"};
  return drive(arguments, io);
}

std::vector<CommandOption> options() {
  std::vector<CommandOption> options = {
      {.name = "--good",
       .value_name = "REV",
       .help = "last commit that is known to be good; else 64 before the bad one"},
      {.name = "--bad",
       .value_name = "REV",
       .help = "first commit that is known to be bad",
       .default_text = "HEAD"},
      {.name = "--confidence",
       .value_name = "P",
       .help = "how sure the answer is to be, such as 0.95 or 95%",
       .default_text = "0.95"},
      {.name = "--change-min",
       .value_name = "PERCENT",
       .help = "smaller changes are not looked for",
       .default_text = "0.5%"},
      {.name = "--prepare",
       .value_name = "COMMAND",
       .help = "for the shell, once in each checkout before: 'make -C bench'"},
      {.name = "--runs-max", .value_name = "N", .help = "of CMD", .default_text = "400"},
      {.name = "--benchmark", .value_name = "NAME", .help = "where CMD gives several"},
      {.name = "--format", .value_name = "FORMAT", .help = "as for check; else looked for"},
      {.name = "--output",
       .value_name = "FILE",
       .help = "that CMD writes its figures to; {output} in CMD: one is made"},
      {.name = "--warmup",
       .value_name = "N",
       .help = "runs in each new checkout that do not count; else 1"},
      {.name = "--timeout", .value_name = "TIME", .help = "of one run; else 10m"},
      {.name = "--log", .value_name = "FILE", .help = "keep all values there, and go on from them"},
      {.name = "--into-merge", .help = "when a merge is guilty, look among what it brought in"},
      {.name = "--next", .help = "run nothing: say which commits to run next"},
      {.name = "--values",
       .value_name = "FILE",
       .help = "for --next: JSON lines with commit and value, or a log"},
      {.name = "--series", .value_name = "FINGERPRINT", .help = "for --next: a series of a server"},
      {.name = "--count",
       .value_name = "N",
       .help = "for --next: how many, as one batch",
       .default_text = "5"}};
  const std::vector<CommandOption> server = net::server_options();
  options.insert(options.end(), server.begin(), server.end());
  return options;
}

}  // namespace

Command bisect_command() {
  return {.path = "bisect",
          .help =
              "finds the commit that made a benchmark slower, through noise, builds that fail and "
              "flaky runs; says how sure",
          .example = "benchlake bisect --good v1.2 --prepare 'make bench' -- ./bench",
          .options = options(),
          .arguments = {{.name = "CMD",
                         .help = "program and arguments, behind --",
                         .repeated = true,
                         .required = false}},
          .run = [](const Arguments& arguments, CommandIo& io) {
            auto code = bisect(arguments, io);
            return code.ok() ? *code : print_error(io, code.error());
          }};
}

}  // namespace bl::gate
