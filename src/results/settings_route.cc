#include "results/settings_route.h"

#include "base/json.h"
#include "net/query_fields.h"
#include "results/units.h"

namespace bl::results {
namespace {

std::string encode_settings(const ResultSettings& settings) {
  std::string text;
  json::Writer out(text);
  out.begin_object().key("units").begin_array();
  for (const Unit& unit : known_units()) {
    out.begin_object()
        .member("symbol", unit.symbol)
        .member("long_name", unit.long_name)
        .member("less_is_better", unit.direction == verdict::Direction::less_is_better)
        .member("built_in", is_built_in(unit.symbol))
        .end_object();
  }
  out.end_array().key("hardware_keys").begin_array();
  for (const std::string_view name : settings.hardware_keys.names()) out.value(name);
  out.end_array()
      .member("hardware_keys_configured", !settings.hardware_keys.are_conbench())
      .member("summary", settings.mode == SummaryMode::best ? "best" : "mean")
      .member("distribution_commits", settings.distribution_commits)
      .end_object();
  return text;
}

}  // namespace

void add_settings_route(net::Router& router, const ResultSettings& settings) {
  router.add({.method = net::Method::get,
              .pattern = "/api/v1/results/settings",
              .access = net::Access::read,
              .handler = [text = encode_settings(settings)](net::Request& request) {
                const auto query = net::QueryFields(request).finish();
                if (!query.ok()) return net::problem(query.error(), request.request_id);
                return net::Response::json(200, text);
              }});
}

}  // namespace bl::results
