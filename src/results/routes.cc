#include "results/routes.h"

#include <span>

#include "base/hash.h"
#include "net/query_fields.h"
#include "results/batch.h"
#include "results/comparison.h"
#include "results/cursor.h"
#include "results/decode.h"
#include "results/encode.h"
#include "results/receipts.h"
#include "results/verdicts.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::QueryFields;
using net::Request;
using net::Response;

constexpr std::string_view k_results_list = "results";
constexpr std::size_t k_search_bytes_max = 1024;
constexpr std::size_t k_batch_bytes_max = 64u << 20;

/// A body, or the error that becomes a problem.
using Body = Result<std::string>;

// Submitting ---------------------------------------------------------------------------------

Submitter submitter_of(const Request& request) {
  return {request.principal.id, request.principal.name};
}

Result<Submitted> submit(const Request& request, const Ports& ports) {
  const std::string_view type = request.headers.get("Content-Type");
  if (!is_json(type)) {
    return Error{Code::unsupported_media,
                 "a submission is application/json, not: " + std::string(type)};
  }
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(Submission submission, decode_submission(request.body));
  BL_RETURN_IF_ERROR(request.principal.demand_repository(submission.result.repository));
  submission.submitter = submitter_of(request);
  return ports.writer.submit(submission);
}

Response post_result(const Request& request, const Ports& ports) {
  const auto submitted = submit(request, ports);
  if (!submitted.ok()) {
    if (ports.receipts != nullptr) {
      ports.receipts->refused(submitter_of(request), submitted.error(),
                              receipt_subject(request.body));
    }
    return net::problem(submitted.error(), request.request_id);
  }
  Response response = Response::json(201, encode_submitted(*submitted));
  response.headers.add("Location", "/api/benchmark-results/" + submitted->id);
  return response;
}

/// The same type, whatever parameters follow it.
bool is_media_type(std::string_view content_type, std::string_view type) {
  std::string_view given = content_type.substr(0, content_type.find(';'));
  while (!given.empty() && (given.back() == ' ' || given.back() == '\t')) given.remove_suffix(1);
  return net::equal_without_case(given, type);
}

/// The form that the content type says; without one, what the first character says.
Result<BatchForm> batch_form(const Request& request) {
  const std::string_view type = request.headers.get("Content-Type");
  for (const char* lines : {"application/x-ndjson", "application/ndjson", "application/jsonl"}) {
    if (is_media_type(type, lines)) return BatchForm::lines;
  }
  if (!is_json(type)) {
    return Error{Code::unsupported_media,
                 "a batch is application/json (an array) or application/x-ndjson, not: " +
                     std::string(type)};
  }
  if (!type.empty()) return BatchForm::array;
  const std::size_t first = request.body.find_first_not_of(" \t\r\n");
  return first != std::string::npos && request.body[first] == '[' ? BatchForm::array
                                                                  : BatchForm::lines;
}

Body submit_many(const Request& request, const Ports& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(const BatchForm form, batch_form(request));
  BL_TRY(auto entries, decode_batch(request.body, form));
  for (BatchEntry& entry : entries) {
    if (!entry.submission.ok()) continue;
    const auto allowed = request.principal.demand_repository(entry.submission->result.repository);
    if (!allowed.ok()) entry.submission = allowed.error();
  }
  const auto outcomes = submit_batch(ports.writer, entries, submitter_of(request));
  for (std::size_t i = 0; ports.receipts != nullptr && i < entries.size(); ++i) {
    if (outcomes[i].ok()) continue;
    ports.receipts->refused(submitter_of(request), outcomes[i].error(), entries[i].subject);
  }
  if (auto error = error_of_all(outcomes)) return std::move(*error);
  return encode_batch(entries, outcomes);
}

// Results ------------------------------------------------------------------------------------

Body list_results(const Request& request, const Ports& ports) {
  QueryFields query(request);
  ResultFilter filter;
  filter.run_id = query.text("run_id");
  filter.batch_id = query.text("batch_id");
  filter.run_reason = query.text("run_reason");
  filter.earliest = query.time("earliest_timestamp");
  filter.latest = query.time("latest_timestamp");
  filter.page_size = static_cast<int>(query.integer("page_size", 1, 1000).value_or(100));
  filter.before_id = cursor_of(query, k_results_list);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const auto rows, ports.runs.results(filter));
  std::optional<std::string> next;
  if (rows.size() == static_cast<std::size_t>(filter.page_size)) {
    next = make_cursor(k_results_list, rows.back().id);
  }
  return encode_results(rows, next);
}

Response get_result(const Request& request, const Ports& ports) {
  if (const auto query = QueryFields(request).finish(); !query.ok()) {
    return net::problem(query.error(), request.request_id);
  }
  const auto result = ports.runs.result(request.capture("id"));
  if (!result.ok()) return net::problem(result.error(), request.request_id);
  std::string body = encode_result(*result, ports.mode);
  const std::uint64_t hash = xxh3_64(body);
  const std::string tag = "W/\"" + to_hex(std::as_bytes(std::span(&hash, 1))) + "\"";
  Response response;
  if (net::is_known_to_client(request, tag)) {
    response.status = 304;
  } else {
    response = Response::json(200, std::move(body));
  }
  response.headers.add("ETag", tag);
  response.headers.add("Cache-Control", "no-cache");
  return response;
}

