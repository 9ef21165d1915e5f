#include "inference/api/own_routes.h"

#include <algorithm>

#include "inference/api/choices.h"
#include "inference/api/encode_charts.h"
#include "inference/api/encode_rows.h"

namespace bl::inference {
namespace {

using net::QueryFields;
using net::Request;

constexpr std::string_view k_metric_default = "y_tpPerGpu";
constexpr int k_reports_default = 50;
constexpr std::size_t k_list_bytes_max = 2000;

enum class Format : unsigned char { json, csv };

// `format`, else what Accept names first of the two.
Format asked_format(QueryFields& fields, const Request& request) {
  if (const auto format = fields.choice("format", {"json", "csv"}))
    return static_cast<Format>(*format);
  const std::string_view accept = request.headers.get("Accept");
  const std::size_t csv = accept.find("text/csv"), json = accept.find("application/json");
  return csv < json ? Format::csv : Format::json;
}

std::vector<std::string> list_of(QueryFields& fields, std::string_view name) {
  return split_list(fields.text(name, k_list_bytes_max).value_or(""));
}

LineChoice asked_lines(QueryFields& fields, const ReadPorts& ports) {
  LineChoice lines;
  lines.model = fields.required_text("model");
  lines.model_keys = model_keys(ports.registry, lines.model);
  if (!lines.model.empty() && lines.model_keys.empty())
    fields.fault("model", "no model that the registry knows", lines.model);
  const std::string sequence = fields.required_text("sequence");
  if (const auto known = sequence_named(ports.labels, sequence)) {
    lines.sequence = *known;
  } else if (!sequence.empty()) {
    fields.fault("sequence", "no sequence, not `ISL/OSL`, not `agentic`", sequence);
  }
  lines.precisions = list_of(fields, "precisions");
  lines.hw_keys = list_of(fields, "hw");
  lines.lines = list_of(fields, "lines");
  return lines;
}

// Never null; those with prices and powers of the user have no place here.
const ChartMetric* asked_metric(QueryFields& fields) {
  const std::string name = fields.text("metric").value_or(std::string(k_metric_default));
  const ChartMetric* metric = chart_metric_named(name);
  if (metric && metric->group != MetricGroup::user) return metric;
  fields.fault("metric", "no metric of the registry", name);
  return chart_metric_named(k_metric_default);
}

std::optional<std::string> asked_date(QueryFields& fields, std::string_view name) {
  auto date = fields.text(name);
  if (date && !is_date(*date)) fields.fault(name, "not a day as YYYY-MM-DD", *date);
  return date;
}

// Every parameter that there is, by name: QueryFields refuses those that nobody knows.
std::string key_of(const Request& request, Format format) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : request.query) names.push_back(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return question_key(request, names) + (format == Format::csv ? " csv" : "");
}

Asked asked_in(const Request& request, Format format, std::string_view file_name) {
  Asked asked;
  asked.key = key_of(request, format);
  asked.varies_by_accept = true;
  if (format == Format::csv) {
    asked.content_type = "text/csv; charset=utf-8";
    asked.file_name = std::string(file_name) + ".csv";
  }
  return asked;
}

Result<Asked> registry(const Request& request, const ReadPorts&) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  Asked asked;
  asked.key = request.path;
  asked.make = [](const Question& question) -> Result<std::string> {
    return registry_json(question.ports());
  };
  return asked;
}

using Decode = Result<Asked> (*)(const Request&, const ReadPorts&);

}  // namespace

Result<Asked> frontier_asked(const Request& request, const ReadPorts& ports) {
  QueryFields fields(request);
  FrontierQuery query;
  query.lines = asked_lines(fields, ports);
  query.chart.metric = asked_metric(fields);
  query.chart.kind =
      static_cast<ChartKind>(fields.choice("chart", {"interactivity", "e2e"}).value_or(0));
  query.chart.percentile = k_percentile_names
      [fields.choice("percentile", {"median", "mean", "p75", "p90", "p95", "p99", "p99.9"})
           .value_or(0)];
  if (const auto x = fields.choice("x", {"p99_ttft", "median_ttft"}))
    query.chart.x = *x == 0 ? "p99_ttft" : "median_ttft";
  query.date = asked_date(fields, "date");
  query.compare_date = asked_date(fields, "compare_date");
  query.fronts_only = fields.flag("optimal");
  const Format format = asked_format(fields, request);
  BL_RETURN_IF_ERROR(fields.finish());
  Asked asked = asked_in(request, format, "frontier");
  asked.make = [query, format](const Question& question) -> Result<std::string> {
    BL_TRY(const Frontier found, frontier_of(question, query));
    return format == Format::csv ? frontier_csv(found, query, question.ports())
                                 : frontier_json(found, query, question.ports());
  };
  return asked;
}

