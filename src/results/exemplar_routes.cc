#include "results/exemplar_routes.h"

#include "net/query_fields.h"
#include "results/cursor.h"
#include "results/routes.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;
using Body = Result<std::string>;

constexpr std::string_view k_list = "trace_results";

void write_stored(json::Writer& writer, const std::vector<StoredExemplar>& exemplars) {
  writer.key("exemplars").begin_array();
  for (const StoredExemplar& one : exemplars) {
    writer.begin_object();
    write_exemplar_members(writer, one);
    writer.member("created_at", to_rfc3339(one.created_at)).end_object();
  }
  writer.end_array();
}

Body links_of(std::string_view id, Exemplars& exemplars) {
  BL_TRY(const auto found, exemplars.of_result(id));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("result_id", id);
  write_stored(writer, found);
  writer.end_object();
  return body;
}

Body show(const Request& request, Exemplars& exemplars) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  return links_of(request.capture("id"), exemplars);
}

/// The result's id, when who asks may change it.
Result<std::string> result_to_change(const Request& request, Exemplars& exemplars) {
  const std::string& id = request.capture("id");
  BL_TRY(const std::string repository, exemplars.repository_of(id));
  BL_RETURN_IF_ERROR(request.principal.demand_repository(repository));
  return id;
}

Body link(const Request& request, Exemplars& exemplars) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const std::string id, result_to_change(request, exemplars));
  const std::string_view type = request.headers.get("Content-Type");
  if (!is_json(type)) {
    return Error{Code::unsupported_media, "links are application/json, not: " + std::string(type)};
  }
  BL_TRY(const auto links, decode_exemplars(request.body));
  BL_RETURN_IF_ERROR(exemplars.link(id, links, {request.principal.id, request.principal.name}));
  return links_of(id, exemplars);
}

Body unlink(const Request& request, Exemplars& exemplars) {
  net::QueryFields query(request);
  ExemplarSelection selection;
  const std::string trace = query.required_text("trace_id");
  const auto trace_id = TraceId::from_text(trace);
  if (!trace.empty() && !trace_id) query.fault("trace_id", "not 1 to 32 hex digits", trace);
  selection.trace_id = trace_id.value_or(TraceId{});
  if (const auto role =
          query.choice("role", {"slowest", "median", "fastest", "outlier", "manual"})) {
    selection.role = static_cast<ExemplarRole>(*role);
  }
  selection.sample_no = query.integer("sample_no", 0, std::numeric_limits<std::int32_t>::max());
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const std::string id, result_to_change(request, exemplars));
  BL_RETURN_IF_ERROR(
      exemplars.unlink(id, selection, {request.principal.id, request.principal.name}));
  return std::string();
}

Body results_of(const Request& request, Exemplars& exemplars) {
  const std::string& text = request.capture("id");
  const auto trace = TraceId::from_text(text);
  if (!trace) return Error{Code::invalid, "no trace id, 1 to 32 hex digits: " + text};
  net::QueryFields query(request);
  const auto count = static_cast<int>(query.integer("page_size", 1, 1000).value_or(100));
  const auto before = cursor_of(query, k_list);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const NamingPage page, exemplars.results_of(*trace, before, count));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("trace_id", trace->hex()).key("results").begin_array();
  for (const NamingResult& result : page.results) {
    writer.begin_object()
        .member("result_id", result.result_id)
        .member("run_id", result.run_id)
        .member("repository", result.repository)
        .member("history_fingerprint", result.history_fingerprint)
        .member("name", result.name)
        .member("timestamp", to_rfc3339(result.timestamp));
    write_stored(writer, result.exemplars);
    writer.end_object();
  }
  writer.end_array().key("next_page_cursor");
  if (page.next) {
    writer.value(make_cursor(k_list, *page.next));
  } else {
    writer.null();
  }
  writer.end_object();
  return body;
}

}  // namespace

void add_exemplar_routes(net::Router& router, Exemplars& exemplars) {
  const auto add = [&](Method method, const char* pattern, Access access,
                       Body (*answer)(const Request&, Exemplars&)) {
    router.add({.method = method,
                .pattern = pattern,
                .access = access,
                .handler =
                    [&exemplars, answer](Request& request) {
                      Body body = answer(request, exemplars);
                      if (!body.ok()) return net::problem(body.error(), request.request_id);
                      if (body->empty()) return Response::no_content();
                      return Response::json(200, *std::move(body));
                    },
                .options = {.body_bytes_max = 1u << 20}});
  };
  constexpr const char* k_of_result = "/api/v1/results/{id}/traces";
  add(Method::get, k_of_result, Access::read, show);
  add(Method::post, k_of_result, Access::write, link);
  add(Method::del, k_of_result, Access::write, unlink);
  add(Method::get, "/api/v1/traces/{id}/results", Access::read, results_of);
}

}  // namespace bl::results
