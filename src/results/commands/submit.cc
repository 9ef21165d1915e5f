#include <fmt/format.h>

#include "base/ids.h"
#include "formats/machine.h"
#include "net/server_address.h"
#include "results/commands/checkout.h"
#include "results/commands/declarations.h"
#include "results/commands/submission_sources.h"
#include "results/commands/submitter.h"
#include "results/commands/tally.h"
#include "results/model.h"

namespace bl::results {
namespace {

constexpr std::int64_t k_jobs_max = 256;

/// `key=value` options as a map. Errors: invalid, with the option and the text.
Result<std::map<std::string, std::string>> pairs_of(const Arguments& arguments,
                                                    const char* option) {
  std::map<std::string, std::string> pairs;
  for (const std::string& text : arguments.list(option)) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{Code::invalid, fmt::format("{} wants KEY=VALUE: '{}'", option, text)};
    }
    pairs[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return pairs;
}

/// What the command line says.
Result<formats::Facts> given_facts(const Arguments& arguments) {
  formats::Facts facts;
  facts.run_id = arguments.text_or_null("--run-id");
  facts.batch_id = arguments.text_or_null("--batch-id");
  facts.run_reason = arguments.text_or_null("--run-reason");
  facts.repository = arguments.text_or_null("--repository");
  facts.commit = arguments.text_or_null("--commit");
  facts.branch = arguments.text_or_null("--branch");
  facts.machine_name = arguments.text_or_null("--machine-name");
  if (arguments.has("--pr")) {
    BL_TRY(facts.pr_number, arguments.integer("--pr", 1, INT32_MAX));
  }
  if (const auto text = arguments.text_or_null("--commit-time")) {
    BL_TRY(const Timestamp time, parse_iso_datetime(*text));
    facts.commit_info = json::Value::object();
    facts.commit_info.set("timestamp", json::Value::string(to_rfc3339(time)));
  }
  BL_TRY(facts.tags, pairs_of(arguments, "--tag"));
  BL_TRY(facts.context, pairs_of(arguments, "--context"));
  BL_TRY(facts.run_tags, pairs_of(arguments, "--run-tag"));
  return facts;
}

bool is_same_repository(std::string given, const std::optional<std::string>& of_git) {
  if (!of_git) return false;
  while (given.ends_with('/')) given.pop_back();
  if (given.ends_with(".git")) given.resize(given.size() - 4);  // git's facts have none
  const auto a = normalise_repository(given);
  const auto b = normalise_repository(*of_git);
  return a.ok() && b.ok() && *a == *b;
}

/// What was found out without asking; only for files that do not know their own commit.
void fill_from_git(formats::Facts& facts) {
  const formats::GitFacts git = formats::detect_git(".", facts.commit);
  if (!facts.repository) {
    facts.repository = git.repository;
  } else if (!is_same_repository(*facts.repository, git.repository)) {
    return;
  }
  if (!git.commit) return;
  facts.commit = git.commit;  // what the checkout knows of it: Checkout
}

/// The facts for each format: a file that speaks for itself is overridden by the command line
/// alone.
class FactsOfFormat {
 public:
  FactsOfFormat(formats::Facts given, const CommandIo& io, Disk& disk, const Clock& clock,
                Random& random)
      : given_(std::move(given)) {
    given_.machine = formats::detect_machine(disk);
    detected_ = given_;
    fill_from_git(detected_);
    if (!detected_.branch && !detected_.pr_number)
      detected_.pr_number = formats::detect_pull_request(io.environment);
    detected_.commit_is_detected = !given_.commit;
    detected_.timestamp = clock.now();
    detected_of_run_ = detected_;
    if (!detected_.run_id) detected_.run_id = IdSource(clock, random).next();
  }
  const formats::Facts& of(formats::Format format) const {
    switch (format) {
      case formats::Format::conbench:
      case formats::Format::asv:
        return given_;
      case formats::Format::pytest_benchmark:  // each file is a run of its own
        return detected_of_run_;
      default:
        return detected_;
    }
  }

 private:
  formats::Facts given_;
  formats::Facts detected_;
  formats::Facts detected_of_run_;  ///< without a run that this call made
};

void print_documents(CommandIo& io, const formats::Reading& reading) {
  for (const json::Value& document : reading.submissions)
    fmt::print(io.out, "{}\n", json::to_text(document));
}

/// Reads every source and sends (or, for --dry-run, prints) what it gives. A source that cannot be
/// read is reported and counted; the others go on.
struct Batch {
  const std::vector<SubmissionSource>& sources;
  const FactsOfFormat& facts;
  Checkout& checkout;
  CommandIo& io;
  Tally& tally;
  ProgressBar* bar = nullptr;  ///< of the sources
  std::uint64_t unreadable = 0;