Result<Asked> calculator_asked(const Request& request, const ReadPorts& ports) {
  QueryFields fields(request);
  CalculatorQuery query;
  query.lines = asked_lines(fields, ports);
  query.target.value = fields.positive("target").value_or(query.target.value);
  query.target.kind =
      static_cast<Target>(fields.choice("kind", {"interactivity", "throughput"}).value_or(0));
  query.provider =
      static_cast<Provider>(fields.choice("provider", {"costh", "costn", "costr"}).value_or(0));
  query.tokens =
      static_cast<TokenKind>(fields.choice("tokens", {"total", "input", "output"}).value_or(0));
  query.bar =
      static_cast<BarMetric>(fields.choice("bar", {"throughput", "power", "cost"}).value_or(0));
  query.date = asked_date(fields, "date");
  const Format format = asked_format(fields, request);
  BL_RETURN_IF_ERROR(fields.finish());
  Asked asked = asked_in(request, format, "calculator");
  asked.make = [query, format](const Question& question) -> Result<std::string> {
    BL_TRY(const Calculation found, calculate(question, query));
    return format == Format::csv ? calculator_csv(found, query, question.ports())
                                 : calculator_json(found, query, question.ports());
  };
  return asked;
}

Result<Asked> trend_asked(const Request& request, const ReadPorts& ports) {
  QueryFields fields(request);
  TrendQuery query;
  query.lines = asked_lines(fields, ports);
  query.metric = asked_metric(fields);
  query.interactivity = fields.positive("interactivity").value_or(query.interactivity);
  query.today = date_of(ports.clock.now());
  const Format format = asked_format(fields, request);
  BL_RETURN_IF_ERROR(fields.finish());
  Asked asked = asked_in(request, format, "trend");
  asked.key += " " + query.today;
  asked.make = [query, format](const Question& question) -> Result<std::string> {
    BL_TRY(const TrendAnswer found, trend_of(question, query));
    return format == Format::csv ? trend_csv(found, query, question.ports())
                                 : trend_json(found, query, question.ports());
  };
  return asked;
}

Result<Asked> skipped_asked(const Request& request, const ReadPorts&) {
  QueryFields fields(request);
  const auto limit = static_cast<int>(
      fields.integer("limit", 1, SweepWriter::k_reports_kept).value_or(k_reports_default));
  const Format format = asked_format(fields, request);
  BL_RETURN_IF_ERROR(fields.finish());
  Asked asked = asked_in(request, format, "skipped");
  asked.make = [limit, format](const Question& question) -> Result<std::string> {
    BL_TRY(const auto reports, question.ports().sweeps.reports(limit));
    return format == Format::csv ? skipped_csv(reports) : encode_reports(reports);
  };
  return asked;
}

void add_own_routes(net::Router& router, std::shared_ptr<Reads> reads) {
  const std::pair<const char*, Decode> routes[] = {
      {"/api/v1/inference/frontier", frontier_asked},
      {"/api/v1/inference/calculator", calculator_asked},
      {"/api/v1/inference/trend", trend_asked},
      {"/api/v1/inference/registry", registry},
      {"/api/v1/inference/skipped", skipped_asked}};
  for (const auto& [path, decode] : routes) {
    router.add({.method = net::Method::get,
                .pattern = path,
                .access = net::Access::read,
                .handler = [reads, decode = decode](Request& request) {
                  return answer(request, *reads, decode(request, reads->ports), own_error);
                }});
  }
}

void add_read_routes(net::Router& router, std::shared_ptr<Reads> reads) {
  add_dashboard_routes(router, reads);
  add_own_routes(router, std::move(reads));
}

}  // namespace bl::inference
