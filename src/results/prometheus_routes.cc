#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/numbers.h"
#include "base/uri.h"
#include "results/exemplar_routes.h"
#include "results/routes.h"
#include "results/series_selector.h"

namespace bl::results {
namespace {

using net::Method;
using net::Request;
using net::Response;

constexpr const char* k_metric = "benchlake_result";
constexpr int k_exemplars_max = 1'000;

/// Parameters of the query string and, of a POST, of the form.
class Parameters {
 public:
  static Result<Parameters> of(const Request& request) {
    Parameters parameters;
    parameters.pairs_ = request.query;
    if (request.method != Method::post || request.body.empty()) return parameters;
    BL_TRY(const QueryPairs form, parse_query(request.body));
    parameters.pairs_.insert(parameters.pairs_.begin(), form.begin(), form.end());
    return parameters;
  }
  std::string_view text(std::string_view name) const {
    const auto found = std::ranges::find(pairs_, name, &QueryPairs::value_type::first);
    return found == pairs_.end() ? std::string_view() : std::string_view(found->second);
  }
  /// Seconds with a fraction, or RFC 3339.
  Result<Timestamp> time(std::string_view name, Timestamp otherwise) const {
    const std::string_view given = text(name);
    if (given.empty()) return otherwise;
    if (const auto seconds = parse_double(given); seconds && std::isfinite(*seconds)) {
      const double micros = *seconds * 1e6;
      if (micros <= static_cast<double>(k_timestamp_min.micros)) return k_timestamp_min;
      if (micros >= static_cast<double>(k_timestamp_max.micros)) return k_timestamp_max;
      return Timestamp{static_cast<std::int64_t>(std::llround(micros))};
    }
    if (const auto time = parse_rfc3339(given); time.ok()) return *time;
    return Error{Code::invalid, fmt::format("{}: neither seconds nor RFC 3339: '{}'",
                                            std::string(name), std::string(given))};
  }

