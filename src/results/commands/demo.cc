#include <fmt/format.h>

#include <limits>

#include "net/server_address.h"
#include "results/commands/declarations.h"
#include "results/commands/submission_sources.h"
#include "results/commands/submitter.h"
#include "results/commands/tally.h"

namespace bl::results {
namespace {

constexpr const char* k_history = "data/histories/django-asv";

std::string demo_folder(const Arguments& arguments, const CommandIo& io) {
  if (const auto folder = arguments.text_or_null("--data-from")) return *folder;
  const std::string* shared = io.variable("BENCHLAKE_SHARED");
  return (shared != nullptr ? *shared : std::string("../shared")) + "/" + k_history;
}

/// A store with results in it is left alone.
Result<void> demand_empty_store(const net::ServerAddress& address) {
  net::ApiClient client(address);
  BL_TRY(const json::Value facts, client.get("/api/v1/facts"));
  const json::Value* results = facts.find("results");
  if (results == nullptr || !results->is_number())
    return Error{Code::corrupt, "not a benchlake server: " + address.url};
  if (results->as_double() == 0) return {};
  return Error{Code::conflict,
               "the store has results already; --force adds the demo data all the same: " +
                   results->number_text()};
}

void print_summary(const Arguments& arguments, CommandIo& io, const Tally& tally,
                   const net::ServerAddress& address) {
  if (!arguments.flag("--json")) {
    fmt::print(io.out, "{} results are in; open {}\n", with_thousands(tally.stored()), address.url);
    return;
  }
  std::string line;
  json::Writer(line)
      .begin_object()
      .member("stored", tally.stored())
      .member("failed", tally.failed())
      .member("skipped", tally.skipped())
      .member("url", address.url)
      .end_object();
  fmt::print(io.out, "{}\n", line);
}

/// The last whole hour, so that the demo of the same hour is the same.
Timestamp last_hour(const Clock& clock) {
  constexpr std::int64_t k_hour = 3'600'000'000;
  return {clock.now().micros / k_hour * k_hour};
}

Result<ExitCode> full_demo_of(const FullDemo& full_demo, const Arguments& arguments,
                              CommandIo& io) {
  if (!full_demo) return Error{Code::unsupported, "not in this program: demo --full"};
  if (arguments.has("--data-from")) {
    return Error{Code::invalid,
                 "--full makes its data, --data-from reads some: " + arguments.text("--data-from")};
  }
  const std::unique_ptr<Disk> disk = make_real_disk();
  FullDemoRequest request;
  BL_TRY(const std::int64_t seed,
         arguments.integer("--seed", 0, std::numeric_limits<std::int64_t>::max()));
  request.seed = static_cast<std::uint64_t>(seed);
  request.until = last_hour(SystemClock());
  if (const auto until = arguments.text_or_null("--until")) {
    BL_TRY(request.until, parse_rfc3339(*until));
  }
  BL_TRY(request.address, net::find_server(arguments, io, *disk));
  if (!arguments.flag("--force")) BL_RETURN_IF_ERROR(demand_empty_store(request.address));
  return full_demo(request, arguments, io);
}

Result<ExitCode> demo(const Arguments& arguments, CommandIo& io) {
  for (const char* option : {"--seed", "--until"}) {
    if (arguments.has(option)) {
      return Error{Code::invalid, std::string("goes with --full only: ") + option};
    }
  }
  const std::unique_ptr<Disk> disk = make_real_disk();
  const SystemClock clock;
  const std::string folder = demo_folder(arguments, io);
  BL_TRY(const bool there, disk->exists(folder));
  if (!there) {
    return Error{
        Code::not_found,
        "the demo's data is not there; say where with --data-from or BENCHLAKE_SHARED: " + folder};
  }
  BL_TRY(const std::int64_t jobs, arguments.integer("--jobs", 1, 256));
  BL_TRY(const net::ServerAddress address, net::find_server(arguments, io, *disk));
  if (!arguments.flag("--force")) BL_RETURN_IF_ERROR(demand_empty_store(address));
  BL_TRY(const auto sources, open_sources(*disk, {folder}, io.in, {}));

  Tally tally(io, {.print_stored = false});
  ProgressBar bar(io.err, clock, "commits", sources.size());
  DocumentSender submitter(address, static_cast<int>(jobs),
                           [&](const SubmitOutcome& outcome) { tally.add(outcome); });
  formats::Facts facts;
  facts.run_reason = "commit";
  for (const SubmissionSource& source : sources) {
    BL_TRY(formats::Reading reading,
           source.read([&](formats::Format) -> const formats::Facts& { return facts; }));
    tally.add_skipped(reading.skipped);
    for (json::Value& document : reading.submissions)
      submitter.send(source.place, std::move(document));
    bar.advance();
  }
  submitter.finish();
  bar.finish();
  if (tally.failed() + tally.skipped() != 0) fmt::print(io.err, "{}\n", tally.summary());
  print_summary(arguments, io, tally, address);
  return tally.failed() == 0 ? ExitCode::ok : ExitCode::error;
}

}  // namespace

Command demo_command(FullDemo full_demo) {
  std::vector<CommandOption> options = {
      {.name = "--full",
       .value_name = "",
       .help = "made data of all domains that refer to each other, with one commit that made "
               "benchmarks slower"},
      {.name = "--seed", .value_name = "N", .help = "of --full", .default_text = "1"},
      {.name = "--until",
       .value_name = "TIME",
       .help = "of --full: nothing is newer; else the last whole hour"},
      {.name = "--data-from",
       .value_name = "DIR",
       .help = "an asv results folder; else Django's, from BENCHLAKE_SHARED"},
      {.name = "--force", .help = "also when the store is not empty"},
      {.name = "--jobs", .value_name = "N", .help = "connections at once", .default_text = "32"},
  };
  for (CommandOption& option : net::server_options()) options.push_back(std::move(option));
  return {.path = "demo",
          .help = "fills the running server with real benchmark histories, through the public API",
          .example = "benchlake demo --data ./data",
          .options = std::move(options),
          .arguments = {},
          .run = [full_demo = std::move(full_demo)](const Arguments& arguments, CommandIo& io) {
            const Result<ExitCode> outcome = arguments.flag("--full")
                                                 ? full_demo_of(full_demo, arguments, io)
                                                 : demo(arguments, io);
            return outcome.ok() ? *outcome : print_error(io, outcome.error());
          }};
}

}  // namespace bl::results
