#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.h"
#include "bigquery/rest_routes.h"
#include "net/http.h"

/// What the routes of this room share: answers, errors (spec 2.7), and how routes are added.
namespace bl::bigquery::rest {

using net::Access;
using net::Method;
using net::Request;
using net::Response;

/// What an error is called there, and its status.
struct Reason {
  int status = 500;
  std::string_view name;
};
/// A user's fault is never 5xx; what we refuse by name is the user's.
Reason reason_of(const Error& error);

/// `{"error":{"code":404,"message":...,"errors":[{...}],"status":"NOT_FOUND"}}`
Response refusal(const Reason& reason, std::string_view message);
Response refusal(const Error& error);
/// Answers of all errors below the door's paths.
void add_error_shape(net::Router& router);

Response answer(std::string body);

/// The body, an object. Errors: invalid.
Result<json::Value> body_object(const Request& request);
/// Null when it is not there, or null.
const json::Value* member(const json::Value& object, std::string_view name);
/// Errors: invalid (it is no text).
Result<std::string> text_member(const json::Value& object, std::string_view name);
/// A number, or a text of digits. Errors: invalid.
Result<std::optional<std::int64_t>> integer_member(const json::Value& object,
                                                   std::string_view name);
/// `true`, or the text `true`. Errors: invalid.
Result<bool> truth_member(const json::Value& object, std::string_view name);
/// A parameter of the query; nullopt where it is absent or empty. Errors: invalid.
Result<std::optional<std::int64_t>> integer_parameter(const Request& request,
                                                      std::string_view name);
bool truth_parameter(const Request& request, std::string_view name);

/// What a page of a list begins behind; the empty text: the first page. Errors: invalid.
Result<std::string> page_begin(const Request& request);
std::string page_token(std::string_view last_name);

struct State;

/// One call.
struct Call {
  const Request& request;
  const RestPorts::Parts& parts;
  State& state;

  Tables& tables() const { return *parts.tables; }
  const std::string& project() const { return request.capture("project"); }
  const std::string& dataset() const { return request.capture("dataset"); }
  TableName table() const { return {project(), dataset(), request.capture("table")}; }
};
using Answer = Result<Response> (*)(const Call&);

/// Adds each route below `/bigquery/v2` and, not described to people, bare.
class RouteSet {
 public:
  RouteSet(net::Router& router, std::shared_ptr<State> state)
      : router_(router), state_(std::move(state)) {}
  void add(Method method, const std::string& path, Answer answer, Access access);

 private:
  net::Router& router_;
  const std::shared_ptr<State> state_;
};

// The routes, each file its own.
Result<Response> list_datasets(const Call& call);
Result<Response> insert_dataset(const Call& call);
Result<Response> get_dataset(const Call& call);
Result<Response> patch_dataset(const Call& call);
Result<Response> update_dataset(const Call& call);
Result<Response> delete_dataset(const Call& call);
Result<Response> list_tables(const Call& call);
Result<Response> insert_table(const Call& call);
Result<Response> get_table(const Call& call);
Result<Response> patch_table(const Call& call);
Result<Response> update_table(const Call& call);
Result<Response> delete_table(const Call& call);
Result<Response> list_rows(const Call& call);
Result<Response> insert_rows(const Call& call);
Result<Response> list_projects(const Call& call);
Result<Response> service_account(const Call& call);
/// `origin`: of the request.
std::string discovery_document(std::string_view origin);

/// The tag of something with an id and a version.
std::string etag_of(std::string_view what, std::int64_t version);
/// Errors: conflict, with `is_missed` set: the client has another one in mind (If-Match).
Result<void> demand_match(const Request& request, const std::string& etag, bool& is_missed);

}  // namespace bl::bigquery::rest
