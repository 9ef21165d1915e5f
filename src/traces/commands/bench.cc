#include <fmt/format.h>

#include "base/random.h"
#include "base/terminal.h"
#include "traces/commands/asking.h"
#include "traces/otlp.h"

/// What a server takes and answers from here: requests of OTLP one after another, then lookups.
namespace bl::traces {
namespace {

constexpr std::int64_t k_spans_max = 100'000'000;
constexpr std::int64_t k_batch_max = 100'000;
constexpr std::int64_t k_asks_max = 1'000'000;
constexpr std::size_t k_spans_of_trace = 10;

struct Sizes {
  std::size_t spans = 0, batch = 0, asks = 0;
};

struct Measured {
  std::string what;
  std::int64_t spans = 0;  ///< of all calls
  double seconds = 0;      ///< of all
  std::vector<double> each{};

  double quantile(double share) const {
    if (each.empty()) return 0;
    const auto at = static_cast<std::size_t>(share * static_cast<double>(each.size()));
    return each[std::min(at, each.size() - 1)];
  }
};

/// Traces of ten spans, one root each, that ended a moment ago.
class MadeTraces {
 public:
  explicit MadeTraces(const Clock& clock) : clock_(clock) {
    const auto resource = std::make_shared<Resource>();
    resource->attributes = {{"service.name", AnyValue(AnyValue::Value(std::string("bench")))}};
    resource_ = resource;
    scope_ = std::make_shared<Scope>();
  }
  Spans next(std::size_t count) {
    Spans spans;
    spans.reserve(count);
    while (spans.size() < count) add_trace(spans, count);
    return spans;
  }
  const std::vector<TraceId>& ids() const { return ids_; }

 private:
  void add_trace(Spans& spans, std::size_t count) {
    const TraceId id{random_.next_u64() | 1, random_.next_u64()};
    ids_.push_back(id);
    const std::int64_t start = clock_.now().micros * 1'000;
    std::optional<SpanId> root;
    for (std::size_t i = 0; i < k_spans_of_trace && spans.size() < count; ++i) {
      Span span;
      span.trace_id = id;
      span.span_id = SpanId{random_.next_u64() | 1};
      span.parent_span_id = root;
      span.name = i == 0 ? "request" : fmt::format("step {}", i);
      span.kind = i == 0 ? SpanKind::server : SpanKind::internal;
      span.start_ns = start + static_cast<std::int64_t>(i) * 1'000;
      span.end_ns = start + 1'000'000;
      span.attributes = {{"step", AnyValue(AnyValue::Value(static_cast<std::int64_t>(i)))},
                         {"url.path", AnyValue(AnyValue::Value(std::string("/cart/items")))}};
      span.resource = resource_;
      span.scope = scope_;
      if (i == 0) root = span.span_id;
      spans.push_back(std::move(span));
    }
  }

