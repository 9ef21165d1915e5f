#include "results/read_routes.h"

#include "base/json.h"
#include "net/query_fields.h"
#include "results/reads/encode.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::QueryFields;
using net::Request;
using net::Response;

constexpr std::size_t k_body_bytes_max = 16u << 10;
constexpr std::int64_t k_count = 100;
constexpr std::int64_t k_count_max = 1'000;

Result<std::string> get_reads(const Request& request, const ReadRoutePorts& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  std::vector<reads::PortReport> reports;
  const auto states = ports.router == nullptr ? std::vector<ReadState>() : ports.router->states();
  for (const ReadPort port : k_read_ports) {
    reads::PortReport report{.state = {.port = port}};
    for (const ReadState& state : states) {
      if (state.port == port) report.state = state;
    }
    BL_TRY(report.standing, ports.evidence.standing(port));
    reports.push_back(std::move(report));
  }
  return reads::encode_reads(reports, ports.router != nullptr,
                             ports.is_unproven && ports.is_unproven());
}

Result<std::string> list_mismatches(const Request& request, const ReadRoutePorts& ports) {
  QueryFields query(request);
  const auto name = query.text("port");
  const auto count = query.integer("count", 1, k_count_max).value_or(k_count);
  BL_RETURN_IF_ERROR(query.finish());
  std::optional<ReadPort> port;
  if (name) {
    port = read_port_of(*name);
    if (!port) {
      json::Faults faults;
      faults.add_text("?port", "must be history, compare, health or runs", *name);
      return faults.to_error("the query");
    }
  }
  BL_TRY(const auto found, ports.evidence.mismatches(port, static_cast<int>(count)));
  return reads::encode_mismatches(found);
}

Result<std::string> get_mismatch(const Request& request, const ReadRoutePorts& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(const ReadMismatch mismatch, ports.evidence.mismatch(request.capture("id")));
  return reads::encode_mismatch(mismatch);
}

Result<std::string> replay(const Request& request, const ReadRoutePorts& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(const ReadMismatch mismatch, ports.evidence.mismatch(request.capture("id")));
  if (ports.router == nullptr) {
    return Error{Code::unsupported, "this server has no replica of results to ask"};
  }
  BL_TRY(const ReadReplay replay, ports.router->replay(mismatch));
  BL_RETURN_IF_ERROR(ports.evidence.note_replay(mismatch.id, replay.is_equal));
  return reads::encode_replay(replay);
}

Result<std::string> explain(const Request& request, const ReadRoutePorts& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(const json::Value document, json::parse(request.body));
  json::Faults faults;
  std::string explanation;
  if (!document.is_object()) faults.add("", "must be an object", &document);
  for (const auto& [key, value] : document.is_object() ? document.members() : json::Object()) {
    if (key != "explanation") {
      faults.add(json::pointer_append("", key), "unknown field", &value);
    } else if (!value.is_string() || value.as_string().find('\0') != std::string::npos) {
      faults.add("/explanation", "must be a string without U+0000", &value);
    } else {
      explanation = value.as_string();
    }
  }
  const std::size_t bytes_max = ReadEvidenceLimits().explanation_bytes_max;
  if (faults.ok() && (explanation.empty() || explanation.size() > bytes_max)) {
    faults.add("/explanation", "must have 1 to " + std::to_string(bytes_max) + " bytes");
  }
  if (!faults.ok()) return faults.to_error("the explanation");
  const std::string id = request.capture("id");
  BL_RETURN_IF_ERROR(
      ports.evidence.explain(id, explanation, request.principal.id, request.principal.name));
  BL_TRY(const ReadMismatch mismatch, ports.evidence.mismatch(id));
  return reads::encode_mismatch(mismatch);
}

}  // namespace

void add_read_routes(net::Router& router, const ReadRoutePorts& ports) {
  const auto add = [&](Method method, const char* pattern,
                       Result<std::string> (*work)(const Request&, const ReadRoutePorts&)) {
    router.add({.method = method,
                .pattern = pattern,
                .access = Access::admin,
                .handler =
                    [work, ports](Request& request) {
                      const auto body = work(request, ports);
                      if (!body.ok()) return net::problem(body.error(), request.request_id);
                      return Response::json(200, *body);
                    },
                .options = {.body_bytes_max = k_body_bytes_max}});
  };
  add(Method::get, "/api/v1/reads", get_reads);
  add(Method::get, "/api/v1/reads/mismatches", list_mismatches);
  add(Method::get, "/api/v1/reads/mismatches/{id}", get_mismatch);
  add(Method::post, "/api/v1/reads/mismatches/{id}/replay", replay);
  add(Method::put, "/api/v1/reads/mismatches/{id}/explanation", explain);
}

}  // namespace bl::results
