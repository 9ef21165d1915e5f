#include <fmt/format.h>

#include <cmath>

#include "base/terminal.h"
#include "traces/commands/asking.h"

/// `traces diff` of two sets: what changed from one run to another by more than noise.
namespace bl::traces {
namespace {

/// An option and the parameter of the route.
struct Parameter {
  const char* option;
  const char* parameter;
  const char* value_name;
  const char* help;
  bool repeated = false;
};
constexpr Parameter k_parameters[] = {
    {"--base-run", "base_run", "ID", "sets: traces of this run are the base", true},
    {"--compare-run", "compare_run", "ID", "those of this run are compared with them", true},
    {"--base-query", "base_q", "TRACEQL", "or traces with such a span are the base"},
    {"--compare-query", "compare_q", "TRACEQL", "are compared with them"},
    {"--base-trace", "base_trace", "ID", "or these traces are the base", true},
    {"--compare-trace", "compare_trace", "ID", "are compared with them", true},
    {"--service", "service", "NAME", "sets: only traces with a span of it"},
    {"--operation", "operation", "NAME", "sets: only traces with a span of this name"},
    {"--start", "start", "TIME", "sets: of the window; else 90 days ago"},
    {"--end", "end", "TIME", "sets: of the window; else now"},
    {"--limit", "limit", "COUNT", "sets: traces of each at most, the newest; else 200"},
};

bool is_change(const json::Value& measure) {
  const json::Value* told = measure.find("is_change");
  return told != nullptr && told->is_bool() && told->as_bool();
}

std::string signed_text(double value, bool is_time) {
  const std::string text = is_time ? duration_text(std::llround(std::abs(value)))
                                   : fmt::format("{:.3g}", std::abs(value));
  return value == 0 ? text : (value > 0 ? "+" : "-") + text;
}
/// `+30 ms (+28 ms to +32 ms)`; empty where it is noise.
std::string shift_text(const json::Value& object, std::string_view key, bool is_time) {
  const json::Value* measure = object.find(key);
  if (measure == nullptr || !is_change(*measure)) return "";
  const json::Array& interval = list_at(*measure, "shift_interval");
  std::string text = signed_text(real_at(*measure, "shift"), is_time);
  if (interval.size() != 2) return text;
  return text + fmt::format(" ({} to {})", signed_text(interval[0].as_double(), is_time),
                            signed_text(interval[1].as_double(), is_time));
}

std::string path_text(const json::Value& path) {
  std::string text;
  for (const json::Value& step : list_at(path, "path")) {
    if (!text.empty()) text += " > ";
    text += text_at(step, "service") + ": " + text_at(step, "name");
  }
  return text;
}

void print_changes(const json::Value& diff, CommandIo& io) {
  const json::Array& changed = list_at(diff, "changed");
  if (changed.empty()) return;
  using enum Table::Align;
  Table table(
      {{"path"}, {"holds up", right}, {"itself", right}, {"each takes", right}, {"spans", right}});
  for (const json::Value& path : changed) {
    table.add_row({path_text(path), shift_text(path, "critical_ns", true),
                   shift_text(path, "self_ns", true), shift_text(path, "duration_ns", true),
                   shift_text(path, "spans", false)});
  }
  fmt::print(io.out, "\n{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}

void print_diff(const json::Value& diff, CommandIo& io) {
  const json::Value k_none;
  const json::Value* found = diff.find("trace_ns");
  const json::Value& whole = found == nullptr ? k_none : *found;
  const auto time = [&](const char* key) {
    return duration_text(std::llround(real_at(whole, key)));
  };
  const std::string shift = shift_text(diff, "trace_ns", true);
  fmt::print(io.out, "{} and {} traces, median {} and {}{}: {}\n",
             count_text(number_at(diff, "base_runs")), count_text(number_at(diff, "compare_runs")),
             time("base_p50"), time("compare_p50"), shift.empty() ? "" : ", " + shift,
             text_at(diff, "direction"));
  print_changes(diff, io);
}

ExitCode code_of(const std::string& direction) {
  if (direction == "increased") return ExitCode::regression;
  return direction == "undecided" ? ExitCode::undecided : ExitCode::ok;
}

}  // namespace

std::vector<CommandOption> set_options() {
  std::vector<CommandOption> options;
  for (const Parameter& parameter : k_parameters) {
    options.push_back({.name = parameter.option,
                       .value_name = parameter.value_name,
                       .help = parameter.help,
                       .repeated = parameter.repeated});
  }
  return options;
}

bool has_set_options(const Arguments& arguments) {
  return std::ranges::any_of(k_parameters,
                             [&](const Parameter& one) { return arguments.has(one.option); });
}

Result<ExitCode> diff_of_sets(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  std::vector<std::pair<const char*, std::string>> pairs;
  for (const Parameter& one : k_parameters) {
    for (const std::string& value : arguments.list(one.option)) {
      pairs.emplace_back(one.parameter, value);
    }
  }
  BL_TRY(const json::Value answer, server.get("/api/v1/traces/diff-sets" + query_of(pairs)));
  const json::Value k_none;
  const auto part = [&](const char* key) -> const json::Value& {
    const json::Value* found = answer.find(key);
    return found == nullptr ? k_none : *found;
  };
  print_partial(part("base"), io);
  print_partial(part("compare"), io);
  const json::Value& diff = part("diff");
  if (arguments.flag("--json")) {
    print_json(answer, io);
  } else {
    print_diff(diff, io);
  }
  return code_of(text_at(diff, "direction"));
}

}  // namespace bl::traces