  const Clock& clock_;
  SystemRandom random_;
  std::shared_ptr<const Resource> resource_;
  std::shared_ptr<const Scope> scope_;
  std::vector<TraceId> ids_;
};

class Watch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Result<Measured> send_spans(const net::ServerAddress& address, MadeTraces& traces,
                            const Sizes& sizes) {
  Measured measured{.what = fmt::format("OTLP, {} spans a request", sizes.batch)};
  net::Client client({}, address.trust);
  net::Headers headers;
  headers.set("Content-Type", "application/x-protobuf");
  if (!address.token.empty()) headers.set("Authorization", "Bearer " + address.token);
  for (std::size_t sent = 0; sent < sizes.spans; sent += sizes.batch) {
    const std::string body =
        encode_otlp_protobuf(traces.next(std::min(sizes.batch, sizes.spans - sent)));
    const Watch one;
    BL_TRY(const net::ClientResponse response,
           client.send(net::Method::post, address.url + "/v1/traces", headers, body));
    measured.each.push_back(one.seconds());
    measured.seconds += measured.each.back();
    if (response.status != 200) {
      return Error{Code::unavailable,
                   fmt::format("the server does not take spans: {}", response.status)};
    }
  }
  measured.spans = static_cast<std::int64_t>(sizes.spans);
  std::ranges::sort(measured.each);
  return measured;
}

/// Every id once around; those that nobody has when `ids` is empty.
Result<Measured> ask_traces(net::ApiClient& server, std::string what,
                            const std::vector<TraceId>& ids, std::size_t asks) {
  Measured measured{.what = std::move(what)};
  SystemRandom random;
  for (std::size_t i = 0; i < asks; ++i) {
    const TraceId id = ids.empty() ? TraceId{random.next_u64() | 1, random.next_u64()}
                                   : ids[random.next_u64() % ids.size()];
    const Watch one;
    const auto answer = server.get("/api/v1/traces/" + id.hex());
    measured.each.push_back(one.seconds());
    measured.seconds += measured.each.back();
    if (!answer.ok() && !(ids.empty() && answer.error().code == Code::not_found)) {
      return answer.error();
    }
  }
  std::ranges::sort(measured.each);
  return measured;
}

void print(const std::vector<Measured>& all, const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json")) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object().key("measured").begin_array();
    for (const Measured& one : all) {
      writer.begin_object()
          .member("what", one.what)
          .member("calls", static_cast<std::int64_t>(one.each.size()))
          .member("spans", one.spans)
          .member("seconds", one.seconds)
          .member("p50_seconds", one.quantile(0.5))
          .member("p95_seconds", one.quantile(0.95))
          .member("p99_seconds", one.quantile(0.99))
          .end_object();
    }
    writer.end_array().end_object();
    fmt::print(io.out, "{}\n", text);
    return;
  }
  using enum Table::Align;
  Table table({{"what"},
               {"calls", right},
               {"spans/s", right},
               {"p50", right},
               {"p95", right},
               {"p99", right}});
  for (const Measured& one : all) {
    const double rate = one.seconds > 0 ? static_cast<double>(one.spans) / one.seconds : 0;
    table.add_row({one.what, count_text(static_cast<std::int64_t>(one.each.size())),
                   one.spans > 0 ? count_text(static_cast<std::int64_t>(rate)) : "-",
                   human_value(one.quantile(0.5), "s"), human_value(one.quantile(0.95), "s"),
                   human_value(one.quantile(0.99), "s")});
  }
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}

Result<ExitCode> bench(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  Sizes sizes;
  BL_TRY(const std::int64_t spans, arguments.integer("--spans", 1, k_spans_max));
  BL_TRY(const std::int64_t batch, arguments.integer("--batch", 1, k_batch_max));
  BL_TRY(const std::int64_t asks, arguments.integer("--asks", 1, k_asks_max));
  sizes = {static_cast<std::size_t>(spans), static_cast<std::size_t>(batch),
           static_cast<std::size_t>(asks)};
  const SystemClock clock;
  MadeTraces traces(clock);
  std::vector<Measured> all;
  BL_TRY(all.emplace_back(), send_spans(server.address(), traces, sizes));
  BL_TRY(all.emplace_back(), ask_traces(server, "a trace by id", traces.ids(), sizes.asks));
  BL_TRY(all.emplace_back(), ask_traces(server, "an id that nobody has", {}, sizes.asks));
  print(all, arguments, io);
  return ExitCode::ok;
}

}  // namespace

Command bench_command() {
  return asking_command(
      {.path = "traces bench",
       .help = "measures a server: spans in, traces by id; what it sends stays there",
       .example = "benchlake traces bench --spans 1000000 --server http://127.0.0.1:8080",
       .options = {{.name = "--spans",
                    .value_name = "COUNT",
                    .help = "sent, ten to a trace",
                    .default_text = "200000"},
                   {.name = "--batch",
                    .value_name = "COUNT",
                    .help = "spans in a request",
                    .default_text = "5000"},
                   {.name = "--asks",
                    .value_name = "COUNT",
                    .help = "questions of each kind",
                    .default_text = "500"}},
       .arguments = {},
       .run = {}},
      bench);
}

}  // namespace bl::traces
