#include <fmt/format.h>

#include <algorithm>

#include "base/instants.h"
#include "base/numbers.h"
#include "base/terminal.h"
#include "base/trace_id.h"
#include "base/uri.h"
#include "traces/commands/asking.h"

/// Which traces a result names: `link`, `unlink`, `links`.
namespace bl::traces {
namespace {

constexpr std::int64_t k_day_ns = 86'400'000'000'000;

std::string links_path(const std::string& result) {
  return "/api/v1/results/" + percent_encode(result) + "/traces";
}

Result<std::string> trace_of(const std::string& text) {
  const auto trace = TraceId::from_text(text);
  if (!trace) return Error{Code::invalid, "no trace id, 1 to 32 hex digits: " + text};
  return trace->hex();
}

void print_links(const json::Value& answer, const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json")) return print_json(answer, io);
  Table table({{"role"}, {"sample", Table::Align::right}, {"trace"}, {"span"}});
  for (const json::Value& link : list_at(answer, "exemplars")) {
    const json::Value* sample = link.find("sample_no");
    const bool is_of_sample = sample != nullptr && sample->is_number();
    table.add_row({text_at(link, "role"), is_of_sample ? sample->number_text() : "all",
                   text_at(link, "trace_id"), text_at(link, "span_id")});
  }
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}

/// One link as the route wants it.
struct Link {
  std::string trace, role, span, start, end;
  std::optional<std::int64_t> sample;
};

Result<json::Value> post_links(net::ApiClient& server, const std::string& result,
                               const std::vector<Link>& links) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("exemplars").begin_array();
  for (const Link& link : links) {
    writer.begin_object().member("trace_id", link.trace).member("role", link.role);
    if (link.sample) writer.member("sample_no", *link.sample);
    for (const auto& [name, text] :
         {std::pair("span_id", &link.span), {"start", &link.start}, {"end", &link.end}}) {
      if (!text->empty()) writer.member(name, *text);
    }
    writer.end_object();
  }
  writer.end_array().end_object();
  return server.post(links_path(result), body);
}

/// A sample, and what it is among the others.
struct Chosen {
  const char* role;
  std::int64_t sample;
};

/// The slowest, fastest and median of the samples that there are, each sample once; of equal ones
/// the first.
std::vector<Chosen> chosen_of(const json::Value& result) {
  std::vector<std::pair<double, std::int64_t>> samples;
  const json::Array& data = list_at(result, "data");
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (!data[i].is_number()) continue;
    samples.emplace_back(data[i].as_double(), static_cast<std::int64_t>(i));
  }
  if (samples.empty()) return {};
  const json::Value* less = result.find("less_is_better");
  const bool is_less_better = less == nullptr || !less->is_bool() || less->as_bool();
  const auto first_of = [&](double value) {
    return std::ranges::find(samples, value, &std::pair<double, std::int64_t>::first)->second;
  };
  std::vector<double> sorted;
  for (const auto& [value, place] : samples) sorted.push_back(value);
  std::ranges::sort(sorted);
  const double least = sorted.front();
  const double most = sorted.back();
  std::vector<Chosen> chosen;
  for (const Chosen& one : {Chosen{"slowest", first_of(is_less_better ? most : least)},
                            Chosen{"fastest", first_of(is_less_better ? least : most)},
                            Chosen{"median", first_of(sorted[(sorted.size() - 1) / 2])}}) {
    if (std::ranges::find(chosen, one.sample, &Chosen::sample) == chosen.end()) {
      chosen.push_back(one);
    }
  }
  return chosen;
}

/// Where spans of a result are looked for: what is asked, else a day around its time.
struct SearchWindow {
  std::string start, end;
};
Result<SearchWindow> window_of(const json::Value& result, const Arguments& arguments) {
  SearchWindow window{arguments.text("--start"), arguments.text("--end")};
  BL_TRY(const std::int64_t at, parse_instant(text_at(result, "timestamp")));
  if (window.start.empty()) window.start = std::to_string(at - k_day_ns);
  if (window.end.empty()) window.end = std::to_string(at + k_day_ns);
  return window;
}

/// The trace with a span of that sample; nothing without one. Errors: conflict (several).
Result<std::optional<Link>> link_of(net::ApiClient& server, const std::string& result,
                                    const Chosen& chosen, const SearchWindow& window) {
  const std::string query =
      query_of({{"attribute", "benchlake.result_id=" + result},
                {"attribute", fmt::format("benchlake.sample={}", chosen.sample)},
                {"start", window.start},
                {"end", window.end},
                {"limit", "2"}});
  BL_TRY(const json::Value answer, server.get("/api/v1/traces" + query));
  const std::string partial = text_at(answer, "partial_reason");
  if (!partial.empty()) {
    return Error{Code::unavailable, "not all spans could be looked at: " + partial};
  }
  const json::Array& traces = list_at(answer, "traces");
  if (traces.size() > 1) {
    return Error{Code::conflict, fmt::format("several traces have spans of sample {}, name one: {}",
                                             chosen.sample, text_at(traces[1], "trace_id"))};
  }
  if (traces.empty()) return std::optional<Link>();
  const json::Value& trace = traces.front();
  const std::int64_t start = number_at(trace, "start_ns");
  Link link{.trace = text_at(trace, "trace_id"),
            .role = chosen.role,
            .start = std::to_string(start),
            .end = std::to_string(start + number_at(trace, "duration_ns") + 1),
            .sample = chosen.sample};
  const json::Array& spans = list_at(trace, "matched_spans");
  if (!spans.empty()) link.span = text_at(spans.front(), "span_id");
  return std::optional(std::move(link));
}

