#include "results/trend_routes.h"

#include <algorithm>

#include "base/json.h"
#include "net/query_fields.h"
#include "results/verdict_encode.h"

namespace bl::results {
namespace {

using json::Writer;
using net::QueryFields;
using net::Request;

constexpr std::size_t k_search_bytes_max = 1'024;
constexpr std::size_t k_samples_max = 500;  // of one series, to draw

/// `days` back from `until`, which is now where nothing is said.
TrendWindow window_of(QueryFields& query, const Clock& clock) {
  const auto days = query.integer("days", 1, 365).value_or(14);
  const Timestamp until = query.time("until").value_or(clock.now());
  return {std::max(until - std::chrono::hours(24 * days), k_timestamp_min), until};
}

void write_window(Writer& out, const TrendWindow& window) {
  out.member("since", to_rfc3339(window.since)).member("until", to_rfc3339(window.until));
}

// Trends -------------------------------------------------------------------------------------

void write_trend(Writer& out, const SeriesTrend& one, const StoredVerdicts& verdicts) {
  out.begin_object()
      .member("history_fingerprint", one.history_fingerprint)
      .key("tags")
      .raw(one.tags_json)
      .key("context")
      .raw(one.context_json);
  out.member("hardware", one.hardware)
      .member("hardware_hash", one.hardware_hash)
      .member("repository", one.repository)
      .member("unit", one.unit)
      .member("less_is_better", one.less_is_better)
      .member("relative_change", one.trend.relative_change)
      .member("is_worse", one.is_worse())
      .member("points", static_cast<std::int64_t>(one.points.size()))
      .member("outliers", static_cast<std::int64_t>(one.outliers))
      .member("latest_result_id", one.latest_result_id)
      .key("line")
      .begin_array()
      .value(one.trend.first_value)
      .value(one.trend.last_value)
      .end_array()
      .key("samples")
      .begin_array();
  // Evenly, and the newest.
  const std::size_t step = (one.points.size() + k_samples_max - 1) / k_samples_max;
  for (std::size_t i = 0; i < one.points.size(); ++i) {
    if ((one.points.size() - 1 - i) % step != 0) continue;
    out.begin_object()
        .member("timestamp", to_rfc3339(Timestamp{one.points[i].micros}))
        .member("value", one.points[i].value)
        .end_object();
  }
  out.end_array();
  write_verdict(out, verdicts, one.history_fingerprint);
  out.end_object();
}

void write_trends(Writer& out, std::string_view key, const std::vector<SeriesTrend>& trends,
                  const StoredVerdicts& verdicts) {
  out.key(key).begin_array();
  for (const SeriesTrend& one : trends) write_trend(out, one, verdicts);
  out.end_array();
}

void write_keys(Writer& out, const std::vector<CaseKey>& keys) {
  out.key("keys").begin_array();
  for (const CaseKey& key : keys) {
    out.begin_object()
        .member("key", key.key)
        .member("value_count", key.value_count)
        .member("series_count", key.series_count)
        .member("latest_result_timestamp", to_rfc3339(key.latest_result_timestamp))
        .member("is_dead", key.is_dead)
        .end_object();
  }
  out.end_array();
}

StoredVerdicts verdicts_of(const Trends& trends, const TrendRoutePorts& ports) {
  std::vector<std::string_view> fingerprints;
  for (const auto* list : {&trends.increasing, &trends.decreasing}) {
    for (const SeriesTrend& one : *list) fingerprints.push_back(one.history_fingerprint);
  }
  return shown_verdicts(ports.verdicts, fingerprints);
}

Result<std::string> get_trends(const Request& request, const TrendRoutePorts& ports) {
  QueryFields query(request);
  TrendQuery asked;
  asked.name = query.required_text("name");
  asked.repository = query.text("repository");
  asked.window = window_of(query, ports.clock);
  asked.count = static_cast<std::size_t>(query.integer("count", 1, 100).value_or(15));
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const Trends trends, ports.trends.trends(asked));
  const StoredVerdicts verdicts = verdicts_of(trends, ports);
  std::string text;
  Writer out(text);
  out.begin_object().member("name", asked.name).member("repository", asked.repository);
  write_window(out, asked.window);
  out.member("truncated", trends.truncated)
      .member("ranked", trends.ranked)
      .member("not_ranked", trends.not_ranked);
  write_trends(out, "increasing", trends.increasing, verdicts);
  write_trends(out, "decreasing", trends.decreasing, verdicts);
  write_keys(out, trends.keys);
  out.end_object();
  return text;
}

// Measured -----------------------------------------------------------------------------------

Result<std::string> list_measured(const Request& request, const TrendRoutePorts& ports) {
  QueryFields query(request);
  MeasuredQuery asked;
  asked.sort = static_cast<MeasuredQuery::Sort>(
      query.choice("sort", {"name", "results", "recent"}).value_or(0));
  asked.text = query.text("q", k_search_bytes_max);
  asked.repository = query.text("repository");
  asked.window = window_of(query, ports.clock);
  asked.page_size = static_cast<std::size_t>(query.integer("page_size", 1, 1'000).value_or(100));
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const MeasuredBenchmarks measured, ports.trends.measured(asked));
  std::string text;
  Writer out(text);
  out.begin_object();
  write_window(out, asked.window);
  out.member("truncated", measured.truncated)
      .member("results_counted", measured.results_counted)
      .key("benchmarks")
      .begin_array();
  for (const MeasuredBenchmark& one : measured.benchmarks) {
    out.begin_object()
        .member("name", one.name)
        .member("case_count", one.case_count)
        .member("series_count", one.series_count)
        .member("result_count", one.result_count)
        .member("latest_result_timestamp", to_rfc3339(one.latest_result_timestamp))
        .member("recent_results_per_case", one.recent_results_per_case)
        .end_object();
  }
  out.end_array().member("more", measured.more).end_object();
  return text;
}

}  // namespace

void add_trend_routes(net::Router& router, const TrendRoutePorts& ports) {
  const auto get = [&](const char* pattern,
                       Result<std::string> (*work)(const Request&, const TrendRoutePorts&)) {
    router.add({.method = net::Method::get,
                .pattern = pattern,
                .access = net::Access::read,
                .handler = [work, ports](Request& request) {
                  auto body = work(request, ports);
                  if (!body.ok()) return net::problem(body.error(), request.request_id);
                  return net::Response::json(200, std::move(*body));
                }});
  };
  get("/api/v1/trends", get_trends);
  get("/api/v1/trends/benchmarks", list_measured);
}

}  // namespace bl::results
