#include "results/verdict_routes.h"

#include "base/json.h"
#include "net/query_fields.h"
#include "results/ci_routes.h"
#include "results/model.h"
#include "results/routes.h"
#include "results/verdict_encode.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::QueryFields;
using net::Request;

constexpr std::size_t k_body_bytes_max = 64u << 10;
constexpr std::int64_t k_points = 2'000;

Result<std::string> get_picture(const Request& request, const VerdictRoutePorts& ports) {
  QueryFields query(request);
  const auto points = query.integer("points", 1, VerdictLimits().points_max).value_or(k_points);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const VerdictPicture picture,
         ports.verdicts.picture(request.capture("fingerprint"), static_cast<int>(points)));
  return encode_picture(picture);
}

Result<std::string> get_commit(const Request& request, const VerdictRoutePorts& ports) {
  QueryFields query(request);
  const std::string repository = query.required_text("repository");
  const std::string sha = query.required_text("sha");
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const CommitVerdict verdict, ports.verdicts.commit(repository, sha));
  return encode_commit_verdict(verdict);
}

Result<std::string> list_projects(const Request& request, const VerdictRoutePorts& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(const VerdictProjects projects, ports.switches.projects());
  return encode_projects(projects);
}

struct Switch {
  std::string repository;
  bool enabled = false;
};

std::string read_repository(const json::Value& value, json::Faults& faults) {
  constexpr const char* k_path = "/repository";
  if (!value.is_string() || value.as_string().empty()) {
    faults.add(k_path, "must be a string that is not empty", &value);
    return {};
  }
  const std::string& text = value.as_string();
  if (text.find('\0') != std::string::npos) faults.add(k_path, "must not contain U+0000");
  if (text.size() > VerdictLimits().repository_bytes_max) {
    faults.add(k_path, "must be at most 300 bytes", &value);
  }
  auto repository = normalise_repository(text);
  return repository.ok() ? std::move(*repository) : text;
}

Result<Switch> read_switch(const Request& request) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  const std::string_view type = request.headers.get("Content-Type");
  if (!is_json(type)) {
    return Error{Code::unsupported_media,
                 "the body is application/json, not: " + std::string(type)};
  }
  BL_TRY(const json::Value body, json::parse(request.body));
  if (!body.is_object()) return Error{Code::invalid, "the body is not an object"};
  json::Faults faults;
  Switch wanted;
  for (const char* name : {"repository", "enabled"}) {
    if (body.find(name) == nullptr) faults.add(json::pointer_append("", name), "is required");
  }
  for (const auto& [key, value] : body.members()) {
    if (key == "repository") {
      wanted.repository = read_repository(value, faults);
    } else if (key == "enabled") {
      if (!value.is_bool()) faults.add("/enabled", "must be true or false", &value);
      wanted.enabled = value.is_bool() && value.as_bool();
    } else {
      faults.add(json::pointer_append("", key), "is not known");
    }
  }
  if (!faults.ok()) return faults.to_error("the switch");
  return wanted;
}

Result<std::string> put_project(const Request& request, const VerdictRoutePorts& ports) {
  BL_TRY(const Switch wanted, read_switch(request));
  BL_RETURN_IF_ERROR(request.principal.demand_repository(wanted.repository));
  BL_TRY(const VerdictProject project,
         ports.switches.set(wanted.repository, wanted.enabled, change_of(request, ports.clock)));
  return encode_project(project);
}

}  // namespace

void add_verdict_routes(net::Router& router, const VerdictRoutePorts& ports) {
  const auto add = [&](Method method, const char* pattern, Access access,
                       Result<std::string> (*work)(const Request&, const VerdictRoutePorts&)) {
    add_answer(router, ports, method, pattern, access, work, {.body_bytes_max = k_body_bytes_max});
  };
  add(Method::get, "/api/v1/series/{fingerprint}/verdict", Access::read, get_picture);
  add(Method::get, "/api/v1/commits/verdict", Access::read, get_commit);
  add(Method::get, "/api/v1/verdicts/projects", Access::read, list_projects);
  add(Method::put, "/api/v1/verdicts/projects", Access::admin, put_project);
}

}  // namespace bl::results
