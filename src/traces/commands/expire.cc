#include <fmt/format.h>

#include <charconv>

#include "traces/commands/asking.h"

/// `traces expire`: old spans go for good, so it says first what would.
namespace bl::traces {
namespace {

Result<std::int64_t> days_of(const std::string& text) {
  std::int64_t days = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
  const bool is_whole = error == std::errc() && end + 1 == text.data() + text.size() && *end == 'd';
  if (!is_whole || days < 1) {
    return Error{Code::invalid, "--older-than is a number of days, as 90d: " + text};
  }
  return days;
}

Result<ExitCode> expire(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::int64_t days, days_of(arguments.text("--older-than")));
  const bool is_done = arguments.flag("--yes") && !arguments.flag("--dry-run");
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("older_than_days", days).member("dry_run", !is_done).end_object();
  BL_TRY(const json::Value answer, server.post("/api/v1/traces/expire", body));
  if (arguments.flag("--json")) {
    print_json(answer, io);
  } else {
    fmt::print(io.out, "{} spans from before {} in {} files {}; {} of pinned traces stay\n",
               count_text(number_at(answer, "spans")), text_at(answer, "before").substr(0, 10),
               number_at(answer, "files"), is_done ? "went" : "would go",
               count_text(number_at(answer, "kept_spans")));
  }
  if (!is_done) fmt::print(io.err, "nothing was changed; --yes does it\n");
  return ExitCode::ok;
}

}  // namespace

Command expire_command() {
  return asking_command(
      {.path = "traces expire",
       .help = "removes spans that began so many days ago, but for those of pinned traces",
       .example = "benchlake traces expire --older-than 90d --yes",
       .options = {{.name = "--older-than",
                    .value_name = "DAYS",
                    .help = "as 90d; whole days (UTC)",
                    .required = true},
                   {.name = "--dry-run", .help = "only say what would go; so without --yes"},
                   {.name = "--yes", .help = "remove them"}},
       .arguments = {},
       .run = {}},
      expire);
}

}  // namespace bl::traces
