#include "ops/lake_routes.h"

#include <fmt/format.h>

#include "base/json.h"
#include "net/query_fields.h"
#include "ops/lake_work.h"
#include "ops/routes.h"
#include "store/audit.h"

namespace bl::ops {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;
using Wants = LakeAction::Wants;

constexpr std::size_t k_body_bytes_max = 16u << 10;
constexpr std::size_t k_refresh_bytes_max = 16u << 20;  // the ids of results
constexpr std::size_t k_name_bytes_max = 64;
constexpr std::int64_t k_snapshots = 100;

Result<lake::Lake*> lake_of(const LakeRoutePorts& ports) {
  if (ports.lake != nullptr) return ports.lake;
  return Error{Code::not_found, "this server has no lake: lake.objects is not set"};
}

Result<std::string> status(const Request& request, const LakeRoutePorts& ports) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(lake::Lake * lake, lake_of(ports));
  return lake_status(*lake, *ports.options, ports.replica.status ? ports.replica.status() : "");
}

Result<std::string> table_status(const Request& request, const LakeRoutePorts& ports) {
  net::QueryFields fields(request);
  const auto snapshots =
      fields.integer("snapshots", 0, static_cast<std::int64_t>(LakeWorkLimits{}.snapshots_max));
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(lake::Lake * lake, lake_of(ports));
  return lake_table_status(*lake, request.capture("table"),
                           static_cast<std::size_t>(snapshots.value_or(k_snapshots)));
}

/// Errors: malformed, invalid.
Result<LakeCall> decode_call(std::string_view body, Wants wants) {
  LakeCall call;
  if (body.empty() && wants != Wants::table_and_snapshot) return call;
  BL_TRY(const json::Value document, json::parse(body));
  json::Faults faults;
  bool has_snapshot = false;
  if (!document.is_object()) faults.add("", "must be an object", &document);
  for (const auto& [key, value] : document.is_object() ? document.members() : json::Object()) {
    if (key == "table" && wants != Wants::nothing) {
      if (value.is_string() && !value.as_string().empty() &&
          value.as_string().size() <= k_name_bytes_max) {
        call.table = value.as_string();
      } else {
        faults.add("/table", "must be the name of a table", &value);
      }
    } else if (key == "snapshot" && wants == Wants::table_and_snapshot) {
      const auto number = value.is_number() ? value.as_int64() : std::nullopt;
      has_snapshot = number && *number >= 0;
      if (!has_snapshot) faults.add("/snapshot", "must be the number of a snapshot", &value);
      call.snapshot = number.value_or(0);
    } else {
      faults.add(json::pointer_append("", key), "unknown field", &value);
    }
  }
  if (wants == Wants::table_and_snapshot && faults.ok()) {
    if (call.table.empty()) faults.add("/table", "is required");
    if (!has_snapshot) faults.add("/snapshot", "is required");
  }
  if (!faults.ok()) return faults.to_error("the call");
  return call;
}

/// Before it is begun: what changes what everybody reads is never done without a trace.
Result<void> note_rollback(const Request& request, const LakeRoutePorts& ports,
                           const LakeCall& call) {
  const std::string detail = fmt::format(R"({{"snapshot":{}}})", call.snapshot);
  return ports.database.write([&](store::Connection& connection) {
    return store::record_audit(connection, {.at = ports.clock.now(),
                                            .actor_id = request.principal.id,
                                            .actor_name = request.principal.name,
                                            .action = "lake.rollback",
                                            .object = call.table,
                                            .detail = detail});
  });
}

Result<OperationView> start(const Request& request, const LakeRoutePorts& ports,
                            const LakeAction& action) {
  BL_TRY(lake::Lake * lake, lake_of(ports));
  BL_TRY(const LakeCall call, decode_call(request.body, action.wants));
  if (!call.table.empty()) {
    BL_TRY([[maybe_unused]] const auto table, lake->table(call.table));
  }
  if (action.wants == Wants::table_and_snapshot) {
    BL_RETURN_IF_ERROR(note_rollback(request, ports, call));
  }
  return ports.operations.start("lake." + std::string(action.name),
                                [lake, call, work = action.work](const Progress& progress) {
                                  return work(*lake, call, progress);
                                });
}

