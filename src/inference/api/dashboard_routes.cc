#include <algorithm>
#include <array>

#include "base/numbers.h"
#include "inference/api/choices.h"
#include "inference/api/encode_rows.h"
#include "inference/api/own_routes.h"

// The routes of the InferenceX dashboard's API (spec/inference.md 4). Parameters that it does not
// know are ignored, as it does; its clients send some.
namespace bl::inference {
namespace {

using net::Request;
using net::Response;

std::string text_of(const Request& request, std::string_view name) {
  const std::string* value = request.query_value(name);
  return value ? *value : "";
}

bool is_true(const Request& request, std::string_view name) {
  return text_of(request, name) == "true";
}

// A decimal id; 0 for anything else.
std::int64_t id_of(const std::string& text) {
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? parse_int64(text).value_or(0) : 0;
}

Error bad(std::string message) {
  return {Code::malformed, std::move(message)};
}

Result<std::vector<std::string>> asked_model(const Request& request, const ReadPorts& ports) {
  std::vector<std::string> keys = model_keys(ports.registry, text_of(request, "model"));
  if (keys.empty()) return bad("Unknown model");
  return keys;
}

Result<PointsWhen> asked_time(const Request& request) {
  PointsWhen when;
  if (const std::string run = text_of(request, "runId"); !run.empty()) {
    when.run_id = id_of(run);
    if (*when.run_id == 0) return bad("runId must be digits");
    when.exact = is_true(request, "exactRun");
    return when;
  }
  if (const std::string date = text_of(request, "date"); !date.empty()) {
    if (!is_date(date)) return bad("date must be YYYY-MM-DD");
    when.date = date;
    when.exact = is_true(request, "exact");
  }
  return when;
}

std::vector<const StoredPoint*> rows_of(const Points& points,
                                        const std::optional<SequenceChoice>& sequence) {
  std::vector<const StoredPoint*> rows;
  for (const StoredPoint& point : points) {
    if (!sequence || sequence->covers(point.row)) rows.push_back(&point);
  }
  return rows;
}

Result<Asked> benchmarks(const Request& request, const ReadPorts& ports) {
  BL_TRY(std::vector<std::string> models, asked_model(request, ports));
  BL_TRY(PointsWhen when, asked_time(request));
  const std::string view = text_of(request, "view"), rule_name = text_of(request, "rule");
  if (!view.empty() && view != "calculator") return bad("Unknown view");
  const bool newest = rule_name == "newest_points";
  if (!newest && !rule_name.empty() && rule_name != "snapshot") return bad("Unknown rule");
  const LineRule rule = newest ? LineRule::newest_points : LineRule::snapshot;
  const PointShape shape = view.empty() ? PointShape::latest : PointShape::calculator;
  std::optional<SequenceChoice> sequence;
  if (const std::string name = text_of(request, "sequence"); !name.empty()) {
    sequence = sequence_named(ports.labels, name);
    if (!sequence) return bad("Unknown sequence");
  }
  constexpr std::array<std::string_view, 8> k_names = {"model",    "date", "exact",    "runId",
                                                       "exactRun", "view", "sequence", "rule"};
  Asked asked;
  asked.key = question_key(request, k_names);
  asked.make = [=](const Question& question) -> Result<std::string> {
    BL_TRY(const auto points, question.state(models, when, rule));
    return encode_points(rows_of(*points, sequence), shape);
  };
  return asked;
}

Result<Asked> history(const Request& request, const ReadPorts& ports) {
  std::optional<std::int64_t> isl, osl;
  if (text_of(request, "benchmark_type") != "agentic_traces") {
    isl = id_of(text_of(request, "isl"));
    osl = id_of(text_of(request, "osl"));
  }
  if (text_of(request, "model").empty() || isl == 0 || osl == 0)
    return bad("model, isl, and osl are required");
  BL_TRY(std::vector<std::string> models, asked_model(request, ports));
  constexpr std::array<std::string_view, 4> k_names = {"model", "isl", "osl", "benchmark_type"};
  Asked asked;
  asked.key = question_key(request, k_names);
  asked.make = [=](const Question& question) -> Result<std::string> {
    BL_TRY(const Points points, question.ports().sweeps.history(models, isl, osl));
    return encode_points(rows_of(points, std::nullopt), PointShape::history);
  };
  return asked;
}

Result<Asked> workflow_info(const Request& request, const ReadPorts&) {
  const std::string date = text_of(request, "date");
  if (!is_date(date)) return bad("date must be YYYY-MM-DD");
  constexpr std::array<std::string_view, 1> k_names = {"date"};
  Asked asked;
  asked.key = question_key(request, k_names);
  asked.make = [date](const Question& question) -> Result<std::string> {
    BL_TRY(const WorkflowInfo info, question.ports().sweeps.workflow_info(date));
    return encode_workflow_info(info);
  };
  return asked;
}

Result<Asked> server_log(const Request& request, const ReadPorts&) {
  const std::int64_t id = id_of(text_of(request, "id"));
  if (id == 0) return bad("id is required (benchmark_result_id)");
  constexpr std::array<std::string_view, 1> k_names = {"id"};
  Asked asked;
  asked.key = question_key(request, k_names);
  asked.make = [id](const Question& question) -> Result<std::string> {
    auto log = question.ports().sweeps.server_log(id);
    if (!log.ok() && log.error().code == Code::not_found)
      return Error{Code::not_found, "Not found"};
    BL_TRY(const StoredServerLog found, std::move(log));
    return encode_server_log(found);
  };
  return asked;
}

// A route without parameters: what a reader gives, encoded.
template <class Rows>
auto whole(Result<Rows> (SweepReader::*read)(), std::string (*encode)(const Rows&)) {
  return [read, encode](const Request& request, const ReadPorts&) -> Result<Asked> {
    Asked asked;
    asked.key = request.path;
    asked.make = [read, encode](const Question& question) -> Result<std::string> {
      BL_TRY(const Rows rows, (question.ports().sweeps.*read)());
      return encode(rows);
    };
    return asked;
  };
}

using Decode = std::function<Result<Asked>(const Request&, const ReadPorts&)>;
struct DashboardRoute {
  std::string path;
  Decode decode;
};

std::vector<DashboardRoute> dashboard_routes() {
  return {{"/api/v1/benchmarks", benchmarks},
          {"/api/v1/benchmarks/history", history},
          {"/api/v1/availability", whole(&SweepReader::availability, encode_availability)},
          {"/api/v1/workflow-info", workflow_info},
          {"/api/v1/evaluations", whole(&SweepReader::evaluations, encode_evaluations)},
          {"/api/v1/reliability", whole(&SweepReader::reliability, encode_reliability)},
          {"/api/v1/submissions", whole(&SweepReader::submissions, encode_submissions)},
          {"/api/v1/server-log", server_log}};
}

}  // namespace

std::string question_key(const Request& request, std::span<const std::string_view> names) {
  std::string key = request.path;
  for (const std::string_view name : names) {
    const std::string value = text_of(request, name);
    if (!value.empty())
      key.append("&")
          .append(name)
          .append("=")
          .append(std::to_string(value.size()))
          .append(":")
          .append(value);
  }
  return key;
}

void add_dashboard_routes(net::Router& router, std::shared_ptr<Reads> reads) {
  std::vector<std::string> paths;
  for (DashboardRoute& route : dashboard_routes()) {
    paths.push_back(route.path);
    router.add({.method = net::Method::get,
                .pattern = route.path,
                .access = net::Access::read,
                .handler = [reads, decode = std::move(route.decode)](Request& request) {
                  return answer(request, *reads, decode(request, reads->ports), dashboard_error);
                }});
  }
  router.add_error_shape(
      {.applies =
           [paths = std::move(paths)](std::string_view path) {
             return std::find(paths.begin(), paths.end(), path) != paths.end();
           },
       .render =
           [](int status, const Error& error, std::string_view request_id, std::string_view) {
             Request request;
             request.request_id = request_id;
             Response response = dashboard_error(error, request);
             response.status = status;
             return response;
           }});
}

}  // namespace bl::inference
