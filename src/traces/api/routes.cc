#include "traces/routes.h"

#include <fmt/format.h>

#include "traces/api/answers.h"

namespace bl::traces {
namespace {

constexpr std::size_t k_answer_bytes_max = 256u << 20;
constexpr std::size_t k_body_bytes_max = 1u << 20;  ///< of questions
constexpr std::chrono::minutes k_deadline{2};

Response as_problem(const Error& error, const Request& request) {
  return net::problem(error, request.request_id);
}

}  // namespace

net::Handler RouteSet::handler_of(Answer answer) const {
  return [ports = ports_, answer, error_answer = error_answer_](Request& request) {
    const auto store = ports.store();
    if (!store.ok()) return error_answer(store.error(), request);
    auto made = answer({request, ports, **store});
    if (!made.ok()) return error_answer(made.error(), request);
    return std::move(made).value();
  };
}

void RouteSet::add(Method method, const char* pattern, Answer answer) {
  router_.add({.method = method,
               .pattern = pattern,
               .access = Access::read,
               .handler = handler_of(answer),
               .options = {.body_bytes_max = k_body_bytes_max, .deadline = k_deadline}});
}

void RouteSet::change(const char* pattern, Answer answer, net::RouteOptions options) {
  router_.add({.method = Method::post,
               .pattern = pattern,
               .access = Access::admin,
               .handler = handler_of(answer),
               .options = std::move(options)});
}

Result<TraceId> trace_id_of(const Request& request) {
  const std::string& text = request.capture("id");
  if (const auto id = TraceId::from_text(text)) return *id;
  return Error{Code::invalid, "the id in the path is no trace id, 1 to 32 hex digits: " + text};
}

Result<TraceAnswer> found_trace(TraceStore& store, const TraceQuery& query) {
  BL_TRY(TraceStore::Found found, store.trace(query));
  if (found.trace) return std::move(*found.trace);
  return Error{Code::not_found, "there is no such trace: " + query.id.hex()};
}

Result<TraceAnswer> whole_trace(TraceStore& store, TraceQuery query) {
  query.spans_max = k_whole_spans_max;
  BL_TRY(TraceAnswer answer, found_trace(store, query));
  if (answer.has_more && answer.partial_reason.empty()) {
    answer.partial_reason =
        fmt::format("only the first {} of its spans are looked at", k_whole_spans_max);
  }
  return answer;
}

Result<Response> answer_json(std::string body) {
  if (body.size() > k_answer_bytes_max) {
    return Error{Code::too_large,
                 fmt::format("the answer is larger than {} bytes, ask for less with ?limit: {}",
                             k_answer_bytes_max, body.size())};
  }
  Response response = Response::json(200, std::move(body));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

void add_routes(net::Router& router, const RoutePorts& ports) {
  RouteSet own(router, ports, as_problem);
  add_trace_routes(own);
  add_search_routes(own);
  add_list_routes(own);
  add_waterfall_routes(own);
  add_set_routes(own);
  add_diff_route(own);
  add_expiry_route(own);
  add_jaeger_routes(router, ports);
  add_jaeger_v3_routes(router, ports);
  add_tempo_routes(router, ports);
}

}  // namespace bl::traces