/// Errors: malformed, invalid.
Result<ReplicaCall> decode_replica_call(std::string_view body) {
  ReplicaCall call;
  if (body.empty()) return call;
  BL_TRY(const json::Value document, json::parse(body));
  json::Faults faults;
  if (!document.is_object()) faults.add("", "must be an object", &document);
  using Work = ReplicaCall::Work;
  for (const auto& [key, value] : document.is_object() ? document.members() : json::Object()) {
    if (key == "work") {
      const std::string name = value.is_string() ? value.as_string() : "";
      if (name == "check") {
        call.work = Work::check;
      } else if (name == "repair") {
        call.work = Work::repair;
      } else if (name == "prove_removed") {
        call.work = Work::prove_removed;
      } else if (name != "refresh") {
        faults.add("/work", "must be refresh, check, repair or prove_removed", &value);
      }
    } else if (key == "results" && value.is_array()) {
      for (const json::Value& id : value.items()) {
        if (id.is_string()) call.results.push_back(id.as_string());
      }
      if (call.results.size() != value.items().size() ||
          call.results.size() > ReplicaCallLimits{}.results_max) {
        faults.add("/results", "must be at most 1000 ids of results", &value);
      }
    } else {
      faults.add(json::pointer_append("", key), "unknown field, or no list", &value);
    }
  }
  if (faults.ok() && call.results.empty() == (call.work == Work::prove_removed)) {
    faults.add("/results", "belongs to prove_removed, which needs it");
  }
  if (!faults.ok()) return faults.to_error("the call");
  return call;
}

Result<OperationView> start_refresh(const Request& request, const LakeRoutePorts& ports) {
  BL_TRY([[maybe_unused]] lake::Lake * lake, lake_of(ports));
  if (!ports.replica.work) {
    return Error{Code::not_found,
                 "this server keeps no replica of results: nothing is written to "
                 "its store"};
  }
  BL_TRY(const ReplicaCall call, decode_replica_call(request.body));
  return ports.operations.start("lake.refresh",
                                [call, &work = ports.replica.work](const Progress& progress) {
                                  return work(call, progress);
                                });
}

void add_read(net::Router& router, const char* pattern, const LakeRoutePorts& ports,
              Result<std::string> (*read)(const Request&, const LakeRoutePorts&)) {
  router.add({.method = Method::get,
              .pattern = pattern,
              .access = Access::admin,
              .handler = [&ports, read](Request& request) {
                const auto body = read(request, ports);
                if (!body.ok()) return net::problem(body.error(), request.request_id);
                return Response::json(200, *body);
              }});
}

}  // namespace

void add_lake_routes(net::Router& router, const LakeRoutePorts& ports) {
  add_read(router, "/api/v1/lake", ports, status);
  add_read(router, "/api/v1/lake/tables/{table}", ports, table_status);
  for (const LakeAction& action : lake_actions()) {
    router.add({.method = Method::post,
                .pattern = "/api/v1/lake/" + std::string(action.name),
                .access = Access::admin,
                .handler =
                    [&ports, &action](Request& request) {
                      const auto started = start(request, ports, action);
                      if (!started.ok()) return net::problem(started.error(), request.request_id);
                      return accepted(*started);
                    },
                .options = {.body_bytes_max = k_body_bytes_max}});
  }
  router.add({.method = Method::post,
              .pattern = "/api/v1/lake/refresh",
              .access = Access::admin,
              .handler =
                  [&ports](Request& request) {
                    const auto started = start_refresh(request, ports);
                    if (!started.ok()) return net::problem(started.error(), request.request_id);
                    return accepted(*started);
                  },
              .options = {.body_bytes_max = k_refresh_bytes_max}});
}

}  // namespace bl::ops
