#include "traces/api/answers.h"
#include "traces/api/encode.h"
#include "traces/api/search_fields.h"
#include "traces/api/times.h"

/// Which traces there are in a window, and how spans went over time.
namespace bl::traces {
namespace {

constexpr std::int64_t k_day_ns = 86'400'000'000'000;
constexpr std::int64_t k_hour_ns = 3'600'000'000'000;
constexpr std::int64_t k_limit_default = 20, k_limit_max = 1'000;
constexpr std::int64_t k_spans_default = 3, k_spans_max = 100;
constexpr std::int64_t k_step_default_ns = 60'000'000'000;
constexpr std::int64_t k_buckets_max = 11'000;  ///< as Prometheus has it

/// The window as people read it; part of every answer, since it may be our choice.
void write_window(json::Writer& writer, const Window& window) {
  writer.key("window")
      .begin_object()
      .member("start", instant_text(window.start_ns))
      .member("end", instant_text(window.end_ns))
      .end_object();
}

void write_hit(json::Writer& writer, const TraceHit& hit) {
  writer.begin_object();
  write_summary(writer, hit.summary);
  writer.member("matched", hit.matched).key("matched_spans").begin_array();
  for (const Span& span : hit.spans) write_short_span(writer, span, hit.summary.start_ns);
  writer.end_array().end_object();
}

std::string answer_text(const SearchQuery& query, const SearchAnswer& answer) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  write_window(writer, query.window);
  writer.key("traces").begin_array();
  for (const TraceHit& hit : answer.traces) write_hit(writer, hit);
  writer.end_array().key("next_page");
  if (answer.next_page.empty()) {
    writer.null();
  } else {
    writer.value(answer.next_page);
  }
  write_partial(writer, answer.partial_reason);
  writer.key("cost");
  encode(writer, answer.cost);
  writer.end_object();
  return body;
}

Result<Response> search(const Call& call) {
  net::QueryFields fields(call.request);
  SearchQuery query;
  query.window = window_of(fields, call.ports.clock, k_day_ns);
  query.filter = filter_of(fields);
  query.limit =
      static_cast<std::size_t>(fields.integer("limit", 1, k_limit_max).value_or(k_limit_default));
  query.spans_of_trace =
      static_cast<std::size_t>(fields.integer("spans", 0, k_spans_max).value_or(k_spans_default));
  query.page = fields.text("page").value_or("");
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const SearchAnswer answer, call.store.search(query));
  return answer_json(answer_text(query, answer));
}

void write_bucket(json::Writer& writer, const MetricSeries::Bucket& bucket) {
  writer.begin_object()
      .member("start_ns", std::to_string(bucket.start_ns))
      .member("spans", bucket.spans)
      .member("errors", bucket.errors)
      .member("p50_ns", bucket.p50_ns)
      .member("p95_ns", bucket.p95_ns)
      .member("p99_ns", bucket.p99_ns)
      .end_object();
}

Result<Response> show_metrics(const Call& call) {
  net::QueryFields fields(call.request);
  MetricQuery query;
  query.window = window_of(fields, call.ports.clock, k_hour_ns);
  query.filter = filter_of(fields);
  query.step_ns = nanoseconds_of(fields, "step").value_or(k_step_default_ns);
  query.by_operation = fields.flag("by_operation");
  // Of hostile bounds the difference has no place in 64 bits.
  const auto length = static_cast<std::uint64_t>(query.window.end_ns) -
                      static_cast<std::uint64_t>(query.window.start_ns);
  if (query.step_ns < 1 || length / static_cast<std::uint64_t>(query.step_ns) > k_buckets_max) {
    fields.fault("step", "gives more than 11,000 buckets", std::to_string(query.step_ns));
  }
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const MetricAnswer answer, call.store.metrics(query));
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  write_window(writer, query.window);
  writer.member("step_ns", std::to_string(query.step_ns)).key("series").begin_array();
  for (const MetricSeries& series : answer.series) {
    writer.begin_object().member("service", series.service).key("operation");
    if (query.by_operation) {
      writer.value(series.operation);
    } else {
      writer.null();
    }
    writer.key("buckets").begin_array();
    for (const MetricSeries::Bucket& bucket : series.buckets) write_bucket(writer, bucket);
    writer.end_array().end_object();
  }
  writer.end_array().key("cost");
  encode(writer, answer.cost);
  writer.end_object();
  return answer_json(std::move(body));
}

}  // namespace

void add_search_routes(RouteSet& routes) {
  routes.read("/api/v1/traces", search);
  routes.read("/api/v1/traces/metrics", show_metrics);
}

}  // namespace bl::traces
