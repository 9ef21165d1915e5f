#include "bigquery/rest_routes.h"

#include <fmt/format.h>

#include "bigquery/rest/state.h"

namespace bl::bigquery {
namespace rest {

// Any project's name is accepted: there are those that clients have made datasets in.
Result<Response> list_projects(const Call& call) {
  BL_TRY(const std::vector<std::string> projects, call.tables().projects());
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "bigquery#projectList");
  writer.member("etag", etag_of("projects", static_cast<std::int64_t>(projects.size())));
  writer.key("projects").begin_array();
  for (const std::string& project : projects) {
    writer.begin_object().member("kind", "bigquery#project").member("id", project);
    writer.member("numericId", "0").key("projectReference").begin_object();
    writer.member("projectId", project).end_object();
    writer.member("friendlyName", project).end_object();
  }
  writer.end_array().member("totalItems", static_cast<std::int64_t>(projects.size()));
  writer.end_object();
  return answer(std::move(text));
}

Result<Response> service_account(const Call&) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "bigquery#getServiceAccountResponse");
  writer.member("email", "benchlake@localhost").end_object();
  return answer(std::move(text));
}

}  // namespace rest

void add_rest_routes(net::Router& router, const RestPorts& ports, const RestRouteOptions& options) {
  using net::Method;
  auto state = std::make_shared<rest::State>(ports, options.limits);
  rest::RouteSet routes(router, state);
  const net::Access reads = options.reads, writes = options.writes;
  const std::string datasets = "/projects/{project}/datasets", dataset = datasets + "/{dataset}";
  const std::string tables = dataset + "/tables", table = tables + "/{table}";
  routes.add(Method::get, "/projects", rest::list_projects, reads);
  routes.add(Method::get, "/projects/{project}/serviceAccount", rest::service_account, reads);
  routes.add(Method::get, datasets, rest::list_datasets, reads);
  routes.add(Method::post, datasets, rest::insert_dataset, writes);
  routes.add(Method::get, dataset, rest::get_dataset, reads);
  routes.add(Method::patch, dataset, rest::patch_dataset, writes);
  routes.add(Method::put, dataset, rest::update_dataset, writes);
  routes.add(Method::del, dataset, rest::delete_dataset, writes);
  routes.add(Method::get, tables, rest::list_tables, reads);
  routes.add(Method::post, tables, rest::insert_table, writes);
  routes.add(Method::get, table, rest::get_table, reads);
  routes.add(Method::patch, table, rest::patch_table, writes);
  routes.add(Method::put, table, rest::update_table, writes);
  routes.add(Method::del, table, rest::delete_table, writes);
  routes.add(Method::get, table + "/data", rest::list_rows, reads);
  routes.add(Method::post, table + "/insertAll", rest::insert_rows, writes);
  router.add({.method = Method::get,
              .pattern = "/discovery/v1/apis/bigquery/v2/rest",
              .access = net::Access::open,
              .handler = [](net::Request& request) {
                return rest::answer(rest::discovery_document(request.origin()));
              }});
  rest::add_error_shape(router);
}

}  // namespace bl::bigquery
