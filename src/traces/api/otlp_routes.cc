#include <fmt/format.h>

#include <algorithm>

#include "base/compression.h"
#include "net/grpc.h"
#include "net/retry_after.h"
#include "traces/routes.h"

/// OTLP over HTTP. Answers and errors stand in the request's encoding; what an exporter may send
/// again is 503 with Retry-After, all else it drops.
namespace bl::traces {
namespace {

using net::Request;
using net::Response;

constexpr const char* k_path = "/v1/traces";
constexpr const char* k_protobuf = "application/x-protobuf";
constexpr const char* k_json = "application/json";
constexpr std::chrono::minutes k_deadline{1};
/// What is inflated in one step: a bomb gives a thousand times as much.
constexpr std::size_t k_inflate_step = 4 << 10;

std::optional<OtlpWire> wire_of(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  if (net::equal_without_case(type, k_protobuf)) return OtlpWire::protobuf;
  if (net::equal_without_case(type, k_json)) return OtlpWire::json;
  return std::nullopt;
}

/// Exporters act on the status alone, and know fewer than we do.
int status_for_exporters(int status) {
  if (status == 422) return 400;
  if (status == 499 || status == 504 || status == 507) return 503;
  return status;
}

Response error_answer(int status, const Error& error, std::string_view request_id,
                      std::string_view content_type) {
  Response response = net::problem(error, request_id);  // for its headers
  response.status = status_for_exporters(status);
  const OtlpWire wire = wire_of(content_type).value_or(OtlpWire::json);
  const int code = net::grpc_status(error.code);
  const auto retry = net::retry_after_seconds(error.code);
  response.headers.set("Content-Type", wire == OtlpWire::json ? k_json : k_protobuf);
  response.body = wire == OtlpWire::json ? encode_status_json(error, code, retry)
                                         : encode_status_protobuf(error, code, retry);
  if (retry) {
    response.headers.set("Retry-After", std::to_string(*retry));
  } else if (response.status == 503) {
    response.headers.set("Retry-After",
                         std::to_string(*net::retry_after_seconds(Code::unavailable)));
  }
  return response;
}

/// Undoes the coding step by step, each within what all requests together may take.
Result<std::string> inflate(Request& request, Encoding encoding, Intake::Place& place,
                            std::size_t bytes_max) {
  const auto decompressor = Decompressor::make(encoding, bytes_max);
  const std::size_t coded = request.body.size();
  std::string body;
  for (std::size_t at = 0; at < coded; at += k_inflate_step) {
    BL_RETURN_IF_ERROR(
        decompressor->feed(std::string_view(request.body).substr(at, k_inflate_step), body));
    BL_RETURN_IF_ERROR(place.grow_to(coded + body.size()));
  }
  if (coded > 0) BL_RETURN_IF_ERROR(decompressor->finish());
  request.body = std::string();
  return body;
}

Result<Response> take(Request& request, Intake& intake) {
  const std::string_view type = request.headers.get("Content-Type");
  const auto wire = wire_of(type);
  if (!wire) {
    return Error{Code::unsupported_media,
                 fmt::format("the body must be {} or {}: '{}'", k_protobuf, k_json, type)};
  }
  // Spans belong to no repository of results.
  BL_RETURN_IF_ERROR(request.principal.demand_repository(""));
  BL_TRY(const Encoding encoding, parse_encoding(request.headers.get("Content-Encoding")));
  Intake::Place place = intake.begin();
  BL_RETURN_IF_ERROR(place.grow_to(request.body.size()));
  std::string inflated;
  if (encoding != Encoding::identity) {
    BL_TRY(inflated, inflate(request, encoding, place, intake.limits().spans.request_bytes_max));
  }
  const std::string& body = encoding == Encoding::identity ? request.body : inflated;
  BL_TRY(const PartialSuccess answer, intake.take(place, body, *wire));
  return *wire == OtlpWire::json
             ? Response::json(200, encode_response_json(answer))
             : Response::text(200, k_protobuf, encode_response_protobuf(answer));
}

/// The page that asks, when it may.
const std::string* allowed_origin(const Request& request, const std::vector<std::string>& origins) {
  const std::string* origin = request.headers.find("Origin");
  if (origin == nullptr) return nullptr;
  const bool is_allowed = std::any_of(origins.begin(), origins.end(), [&](const std::string& one) {
    return one == "*" || one == *origin;
  });
  return is_allowed ? origin : nullptr;
}

void allow(Response& response, const std::string* origin) {
  response.headers.add("Vary", "Origin");
  if (origin == nullptr) return;
  response.headers.set("Access-Control-Allow-Origin", *origin);
  response.headers.set("Access-Control-Expose-Headers", "Retry-After");
}

Response preflight(const Request& request, const std::vector<std::string>& origins) {
  Response response = Response::no_content();
  const std::string* origin = allowed_origin(request, origins);
  allow(response, origin);
  if (origin == nullptr) return response;
  response.headers.set("Access-Control-Allow-Methods", "POST");
  response.headers.set("Access-Control-Allow-Headers",
                       "Authorization, Content-Type, Content-Encoding");
  response.headers.set("Access-Control-Max-Age", "7200");
  return response;
}

}  // namespace

void add_otlp_routes(net::Router& router, Intake& intake, const OtlpRouteOptions& options) {
  const std::vector<std::string> origins = options.cors_origins;
  router.add({.method = net::Method::post,
              .pattern = k_path,
              .access = options.is_open ? net::Access::open : net::Access::write,
              .handler =
                  [&intake, origins](Request& request) {
                    auto taken = take(request, intake);
                    const int status = taken.ok() ? 200 : net::http_status(taken.error().code);
                    Response response =
                        taken.ok() ? std::move(taken).value()
                                   : error_answer(status, taken.error(), request.request_id,
                                                  request.headers.get("Content-Type"));
                    if (!origins.empty()) allow(response, allowed_origin(request, origins));
                    return response;
                  },
              .options = {.body_bytes_max = intake.limits().spans.request_bytes_max,
                          .deadline = k_deadline,
                          .coded_body = true}});
  router.add_error_shape({.applies = [](std::string_view path) { return path.starts_with("/v1/"); },
                          .render = error_answer});
  if (origins.empty()) return;
  router.add({.method = net::Method::options,
              .pattern = k_path,
              .access = net::Access::open,
              .handler = [origins](Request& request) { return preflight(request, origins); },
              .options = {.in_openapi = false}});
}

}  // namespace bl::traces
