#include "app/site.h"

#include "embedded/openapi.h"
#include "embedded/web.h"
#include "net/embedded.h"

namespace bl::app {
namespace {

constexpr std::string_view k_metrics_type = "text/plain; version=0.0.4; charset=utf-8";

/// Paths of the APIs: what is not there is a 404 in the shape of its dialect, never the page.
bool is_api_path(std::string_view path) {
  for (const std::string_view prefix :
       {"/api", "/v1", "/jaeger", "/tempo", "/bigquery", "/upload", "/mcp"}) {
    if (path == prefix || (path.starts_with(prefix) && path[prefix.size()] == '/')) return true;
  }
  return false;
}

net::Response not_found(const net::Router& router, const net::Request& request) {
  const Error error(Code::not_found, "there is nothing at " + request.path);
  return router.error_answer(request.path, 404, error, request.request_id);
}

/// A file of the page, or for any other path the page itself, which shows the view that the path
/// names.
net::Response page(const net::Router& router, const net::Request& request) {
  if (is_api_path(request.path)) return not_found(router, request);
  if (const auto* file = net::find(embedded::web(), request.path))
    return net::respond(*file, request);
  if (request.path.starts_with("/assets/")) return not_found(router, request);
  const auto* index = net::find(embedded::web(), "/index.html");
  BL_CHECK(index != nullptr);  // the build embeds the page or fails
  return net::respond(*index, request);
}

void add_file_route(net::Router& router, const net::EmbeddedFile& file) {
  router.add({.method = net::Method::get,
              .pattern = std::string(file.path),
              .access = net::Access::open,
              .handler = [&file](net::Request& request) { return net::respond(file, request); }});
}

net::Response readiness(const SitePorts& ports, const net::Request& request) {
  if (!ports.ready)
    return net::problem(Error{Code::unavailable, "starting or stopping"}, request.request_id);
  if (const auto probe = ports.probe_store(); !probe.ok()) {
    Error error = probe.error();
    error.code = Code::unavailable;
    return net::problem(error, request.request_id);
  }
  return net::Response::json(200, R"({"status":"ready"})");
}

}  // namespace

void add_site_routes(net::Router& router, SitePorts ports) {
  using net::Access;
  using net::Method;
  router.add(
      {.method = Method::get,
       .pattern = "/healthz",
       .access = Access::open,
       .handler = [](net::Request&) { return net::Response::json(200, R"({"status":"ok"})"); }});
  router.add({.method = Method::get,
              .pattern = "/readyz",
              .access = Access::open,
              .handler = [ports](net::Request& request) { return readiness(ports, request); }});
  router.add({.method = Method::get,
              .pattern = "/metrics",
              .access = Access::open,
              .handler = [&metrics = ports.metrics](net::Request&) {
                return net::Response::text(200, k_metrics_type, metrics.text());
              }});
  for (const net::EmbeddedFile& file : embedded::openapi()) add_file_route(router, file);
  net::RouteOptions of_the_page;
  of_the_page.in_openapi = false;
  for (const char* pattern : {"/", "/{rest...}"}) {
    router.add({.method = Method::get,
                .pattern = pattern,
                .access = Access::open,
                .handler = [&router](net::Request& request) { return page(router, request); },
                .options = of_the_page});
  }
}

}  // namespace bl::app