  void each(const std::function<void(const std::string& place, formats::Reading reading)>& take) {
    for (const SubmissionSource& source : sources) {
      Result<formats::Reading> reading = source.read(
          [&](formats::Format format) -> const formats::Facts& { return facts.of(format); });
      if (reading.ok()) {
        tally.add_skipped(reading->skipped);
        for (json::Value& document : reading->submissions) checkout.fill(document);
        take(source.place, std::move(reading).value());
      } else {
        print_error(io, reading.error());
        ++unreadable;
      }
      if (bar != nullptr) bar->advance();
    }
  }
};

Result<ExitCode> submit(const Arguments& arguments, CommandIo& io) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  const SystemClock clock;
  SystemRandom random;
  BL_TRY(formats::Facts given, given_facts(arguments));
  BL_TRY(const std::int64_t jobs, arguments.integer("--jobs", 1, k_jobs_max));
  SourceOptions source_options;
  if (const auto name = arguments.text_or_null("--format")) {
    BL_TRY(source_options.format, formats::parse_format(*name));
  }
  BL_TRY(const auto sources, open_sources(*disk, arguments.list("FILE"), io.in, source_options));
  BL_TRY(Checkout checkout, Checkout::open(arguments.text_or_null("--git"), given.repository));
  const FactsOfFormat facts(std::move(given), io, *disk, clock, random);
  Tally tally(io, {});
  Batch batch{.sources = sources, .facts = facts, .checkout = checkout, .io = io, .tally = tally};
  if (arguments.flag("--dry-run")) {
    batch.each(
        [&](const std::string&, const formats::Reading& reading) { print_documents(io, reading); });
    return batch.unreadable == 0 ? ExitCode::ok : ExitCode::error;
  }

  BL_TRY(const net::ServerAddress address, net::find_server(arguments, io, *disk));
  ProgressBar bar(io.err, clock, "reading and sending", sources.size());
  batch.bar = &bar;
  DocumentSender submitter(address, static_cast<int>(jobs),
                           [&](const SubmitOutcome& outcome) { tally.add(outcome); });
  batch.each([&](const std::string& place, formats::Reading reading) {
    for (json::Value& document : reading.submissions) submitter.send(place, std::move(document));
  });
  submitter.finish();
  bar.finish();
  fmt::print(io.err, "{}{}\n", tally.summary(),
             batch.unreadable == 0 ? "" : fmt::format(", unreadable files: {}", batch.unreadable));
  const bool all_stored = tally.failed() == 0 && batch.unreadable == 0;
  if (all_stored && tally.stored() == 0) {
    return Error{Code::invalid, "nothing to submit: no file holds a result"};
  }
  return all_stored ? ExitCode::ok : ExitCode::error;
}

std::vector<CommandOption> submit_options() {
  std::vector<CommandOption> options = {
      {.name = "--format",
       .value_name = "FORMAT",
       .help = fmt::format("{}; else looked for", fmt::join(formats::format_names(), ", "))},
      {.name = "--jobs", .value_name = "N", .help = "connections at once", .default_text = "8"},
      {.name = "--dry-run", .help = "print the submissions, send nothing"},
      {.name = "--run-id", .value_name = "ID", .help = "groups the results of one CI run"},
      {.name = "--batch-id", .value_name = "ID", .help = "groups results inside a run"},
      {.name = "--run-reason", .value_name = "TEXT", .help = "commit, pull request, nightly, ..."},
      {.name = "--repository", .value_name = "URL", .help = "else from the file, else from git"},
      {.name = "--commit", .value_name = "SHA", .help = "else from the file, else from git"},
      {.name = "--git",
       .value_name = "DIR",
       .help = "tells author date, parent and fork point of commits; else the checkout we are in"},
      {.name = "--commit-time", .value_name = "TIME", .help = "the commit's author date, RFC 3339"},
      {.name = "--branch",
       .value_name = "ORG:BRANCH",
       .help = "of a commit that is not on the default branch"},
      {.name = "--pr", .value_name = "NUMBER", .help = "pull request of the commit"},
      {.name = "--tag",
       .value_name = "KEY=VALUE",
       .help = "a case parameter, added to every result",
       .repeated = true},
      {.name = "--context",
       .value_name = "KEY=VALUE",
       .help = "added to every context",
       .repeated = true},
      {.name = "--run-tag",
       .value_name = "KEY=VALUE",
       .help = "added to the run's tags",
       .repeated = true},
      {.name = "--machine-name", .value_name = "NAME", .help = "overrides the machine's name"},
  };
  for (CommandOption& option : net::server_options()) options.push_back(std::move(option));
  return options;
}

}  // namespace

Command submit_command() {
  return {.path = "submit",
          .help =
              "sends benchmark results: what Conbench, Google Benchmark, asv, pytest-benchmark, "
              "hyperfine, Go, Criterion, JMH and Folly write",
          .example = "benchlake submit out/*.json --run-reason nightly",
          .options = submit_options(),
          .arguments = {{.name = "FILE",
                         .help = "files, patterns, folders; - is standard input",
                         .repeated = true}},
          .run = [](const Arguments& arguments, CommandIo& io) {
            const Result<ExitCode> outcome = submit(arguments, io);
            return outcome.ok() ? *outcome : print_error(io, outcome.error());
          }};
}

}  // namespace bl::results
