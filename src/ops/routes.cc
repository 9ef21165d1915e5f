#include "ops/routes.h"

#include "base/json.h"
#include "net/query_fields.h"
#include "ops/backup.h"

namespace bl::ops {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 16u << 10;
constexpr std::size_t k_path_bytes_max = 4096;

/// The holder of the operator's token, which lies in the data folder: somebody who may write files
/// on this machine as the server does. An admin of the API may not.
bool is_operator(const net::Principal& principal) {
  return principal.kind == net::Principal::Kind::operator_token;
}

Response status(const Request& request, const RoutePorts& ports) {
  if (const auto none = net::QueryFields(request).finish(); !none.ok())
    return net::problem(none.error(), request.request_id);
  const auto audience = is_operator(request.principal) ? StatusReader::Audience::operator_alone
                                                       : StatusReader::Audience::anybody;
  return Response::json(200, ports.status.read(audience));
}

struct BackupCall {
  std::string path;
  bool store_only = false;
};

/// Errors: malformed, invalid.
Result<BackupCall> decode_backup(std::string_view body) {
  BL_TRY(const json::Value document, json::parse(body));
  json::Faults faults;
  BackupCall call;
  if (!document.is_object()) faults.add("", "must be an object", &document);
  for (const auto& [key, value] : document.is_object() ? document.members() : json::Object()) {
    if (key == "store_only") {
      if (!value.is_bool()) faults.add("/store_only", "must be true or false", &value);
      call.store_only = value.is_bool() && value.as_bool();
    } else if (key != "path") {
      faults.add(json::pointer_append("", key), "unknown field", &value);
    } else if (!value.is_string() || !value.as_string().starts_with('/') ||
               value.as_string().ends_with('/') || value.as_string().size() > k_path_bytes_max ||
               value.as_string().find('\0') != std::string::npos) {
      faults.add("/path", "must be the absolute path of a file on the server", &value);
    } else {
      call.path = value.as_string();
    }
  }
  if (faults.ok() && call.path.empty()) faults.add("/path", "is required");
  if (!faults.ok()) return faults.to_error("the backup");
  return call;
}

Result<std::string> back_up(const RoutePorts& ports, const BackupCall& call,
                            const Progress& progress) {
  const auto made = make_backup({ports.place, call.path, ports.version,
                                 call.store_only || !ports.lake ? nullptr : ports.lake(),
                                 call.store_only ? nullptr : &ports.events},
                                ports.disk, ports.clock, progress);
  BackupMetrics metrics = ports.metrics;  // handles
  if (!made.ok()) {
    metrics.failed.add();
    return made.error();
  }
  metrics.made.add();
  metrics.last_success.set(static_cast<double>(made->made_at.micros) / 1e6);
  return ops::encode(*made);
}

Response start_backup(const Request& request, const RoutePorts& ports) {
  if (!is_operator(request.principal)) {
    return net::problem(Error(Code::forbidden,
                              "a backup writes a file on the server: that takes the operator's "
                              "token, not an admin's"),
                        request.request_id);
  }
  const auto call = decode_backup(request.body);
  if (!call.ok()) return net::problem(call.error(), request.request_id);
  const auto started = ports.operations.start(
      "backup",
      [&ports, call = *call](const Progress& progress) { return back_up(ports, call, progress); });
  if (!started.ok()) return net::problem(started.error(), request.request_id);
  return accepted(*started);
}

Response show_operation(const Request& request, const RoutePorts& ports) {
  const auto view = ports.operations.find(request.capture("id"));
  if (!view.ok()) return net::problem(view.error(), request.request_id);
  return Response::json(200, encode(*view));
}

Counter backup_counter(Metrics& metrics, const char* outcome) {
  return metrics.counter("bl_backups_total", "Backups that this server was asked for.",
                         {{"outcome", outcome}});
}

}  // namespace

BackupMetrics::BackupMetrics(Metrics& metrics)
    : made(backup_counter(metrics, "ok")),
      failed(backup_counter(metrics, "failed")),
      last_success(metrics.gauge("bl_backup_last_success_timestamp_seconds",
                                 "Snapshot of the last good backup, in seconds since 1970.")) {}

net::Response accepted(const OperationView& begun) {
  Response response = Response::json(202, encode(begun));
  response.headers.set("Location", "/api/v1/operations/" + begun.id);
  return response;
}

void add_routes(net::Router& router, const RoutePorts& ports) {
  router.add({.method = Method::get,
              .pattern = "/api/v1/status",
              .access = Access::read,
              .handler = [&ports](Request& request) { return status(request, ports); }});
  router.add({.method = Method::post,
              .pattern = "/api/v1/backups",
              .access = Access::admin,
              .handler = [&ports](Request& request) { return start_backup(request, ports); },
              .options = {.body_bytes_max = k_body_bytes_max}});
  router.add({.method = Method::get,
              .pattern = "/api/v1/operations/{id}",
              .access = Access::admin,
              .handler = [&ports](Request& request) { return show_operation(request, ports); }});
}

}  // namespace bl::ops
