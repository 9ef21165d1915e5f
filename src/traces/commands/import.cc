#include <fmt/format.h>
#include <sys/stat.h>

#include <set>
#include <thread>

#include "base/disk.h"
#include "base/numbers.h"
#include "base/terminal.h"
#include "traces/commands/asking.h"
#include "traces/imports.h"
#include "traces/otlp.h"

/// `traces import`: files of other tools become spans and go the way of every exporter.
namespace bl::traces {
namespace {

constexpr std::uint64_t k_file_bytes_max = 512u << 20;
constexpr std::size_t k_batch = 2'000;  ///< spans of one request
constexpr int k_tries_max = 10;
constexpr std::int64_t k_pause_seconds_max = 30;
constexpr std::size_t k_ids_shown = 10;

struct Totals {
  std::int64_t spans = 0, rejected = 0, skipped = 0;
  std::set<TraceId> traces;
};

std::int64_t written_ns(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return 0;
  return facts.st_mtim.tv_sec * 1'000'000'000 + facts.st_mtim.tv_nsec;
}

Result<TraceFormat> format_of(const Arguments& arguments, const std::string& file,
                              std::string_view content) {
  if (const auto name = arguments.text_or_null("--format")) {
    const auto format = trace_format_named(*name);
    if (format) return *format;
    return Error{Code::invalid,
                 "--format must be ninja, time-trace, bazel, chrome or otlp: " + *name};
  }
  const auto format = trace_format_of(content);
  if (format) return *format;
  return Error{Code::unsupported, "of no tool that we know, say --format: " + file};
}

Result<Imported> read_spans(const Arguments& arguments, const std::string& file, CommandIo& io) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  BL_TRY(const std::string content, read_file(*disk, file, k_file_bytes_max));
  BL_TRY(const TraceFormat format, format_of(arguments, file, content));
  ImportOptions options;
  options.name = arguments.text("--name");
  options.service = arguments.text("--service");
  options.run_id = arguments.text("--run-id");
  options.now_ns = SystemClock().now().micros * 1'000;
  options.written_ns = written_ns(file);
  auto imported = import_trace(format, content, options);
  if (!imported.ok()) return std::move(imported).error().with_context(file);
  for (const Fault& fault : imported->faults) {
    fmt::print(io.err, "benchlake: {}: {}: {} {}\n", file, fault.path, fault.message, fault.value);
  }
  return imported;
}

std::int64_t rejected_of(const std::string& body) {
  const auto answer = json::parse(body);
  const json::Value* partial = answer.ok() ? answer->find("partialSuccess") : nullptr;
  return partial == nullptr ? 0 : number_at(*partial, "rejectedSpans");
}

/// As exporters do: what is 429 or 503 goes again after the pause that the server asks for.
Result<std::int64_t> send(net::Client& client, const net::ServerAddress& address,
                          const Spans& spans) {
  net::Headers headers;
  headers.set("Content-Type", "application/json");
  if (!address.token.empty()) headers.set("Authorization", "Bearer " + address.token);
  const std::string body = encode_otlp_json(spans);
  for (int tries = 1;; ++tries) {
    BL_TRY(const net::ClientResponse response,
           client.send(net::Method::post, address.url + "/v1/traces", headers, body));
    if (response.status == 200) return rejected_of(response.body);
    const bool may_come_again = response.status == 429 || response.status == 503;
    if (!may_come_again || tries == k_tries_max) {
      return Error{may_come_again ? Code::unavailable : Code::invalid,
                   fmt::format("the server does not take the spans ({}): {}", response.status,
                               response.body.substr(0, 500))};
    }
    const auto pause = parse_int64(response.headers.get("Retry-After")).value_or(1);
    std::this_thread::sleep_for(
        std::chrono::seconds(std::clamp<std::int64_t>(pause, 0, k_pause_seconds_max)));
  }
}

Result<void> import_file(const net::ServerAddress& address, net::Client& client,
                         const Arguments& arguments, const std::string& file, CommandIo& io,
                         Totals& totals) {
  BL_TRY(const Imported imported, read_spans(arguments, file, io));
  totals.skipped += imported.skipped;
  const SystemClock clock;
  ProgressBar bar(io.err, clock, file, imported.spans.size());
  for (std::size_t at = 0; at < imported.spans.size(); at += k_batch) {
    const auto begin = imported.spans.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t count = std::min(k_batch, imported.spans.size() - at);
    const Spans batch(begin, begin + static_cast<std::ptrdiff_t>(count));
    BL_TRY(const std::int64_t rejected, send(client, address, batch));
    totals.rejected += rejected;
    totals.spans += static_cast<std::int64_t>(count) - rejected;
    for (const Span& span : batch) totals.traces.insert(span.trace_id);
    bar.advance(count);
  }
  return {};
}

void print(const Totals& totals, const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json")) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object()
        .member("spans", totals.spans)
        .member("rejected", totals.rejected)
        .member("skipped", totals.skipped)
        .key("traces")
        .begin_array();
    for (const TraceId& id : totals.traces) writer.value(id.hex());
    writer.end_array().end_object();
    fmt::print(io.out, "{}\n", text);
    return;
  }
  fmt::print(io.out, "{} spans of {} traces imported\n", count_text(totals.spans),
             count_text(static_cast<std::int64_t>(totals.traces.size())));
  if (totals.rejected > 0) fmt::print(io.out, "{} rejected\n", count_text(totals.rejected));
  if (totals.skipped > 0) fmt::print(io.out, "{} skipped\n", count_text(totals.skipped));
  std::size_t shown = 0;
  for (const TraceId& id : totals.traces) {
    if (++shown > k_ids_shown) break;
    fmt::print(io.out, "{}\n", id.hex());
  }
}

Result<ExitCode> import_files(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  const net::ServerAddress& address = server.address();
  net::Client client({}, address.trust);
  Totals totals;
  for (const std::string& file : arguments.list("FILE")) {
    BL_RETURN_IF_ERROR(import_file(address, client, arguments, file, io, totals));
  }
  print(totals, arguments, io);
  return ExitCode::ok;
}

}  // namespace

Command import_command() {
  return asking_command(
      {.path = "traces import",
       .help = "turns files of builds and other tools into traces; the same file again changes "
               "nothing",
       .example = "benchlake traces import build/.ninja_log --name release --run-id 1234",
       .options = {{.name = "--format",
                    .value_name = "FORMAT",
                    .help = "ninja, time-trace (clang), bazel, chrome, otlp; else by the content"},
                   {.name = "--name", .value_name = "NAME", .help = "of the build"},
                   {.name = "--service", .value_name = "NAME", .help = "else the tool's"},
                   {.name = "--run-id",
                    .value_name = "ID",
                    .help = "of the benchmark run or build"}},
       .arguments = {{.name = "FILE", .help = "also in gzip or zstd", .repeated = true}},
       .run = {}},
      import_files);
}

}  // namespace bl::traces
