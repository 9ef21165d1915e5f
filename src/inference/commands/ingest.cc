#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/terminal.h"
#include "base/uri.h"
#include "inference/commands/declarations.h"
#include "inference/ingest/pack.h"
#include "inference/ingest/run_reader.h"
#include "net/server_address.h"

namespace bl::inference {
namespace {

constexpr std::chrono::hours k_answer_timeout{1};
constexpr std::chrono::milliseconds k_look_timeout{10'000};

/// An option, the parameter of the route, and the fact that they say.
struct TextFact {
  const char* option;
  const char* parameter;
  std::optional<std::string> RunFacts::* fact;
  const char* value_name;
  const char* help;
};
constexpr TextFact k_text_facts[] = {
    {"--run-name", "run_name", &RunFacts::name, "TEXT", "of the run"},
    {"--date", "date", &RunFacts::date, "DATE", "day of its results, YYYY-MM-DD"},
    {"--head-branch", "head_branch", &RunFacts::head_branch, "NAME", "what was run"},
    {"--head-sha", "head_sha", &RunFacts::head_sha, "SHA", "what was run"},
    {"--status", "status", &RunFacts::status, "TEXT", "completed, ..."},
    {"--conclusion", "conclusion", &RunFacts::conclusion, "TEXT", "success, failure, cancelled"},
    {"--html-url", "html_url", &RunFacts::html_url, "URL", "of the run, for links"},
};

Result<RunFacts> given_facts(const Arguments& arguments) {
  constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
  RunFacts facts;
  if (arguments.has("--run-id")) {
    BL_TRY(facts.run_id, arguments.integer("--run-id", 0, k_most));
  }
  if (arguments.has("--attempt")) {
    BL_TRY(facts.attempt, arguments.integer("--attempt", 0, INT32_MAX));
  }
  for (const TextFact& text : k_text_facts) {
    facts.*text.fact = arguments.text_or_null(text.option);
  }
  return facts;
}

std::string query_of(const SweepRun& run, const std::string& name) {
  std::string query = fmt::format("?run_id={}&attempt={}&name={}", run.github_run_id, run.attempt,
                                  percent_encode(name));
  const auto add = [&](const char* key, const std::optional<std::string>& value) {
    if (value) query += fmt::format("&{}={}", key, percent_encode(*value));
  };
  add("run_name", run.name);
  add("date", run.date);
  add("status", run.status);
  add("conclusion", run.conclusion);
  add("head_branch", run.head_branch);
  add("head_sha", run.head_sha);
  add("html_url", run.html_url);
  add("created_at", to_rfc3339(run.created_at));
  if (run.started_at) add("started_at", to_rfc3339(*run.started_at));
  return query;
}

/// A folder of this call's own, gone with it.
class WorkFolder {
 public:
  static Result<WorkFolder> make(const CommandIo& io) {
    const std::string* given = io.variable("TMPDIR");
    std::string pattern = (given != nullptr ? *given : "/tmp") + "/benchlake-ingest-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      return Error{Code::io, "cannot make a temporary folder like " + pattern};
    }
    return WorkFolder(pattern);
  }
  ~WorkFolder() {
    for (const std::string& file : {spool(), zip()}) ::unlink(file.c_str());
    if (!path_.empty()) ::rmdir(path_.c_str());
  }
  WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  WorkFolder& operator=(WorkFolder&&) = delete;
  std::string spool() const { return path_ + "/spool"; }
  std::string zip() const { return path_ + "/run.zip"; }

 private:
  explicit WorkFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// One call of the command.
class IngestCall {
 public:
  IngestCall(IngestSetting setting, const Arguments& arguments, CommandIo& io)
      : setting_(std::move(setting)), arguments_(arguments), io_(io), ids_(clock_, random_) {}

  Result<ExitCode> run() {
    umask(077);
    BL_TRY(const RunFacts facts, given_facts(arguments_));
    BL_TRY(const auto server, find_server());
    if (!server) BL_RETURN_IF_ERROR(open_store());
    bool all_done = true;
    for (const std::string& path : arguments_.list("SOURCE")) {
      auto outcome = server ? send(*server, path, facts) : write(path, facts);
      if (!outcome.ok()) {
        print_error(io_, std::move(outcome).error().with_context(path));
        all_done = false;
        continue;
      }
      add(unmapped_, outcome->report);
      BL_RETURN_IF_ERROR(print(*outcome));
    }
    if (const auto file = arguments_.text_or_null("--unmapped")) {
      BL_RETURN_IF_ERROR(write_unmapped(*file));
    }
    return all_done ? ExitCode::ok : ExitCode::error;
  }

 private:
  /// The one that is named, else the one that runs on the data folder.
  Result<std::optional<net::ServerAddress>> find_server() {
    using Found = std::optional<net::ServerAddress>;
    if (arguments_.has("--server") || io_.variable("BENCHLAKE_SERVER") != nullptr) {
      BL_TRY(net::ServerAddress address, net::find_server(arguments_, io_, *disk_));
      return Found(std::move(address));
    }
    const auto address = net::read_server_file(*disk_, setting_.data_folder);
    if (!address.ok()) return Found();
    net::ApiClient client(*address, {.timeout = k_look_timeout});
    return client.get("/healthz").ok() ? Found(*address) : Found();
  }

  // Without a server --------------------------------------------------------------------------

  Result<void> open_store() {
    BL_TRY(registry_, setting_.registry());
    BL_TRY(overrides_, setting_.overrides());
    BL_TRY(store_, setting_.open_store());
    return {};
  }

  Result<IngestOutcome> write(const std::string& path, const RunFacts& facts) {
    BL_TRY(const WorkFolder folder, WorkFolder::make(io_));
    Ingest ingest(*disk_, *registry_, store_->writer(), clock_, ids_, setting_.limits, overrides_);
    ProgressBar bar(io_.err, clock_, "artifacts", 0);
    return ingest.run({.path = path,
                       .name = "",
                       .label = "",
                       .submitter = "command line",
                       .facts = facts,
                       .spool = folder.spool()},
                      [&](std::size_t) { bar.advance(); });
  }

  // To a server -------------------------------------------------------------------------------

  Result<IngestOutcome> send(const net::ServerAddress& address, const std::string& path,
                             const RunFacts& facts) {
    BL_TRY(const RunPlaces places, find_runs(*disk_, path));
    IngestOutcome outcome;
    ProgressBar bar(io_.err, clock_, "runs", places.runs.size());
    for (const RunPlace& place : places.runs) {
      SkipTracker skips;
      auto report = send_run(address, place, facts, skips);
      if (!report.ok() && !places.is_archive) return report.error();
      if (report.ok()) {
        if (++outcome.runs == 1) {
          outcome.report = *std::move(report);
        } else {
          add(outcome.report, *report);
        }
      } else if (report.error().code == Code::invalid) {
        outcome.warnings.push_back(
            fmt::format("[WARN] {}: {}", place.prefix, report.error().message));
      } else {
        return report.error();
      }
      bar.advance();
    }
    outcome.report.source = path;
    return outcome;
  }

  Result<IngestReport> send_run(const net::ServerAddress& address, const RunPlace& place,
                                const RunFacts& facts, SkipTracker& skips) {
    BL_TRY(const WorkFolder folder, WorkFolder::make(io_));
    const ArtifactLimits& limits = setting_.limits.artifacts;
    BL_TRY(const RunSource source, open_run(*disk_, place, facts, limits, folder.spool(), skips));
    if (source.artifacts.empty()) return nothing_in(place);
    BL_TRY(const SweepRun run, run_of(source.facts));
    BL_RETURN_IF_ERROR(
        pack_run(*disk_, source, folder.spool(), folder.zip(), setting_.upload_bytes_max, skips));
    BL_TRY(const std::string body, read_file(*disk_, folder.zip(), setting_.upload_bytes_max));
    net::Headers headers;
    headers.set("Content-Type", "application/zip");
    if (!address.token.empty()) headers.set("Authorization", "Bearer " + address.token);
    net::Client client({.timeout = k_answer_timeout}, address.trust);
    BL_TRY(const net::ClientResponse answer,
           client.send(net::Method::post,
                       address.url + "/api/v1/inference/ingest" + query_of(run, upload_name(place)),
                       headers, body));
    auto document = json::parse(answer.body);
    if (answer.status != 200) {
      return net::problem_error(document.ok() ? *document : json::Value(), answer.status,
                                address.url);
    }
    BL_TRY(const json::Value report, std::move(document));
    // What could not be packed the server does not see.
    IngestReport whole = report_of(report);
    for (std::size_t i = 0; i < k_skip_reasons; ++i) {
      const auto reason = static_cast<SkipReason>(i);
      if (skips.count(reason) > 0) {
        whole.skipped[std::string(name_of(reason))] +=
            static_cast<std::int64_t>(skips.count(reason));
      }
    }
    return whole;
  }

  static Error nothing_in(const RunPlace& place) {
    return Error{Code::invalid, "there is no artifact in " + place.path};
  }
  static std::string upload_name(const RunPlace& place) {
    std::string name = place.prefix.empty() ? place.name : place.prefix;
    while (name.ends_with('/')) name.pop_back();
    std::replace(name.begin(), name.end(), '/', '_');
    return "run_" + name + ".zip";
  }

  // What is shown -----------------------------------------------------------------------------

  Result<void> print(const IngestOutcome& outcome) {
    if (arguments_.flag("--json")) {
      fmt::print(io_.out, "{}\n", report_json(outcome.report));
      return {};
    }
    std::optional<SweepTotals> totals;
    if (store_ != nullptr) {
      BL_TRY(totals, store_->totals());
    }
    fmt::print(io_.out, "{}", summary_text(outcome, totals));
    return {};
  }

  /// No file where nothing is unknown: scripts ask whether it is there.
  Result<void> write_unmapped(const std::string& file) {
    const std::string text = unmapped_json(unmapped_);
    if (!text.empty()) return write_file_atomically(*disk_, file, text + "\n", FileMode::normal);
    BL_TRY(const bool is_there, disk_->exists(file));
    return is_there ? disk_->remove(file) : Result<void>();
  }

  const IngestSetting setting_;
  const Arguments& arguments_;
  CommandIo& io_;
  const std::unique_ptr<Disk> disk_ = make_real_disk();
  const SystemClock clock_;
  SystemRandom random_;
  IdSource ids_;
  std::optional<Registry> registry_;
  Overrides overrides_;
  std::unique_ptr<OwnedStore> store_;
  IngestReport unmapped_;
};

std::vector<CommandOption> options_of(const CommandPorts& ports) {
  std::vector<CommandOption> options = {
      {.name = "--run-id",
       .value_name = "ID",
       .help = "the run's id in CI; else from run.json, "
               "artifacts_metadata.json or the folder"},
      {.name = "--attempt", .value_name = "N", .help = "of the run; the newest is shown"},
  };
  for (const TextFact& fact : k_text_facts) {
    options.push_back({.name = fact.option, .value_name = fact.value_name, .help = fact.help});
  }
  options.push_back({.name = "--unmapped",
                     .value_name = "FILE",
                     .help = "written when models, hardware or precisions are unknown, as JSON"});
  for (const CommandOption& option : ports.options) options.push_back(option);
  for (const CommandOption& option : net::server_options()) {
    if (option.name != "--data") options.push_back(option);
  }
  return options;
}

}  // namespace

Command ingest_command(const CommandPorts& ports) {
  return {.path = "inference ingest",
          .help =
              "reads what an inference sweep's CI left behind into the store, or sends it to the "
              "running server; the same again changes nothing",
          .example =
              "benchlake inference ingest ./artifacts --run-id 29003473063 "
              "--date 2026-07-09 --conclusion success",
          .options = options_of(ports),
          .arguments = {{.name = "SOURCE",
                         .help = "a folder of artifacts (unpacked or zips), an artifact, a zip of "
                                 "a run's folder, a JSON file of rows, an archive of many runs",
                         .repeated = true}},
          .run = [ports](const Arguments& arguments, CommandIo& io) {
            auto setting = ports.setting(arguments, io);
            if (!setting.ok()) return print_error(io, setting.error());
            const auto outcome = IngestCall(*std::move(setting), arguments, io).run();
            return outcome.ok() ? *outcome : print_error(io, outcome.error());
          }};
}

}  // namespace bl::inference
