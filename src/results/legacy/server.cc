#include "results/legacy_server.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "results/legacy/csv.h"
#include "results/legacy/json.h"
#include "results/legacy/wire.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;
using namespace legacy;

// Ping ---------------------------------------------------------------------------------------

// `Fri, 20 Nov 2026 17:14:55 UTC`
std::string ping_date(Timestamp now) {
  constexpr std::array k_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = now.micros / 1'000'000;
  std::tm at{};
  gmtime_r(&seconds, &at);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d UTC",
                k_days[static_cast<std::size_t>(at.tm_wday)], at.tm_mday,
                k_months[static_cast<std::size_t>(at.tm_mon)], at.tm_year + 1900, at.tm_hour,
                at.tm_min, at.tm_sec);
  return text.data();
}

Response ping(const LegacyServerPorts& ports) {
  const auto revision = ports.schema_revision();
  return Response::json(
      200, sorted_text(object_of(
               {{"alembic_version", text_of(revision.ok() ? std::string_view(*revision) : "err")},
                {"commit", text_of(ports.results.version)},
                {"date", text_of(ping_date(ports.clock.now()))}})));
}

// Histories as files -------------------------------------------------------------------------

Response download_history(const Request& request, const Ports& ports, const Clock& clock) {
  const std::string& id = request.capture("benchmark_result_id");
  const auto result = ports.runs.result(id);
  if (!result.ok()) {
    return refuse(result.error().code == Code::not_found ? no_such_result(id) : result.error(),
                  request);
  }
  auto history = ports.history.history(result->history_fingerprint);
  if (!history.ok() && history.error().code == Code::not_found) history = History{};
  if (!history.ok()) return refuse(history.error(), request);
  const std::string url = request.origin() + request.path;
  Response response = Response::text(
      200, "text/csv; charset=utf-8",
      encode_history_csv(*result, *history, ports.mode, {url, ports.version, clock.now()}));
  response.headers.add("Content-Disposition",
                       "attachment; filename=\"" + csv_file_name(*result) + "\"");
  return response;
}

// Redirects ----------------------------------------------------------------------------------

Response redirect(int status, std::string location) {
  Response response;
  response.status = status;
  response.headers.add("Location", std::move(location));
  return response;
}

// The path as it came, with a slash, before the query.
std::string with_slash(const Request& request) {
  const std::string& target = request.raw_target;
  const std::size_t begin = std::min(target.find("/api/"), target.size());
  const std::size_t query = std::min(target.find('?', begin), target.size());
  return request.origin() + target.substr(begin, query - begin) + "/" + target.substr(query);
}

bool is_rest(std::string_view pattern) {
  return pattern.ends_with("...}");
}

// A path that the pattern matches.
std::string example_of(std::string_view pattern) {
  std::string path;
  bool inside = false;
  for (const char c : pattern) {
    if (c == '{') {
      inside = true;
      path += 'x';
    }
    if (!inside) path += c;
    if (c == '}') inside = false;
  }
  return path;
}

struct Missing {
  Method method;
  std::string pattern;
  bool has_others;  // the new dialect has the path, for other methods
};

// What the path leads to when nobody knows it with that method.
std::optional<Missing> missing_at(const net::Router& router, Method method, std::string pattern) {
  const auto match = router.find(method, example_of(pattern));
  if (match.route != nullptr && !is_rest(match.route->pattern)) return std::nullopt;
  return Missing{method, std::move(pattern), !match.allowed.empty()};
}

// Test aids ----------------------------------------------------------------------------------

void add_test_aids(net::Router& router, const std::function<Result<void>()>& wipe) {
  const auto aid = [&](const char* pattern, net::Handler handler) {
    router.add({.method = Method::get,
                .pattern = pattern,
                .access = Access::open,
                .handler = std::move(handler),
                .options = {.in_openapi = false}});
  };
  aid("/api/wipe-db", [wipe](Request& request) {
    const auto wiped = wipe();
    if (!wiped.ok()) return refuse(wiped.error(), request);
    return Response::json(200, R"({"description":"the results tables are empty"})");
  });
  aid("/api/raise-httperr", [](Request& request) {
    return error_answer(500, Error(Code::internal, "an error that was asked for"),
                        request.request_id);
  });
  aid("/api/raise-unexpected", [](Request&) -> Response {
    return Response::text(500, "text/plain; charset=utf-8",
                          "unexpected exception, please report this: it was asked for\n");
  });
}

}  // namespace

void add_legacy_server_routes(net::Router& router, const LegacyServerPorts& ports) {
  const auto open = [&](const char* pattern, net::Handler handler, net::RouteOptions options = {}) {
    router.add({.method = Method::get,
                .pattern = pattern,
                .access = Access::open,
                .handler = std::move(handler),
                .options = options});
  };
  open("/api/ping/", [ports](Request&) { return ping(ports); });
  router.add({.method = Method::get,
              .pattern = "/api/history/download/{benchmark_result_id}/",
              .access = Access::read,
              .handler = [ports](Request& request) {
                return download_history(request, ports.results, ports.clock);
              }});
  const net::RouteOptions undescribed{.in_openapi = false};
  open(
      "/robots.txt",
      [](Request&) {
        return Response::text(200, "text/plain; charset=utf-8", "User-agent: *\nDisallow: /\n");
      },
      undescribed);
  for (const char* pattern : {"/api/docs/", "/api/redoc"}) {
    open(
        pattern, [](Request& request) { return redirect(302, request.origin() + "/docs"); },
        undescribed);
  }
  if (ports.wipe) add_test_aids(router, ports.wipe);
}

void add_slash_redirects(net::Router& router) {
  std::vector<Missing> missing;
  for (const auto& route : router.routes()) {
    const std::string& pattern = route->pattern;
    if (!pattern.starts_with("/api/") || !pattern.ends_with('/') || pattern == "/api/") continue;
    auto found = missing_at(router, route->method, pattern.substr(0, pattern.size() - 1));
    if (found) missing.push_back(*std::move(found));
  }
  for (auto& [method, pattern, has_others] : missing) {
    // Beside described methods it is described as well: who asks which there are gets it named.
    router.add({.method = method,
                .pattern = std::move(pattern),
                .access = Access::open,
                .handler = [](Request& request) { return redirect(308, with_slash(request)); },
                .options = {.in_openapi = has_others}});
  }
}

}  // namespace bl::results
