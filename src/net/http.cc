#include "net/http.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/utf8.h"
#include "net/retry_after.h"
#include "net/status.h"

namespace bl::net {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// A fault keeps its value as JSON text, which may have been shortened into something that is none.
void append_fault_value(json::Writer& writer, const std::string& text) {
  if (json::parse(text)) {
    writer.raw(text);
  } else {
    writer.value(valid_utf8(text));
  }
}

}  // namespace

bool equal_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

const char* name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::trace:
      return "TRACE";
    case Method::query:
      return "QUERY";
  }
  return "";
}

std::optional<Method> parse_method(std::string_view text) {
  for (Method method : k_methods) {
    if (text == name_of(method)) return method;
  }
  return std::nullopt;
}

Result<void> Principal::demand_repository(std::string_view wanted) const {
  if (repository.empty() || repository == wanted) return {};
  return Error(Code::forbidden,
               "this token may write to " + repository + " alone, not to " + std::string(wanted));
}

const char* name_of(Role role) {
  switch (role) {
    case Role::anonymous:
      return "anonymous";
    case Role::reader:
      return "reader";
    case Role::writer:
      return "writer";
    case Role::admin:
      return "admin";
  }
  return "";
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const auto& field) { return equal_without_case(field.first, name); });
}

const std::string* Headers::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equal_without_case(key, name)) return &value;
  }
  return nullptr;
}

std::string_view Headers::get(std::string_view name) const {
  const std::string* value = find(name);
  return value ? std::string_view(*value) : std::string_view();
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : fields_) {
    if (equal_without_case(key, name)) values.emplace_back(value);
  }
  return values;
}

const std::string* Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

const std::string& Request::capture(std::string_view name) const {
  for (const auto& [key, value] : captures) {
    if (key == name) return value;
  }
  BL_CHECK(!"the route's pattern has this capture");
  std::abort();
}

std::string Request::origin() const {
  std::string_view host = headers.get("Host");
  return (secure ? "https://" : "http://") + std::string(host.empty() ? "localhost" : host);
}

bool is_known_to_client(const Request& request, std::string_view tag) {
  const auto opaque = [](std::string_view text) {
    if (text.starts_with("W/")) text.remove_prefix(2);
    return text;
  };
  for (std::string_view field : request.headers.all("If-None-Match")) {
    while (!field.empty()) {
      const std::size_t comma = std::min(field.find(','), field.size());
      std::string_view one = field.substr(0, comma);
      field.remove_prefix(std::min(comma + 1, field.size()));
      while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
      while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
      if (one == "*" || opaque(one) == opaque(tag)) return true;
    }
  }
  return false;
}

Response Response::json(int status, std::string body) {
  return text(status, "application/json", std::move(body));
}

Response Response::text(int status, std::string_view content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::string(content_type));
  response.body = std::move(body);
  return response;
}

Response Response::no_content() {
  Response response;
  response.status = 204;
  return response;
}

int http_status(Code code) {
  switch (code) {
    case Code::malformed:
      return 400;
    case Code::invalid:
      return 422;
    case Code::unauthenticated:
      return 401;
    case Code::forbidden:
      return 403;
    case Code::not_found:
      return 404;
    case Code::method_not_allowed:
      return 405;
    case Code::conflict:
      return 409;
    case Code::too_large:
      return 413;
    case Code::unsupported_media:
      return 415;
    case Code::too_many:
      return 429;
    case Code::cancelled:
      return 499;
    case Code::internal:
    case Code::io:
    case Code::corrupt:
      return 500;
    case Code::unsupported:
      return 501;
    case Code::unavailable:
    case Code::overloaded:
    case Code::outcome_unknown:
      return 503;
    case Code::timeout:
      return 504;
    case Code::disk_full:
      return 507;
  }
  return 500;
}

Response problem(const Error& error, std::string_view request_id) {
  return problem(http_status(error.code), error, request_id);
}

Response problem(int status, const Error& error, std::string_view request_id) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.member("type", "about:blank");
  writer.member("title", reason_phrase(status));
  writer.member("status", status);
  // A sentence ends with what the client sent, in a path or a header perhaps bytes that are no
  // text.
  writer.member("detail", valid_utf8(error.message));
  writer.member("code", name_of(error.code));
  writer.member("request_id", request_id);
  if (!error.faults.empty()) {
    writer.key("errors").begin_array();
    for (const Fault& fault : error.faults) {
      writer.begin_object();
      writer.member("location", valid_utf8(fault.path));
      writer.member("message", valid_utf8(fault.message));
      if (!fault.value.empty()) {
        writer.key("value");
        append_fault_value(writer, fault.value);
      }
      writer.end_object();
    }
    writer.end_array();
  }
  writer.end_object();
  Response response = Response::text(status, "application/problem+json", std::move(body));
  if (const auto seconds = retry_after_seconds(error.code)) {
    response.headers.set("Retry-After", std::to_string(*seconds));
  }
  if (status == 401) response.headers.set("WWW-Authenticate", "Bearer realm=\"benchlake\"");
  return response;
}

std::string_view reason_phrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr Phrase k_phrases[] = {
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {499, "Client Closed Request"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  };
  for (const Phrase& phrase : k_phrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "Unknown";
}

}  // namespace bl::net
