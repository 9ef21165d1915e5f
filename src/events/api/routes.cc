#include "events/routes.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "events/api/answers.h"
#include "events/encode.h"

namespace bl::events {
namespace {

constexpr std::size_t k_answer_bytes_max = 256u << 20;
constexpr std::chrono::minutes k_deadline{2};
constexpr std::int64_t k_events_default = 1'000;
constexpr std::size_t k_list_default = 20;
constexpr std::int64_t k_list_max = 1'000;

}  // namespace

void RouteSet::add(Method method, const char* pattern, Access access, Answer answer) {
  router_.add({.method = method,
               .pattern = pattern,
               .access = access,
               .handler =
                   [ports = ports_, answer](Request& request) {
                     const auto log = ports.log();
                     if (!log.ok()) return net::problem(log.error(), request.request_id);
                     auto made = answer({request, ports, **log});
                     if (!made.ok()) return net::problem(made.error(), request.request_id);
                     return std::move(made).value();
                   },
               .options = {.body_bytes_max = ports_.append_bytes_max, .deadline = k_deadline}});
}

void RouteSet::refuse(const char* pattern, const char* what) {
  router_.add({.method = Method::post,
               .pattern = pattern,
               .access = Access::write,
               .handler = [what](Request& request) {
                 return net::problem({Code::unsupported, std::string("not supported: ") + what},
                                     request.request_id);
               }});
}

Paging paging_of(net::QueryFields& fields) {
  Paging paging;
  paging.limit =
      static_cast<std::size_t>(fields.integer("limit", 1, k_list_max).value_or(k_list_default));
  paging.offset = static_cast<std::size_t>(
      fields.integer("offset", 0, std::numeric_limits<std::int64_t>::max()).value_or(0));
  return paging;
}

Slice slice_of(net::QueryFields& fields) {
  Slice slice;
  slice.since = fields.integer("since", std::numeric_limits<std::int64_t>::min(),
                               std::numeric_limits<std::int64_t>::max());
  slice.limit = static_cast<std::size_t>(
      fields.integer("limit", 1, Slice::k_events_max).value_or(k_events_default));
  return slice;
}

void write_events(json::Writer& writer, const Events& events) {
  writer.key("events").begin_array();
  for (const BuildEvent& event : events.events) encode_event(writer, event);
  writer.end_array().member("has_more", events.has_more);
}

Result<std::string> build_id_of(const Request& request) {
  std::string id = request.capture("id");
  for (char& c : id) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (!is_uuid(id)) return Error{Code::invalid, "the id in the path is no UUID: " + id};
  return id;
}

std::int64_t now_after(const RoutePorts& ports, std::int64_t after) {
  return std::max(ports.clock.now().micros * 1'000, after + 1);
}

std::string uuid_of(std::string hex) {
  for (const std::size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, 1, '-');
  return hex;
}

std::string new_uuid(const RoutePorts& ports) {
  return uuid_of(ports.ids.next());
}

Result<Appended> append(const Call& call, std::span<const BuildEvent> events) {
  // A build belongs to no repository of results.
  BL_RETURN_IF_ERROR(call.request.principal.demand_repository(""));
  BL_TRY(const Appended appended, call.log.append(events));
  call.ports.tails.wake();
  return appended;
}

Result<Response> answer_json(int status, std::string body) {
  if (body.size() > k_answer_bytes_max) {
    return Error{Code::too_large,
                 fmt::format("the answer is larger than {} bytes, ask for less with ?limit: {}",
                             k_answer_bytes_max, body.size())};
  }
  Response response = Response::json(status, std::move(body));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

void add_routes(net::Router& router, const RoutePorts& ports) {
  RouteSet routes(router, ports);
  add_build_routes(routes);
  add_partition_routes(routes);
  add_event_routes(routes);
  routes.refuse("/api/v1/analyze", "the analysis of a build graph: benchlake runs no builds");
  routes.refuse("/api/v1/execute", "the execution of jobs: benchlake runs no builds");
}

}  // namespace bl::events
