#include <fmt/format.h>

#include "base/terminal.h"
#include "results/ci/junit.h"
#include "results/ci/markdown.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"
#include "results/github_checks.h"

namespace bl::results {
namespace {

// Exit codes: those of the new Conbench's command [4.8], 0 and 1, unless --strict asks for the
// finer ones of every other command.
ExitCode exit_code_of(const json::Value& report, bool strict) {
  const std::string status = text_at(report, "status");
  if (!strict) {
    return status == "success" || status == "skipped" ? ExitCode::ok : ExitCode::regression;
  }
  const json::Value* summary = report.find("summary");
  const auto count = [&](const char* key) {
    return summary == nullptr ? 0 : number_at(*summary, key).value_or(0);
  };
  if (count("regressions") > 0) return ExitCode::regression;
  if (status == "success") return ExitCode::ok;
  return count("contender_results") > 0 && count("compared") == 0 ? ExitCode::no_baseline
                                                                  : ExitCode::undecided;
}

Result<std::string> rendered(const json::Value& report, const std::string& format,
                             const MarkdownOptions& options) {
  if (format == "json") return json::to_text(report) + "\n";
  if (format == "junit") return ci_junit(report);
  return ci_markdown(report, options);
}

// What people read on a terminal.
void print_text(CommandIo& io, const json::Value& report, std::int64_t rows_max) {
  fmt::print(io.out, "{}\n", ci_headline(report));
  const json::Value* runs = report.find("runs");
  if (runs == nullptr || !runs->is_array()) return;
  std::int64_t shown = 0, hidden = 0;
  for (const json::Value& run : runs->items()) {
    fmt::print(
        io.out, "run {}  against {}\n", text_at(run, "run_id"),
        text_at(run, "baseline_run_id").empty() ? "nothing" : text_at(run, "baseline_run_id"));
    const json::Value* rows = run.find("comparisons");
    if (rows == nullptr || !rows->is_array()) continue;
    for (const json::Value& row : rows->items()) {
      const std::string status = text_at(row, "status");
      if (status == "stable" || status == "insufficient") continue;
      if (shown++ >= rows_max) {
        ++hidden;
        continue;
      }
      const json::Value* analysis = row.find("analysis");
      const json::Value* lookback =
          analysis == nullptr ? nullptr : analysis->find("lookback_z_score");
      const auto z = lookback == nullptr ? std::nullopt : number_at(*lookback, "z_score");
      fmt::print(io.out, "  {:16} {}  {}{}\n", status, text_at(row, "name"),
                 text_at(row, "hardware"), z ? fmt::format("  z = {:+.4g}", *z) : "");
    }
  }
  if (hidden > 0) fmt::print(io.out, "  and {} more\n", hidden);
}

std::string first_of(const CommandIo& io, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const std::string* value = io.variable(name);
    if (value != nullptr && !value->empty()) return *value;
  }
  return {};
}

Result<void> publish(const Arguments& arguments, const CommandIo& io, const json::Value& report,
                     const MarkdownOptions& markdown) {
  if (!arguments.flag("--github-check") && !arguments.flag("--github-comment")) return {};
  GitHubCheckOptions options;
  if (std::string api = first_of(io, {"BENCHLAKE_GITHUB_API"}); !api.empty()) {
    options.api = std::move(api);
  }
  options.repository = arguments.text("--github-repository");
  if (options.repository.empty()) options.repository = text_at(report, "repository");
  options.commit_sha = text_at(report, "commit_sha");
  options.credentials.token =
      first_of(io, {"CONBENCH_CI_GITHUB_TOKEN", "GITHUB_TOKEN", "GITHUB_API_TOKEN"});
  options.credentials.app_id = first_of(io, {"CONBENCH_CI_GITHUB_APP_ID", "GITHUB_APP_ID"});
  options.credentials.app_private_key =
      first_of(io, {"CONBENCH_CI_GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY"});
  const SystemClock clock;
  BL_TRY(GitHubChecks github, GitHubChecks::open(std::move(options), clock));
  BL_TRY(std::string text, ci_markdown(report, markdown));
  if (arguments.flag("--github-check")) {
    const std::string link = markdown.base_url.starts_with("https://")
                                 ? markdown.base_url + text_at(report, "report_url")
                                 : std::string();
    BL_TRY(const std::string page,
           github.publish_check({.conclusion = check_conclusion(text_at(report, "status")),
                                 .title = ci_headline(report),
                                 .markdown = text,
                                 .details_url = link}));
    fmt::print(io.err, "check run: {}\n", page);
    if (page.starts_with("https://")) text += "\n[Check run](" + page + ")\n";
  }
  if (!arguments.flag("--github-comment")) return {};
  std::optional<std::int64_t> number;
  if (arguments.has("--pull-request")) {
    BL_TRY(number, arguments.integer("--pull-request", 1, 1'000'000'000));
  }
  BL_TRY([[maybe_unused]] const GitHubComment made, github.publish_comment(text, number));
  return {};
}

Result<void> check_format(const std::string& format) {
  for (const char* known : {"text", "json", "markdown", "junit"}) {
    if (format == known) return {};
  }
  return Error{Code::invalid,
               fmt::format("--format must be text, json, markdown or junit: '{}'", format)};
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + text;
  return out;
}

// With a token the report is kept too; who may only read reads.
Result<json::Value> ask(net::ApiClient& server, const std::string& path, bool keeps) {
  if (!keeps || server.address().token.empty()) return server.get(path);
  auto kept = server.post(path, "");
  if (kept.ok() || kept.error().code != Code::forbidden) return kept;
  return server.get(path);
}

Result<ExitCode> ci_report(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  const std::string format = arguments.flag("--json") ? "json" : arguments.text("--format");
  BL_RETURN_IF_ERROR(check_format(format));
  const bool has_pairs = arguments.has("--baseline-run");
  const std::string query = query_of(
      {{"repository", arguments.text("--repository")},
       {"commit_sha", arguments.text("--commit")},
       {"run_ids", joined(arguments.list("--run"))},
       {"baseline_run_ids", joined(arguments.list("--baseline-run"))},
       {"baseline",
        has_pairs && !arguments.has("--baseline") ? std::string() : arguments.text("--baseline")},
       {"threshold", arguments.text("--threshold")},
       {"threshold_z", arguments.text("--threshold-z")}});
  BL_TRY(const json::Value report,
         ask(server, "/api/ci/report" + query, !arguments.flag("--no-keep")));
  MarkdownOptions options;
  options.base_url = arguments.text("--base-url");
  if (options.base_url.empty()) options.base_url = server.address().url;
  while (options.base_url.ends_with('/')) options.base_url.pop_back();
  BL_TRY(const std::int64_t rows_max, arguments.integer("--rows", 0, 100'000));
  options.rows_max = static_cast<std::size_t>(rows_max);
  if (format == "text") {
    print_text(io, report, rows_max);
  } else {
    BL_TRY(const std::string text, rendered(report, format, options));
    fmt::print(io.out, "{}", text);
  }
  BL_RETURN_IF_ERROR(publish(arguments, io, report, options));
  return exit_code_of(report, arguments.flag("--strict"));
}

}  // namespace

Command ci_report_command() {
  return reading_command(
      {.path = "ci-report",
       .help = "compares the runs of a commit with their baselines; exits with 1 when the report "
               "fails or wants somebody to act",
       .example = "benchlake ci-report --repository https://github.com/org/repo --commit "
                  "4beb514d071c9beec69b8917b5265e77ade22fb3 --format markdown",
       .options =
           {{.name = "--repository", .value_name = "URL", .help = "with --commit"},
            {.name = "--commit", .value_name = "SHA", .help = "all runs of that commit"},
            {.name = "--run",
             .value_name = "RUN_ID",
             .help = "of these runs only, or of these alone",
             .repeated = true},
            {.name = "--baseline-run",
             .value_name = "RUN_ID",
             .help = "compare the first --run with the first, and so on",
             .repeated = true},
            {.name = "--baseline",
             .value_name = "KIND",
             .help = "fork_point, parent, latest_default, or auto: on the default branch the "
                     "parent, else fork_point; without a run there, latest_default",
             .default_text = "auto"},
            {.name = "--threshold",
             .value_name = "PERCENT",
             .help = "of the pairwise change; the project's, else 5"},
            {.name = "--threshold-z",
             .value_name = "Z",
             .help = "of the lookback z-score; the project's, else 5"},
            {.name = "--format",
             .value_name = "FORMAT",
             .help = "text, json, markdown or junit",
             .default_text = "text"},
            {.name = "--rows",
             .value_name = "N",
             .help = "of each table, at most",
             .default_text = "50"},
            {.name = "--strict",
             .help = "exit codes of every other command: 3 when it cannot be decided, 5 without a "
                     "baseline"},
            {.name = "--no-keep", .help = "the server does not keep what is regressed now"},
            {.name = "--base-url",
             .value_name = "URL",
             .help = "of links to the page; the server's when absent"},
            {.name = "--github-check", .help = "publishes a check run of the commit"},
            {.name = "--github-comment", .help = "comments on the commit's pull request"},
            {.name = "--github-repository",
             .value_name = "ORG/REPO",
             .help = "where; the report's when absent"},
            {.name = "--pull-request",
             .value_name = "NUMBER",
             .help = "which one; the commit's only one when absent"}},
       .run = {}},
      ci_report);
}

}  // namespace bl::results
