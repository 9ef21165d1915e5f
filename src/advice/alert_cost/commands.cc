#include "advice/alert_cost_commands.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/terminal.h"
#include "base/uri.h"
#include "net/server_address.h"

namespace bl::advice {
namespace {

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::optional<double> number_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_double();
}

bool is_true(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

/// Errors: corrupt.
Result<const json::Array*> list_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  if (value == nullptr || !value->is_array())
    return Error{Code::corrupt, std::string("the answer has no ") + key};
  return &value->items();
}

/// `3 of 12 (25 %, 9 to 53)`
std::string share_text(const json::Value& answer, const char* key) {
  const json::Value* share = answer.find(key);
  if (share == nullptr || !share->is_object()) return "";
  const double count = number_at(*share, "count").value_or(0);
  const double of = number_at(*share, "of").value_or(0);
  const auto value = number_at(*share, "share");
  if (!value) return "none known";
  return fmt::format("{:.0f} of {:.0f} ({:.0f} %, {:.0f} to {:.0f})", count, of, *value * 100,
                     number_at(*share, "low").value_or(0) * 100,
                     number_at(*share, "high").value_or(1) * 100);
}

std::string count_at(const json::Value& object, const char* key) {
  return fmt::format("{:.0f}", number_at(object, key).value_or(0));
}

/// `reverted by 1a2b3c4d, noise_by_person (4f...)`
std::string evidence_text(const json::Value& one) {
  const auto evidence = list_at(one, "evidence");
  if (!evidence.ok()) return "";
  std::string text;
  for (const json::Value& each : **evidence) {
    if (!text.empty()) text += ", ";
    text += text_at(each, "kind");
    const std::string result = text_at(each, "result_id");
    text += " " + (result.empty() ? text_at(each, "commit_sha").substr(0, 10) : result);
  }
  return text;
}

std::string first_series(const json::Value& one) {
  const auto series = list_at(one, "series");
  if (!series.ok() || (*series)->empty()) return "";
  const double more = number_at(one, "series_count").value_or(1) - 1;
  const std::string name = text_at((*series)->front(), "name");
  return more > 0 ? fmt::format("{} and {:.0f} more", name, more) : name;
}

Result<void> print_cases(const json::Value& answer, CommandIo& io) {
  Table table({{"commit"}, {"answer"}, {"series"}, {"evidence"}, {"subject"}});
  BL_TRY(const json::Array* alerts, list_at(answer, "alerts"));
  for (const json::Value& one : *alerts) {
    table.add_row({text_at(one, "commit_sha").substr(0, 10), text_at(one, "answer"),
                   first_series(one), evidence_text(one), text_at(one, "subject")});
  }
  BL_TRY(const json::Array* misses, list_at(answer, "misses"));
  for (const json::Value& one : *misses) {
    table.add_row({text_at(one, "commit_sha").substr(0, 10), "missed", first_series(one),
                   evidence_text(one), text_at(one, "subject")});
  }
  if (!alerts->empty() || !misses->empty())
    fmt::print(io.out, "\n{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  return {};
}

Result<void> print_replay(const json::Value& replay, CommandIo& io) {
  const std::string name = text_at(replay, "threshold");
  Table table(
      {{name}, {"alarms"}, {"confirmed"}, {"false"}, {"unknown"}, {"missed"}, {"cost"}, {""}});
  const auto proposed = number_at(replay, "proposed");
  BL_TRY(const json::Array* points, list_at(replay, "points"));
  for (const json::Value& point : *points) {
    const double value = number_at(point, "value").value_or(0);
    std::string note = is_true(point, "is_current") ? "now" : "";
    if (proposed && *proposed == value) note += note.empty() ? "proposed" : ", proposed";
    table.add_row({fmt::format("{}", value), count_at(point, "alarms"),
                   count_at(point, "confirmed"), count_at(point, "false_alarms"),
                   count_at(point, "unknown"), count_at(point, "misses"),
                   fmt::format("{:g}", number_at(point, "cost").value_or(0)), note});
  }
  const std::string refusal = text_at(replay, "refusal");
  fmt::print(io.out, "\n{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  fmt::print(io.out, "{}{}\n", refusal.empty() ? "" : "nothing is proposed (" + refusal + "): ",
             text_at(replay, "reason"));
  return {};
}

Result<void> print(const json::Value& answer, CommandIo& io) {
  fmt::print(io.out, "{} · {:.1f} weeks\n", text_at(answer, "repository"),
             number_at(answer, "weeks").value_or(0));
  fmt::print(io.out, "alerts told    {}: {} confirmed, {} false, {} unknown\n",
             count_at(answer, "alerts_told"), count_at(answer, "confirmed"),
             count_at(answer, "false_alarms"), count_at(answer, "unknown"));
  fmt::print(io.out, "false alarms   {}; at most {}\n", share_text(answer, "false_share"),
             share_text(answer, "false_share_at_most"));
  fmt::print(io.out, "missed         {}, of the known slowdowns\n",
             share_text(answer, "missed_share"));
  fmt::print(io.out, "false a week   {:.2f}; at most {:.2f}\n",
             number_at(answer, "false_per_week").value_or(0),
             number_at(answer, "false_per_week_at_most").value_or(0));
  if (!is_true(answer, "verdicts_enabled"))
    fmt::print(io.err, "the project has verdicts off: only what alert rules told is counted\n");
  if (is_true(answer, "is_cut"))
    fmt::print(io.err, "there is more than one answer reads: not everything is counted\n");
  BL_RETURN_IF_ERROR(print_cases(answer, io));
  BL_TRY(const json::Array* thresholds, list_at(answer, "thresholds"));
  for (const json::Value& replay : *thresholds) BL_RETURN_IF_ERROR(print_replay(replay, io));
  return {};
}

Result<ExitCode> ask(const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::int64_t days, arguments.integer("--days", 1, 3'660));
  BL_TRY(const double miss_cost, arguments.number("--miss-cost"));
  const std::unique_ptr<Disk> disk = make_real_disk();
  BL_TRY(const net::ServerAddress address, net::find_server(arguments, io, *disk));
  net::ApiClient server(address);
  BL_TRY(const json::Value answer,
         server.get(fmt::format("/api/v1/advice/alert-cost?repository={}&days={}&miss_cost={}",
                                percent_encode(arguments.text("--repository")), days, miss_cost)));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(answer));
  } else {
    BL_RETURN_IF_ERROR(print(answer, io));
  }
  return ExitCode::ok;
}

}  // namespace

Command alert_cost_command() {
  Command command{
      .path = "alert-cost",
      .help = "says which alerts were right, false and missed, and which thresholds cost less",
      .example = "benchlake alert-cost --repository https://github.com/org/repo --days 180",
      .options =
          {{.name = "--repository", .value_name = "URL", .help = "whose alerts", .required = true},
           {.name = "--days", .value_name = "N", .help = "how far back", .default_text = "90"},
           {.name = "--miss-cost",
            .value_name = "K",
            .help = "a missed slowdown costs as much as so many false alarms",
            .default_text = "5"}},
      .arguments = {},
      .run = {}};
  for (CommandOption& option : net::server_options()) command.options.push_back(std::move(option));
  command.run = [](const Arguments& arguments, CommandIo& io) {
    const Result<ExitCode> outcome = ask(arguments, io);
    return outcome.ok() ? *outcome : print_error(io, outcome.error());
  };
  return command;
}

}  // namespace bl::advice
