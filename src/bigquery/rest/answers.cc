#include "bigquery/rest/answers.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/numbers.h"
#include "bigquery/rest/state.h"

namespace bl::bigquery::rest {
namespace {

constexpr std::chrono::seconds k_deadline{120};

std::string_view canonical_name(int status) {
  switch (status) {
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 409:
      return "ALREADY_EXISTS";
    case 412:
      return "FAILED_PRECONDITION";
    case 500:
      return "INTERNAL";
    case 503:
      return "UNAVAILABLE";
    default:
      return "INVALID_ARGUMENT";
  }
}

Error bad_member(std::string_view name, std::string_view what) {
  return {Code::invalid, fmt::format("Invalid value for {}: {}", name, what)};
}

}  // namespace

Reason reason_of(const Error& error) {
  switch (error.code) {
    case Code::malformed:
      return {400, "parseError"};
    case Code::invalid:
    case Code::unsupported:
    case Code::unsupported_media:
      return {400, "invalid"};
    case Code::method_not_allowed:
      return {405, "httpMethodNotAllowed"};
    case Code::unauthenticated:
      return {401, "authError"};
    case Code::forbidden:
      return {403, "accessDenied"};
    case Code::not_found:
      return {404, "notFound"};
    case Code::conflict:
      if (error.message.starts_with("Already Exists")) return {409, "duplicate"};
      return {503, "backendError"};  // of the store or the lake: it may go well the next time
    case Code::too_large:
      return {413, "requestTooLarge"};
    case Code::too_many:
      return {403, "rateLimitExceeded"};
    case Code::cancelled:
      return {499, "stopped"};
    case Code::timeout:
    case Code::overloaded:
    case Code::unavailable:
    case Code::disk_full:
    case Code::outcome_unknown:
      return {503, "backendError"};
    case Code::internal:
    case Code::io:
    case Code::corrupt:
      return {500, "internalError"};
  }
  return {500, "internalError"};
}

Response refusal(const Reason& reason, std::string_view message) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("error").begin_object();
  writer.member("code", reason.status).member("message", message);
  writer.key("errors").begin_array().begin_object();
  writer.member("message", message).member("domain", "global").member("reason", reason.name);
  writer.end_object().end_array();
  writer.member("status", canonical_name(reason.status)).end_object().end_object();
  return Response::json(reason.status, std::move(body));
}

Response refusal(const Error& error) {
  return refusal(reason_of(error), error.message);
}

void add_error_shape(net::Router& router) {
  router.add_error_shape(
      {.applies =
           [](std::string_view path) {
             return path.starts_with("/bigquery/v2/") || path.starts_with("/projects/") ||
                    path.starts_with("/upload/bigquery/v2/") || path == "/projects" ||
                    path.starts_with("/discovery/v1/apis/bigquery/");
           },
       .render =
           [](int status, const Error& error, std::string_view request_id, std::string_view) {
             const Response headers = net::problem(error, request_id);
             Reason reason = reason_of(error);
             if (error.code != Code::too_many) reason.status = status;
             Response response = refusal(reason, error.message);
             for (const char* kept : {"Retry-After", "WWW-Authenticate"}) {
               const std::string* value = headers.headers.find(kept);
               if (value != nullptr) response.headers.set(kept, *value);
             }
             return response;
           }});
}

Response answer(std::string body) {
  Response response = Response::json(200, std::move(body));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<json::Value> body_object(const Request& request) {
  json::ParseLimits limits;
  limits.string_bytes_max = limits.bytes_max;
  auto body = json::parse(request.body, limits);
  if (!body.ok()) {
    return Error{Code::malformed, "Invalid JSON payload received. " + body.error().message};
  }
  if (!body->is_object()) return Error{Code::invalid, "the body is no JSON object"};
  return body;
}

const json::Value* member(const json::Value& object, std::string_view name) {
  const json::Value* found = object.find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

Result<std::string> text_member(const json::Value& object, std::string_view name) {
  const json::Value* found = member(object, name);
  if (found == nullptr) return std::string();
  if (!found->is_string()) return bad_member(name, json::to_text(*found));
  return found->as_string();
}

Result<std::optional<std::int64_t>> integer_member(const json::Value& object,
                                                   std::string_view name) {
  const json::Value* found = member(object, name);
  if (found == nullptr) return std::optional<std::int64_t>();
  std::optional<std::int64_t> number;
  if (found->is_number()) number = found->as_int64();
  if (found->is_string()) number = parse_int64(found->as_string());
  if (!number) return bad_member(name, json::to_text(*found));
  return number;
}

Result<bool> truth_member(const json::Value& object, std::string_view name) {
  const json::Value* found = member(object, name);
  if (found == nullptr) return false;
  if (found->is_bool()) return found->as_bool();
  if (found->is_string() && found->as_string() == "true") return true;
  if (found->is_string() && found->as_string() == "false") return false;
  return bad_member(name, json::to_text(*found));
}

Result<std::optional<std::int64_t>> integer_parameter(const Request& request,
                                                      std::string_view name) {
  const std::string* text = request.query_value(name);
  if (text == nullptr || text->empty()) return std::optional<std::int64_t>();
  const auto number = parse_int64(*text);
  if (!number || *number < 0) return bad_member(name, *text);
  return number;
}

bool truth_parameter(const Request& request, std::string_view name) {
  const std::string* text = request.query_value(name);
  return text != nullptr && (*text == "true" || *text == "True" || *text == "1");
}

Result<std::string> page_begin(const Request& request) {
  const std::string* token = request.query_value("pageToken");
  if (token == nullptr || token->empty()) return std::string();
  auto name = base64url_decode(*token);
  if (!name || name->empty()) return bad_member("pageToken", *token);
  return *std::move(name);
}

std::string page_token(std::string_view last_name) {
  return base64url(std::as_bytes(std::span(last_name)));
}

std::string etag_of(std::string_view what, std::int64_t version) {
  const auto hash = sha256(fmt::format("{} {}", what, version));
  return base64(std::span(hash).first(15));
}

Result<void> demand_match(const Request& request, const std::string& etag, bool& is_missed) {
  const std::string* wanted = request.headers.find("If-Match");
  if (wanted == nullptr || *wanted == "*" || *wanted == etag || *wanted == "\"" + etag + "\"") {
    return {};
  }
  is_missed = true;
  return Error{Code::conflict, "Precondition check failed."};
}

void RouteSet::add(Method method, const std::string& path, Answer answer, Access access) {
  for (const char* prefix : {"/bigquery/v2", ""}) {
    router_.add({.method = method,
                 .pattern = prefix + path,
                 .access = access,
                 .handler =
                     [state = state_, answer](Request& request) {
                       const auto parts = state->ports.parts();
                       if (!parts.ok()) return refusal(parts.error());
                       auto made = answer({request, *parts, *state});
                       if (!made.ok()) return refusal(made.error());
                       return *std::move(made);
                     },
                 .options = {.body_bytes_max = state_->limits.body_bytes_max,
                             .deadline = k_deadline,
                             .in_openapi = *prefix != '\0'}});
  }
}

}  // namespace bl::bigquery::rest
