#include <fmt/format.h>

#include <filesystem>

#include "base/json.h"
#include "base/numbers.h"
#include "ops/commands/declarations.h"
#include "ops/store_access.h"

namespace bl::ops {
namespace {

using Verdict = ReplicaProofOutcome::Verdict;

Result<std::vector<int>> readers_of(const std::string& text) {
  std::vector<int> readers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const auto number = parse_int64(text.substr(at, end - at));
    if (!number || *number < 1 || *number > 256) {
      return Error{Code::invalid, "--readers wants numbers from 1 to 256, with commas: " + text};
    }
    readers.push_back(static_cast<int>(*number));
    at = end + 1;
  }
  return readers;
}

Result<ReplicaProofCall> call_of(const CommandPorts& ports, const Arguments& arguments) {
  constexpr std::int64_t k_number_max = 1'000'000;
  ReplicaProofCall call;
  call.version = ports.version;
  call.folder = std::filesystem::absolute(arguments.text("--folder")).lexically_normal().string();
  if (call.folder.ends_with('/')) call.folder.pop_back();
  BL_TRY(call.program, own_program());
  BL_TRY(call.readers, readers_of(arguments.text("--readers")));
  BL_TRY(const std::int64_t repetitions, arguments.integer("--repetitions", 1, k_number_max));
  BL_TRY(const std::int64_t requests, arguments.integer("--requests", 0, k_number_max));
  BL_TRY(const std::int64_t refreshes, arguments.integer("--refreshes", 1, k_number_max));
  BL_TRY(const std::int64_t every, arguments.integer("--refresh-every", 0, k_number_max));
  BL_TRY(const std::int64_t kills, arguments.integer("--kills", 0, k_number_max));
  call.refreshes = static_cast<int>(refreshes);
  call.refresh_every = std::chrono::seconds(every);
  call.kills = static_cast<int>(kills);
  call.repetitions = static_cast<int>(repetitions);
  call.requests = static_cast<int>(requests);
  call.families = arguments.list("--families");
  call.variants = arguments.list("--variants");
  return call;
}

void print_gates(const json::Value& report, CommandIo& io) {
  const auto text = [](const json::Value& gate, const char* key) {
    const json::Value* found = gate.find(key);
    return found != nullptr && found->is_string() ? found->as_string() : std::string();
  };
  const json::Value* gates = report.find("gates");
  if (gates == nullptr || !gates->is_array()) return;
  for (const json::Value& gate : gates->items()) {
    fmt::print(io.out, "{}: {}\n  rule: {}\n  evidence: {}\n", text(gate, "name"),
               text(gate, "outcome"), text(gate, "rule"), text(gate, "evidence"));
  }
}

Result<ExitCode> prove(const CommandPorts& ports, const ServerSetting& setting,
                       const Arguments& arguments, CommandIo& io) {
  if (!ports.replica_proof) return Error{Code::unsupported, "this program has no replica"};
  BL_TRY(const ReplicaProofCall call, call_of(ports, arguments));
  const SystemClock clock;
  BL_TRY(const OpenedStore opened, open_as_owner(setting.place, clock));
  PhaseBars bars(io.err, clock);
  BL_TRY(const ReplicaProofOutcome outcome,
         ports.replica_proof(*opened.database, call,
                             [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
                               bars.show(phase, done, total);
                               return true;
                             }));
  BL_TRY(const json::Value report, json::parse(outcome.report));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(report));
  } else {
    print_gates(report, io);
  }
  fmt::print(io.err, "the report is {}/report.html, report.md and report.json\n", call.folder);
  return outcome.verdict == Verdict::passed   ? ExitCode::ok
         : outcome.verdict == Verdict::failed ? ExitCode::regression
                                              : ExitCode::undecided;
}

}  // namespace

Command prove_replica_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "prove replica",
       .help = "proves that a replica in the lake may answer instead of the store: exports into a "
               "lake of its own, measures, compares, damages, mends, judges seven gates; goes on "
               "after a kill",
       .example = "benchlake prove replica --data ./data --folder var/prove-replica",
       .options = {{.name = "--folder",
                    .value_name = "DIR",
                    .help = "the proof's own lake, what is done, the report",
                    .default_text = "var/prove-replica"},
                   {.name = "--readers",
                    .value_name = "N,N",
                    .help = "at once, for each question",
                    .default_text = "1,4,16"},
                   {.name = "--repetitions",
                    .value_name = "N",
                    .help = "of a question, for each reader",
                    .default_text = "20"},
                   {.name = "--requests",
                    .value_name = "N",
                    .help = "that both sides answer, of each interface",
                    .default_text = "10000"},
                   {.name = "--refreshes",
                    .value_name = "N",
                    .help = "while somebody writes",
                    .default_text = "12"},
                   {.name = "--refresh-every",
                    .value_name = "SECONDS",
                    .help = "between them",
                    .default_text = "5"},
                   {.name = "--kills",
                    .value_name = "N",
                    .help = "refreshes that are killed",
                    .default_text = "10"},
                   {.name = "--families",
                    .value_name = "NAME",
                    .help = "of questions; else all: history, history_year, rollup, compare, "
                            "browse, newest, discovery, count",
                    .repeated = true},
                   {.name = "--variants",
                    .value_name = "NAME",
                    .help = "of layouts; else all: plain_time, plain_fingerprint, "
                            "plain_repository, ducklake_monthly, ducklake_buckets, tiered",
                    .repeated = true}},
       .arguments = {}},
      [ports](const ServerSetting& setting, const Arguments& arguments, CommandIo& io) {
        return prove(ports, setting, arguments, io);
      });
}

}  // namespace bl::ops
