#include <array>

#include "bigquery/rest/answers.h"

// What `bq` reads before it asks anything: where the methods are.
namespace bl::bigquery::rest {
namespace {

struct MethodPlace {
  std::string_view resource, name, verb, path;
};
constexpr std::array k_methods = {
    MethodPlace{"projects", "list", "GET", "projects"},
    MethodPlace{"projects", "getServiceAccount", "GET", "projects/{+projectId}/serviceAccount"},
    MethodPlace{"datasets", "list", "GET", "projects/{+projectId}/datasets"},
    MethodPlace{"datasets", "insert", "POST", "projects/{+projectId}/datasets"},
    MethodPlace{"datasets", "get", "GET", "projects/{+projectId}/datasets/{+datasetId}"},
    MethodPlace{"datasets", "patch", "PATCH", "projects/{+projectId}/datasets/{+datasetId}"},
    MethodPlace{"datasets", "update", "PUT", "projects/{+projectId}/datasets/{+datasetId}"},
    MethodPlace{"datasets", "delete", "DELETE", "projects/{+projectId}/datasets/{+datasetId}"},
    MethodPlace{"tables", "list", "GET", "projects/{+projectId}/datasets/{+datasetId}/tables"},
    MethodPlace{"tables", "insert", "POST", "projects/{+projectId}/datasets/{+datasetId}/tables"},
    MethodPlace{"tables", "get", "GET",
                "projects/{+projectId}/datasets/{+datasetId}/tables/{+tableId}"},
    MethodPlace{"tables", "patch", "PATCH",
                "projects/{+projectId}/datasets/{+datasetId}/tables/{+tableId}"},
    MethodPlace{"tables", "update", "PUT",
                "projects/{+projectId}/datasets/{+datasetId}/tables/{+tableId}"},
    MethodPlace{"tables", "delete", "DELETE",
                "projects/{+projectId}/datasets/{+datasetId}/tables/{+tableId}"},
    MethodPlace{"tabledata", "list", "GET",
                "projects/{+projectId}/datasets/{+datasetId}/tables/{+tableId}/data"},
    MethodPlace{"tabledata", "insertAll", "POST",
                "projects/{+projectId}/datasets/{+datasetId}/tables/{+tableId}/insertAll"},
    MethodPlace{"jobs", "list", "GET", "projects/{+projectId}/jobs"},
    MethodPlace{"jobs", "insert", "POST", "projects/{+projectId}/jobs"},
    MethodPlace{"jobs", "get", "GET", "projects/{+projectId}/jobs/{+jobId}"},
    MethodPlace{"jobs", "cancel", "POST", "projects/{+projectId}/jobs/{+jobId}/cancel"},
    MethodPlace{"jobs", "delete", "DELETE", "projects/{+projectId}/jobs/{+jobId}/delete"},
    MethodPlace{"jobs", "query", "POST", "projects/{+projectId}/queries"},
    MethodPlace{"jobs", "getQueryResults", "GET", "projects/{+projectId}/queries/{+jobId}"},
};

void write_parameters(json::Writer& writer, std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t at = path.find("{+"); at != std::string_view::npos; at = path.find("{+", at)) {
    const std::size_t end = path.find('}', at);
    names.emplace_back(path.substr(at + 2, end - at - 2));
    at = end;
  }
  writer.key("parameters").begin_object();
  for (const std::string& name : names) {
    writer.key(name).begin_object().member("type", "string").member("required", true);
    writer.member("location", "path").end_object();
  }
  writer.end_object().key("parameterOrder").begin_array();
  for (const std::string& name : names) writer.value(name);
  writer.end_array();
}

void write_method(json::Writer& writer, const MethodPlace& method) {
  const std::string id =
      "bigquery." + std::string(method.resource) + "." + std::string(method.name);
  writer.key(method.name).begin_object().member("id", id).member("path", method.path);
  writer.member("flatPath", method.path).member("httpMethod", method.verb);
  write_parameters(writer, method.path);
  for (const char* body : {"request", "response"}) {
    const bool has_body = std::string_view(body) == "response" || method.verb == "POST" ||
                          method.verb == "PUT" || method.verb == "PATCH";
    if (!has_body) continue;
    writer.key(body).begin_object().member("$ref", "JsonObject").end_object();
  }
  if (id == "bigquery.jobs.insert") {
    writer.member("supportsMediaUpload", true).key("mediaUpload").begin_object();
    writer.key("accept").begin_array().value("*/*").end_array();
    writer.key("protocols").begin_object();
    for (const char* protocol : {"simple", "resumable"}) {
      writer.key(protocol).begin_object().member("multipart", true);
      writer.member("path", "/upload/bigquery/v2/projects/{+projectId}/jobs").end_object();
    }
    writer.end_object().end_object();
  }
  writer.end_object();
}

}  // namespace

std::string discovery_document(std::string_view origin) {
  const std::string root = std::string(origin) + "/";
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("kind", "discovery#restDescription");
  writer.member("discoveryVersion", "v1").member("id", "bigquery:v2").member("name", "bigquery");
  writer.member("version", "v2").member("title", "BigQuery API").member("protocol", "rest");
  writer.member("rootUrl", root).member("servicePath", "bigquery/v2/");
  writer.member("basePath", "/bigquery/v2/").member("baseUrl", root + "bigquery/v2/");
  writer.member("batchPath", "batch/bigquery/v2");
  writer.key("parameters").begin_object();
  for (const char* name : {"alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser"}) {
    writer.key(name).begin_object().member("type", "string").member("location", "query");
    writer.end_object();
  }
  writer.end_object().key("schemas").begin_object().key("JsonObject").begin_object();
  writer.member("id", "JsonObject").member("type", "object").key("additionalProperties");
  writer.begin_object().member("type", "any").end_object().end_object().end_object();
  writer.key("resources").begin_object();
  for (std::size_t i = 0; i < k_methods.size();) {
    const std::string_view resource = k_methods[i].resource;
    writer.key(resource).begin_object().key("methods").begin_object();
    for (; i < k_methods.size() && k_methods[i].resource == resource; ++i) {
      write_method(writer, k_methods[i]);
    }
    writer.end_object().end_object();
  }
  writer.end_object().end_object();
  return text;
}

}  // namespace bl::bigquery::rest
