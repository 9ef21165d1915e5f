#include "events/api/answers.h"
#include "events/api/event_stream.h"
#include "events/api/query_filter.h"
#include "events/decode.h"
#include "events/encode.h"
#include "events/sql_answer.h"

/// Events: pages, one, a range of time, those to come; appends; the log's own state.
namespace bl::events {
namespace {

constexpr std::int64_t k_least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t k_page_default = 100;
constexpr std::int64_t k_page_max = 10'000;

Result<Response> list_events(const Call& call) {
  if (wants_stream(call.request)) return stream_events(call);
  net::QueryFields fields(call.request);
  const EventFilter filter = filter_of(fields);
  const Sequence after = fields.integer("since_idx", 0, k_most).value_or(0);
  const auto limit =
      static_cast<std::size_t>(fields.integer("limit", 1, k_page_max).value_or(k_page_default));
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const EventPage page, call.log.list(after, filter, limit));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("events").begin_array();
  for (const StoredEvent& stored : page.events) encode(writer, stored);
  writer.end_array().member("next_idx", page.next).member("has_more", page.has_more).end_object();
  return answer_json(200, std::move(body));
}

Result<Response> events_in_range(const Call& call) {
  net::QueryFields fields(call.request);
  const auto start = fields.integer("start", k_least, k_most).value_or(0);
  const auto end = fields.integer("end", k_least, k_most).value_or(k_most);
  const std::size_t limit = slice_of(fields).limit;
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const Events events, call.log.events_in_range(start, end, limit));
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  write_events(writer, events);
  writer.end_object();
  return answer_json(200, std::move(body));
}

Result<Response> show_event(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  BL_TRY(const std::string id, build_id_of(call.request));
  BL_TRY(const auto stored, call.log.event(id));
  if (!stored) return Error{Code::not_found, "there is no event of that id: " + id};
  std::string body;
  json::Writer writer(body);
  encode(writer, *stored);
  return answer_json(200, std::move(body));
}

Result<Response> append_events(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  BL_TRY(const std::vector<BuildEvent> events, decode_events(call.request.body, call.ports.limits));
  BL_TRY(const Appended appended, append(call, events));
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .member("added", appended.added)
      .member("repeated", appended.repeated)
      .end_object();
  return answer_json(200, std::move(body));
}

Result<Response> query_events(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  BL_TRY(const SqlQuestion question, decode_sql_question(call.request.body, call.ports.most));
  BL_TRY(EventSql * sql, call.ports.sql());
  auto control = std::make_shared<engine::QueryControl>(call.request.client_is_there);
  BL_TRY(std::string body, sql_answer(*sql, call.log, question, std::move(control)));
  return answer_json(200, std::move(body));
}

Result<Response> log_status(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  BL_TRY(const LogStatus status, call.log.status());
  std::string body;
  json::Writer writer(body);
  encode(writer, status);
  return answer_json(200, std::move(body));
}

}  // namespace

void add_event_routes(RouteSet& routes) {
  routes.read("/api/v1/events", list_events);
  routes.write(Method::post, "/api/v1/events", append_events);
  routes.read("/api/v1/events/stream", stream_events);
  routes.read("/api/v1/events/range", events_in_range);
  routes.read("/api/v1/events/status", log_status);
  routes.read("/api/v1/events/{id}", show_event);
  routes.ask("/api/v1/events/query", query_events);
}

}  // namespace bl::events
