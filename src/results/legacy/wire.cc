#include "results/legacy/wire.h"

#include "base/numbers.h"
#include "results/legacy_encode.h"

namespace bl::results::legacy {

net::Response error_answer(int status, const Error& error, std::string_view request_id) {
  net::Response response = net::problem(error, request_id);  // for its headers
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body = encode_legacy_error(status, error);
  return response;
}

net::Response refuse(const Error& error, const net::Request& request) {
  const int status = error.code == Code::invalid ? 400 : net::http_status(error.code);
  return error_answer(status, error, request.request_id);
}

net::Response answer(Body body, const net::Request& request) {
  if (!body.ok()) return refuse(body.error(), request);
  return net::Response::json(200, *std::move(body));
}

Error bad_request(std::string message) {
  return {Code::invalid, message, {{"/_errors", message, ""}}};
}

Error not_understood() {
  return {Code::malformed,
          "The browser (or proxy) sent a request that this server could not understand."};
}

Error no_such_result(std::string_view id) {
  return {Code::not_found,
          std::string("no benchmark result found with ID: '").append(id).append("'")};
}

Error no_such_run(std::string_view run_id) {
  return {Code::not_found,
          std::string("no benchmark results found for run ID: '").append(run_id).append("'")};
}

std::optional<std::string> text_of(const net::Request& request, std::string_view name) {
  const std::string* value = request.query_value(name);
  if (value == nullptr || value->empty()) return std::nullopt;
  return *value;
}

Result<int> page_size_of(const net::Request& request) {
  const std::string* text = request.query_value("page_size");
  if (text == nullptr) return 100;
  const auto size = parse_int64(*text);
  if (size && *size >= 1 && *size <= 1000) return static_cast<int>(*size);
  return bad_request("page_size must be a positive integer no greater than 1000");
}

std::optional<std::string> cursor_of(const net::Request& request) {
  auto cursor = text_of(request, "cursor");
  if (cursor == "null") cursor.reset();
  return cursor;
}

Result<double> number_of(const net::Request& request, std::string_view name, double otherwise) {
  const auto text = text_of(request, name);
  if (!text) return otherwise;
  if (const auto number = parse_double(*text)) return *number;
  return bad_request(std::string(name).append(" must be a number: ").append(*text));
}

Result<IdPair> pair_of(const std::string& segment) {
  constexpr std::string_view k_between = "...";
  const std::size_t at = segment.find(k_between);
  if (at == std::string::npos) {
    return Error{Code::not_found, "last URL path segment must be of pattern <id>...<id>"};
  }
  IdPair pair{segment.substr(0, at), segment.substr(at + k_between.size())};
  if (pair.baseline.empty()) return Error{Code::not_found, "empty baseline ID"};
  if (pair.contender.empty()) return Error{Code::not_found, "empty contender ID"};
  return pair;
}

void add_get(net::Router& router, std::string pattern,
             std::function<Body(const net::Request&)> read) {
  router.add({.method = net::Method::get,
              .pattern = std::move(pattern),
              .access = net::Access::read,
              .handler = [read = std::move(read)](net::Request& request) {
                return answer(read(request), request);
              }});
}

}  // namespace bl::results::legacy
