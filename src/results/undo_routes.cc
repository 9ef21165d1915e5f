#include "results/undo_routes.h"

#include "base/json.h"
#include "net/query_fields.h"

namespace bl::results {
namespace {

using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 16u << 10;
// A transaction may begin just before the call's own time is over.
constexpr std::chrono::milliseconds k_deadline{90'000};

struct UndoCall {
  UndoSelection selection;
  std::optional<std::int64_t> expected;  // nullopt: a preview
};

void read_member(const std::string& key, const json::Value& value, UndoCall& call,
                 json::Faults& faults) {
  const std::string path = json::pointer_append("", key);
  if (value.is_null()) return;
  if (key == "expected") {
    const auto count = value.is_number() ? value.as_int64() : std::nullopt;
    if (!count || *count < 0) return faults.add(path, "must be a number of results", &value);
    call.expected = count;
    return;
  }
  std::optional<std::string>* text = key == "batch_id"    ? &call.selection.batch_id
                                     : key == "run_id"    ? &call.selection.run_id
                                     : key == "submitter" ? &call.selection.submitter
                                                          : nullptr;
  if (text == nullptr && key != "since") return faults.add(path, "unknown field", &value);
  if (!value.is_string()) return faults.add(path, "must be a string", &value);
  if (value.as_string().find('\0') != std::string::npos) {  // what PostgreSQL cannot look up
    return faults.add(path, "must not contain U+0000", &value);
  }
  if (text != nullptr) {
    *text = value.as_string();
    return;
  }
  const auto since = parse_rfc3339(value.as_string());
  if (!since.ok()) return faults.add(path, "must be an instant, RFC 3339", &value);
  call.selection.since = *since;
}

/// Errors: malformed, invalid.
Result<UndoCall> decode(const Request& request) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const json::Value document, json::parse(request.body));
  json::Faults faults;
  UndoCall call;
  if (!document.is_object()) faults.add("", "must be an object", &document);
  for (const auto& [key, value] : document.is_object() ? document.members() : json::Object()) {
    read_member(key, value, call, faults);
  }
  if (!faults.ok()) return faults.to_error("the call");
  return call;
}

void write_groups(json::Writer& writer, const char* key, const char* name,
                  const std::vector<UndoPreview::Group>& groups) {
  writer.key(key).begin_array();
  for (const auto& group : groups) {
    writer.begin_object().member(name, group.name).member("results", group.results).end_object();
  }
  writer.end_array();
}

std::string encode(const UndoPreview& preview) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .member("results", preview.results)
      .member("runs", preview.runs)
      .member("series", preview.series);
  write_groups(writer, "months", "month", preview.months);
  write_groups(writer, "largest_runs", "run_id", preview.largest_runs);
  write_groups(writer, "largest_series", "history_fingerprint", preview.largest_series);
  writer.key("first").begin_array();
  for (const auto& row : preview.first) {
    writer.begin_object()
        .member("id", row.id)
        .member("name", row.name)
        .member("run_id", row.run_id)
        .member("timestamp", to_rfc3339(row.timestamp))
        .end_object();
  }
  writer.end_array().end_object();
  return out;
}

std::string encode(const UndoReport& report, std::int64_t selected) {
  std::string out;
  json::Writer writer(out);
  const auto removed = std::ssize(report.removed);
  writer.begin_object().key("removed").begin_array();
  for (const std::string& id : report.removed) writer.value(id);
  writer.end_array()
      .member("gone", report.gone)
      .member("left", report.is_complete ? 0 : selected - removed - report.gone)
      .end_object();
  return out;
}

Result<std::string> undo(const Request& request, const UndoPorts& ports) {
  BL_TRY(UndoCall call, decode(request));
  call.selection.may = [&](std::string_view repository) {
    return request.principal.demand_repository(repository);
  };
  if (!call.expected) {
    BL_TRY(const UndoPreview preview, ports.undo.preview(call.selection));
    return encode(preview);
  }
  const auto end = ports.clock.steady_now() + ports.work_time;
  BL_TRY(const UndoReport report, ports.undo.undo(call.selection, call.expected,
                                                  {request.principal.id, request.principal.name},
                                                  [&](std::size_t done, std::size_t) {
                                                    return done == 0 ||
                                                           ports.clock.steady_now() < end;
                                                  }));
  return encode(report, *call.expected);
}

}  // namespace

void add_undo_route(net::Router& router, const UndoPorts& ports) {
  router.add({.method = net::Method::post,
              .pattern = "/api/v1/results/undo",
              .access = net::Access::write,
              .handler =
                  [ports](Request& request) {
                    const auto body = undo(request, ports);
                    if (!body.ok()) return net::problem(body.error(), request.request_id);
                    return Response::json(200, *body);
                  },
              .options = {.body_bytes_max = k_body_bytes_max, .deadline = k_deadline}});
}

}  // namespace bl::results