 private:
  QueryPairs pairs_;
};

/// What a label's name may have in it.
std::string label_name(std::string_view key) {
  std::string name = "tag_";
  for (const char c : key) {
    if ((static_cast<unsigned char>(c) >> 6) == 2) continue;  // of a character, the first byte
    const bool may = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += may ? c : '_';
  }
  return name;
}

SeriesLabels labels_of(const SeriesExemplar& one) {
  SeriesLabels labels = {{"__name__", k_metric},
                         {"benchmark", one.name},
                         {"fingerprint", one.history_fingerprint},
                         {"hardware", one.hardware},
                         {"repository", one.repository},
                         {"unit", one.unit.value_or("")}};
  for (const auto& [key, value] : one.tags.members()) {
    if (value.is_string()) labels.emplace_back(label_name(key), value.as_string());
  }
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  return labels;
}

void write_labels(json::Writer& writer, const SeriesLabels& labels) {
  writer.begin_object();
  std::string_view last;
  for (const auto& [name, value] : labels) {
    if (name != last) writer.member(name, value);  // of tags that only differ in signs: the first
    last = name;
  }
  writer.end_object();
}

std::string value_text(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : "NaN";
}

void write_one(json::Writer& writer, const SeriesExemplar& one) {
  SeriesLabels labels = {{"trace_id", one.exemplar.trace_id.hex()}};
  if (one.exemplar.span_id) labels.emplace_back("span_id", one.exemplar.span_id->hex());
  labels.emplace_back("role", std::string(role_name(one.exemplar.role)));
  if (one.exemplar.sample_no) {
    labels.emplace_back("sample_no", fmt::to_string(*one.exemplar.sample_no));
  }
  labels.emplace_back("result_id", one.result_id);
  labels.emplace_back("run_id", one.run_id);
  writer.begin_object().key("labels");
  write_labels(writer, labels);
  writer.member("value", value_text(one.value));
  writer.key("timestamp").raw(fmt::format("{:.3f}", static_cast<double>(one.at.micros) / 1e6));
  writer.end_object();
}

std::string encode(const SeriesSelector& selector, const SeriesExemplars& found) {
  std::map<SeriesLabels, std::vector<const SeriesExemplar*>> series;
  for (const SeriesExemplar& one : found.exemplars) {
    SeriesLabels labels = labels_of(one);
    std::ranges::stable_sort(labels, {}, &SeriesLabels::value_type::first);
    if (selector.matches(labels)) series[std::move(labels)].push_back(&one);
  }
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("status", "success").key("data").begin_array();
  for (const auto& [labels, exemplars] : series) {
    writer.begin_object().key("seriesLabels");
    write_labels(writer, labels);
    writer.key("exemplars").begin_array();
    for (const SeriesExemplar* one : exemplars) write_one(writer, *one);
    writer.end_array().end_object();
  }
  writer.end_array();
  if (found.is_cut) {
    const std::string warning =
        fmt::format("only the newest {} exemplars of that time were looked at", k_exemplars_max);
    writer.key("warnings").begin_array().value(warning).end_array();
  }
  writer.end_object();
  return body;
}

std::optional<std::string> copy_of(const std::string* text) {
  if (text == nullptr || text->empty()) return std::nullopt;
  return *text;
}

Result<std::string> query_exemplars(const Request& request, Exemplars& exemplars) {
  BL_TRY(const Parameters parameters, Parameters::of(request));
  BL_TRY(const SeriesSelector selector, parse_series_selector(parameters.text("query")));
  ExemplarQuery query;
  BL_TRY(query.start, parameters.time("start", k_timestamp_min));
  BL_TRY(query.end, parameters.time("end", k_timestamp_max));
  if (query.end < query.start) {
    return Error{Code::invalid, "end timestamp must not be before start timestamp"};
  }
  query.name = copy_of(selector.only_value("benchmark"));
  query.repository = copy_of(selector.only_value("repository"));
  query.history_fingerprint = copy_of(selector.only_value("fingerprint"));
  const std::string* metric = selector.only_value("__name__");
  if (metric != nullptr && *metric != k_metric) return encode(selector, {});
  BL_TRY(const SeriesExemplars found, exemplars.find(query, k_exemplars_max));
  return encode(selector, found);
}

/// As Prometheus names them.
const char* error_type(Code code) {
  switch (code) {
    case Code::invalid:
    case Code::malformed:
    case Code::unsupported:
    case Code::too_large:
      return "bad_data";
    case Code::not_found:
      return "not_found";
    case Code::timeout:
      return "timeout";
    case Code::unavailable:
    case Code::overloaded:
      return "unavailable";
    default:
      return "internal";
  }
}

Response prometheus_error(int status, const Error& error, std::string_view request_id) {
  Response response = net::problem(error, request_id);  // for its headers
  response.status = status;
  response.headers.set("Content-Type", "application/json");
  response.body.clear();
  json::Writer writer(response.body);
  writer.begin_object()
      .member("status", "error")
      .member("errorType", error_type(error.code))
      .member("error", error.message)
      .end_object();
  return response;
}

}  // namespace

void add_prometheus_routes(net::Router& router, Exemplars& exemplars) {
  for (const Method method : {Method::get, Method::post}) {
    router.add(
        {.method = method,
         .pattern = "/prometheus/api/v1/query_exemplars",
         .access = net::Access::read,
         .handler =
             [&exemplars](Request& request) {
               auto body = query_exemplars(request, exemplars);
               if (body.ok()) return Response::json(200, *std::move(body));
               const int status = net::problem(body.error(), request.request_id).status;
               // Of a query that it does not take Prometheus says 400.
               const bool is_query = std::string_view(error_type(body.error().code)) == "bad_data";
               return prometheus_error(is_query ? 400 : status, body.error(), request.request_id);
             },
         .options = {.body_bytes_max = 64u << 10}});
  }
  router.add_error_shape(
      {.applies = [](std::string_view path) { return path.starts_with("/prometheus/"); },
       .render = [](int status, const Error& error, std::string_view request_id,
                    std::string_view) { return prometheus_error(status, error, request_id); }});
}

}  // namespace bl::results
