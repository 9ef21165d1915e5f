#include <fmt/format.h>

#include "base/terminal.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"

namespace bl::results {
namespace {

bool regressed(const json::Value* judged) {
  if (judged == nullptr || !judged->is_object()) return false;
  const json::Value* flag = judged->find("regression_indicated");
  return flag != nullptr && flag->is_bool() && flag->as_bool();
}

std::string word_of(const json::Value* judged) {
  if (judged == nullptr || !judged->is_object()) return "cannot be told";
  if (regressed(judged)) return "REGRESSION";
  const json::Value* improved = judged->find("improvement_indicated");
  return improved != nullptr && improved->is_bool() && improved->as_bool() ? "improvement"
                                                                           : "no change";
}

std::string side_text(const json::Value& comparison, const char* side) {
  const json::Value* object = comparison.find(side);
  if (object == nullptr || !object->is_object()) return "-";
  const auto value = number_at(*object, "single_value_summary");
  return fmt::format("{}  ({})",
                     value ? human_value(*value, text_at(comparison, "unit")) : "failed",
                     text_at(*object, "benchmark_result_id"));
}

void print_comparison(CommandIo& io, const json::Value& comparison, const json::Value* pairwise,
                      const json::Value* lookback) {
  fmt::print(io.out, "baseline   {}\ncontender  {}\n", side_text(comparison, "baseline"),
             side_text(comparison, "contender"));
  const auto percent = pairwise == nullptr ? std::nullopt : number_at(*pairwise, "percent_change");
  const auto z = lookback == nullptr ? std::nullopt : number_at(*lookback, "z_score");
  fmt::print(io.out, "pairwise   {}{}\n", word_of(pairwise),
             percent ? fmt::format(": {:+.4g} %", *percent) : "");
  fmt::print(io.out, "lookback   {}{}\n", word_of(lookback),
             z ? fmt::format(": z = {:+.4g}", *z) : "");
}

Result<ExitCode> compare(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  const std::string& fail_on = arguments.text("--fail-on");
  if (fail_on != "lookback" && fail_on != "pairwise" && fail_on != "none") {
    return Error{Code::invalid,
                 fmt::format("--fail-on must be lookback, pairwise or none: '{}'", fail_on)};
  }
  BL_TRY(const json::Value comparison,
         server.get("/api/compare/benchmark-results" +
                    query_of({{"baseline_result_id", arguments.text("BASELINE")},
                              {"contender_result_id", arguments.text("CONTENDER")},
                              {"threshold", arguments.text("--threshold")},
                              {"threshold_z", arguments.text("--threshold-z")}})));
  const json::Value* analysis = comparison.find("analysis");
  const json::Value* pairwise = analysis == nullptr ? nullptr : analysis->find("pairwise");
  const json::Value* lookback = analysis == nullptr ? nullptr : analysis->find("lookback_z_score");
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(comparison));
  } else {
    print_comparison(io, comparison, pairwise, lookback);
  }
  if (fail_on == "none") return ExitCode::ok;
  const json::Value* judged = fail_on == "lookback" ? lookback : pairwise;
  if (judged == nullptr || judged->is_null()) return ExitCode::undecided;
  return regressed(judged) ? ExitCode::regression : ExitCode::ok;
}

}  // namespace

Command compare_command() {
  return reading_command(
      {.path = "compare",
       .help = "compares two results of one series; exits with 1 on a regression, 3 when it cannot "
               "be told",
       .example =
           "benchlake compare 06518b6800007000800012345678abcd 0651a0f000007000800012345678abcd",
       .options =
           {{.name = "--threshold", .value_name = "PERCENT", .help = "of the pairwise change (5)"},
            {.name = "--threshold-z", .value_name = "Z", .help = "of the lookback z-score (5)"},
            {.name = "--fail-on",
             .value_name = "WHAT",
             .help = "lookback, pairwise or none",
             .default_text = "lookback"}},
       .arguments = {{.name = "BASELINE", .help = "result id"},
                     {.name = "CONTENDER", .help = "result id"}},
       .run = {}},
      compare);
}

}  // namespace bl::results
