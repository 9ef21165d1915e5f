#include <fmt/format.h>

#include <map>

#include "base/disk.h"
#include "base/hash.h"
#include "base/terminal.h"
#include "formats/machine.h"
#include "traces/commands/asking.h"

/// `traces track`: what each operation contributes to the critical paths of a run becomes a result
/// of that run's commit, and so a series as every other.
namespace bl::traces {
namespace {

constexpr const char* k_batch_path = "/api/results:batch";

/// What all results of the run say.
struct RunFacts {
  std::string run_id;
  std::map<std::string, std::string> tags;
  json::Value github = json::Value::object();
  json::Value machine;
  std::optional<std::string> run_reason;
  std::string timestamp;
};

/// Errors: invalid (no commit is named, and git knows none).
Result<json::Value> commit_of(const Arguments& arguments) {
  json::Value github = json::Value::object();
  auto repository = arguments.text_or_null("--repository");
  auto commit = arguments.text_or_null("--commit");
  if (repository && !commit) {
    return Error{Code::invalid, "--repository needs --commit: " + *repository};
  }
  if (!repository) {
    const formats::GitFacts git = formats::detect_git(".", commit);
    repository = git.repository;
    if (git.commit) commit = git.commit;
  }
  if (!repository || !commit) {
    return Error{Code::invalid,
                 "no commit: call this in its checkout, or say --repository and --commit"};
  }
  github.set("repository", json::Value::string(*repository));
  github.set("commit", json::Value::string(*commit));
  if (const auto branch = arguments.text_or_null("--branch")) {
    github.set("branch", json::Value::string(*branch));
  }
  if (arguments.has("--pr")) {
    BL_TRY(const std::int64_t number, arguments.integer("--pr", 1, INT32_MAX));
    github.set("pr_number", json::Value::number(number));
  }
  if (const auto text = arguments.text_or_null("--commit-time")) {
    BL_TRY(const Timestamp time, parse_iso_datetime(*text));
    json::Value info = json::Value::object();
    info.set("timestamp", json::Value::string(to_rfc3339(time)));
    github.set("commit_info", std::move(info));
  }
  return github;
}

Result<RunFacts> facts_of(const Arguments& arguments, const json::Value& shares) {
  RunFacts facts;
  facts.run_id = arguments.text("--run");
  facts.run_reason = arguments.text_or_null("--run-reason");
  BL_TRY(facts.github, commit_of(arguments));
  const std::unique_ptr<Disk> disk = make_real_disk();
  facts.machine = formats::detect_machine(*disk);
  if (const auto name = arguments.text_or_null("--machine-name")) {
    facts.machine.set("name", json::Value::string(*name));
  }
  for (const std::string& text : arguments.list("--tag")) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return Error{Code::invalid, "--tag wants KEY=VALUE: '" + text + "'"};
    }
    facts.tags[text.substr(0, equals)] = text.substr(equals + 1);
  }
  // Of the traces, not of now: the same run again is the same document.
  facts.timestamp = to_rfc3339(Timestamp{number_at(shares, "start_ns") / 1'000});
  return facts;
}

/// One result for one operation of one run, whatever it says: another content is refused as such.
std::string key_of(const RunFacts& facts, const std::string& service, const std::string& name) {
  std::string text = facts.run_id + "\n" + service + "\n" + name;
  for (const auto& [key, value] : facts.tags) text += "\n" + key + "=" + value;
  return "critical-path-" + sha256_hex(text);
}

/// The median of the traces is the one sample: an operation that a trace did not wait for is a zero
/// in it, which the best of several would be.
void write_stats(json::Writer& writer, const json::Value& share) {
  writer.key("stats").begin_object().key("data").begin_array();
  writer.value(real_at(share, "median_ns")).end_array();
  writer.member("unit", "ns").key("times").begin_array().end_array();
  writer.member("time_unit", "ns").member("iterations", 1).end_object();
  writer.key("optional_benchmark_info").begin_object().key("critical_path").begin_object();
  for (const char* key : {"share", "traces", "low_ns", "high_ns", "values_ns"}) {
    if (const json::Value* value = share.find(key)) writer.key(key).value(*value);
  }
  writer.end_object().end_object();
}

std::string document_of(const RunFacts& facts, const json::Value& share) {
  const std::string service = text_at(share, "service"), name = text_at(share, "name");
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("submission_key", key_of(facts, service, name))
      .member("run_id", facts.run_id)
      .member("batch_id", "critical path of " + facts.run_id)
      .member("timestamp", facts.timestamp)
      .key("tags")
      .begin_object();
  for (const auto& [key, value] : facts.tags) {
    if (key != "name") writer.member(key, value);
  }
  writer.member("name", "critical path/" + service + "/" + name).end_object();
  writer.key("context").begin_object().member("benchlake_source", "traces").end_object();
  writer.key("info").begin_object().end_object();
  writer.member("machine_info", facts.machine).member("github", facts.github);
  if (facts.run_reason) writer.member("run_reason", *facts.run_reason);
  write_stats(writer, share);
  writer.end_object();
  return text;
}

struct Tracked {
  std::vector<const json::Value*> shares;  ///< those that become results
  std::size_t left_out = 0;
};
Tracked tracked_of(const json::Value& answer, double share_min) {
  Tracked tracked;
  for (const json::Value& share : list_at(answer, "shares")) {
    const bool is_kept = real_at(share, "share") >= share_min && real_at(share, "median_ns") > 0;
    if (is_kept) tracked.shares.push_back(&share);
    if (!is_kept) ++tracked.left_out;
  }
  return tracked;
}

/// What became of one; its error goes to stderr.
std::string outcome_of(const json::Value& entry, const std::string& name, CommandIo& io) {
  const json::Value* error = entry.find("error");
  if (error == nullptr) return number_at(entry, "status") == 201 ? "stored" : "was there";
  const auto status = static_cast<int>(number_at(entry, "status"));
  const Error told = net::problem_error(*error, status, k_batch_path);
  fmt::print(io.err, "benchlake: {}: {}\n", name,
             status == 409 ? "this run is tracked already, of other traces or another commit"
                           : told.message);
  return "refused";
}

void print_tracked(const Tracked& tracked, const json::Value& sent, CommandIo& io) {
  using enum Table::Align;
  Table table({{"median", right}, {"share", right}, {"series"}, {""}});
  const json::Array& entries = list_at(sent, "results");
  for (std::size_t i = 0; i < tracked.shares.size() && i < entries.size(); ++i) {
    const json::Value& share = *tracked.shares[i];
    const std::string name =
        "critical path/" + text_at(share, "service") + "/" + text_at(share, "name");
    table.add_row({duration_text(static_cast<std::int64_t>(real_at(share, "median_ns"))),
                   fmt::format("{:.1f} %", 100 * real_at(share, "share")), name,
                   outcome_of(entries[i], name, io)});
  }
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}

std::string question_of(const Arguments& arguments) {
  return query_of({{"run_id", arguments.text("--run")},
                   {"service", arguments.text("--service")},
                   {"operation", arguments.text("--operation")},
                   {"start", arguments.text("--start")},
                   {"end", arguments.text("--end")},
                   {"limit", arguments.text("--limit")}});
}

Result<ExitCode> track(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  if (arguments.text("--run").empty()) return Error{Code::invalid, "--run is needed: whose traces"};
  BL_TRY(const double share_min, arguments.number("--share-min"));
  BL_TRY(const json::Value shares,
         server.get("/api/v1/traces/critical-shares" + question_of(arguments)));
  if (const json::Value* set = shares.find("set")) print_partial(*set, io);
  BL_TRY(const RunFacts facts, facts_of(arguments, shares));
  const Tracked tracked = tracked_of(shares, share_min);
  if (tracked.shares.empty()) {
    return Error{Code::invalid, fmt::format("no operation is on the critical paths for a share of "
                                            "{}: --share-min",
                                            share_min)};
  }
  std::string lines, body;
  for (const json::Value* share : tracked.shares) {
    const std::string document = document_of(facts, *share);
    lines += document + "\n";
    body += (body.empty() ? "[" : ",") + document;
  }
  if (arguments.flag("--dry-run")) {
    fmt::print(io.out, "{}", lines);
    return ExitCode::ok;
  }
  BL_TRY(const json::Value sent, server.post(k_batch_path, body + "]"));
  if (arguments.flag("--json")) {
    print_json(sent, io);
  } else {
    print_tracked(tracked, sent, io);
    if (tracked.left_out > 0) {
      fmt::print(io.out,
                 "{} operations of less share, or that half of the traces did not wait "
                 "for, are left out\n",
                 count_text(static_cast<std::int64_t>(tracked.left_out)));
    }
  }
  return number_at(sent, "failed") == 0 ? ExitCode::ok : ExitCode::error;
}

std::vector<CommandOption> track_options() {
  return {
      {.name = "--run", .value_name = "ID", .help = "whose traces: their benchlake.run_id"},
      {.name = "--repository", .value_name = "URL", .help = "of the commit; else from git"},
      {.name = "--commit", .value_name = "SHA", .help = "that was measured; else from git"},
      {.name = "--commit-time", .value_name = "TIME", .help = "its author date, RFC 3339"},
      {.name = "--branch", .value_name = "ORG:BRANCH", .help = "not on the default branch"},
      {.name = "--pr", .value_name = "NUMBER", .help = "pull request of the commit"},
      {.name = "--run-reason", .value_name = "TEXT", .help = "commit, nightly, ..."},
      {.name = "--machine-name", .value_name = "NAME", .help = "overrides the machine's name"},
      {.name = "--tag",
       .value_name = "KEY=VALUE",
       .help = "a case parameter, added to every result",
       .repeated = true},
      {.name = "--service", .value_name = "NAME", .help = "only traces with a span of it"},
      {.name = "--operation", .value_name = "NAME", .help = "only traces with such a span"},
      {.name = "--start", .value_name = "TIME", .help = "of the window; else 90 days ago"},
      {.name = "--end", .value_name = "TIME", .help = "of the window; else now"},
      {.name = "--limit",
       .value_name = "COUNT",
       .help = "traces at most, the newest",
       .default_text = "1000"},
      {.name = "--share-min",
       .value_name = "SHARE",
       .help = "operations of less are no series",
       .default_text = "0.01"},
      {.name = "--dry-run", .help = "print the submissions (for benchlake submit -), send nothing"},
  };
}

}  // namespace

Command track_command() {
  return asking_command(
      {.path = "traces track",
       .help = "makes the critical path of a run's traces a result of its commit, one series for "
               "each operation; the same run again changes nothing",
       .example = "benchlake traces track --run nightly-42",
       .options = track_options(),
       .arguments = {},
       .run = {}},
      track);
}

}  // namespace bl::traces