Result<std::vector<Link>> links_from_spans(net::ApiClient& server, const std::string& id,
                                           const Arguments& arguments, CommandIo& io) {
  BL_TRY(const json::Value result, server.get("/api/benchmark-results/" + percent_encode(id)));
  BL_TRY(const SearchWindow window, window_of(result, arguments));
  std::vector<Link> links;
  for (const Chosen& chosen : chosen_of(result)) {
    BL_TRY(auto link, link_of(server, id, chosen, window));
    if (link) {
      links.push_back(*std::move(link));
    } else {
      fmt::print(io.err, "benchlake: no span says that it is of sample {}, the {}\n", chosen.sample,
                 chosen.role);
    }
  }
  if (links.empty()) {
    return Error{
        Code::not_found,
        "no spans with the attributes benchlake.result_id and benchlake.sample are of " + id};
  }
  return links;
}

Result<std::vector<Link>> link_that_is_said(const Arguments& arguments) {
  const auto trace = arguments.text_or_null("TRACE");
  if (!trace) return Error{Code::invalid, "which trace: its id, or --from-spans"};
  Link link;
  BL_TRY(link.trace, trace_of(*trace));
  link.role = arguments.text("--role");
  link.span = arguments.text("--span");
  link.start = arguments.text("--start");
  link.end = arguments.text("--end");
  if (const auto sample = arguments.text_or_null("--sample")) {
    link.sample = parse_int64(*sample);
    if (!link.sample) return Error{Code::invalid, "--sample is a number, from 0: " + *sample};
  }
  return std::vector{std::move(link)};
}

Result<ExitCode> link(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  const std::string result = arguments.text("RESULT");
  const bool is_from_spans = arguments.flag("--from-spans");
  if (is_from_spans && arguments.text_or_null("TRACE")) {
    return Error{Code::invalid, "a trace or --from-spans, not both"};
  }
  BL_TRY(const auto links, is_from_spans ? links_from_spans(server, result, arguments, io)
                                         : link_that_is_said(arguments));
  BL_TRY(const json::Value answer, post_links(server, result, links));
  print_links(answer, arguments, io);
  return ExitCode::ok;
}

Result<ExitCode> unlink(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  const std::string path = links_path(arguments.text("RESULT"));
  BL_TRY(const std::string trace, trace_of(arguments.text("TRACE")));
  BL_RETURN_IF_ERROR(server.remove(path + query_of({{"trace_id", trace},
                                                    {"role", arguments.text("--role")},
                                                    {"sample_no", arguments.text("--sample")}})));
  BL_TRY(const json::Value answer, server.get(path));
  print_links(answer, arguments, io);
  return ExitCode::ok;
}

Result<ExitCode> list_links(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const json::Value answer, server.get(links_path(arguments.text("RESULT"))));
  print_links(answer, arguments, io);
  return ExitCode::ok;
}

}  // namespace

Command link_command() {
  return asking_command(
      {.path = "traces link",
       .help = "names a trace of a result, or those that its spans say",
       .example = "benchlake traces link 06a1c0ffee007000800000000000abcd "
                  "4bf92f3577b34da6a3ce929d0e0e4736 --role slowest --sample 2",
       .options = {{.name = "--role",
                    .value_name = "ROLE",
                    .help = "slowest, median, fastest, outlier, manual",
                    .default_text = "manual"},
                   {.name = "--sample", .value_name = "NUMBER", .help = "of the result, from 0"},
                   {.name = "--span", .value_name = "ID", .help = "that was measured"},
                   {.name = "--start",
                    .value_name = "TIME",
                    .help = "of the trace, or of the search: RFC 3339, or nanoseconds"},
                   {.name = "--end", .value_name = "TIME", .help = "the end of that"},
                   {.name = "--from-spans",
                    .help = "slowest, fastest and median sample, by spans with the attributes "
                            "benchlake.result_id and benchlake.sample, a day around the result"}},
       .arguments = {{.name = "RESULT", .help = "id of the result"},
                     {.name = "TRACE", .help = "id of the trace", .required = false}},
       .run = {}},
      link);
}

Command unlink_command() {
  return asking_command(
      {.path = "traces unlink",
       .help = "takes back that a result names a trace",
       .example = "benchlake traces unlink 06a1c0ffee007000800000000000abcd "
                  "4bf92f3577b34da6a3ce929d0e0e4736",
       .options = {{.name = "--role", .value_name = "ROLE", .help = "only as this"},
                   {.name = "--sample", .value_name = "NUMBER", .help = "only of this, from 0"}},
       .arguments = {{.name = "RESULT", .help = "id of the result"},
                     {.name = "TRACE", .help = "id of the trace"}},
       .run = {}},
      unlink);
}

Command links_command() {
  return asking_command({.path = "traces links",
                         .help = "lists the traces that a result names",
                         .example = "benchlake traces links 06a1c0ffee007000800000000000abcd",
                         .options = {},
                         .arguments = {{.name = "RESULT", .help = "id of the result"}},
                         .run = {}},
                        list_links);
}

}  // namespace bl::traces
