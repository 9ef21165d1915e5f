#include "base/hash.h"
#include "events/api/answers.h"
#include "events/api/request_body.h"
#include "events/encode.h"

/// Builds: their list, one with its events and results, a new one, its end.
namespace bl::events {
namespace {

/// An event's id that follows from the build's: whoever asks for the same build twice, asks once.
std::string received_id(const std::string& build_request_id) {
  std::string id = uuid_of(sha256_hex(build_request_id + "/received").substr(0, 32));
  id[14] = '8';  // RFC 9562: a version of one's own
  id[19] = 'a';  // its variant
  return id;
}

BuildEvent event_of(const RoutePorts& ports, const std::string& build_request_id,
                    std::int64_t timestamp, Payload payload) {
  return {.event_id = new_uuid(ports),
          .timestamp = timestamp,
          .build_request_id = build_request_id,
          .payload = std::move(payload)};
}

Result<Response> list_builds(const Call& call) {
  net::QueryFields fields(call.request);
  const Paging paging = paging_of(fields);
  std::optional<BuildRequestStatus> status;
  if (const auto name = fields.text("status")) {
    status = build_request_status_named(*name);
    if (!status) fields.fault("status", "no status of a build", *name);
  }
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const auto builds, call.log.list_build_requests(paging, status));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("builds").begin_array();
  for (const BuildRequestSummary& build : builds.items) encode(writer, build);
  writer.end_array().member("total", builds.total).end_object();
  return answer_json(200, std::move(body));
}

void write_runs(json::Writer& writer, const std::vector<BuildRun>& runs) {
  writer.key("runs").begin_array();
  for (const BuildRun& run : runs) {
    writer.begin_object()
        .member("run_id", run.run_id)
        .member("run_reason", run.run_reason)
        .member("latest_result_id", run.latest_result_id)
        .member("latest_result_at", to_rfc3339(run.latest_result_at))
        .member("results", run.results)
        .member("has_more_results", run.has_more_results)
        .end_object();
  }
  writer.end_array();
}

Result<std::string> build_document(const Call& call, const std::string& id, const Slice& slice) {
  BL_TRY(const auto summary, call.log.build_request(id));
  BL_TRY(const Events events, call.log.build_request_events(id, slice));
  if (!summary && events.events.empty()) {
    BL_TRY(const Events any, call.log.build_request_events(id, {.limit = 1}));
    if (any.events.empty()) return Error{Code::not_found, "there is no build of that id: " + id};
  }
  BL_TRY(const auto runs, call.ports.results.runs_of(id));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("build_request_id", id).key("build");
  if (summary) {
    encode(writer, *summary);
  } else {
    writer.null();
  }
  write_events(writer, events);
  write_runs(writer, runs);
  writer.end_object();
  return body;
}

Result<Response> show_build(const Call& call) {
  net::QueryFields fields(call.request);
  const Slice slice = slice_of(fields);
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const std::string id, build_id_of(call.request));
  BL_TRY(std::string body, build_document(call, id, slice));
  return answer_json(200, std::move(body));
}

Result<Response> created(const Call& call, int status, const std::string& id) {
  BL_TRY(const auto summary, call.log.build_request(id));
  if (!summary) return Error{Code::internal, "the build that was appended is not there: " + id};
  std::string body;
  json::Writer writer(body);
  encode(writer, *summary);
  BL_TRY(Response response, answer_json(status, std::move(body)));
  response.headers.set("Location", "/api/v1/builds/" + id);
  return response;
}

/// True: this build was asked for before, with the same partitions. Errors: conflict.
Result<bool> is_there(const Call& call, const BuildEvent& wanted) {
  const auto taken = [&] {
    return Error{Code::conflict, "there is a build of that id: " + wanted.build_request_id};
  };
  BL_TRY(const auto stored, call.log.event(wanted.event_id));
  if (!stored) {
    BL_TRY(const auto summary, call.log.build_request(wanted.build_request_id));
    if (summary) return taken();
    return false;
  }
  const auto* received = std::get_if<BuildRequestEvent>(&stored->event.payload);
  if (received == nullptr || received->requested_partitions !=
                                 std::get<BuildRequestEvent>(wanted.payload).requested_partitions) {
    return taken();
  }
  return true;
}

Result<Response> create_build(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  BL_TRY(RequestBody body, RequestBody::parse(call.request.body));
  BuildRequestEvent received{.status = BuildRequestStatus::received,
                             .requested_partitions = body.refs("partitions"),
                             .message = body.text("message")};
  std::string id = body.uuid("build_request_id");
  BL_RETURN_IF_ERROR(body.finish());
  const bool is_named = !id.empty();
  if (!is_named) id = new_uuid(call.ports);
  BuildEvent event = event_of(call.ports, id, now_after(call.ports, 0), std::move(received));
  event.event_id = received_id(id);
  if (is_named) {
    BL_TRY(const bool is_repeated, is_there(call, event));
    if (is_repeated) return created(call, 200, id);
  }
  const auto appended = append(call, {&event, 1});
  if (!appended.ok() && appended.error().code == Code::conflict && is_named) {
    // Somebody else asked for it at the same time.
    BL_TRY(const bool is_repeated, is_there(call, event));
    if (is_repeated) return created(call, 200, id);
  }
  if (!appended.ok()) return appended.error();
  return created(call, 201, id);
}

Result<Response> cancel_build(const Call& call) {
  net::QueryFields fields(call.request);
  const std::string reason = fields.text("reason").value_or("");
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const std::string id, build_id_of(call.request));
  BL_TRY(const auto summary, call.log.build_request(id));
  if (!summary) return Error{Code::not_found, "there is no build of that id: " + id};
  if (summary->status == BuildRequestStatus::cancelled) return created(call, 200, id);
  if (!is_active(summary->status)) {
    return Error{Code::conflict, "the build is over: " + std::string(name_of(summary->status))};
  }
  // Behind what the log knows of it, also where that came from a clock that is ahead of ours.
  const std::int64_t now = now_after(call.ports, summary->updated_at);
  const BuildEvent events[] = {event_of(call.ports, id, now, BuildCancelEvent{.reason = reason}),
                               event_of(call.ports, id, now,
                                        BuildRequestEvent{.status = BuildRequestStatus::cancelled,
                                                          .requested_partitions = {},
                                                          .message = reason})};
  BL_RETURN_IF_ERROR(append(call, events));
  return created(call, 200, id);
}

}  // namespace

void add_build_routes(RouteSet& routes) {
  routes.read("/api/v1/builds", list_builds);
  routes.write(Method::post, "/api/v1/builds", create_build);
  routes.read("/api/v1/builds/{id}", show_build);
  routes.write(Method::del, "/api/v1/builds/{id}", cancel_build);
}

}  // namespace bl::events