StoredVerdicts verdict_of(const Ports& ports, std::string_view fingerprint) {
  return shown_verdicts(ports.verdicts, std::span(&fingerprint, 1));
}

// History and comparison ---------------------------------------------------------------------

Body history_of_series(const Request& request, const Ports& ports) {
  QueryFields query(request);
  const std::string fingerprint = query.required_text("fingerprint");
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const History history, ports.history.history(fingerprint));
  return encode_history(history, verdict_of(ports, fingerprint));
}

Body history_of_result(const Request& request, const Ports& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(const std::string fingerprint,
         ports.history.fingerprint_of(request.capture("benchmark_result_id")));
  BL_TRY(const History history, ports.history.history(fingerprint));
  return encode_history(history, verdict_of(ports, fingerprint));
}

Body compare_results(const Request& request, const Ports& ports) {
  QueryFields query(request);
  const std::string baseline = query.required_text("baseline_result_id");
  const std::string contender = query.required_text("contender_result_id");
  Thresholds thresholds;
  thresholds.percent = query.positive("threshold").value_or(thresholds.percent);
  thresholds.z = query.positive("threshold_z").value_or(thresholds.z);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const CompareInput input, ports.compare.compare(baseline, contender));
  return encode_comparison(compare(input, thresholds),
                           verdict_of(ports, input.contender.history_fingerprint));
}

// Series and runs ----------------------------------------------------------------------------

Body list_series(const Request& request, const Ports& ports) {
  QueryFields query(request);
  SeriesFilter filter;
  filter.text = query.text("q", k_search_bytes_max);
  filter.hardware = query.text("hardware");
  filter.repository = query.text("repository");
  filter.fingerprint = query.text("fingerprint");
  filter.active_since = query.time("active_since");
  filter.active_until = query.time("active_until");
  if (const auto status =
          query.choice("status", {"insufficient", "stable", "regressed", "improved"})) {
    filter.status = static_cast<SeriesStatus>(*status);
  }
  const auto sort = query.choice("sort", {"recent", "name", "change"});
  filter.sort = static_cast<SeriesFilter::Sort>(sort.value_or(0));
  filter.cursor = query.text("cursor").value_or("");
  filter.page_size = static_cast<int>(query.integer("page_size", 1, 1000).value_or(100));
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const SeriesPage page, ports.health.series(filter));
  std::vector<std::string_view> fingerprints;
  for (const SeriesRow& row : page.series) fingerprints.push_back(row.history_fingerprint);
  return encode_series(page, shown_verdicts(ports.verdicts, fingerprints));
}

Body recent_runs(const Request& request, const Ports& ports) {
  QueryFields query(request);
  const auto count = static_cast<int>(query.integer("page_size", 1, 100).value_or(25));
  const auto attention = static_cast<WithAttention>(query.flag("include_attention"));
  const auto repository = query.text("repository");
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const auto runs, ports.runs.recent_runs(repository, count));
  BL_TRY(const auto repositories, ports.runs.repositories());
  std::vector<RunKey> keys;
  for (const RunRow& run : runs) keys.push_back({run.run_id, run.repository});
  return encode_recent_runs(runs, repositories, attention, shown_verdicts(ports.verdicts, keys));
}

Body facts(const Request& request, const Ports& ports) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  BL_TRY(const Facts found, ports.health.facts());
  return encode_facts(found, ports.version);
}

Body ping(const Request& request, const Ports&) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  return std::string(R"({"status":"ok"})");
}

Response answer(Body body, const Request& request) {
  if (!body.ok()) return net::problem(body.error(), request.request_id);
  return Response::json(200, std::move(*body));
}

}  // namespace

bool is_json(std::string_view content_type) {
  return content_type.empty() || is_media_type(content_type, "application/json");
}

void add_routes(net::Router& router, const Ports& ports) {
  const auto get = [&](std::string pattern, Access access,
                       Body (*read)(const Request&, const Ports&)) {
    router.add({.method = Method::get,
                .pattern = std::move(pattern),
                .access = access,
                .handler = [read, ports](Request& request) {
                  return answer(read(request, ports), request);
                }});
  };
  router.add({.method = Method::post,
              .pattern = "/api/results",
              .access = Access::write,
              .handler = [ports](Request& request) { return post_result(request, ports); }});
  router.add({.method = Method::post,
              .pattern = "/api/results:batch",
              .access = Access::write,
              .handler =
                  [ports](Request& request) {
                    auto body = submit_many(request, ports);
                    if (!body.ok() && ports.receipts != nullptr) {
                      ports.receipts->refused(submitter_of(request), body.error(), {});
                    }
                    return answer(std::move(body), request);
                  },
              .options = {.body_bytes_max = k_batch_bytes_max}});
  router.add({.method = Method::get,
              .pattern = "/api/benchmark-results/{id}",
              .access = Access::read,
              .handler = [ports](Request& request) { return get_result(request, ports); }});
  get("/api/benchmark-results", Access::read, list_results);
  get("/api/history", Access::read, history_of_series);
  get("/api/history/{benchmark_result_id}", Access::read, history_of_result);
  get("/api/compare/benchmark-results", Access::read, compare_results);
  get("/api/series", Access::read, list_series);
  get("/api/runs/recent", Access::read, recent_runs);
  get("/api/v1/facts", Access::read, facts);
  get("/api/ping", Access::open, ping);
}

}  // namespace bl::results
