#include <fmt/format.h>

#include <filesystem>

#include "base/disk.h"
#include "base/terminal.h"
#include "traces/commands/asking.h"
#include "traces/commands/trigger_table.h"

/// `traces triggers`: the register of docs/deferred-optimizations.md against what was measured.
namespace bl::traces {
namespace {

constexpr std::uint64_t k_artifact_bytes_max = 16u << 20;

/// Those of the folder that are of a benchmark of traces, newest first.
Result<std::vector<TraceArtifact>> artifacts_of(const std::string& folder) {
  std::vector<TraceArtifact> artifacts;
  std::error_code ec;
  const std::filesystem::directory_iterator files(folder, ec);
  if (ec) return Error{Code::not_found, "there is no folder of artifacts: " + folder};
  const std::unique_ptr<Disk> disk = make_real_disk();
  for (const auto& entry : files) {
    if (entry.path().extension() != ".json" || !entry.is_regular_file(ec)) continue;
    BL_TRY(const std::string text, read_file(*disk, entry.path().string(), k_artifact_bytes_max));
    const auto document = json::parse(text);
    if (!document.ok()) return Error(document.error()).with_context(entry.path().string());
    BL_TRY(auto artifact, read_artifact(entry.path().filename().string(), *document));
    if (artifact) artifacts.push_back(std::move(*artifact));
  }
  std::sort(artifacts.begin(), artifacts.end(), [](const auto& a, const auto& b) {
    return std::tie(a.created, a.file) > std::tie(b.created, b.file);
  });
  return artifacts;
}

std::string bound_text(const TriggerCondition& condition) {
  const char* side = condition.side == TriggerCondition::Side::above   ? ">"
                     : condition.side == TriggerCondition::Side::below ? "<"
                                                                       : "<=";
  return fmt::format("{} {} {}", side, condition.bound, condition.unit);
}

std::string values_text(const ConditionFinding& finding) {
  if (!finding.lack.empty()) return finding.lack;
  std::string text;
  for (const double value : finding.values) {
    text += fmt::format("{}{:.4g}", text.empty() ? "" : ", ", value);
  }
  return text;
}

void print_table(const std::vector<TriggerFinding>& findings, CommandIo& io) {
  for (const TriggerFinding& finding : findings) {
    fmt::print(io.out, "{}: {}\n", finding.trigger->name, name_of(finding.verdict));
    Table table({{"  measurement"}, {"trigger"}, {"newest runs"}, {"holds"}});
    for (std::size_t i = 0; i < finding.alternatives.size(); ++i) {
      for (const ConditionFinding& one : finding.alternatives[i]) {
        const bool is_first = &one == &finding.alternatives[i].front();
        table.add_row(
            {(is_first && i > 0 ? "  or " : "  ") + std::string(one.condition->measurement),
             bound_text(*one.condition), values_text(one), one.holds ? "yes" : "no"});
      }
    }
    fmt::print(io.out, "{}\n", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  }
}

void print_json(const std::vector<TriggerFinding>& findings, const std::string& profile,
                CommandIo& io) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("profile", profile).key("triggers").begin_array();
  for (const TriggerFinding& finding : findings) {
    writer.begin_object()
        .member("id", finding.trigger->id)
        .member("name", finding.trigger->name)
        .member("verdict", name_of(finding.verdict))
        .key("alternatives")
        .begin_array();
    for (const auto& conditions : finding.alternatives) {
      writer.begin_array();
      for (const ConditionFinding& one : conditions) {
        writer.begin_object()
            .member("measurement", one.condition->measurement)
            .member("trigger", bound_text(*one.condition))
            .key("values")
            .begin_array();
        for (const double value : one.values) writer.value(value);
        writer.end_array().member("holds", one.holds).key("lack");
        if (one.lack.empty()) {
          writer.null();
        } else {
          writer.value(one.lack);
        }
        writer.end_object();
      }
      writer.end_array();
    }
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  fmt::print(io.out, "{}\n", text);
}

Result<ExitCode> run(const Arguments& arguments, CommandIo& io) {
  BL_TRY(std::vector<TraceArtifact> artifacts, artifacts_of(arguments.text("--artifacts")));
  std::string profile = arguments.text("--profile");
  if (profile.empty() && !artifacts.empty()) profile = artifacts.front().profile;
  std::erase_if(artifacts, [&](const TraceArtifact& one) { return one.profile != profile; });
  std::vector<TriggerFinding> findings;
  bool reopens = false, lacks = false;
  for (const Trigger& trigger : triggers()) {
    const TriggerFinding& finding = findings.emplace_back(judge(trigger, artifacts));
    reopens = reopens || finding.verdict == Verdict::reopen;
    lacks = lacks || finding.verdict == Verdict::not_measured;
  }
  if (arguments.flag("--json")) {
    print_json(findings, profile, io);
  } else {
    if (artifacts.empty()) {
      fmt::print(io.out, "no artifact of a benchmark of traces is in {}\n\n",
                 arguments.text("--artifacts"));
    }
    print_table(findings, io);
  }
  if (reopens) return ExitCode::regression;
  return lacks ? ExitCode::undecided : ExitCode::ok;
}

}  // namespace

Command triggers_command() {
  return {.path = "traces triggers",
          .help =
              "tells which deferred optimisations the newest measurements justify; exit code 1: "
              "one of them, 3: some are not measured",
          .example = "benchlake traces triggers --artifacts bench/baseline",
          .options = {{.name = "--artifacts",
                       .value_name = "DIR",
                       .help = "folder of the benchmark's JSON files",
                       .default_text = "bench/baseline"},
                      {.name = "--profile",
                       .value_name = "NAME",
                       .help = "of the runs to look at; else that of the newest"}},
          .arguments = {},
          .run = [](const Arguments& arguments, CommandIo& io) {
            const auto outcome = run(arguments, io);
            return outcome.ok() ? *outcome : print_error(io, outcome.error());
          }};
}

}  // namespace bl::traces
