#include "results/legacy_routes.h"

#include <fmt/format.h>

#include "base/ids.h"
#include "results/comparison.h"
#include "results/legacy/decode.h"
#include "results/legacy/wire.h"
#include "results/legacy_encode.h"
#include "results/receipts.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;
using namespace legacy;

/// Older results have random ids, which lists by id cannot place; the legacy server hides them from
/// lists of all runs [3.6]. 2023-06-03T00:00:00Z.
constexpr Timestamp k_first_sorted{1'685'750'400'000'000};

Result<StoredResult> find_result(const Ports& ports, std::string_view id) {
  auto result = ports.runs.result(id);
  if (!result.ok() && result.error().code == Code::not_found) return no_such_result(id);
  return result;
}

// Submitting ---------------------------------------------------------------------------------

Result<Submission> decode(const Request& request) {
  if (!is_json(request.headers.get("Content-Type"))) return not_understood();
  auto submission = decode_legacy_submission(request.body);
  if (!submission.ok() && submission.error().code == Code::malformed) {
    return not_understood();
  }
  return submission;
}

Response refuse_submission(const Error& error, const Request& request, const Ports& ports) {
  if (ports.receipts != nullptr) {
    ports.receipts->refused({request.principal.id, request.principal.name}, error,
                            receipt_subject(request.body));
  }
  return refuse(error, request);
}

/// What is stored is answered with 201, come what may: a client that saw an error would send it
/// again.
Response post_result(const Request& request, const Ports& ports) {
  auto submission = decode(request);
  if (!submission.ok()) return refuse_submission(submission.error(), request, ports);
  const auto allowed = request.principal.demand_repository(submission->result.repository);
  if (!allowed.ok()) return refuse_submission(allowed.error(), request, ports);
  submission->submitter = {request.principal.id, request.principal.name};
  const auto submitted = ports.writer.submit(*submission);
  if (!submitted.ok()) return refuse_submission(submitted.error(), request, ports);
  StoredResult result;
  if (auto stored = ports.runs.result(submitted->id); stored.ok()) {
    result = std::move(*stored);
  } else {
    static_cast<BenchmarkResult&>(result) = submission->result;
    result.id = submitted->id;
    result.history_fingerprint = submitted->history_fingerprint;
  }
  const std::string origin = request.origin();
  Response response = Response::json(201, encode_legacy_result(result, origin));
  response.headers.add("Location", legacy_result_link(submitted->id, origin));
  return response;
}

// Results ------------------------------------------------------------------------------------

Body get_result(const Request& request, const Ports& ports) {
  BL_TRY(const StoredResult result, find_result(ports, request.capture("id")));
  return encode_legacy_result(result, request.origin());
}

Result<std::optional<Timestamp>> time_of(const Request& request, std::string_view name) {
  const auto text = text_of(request, name);
  if (!text) return std::optional<Timestamp>();
  const auto time = parse_iso_datetime(*text);
  if (time.ok()) return std::optional<Timestamp>(*time);
  return bad_request(std::string(name).append(" must be an ISO 8601 date-time: ").append(*text));
}

/// Parameters that nobody knows are ignored, as the legacy server does.
Body list_results(const Request& request, const Ports& ports) {
  ResultFilter filter;
  filter.run_id = text_of(request, "run_id");
  filter.batch_id = text_of(request, "batch_id");
  filter.run_reason = text_of(request, "run_reason");
  BL_TRY(filter.earliest, time_of(request, "earliest_timestamp"));
  if (filter.earliest) filter.from_id = id_floor(std::max(*filter.earliest, Timestamp{}));
  BL_TRY(filter.latest, time_of(request, "latest_timestamp"));
  BL_TRY(filter.page_size, page_size_of(request));
  filter.before_id = cursor_of(request);
  if (!filter.run_id && !filter.batch_id) {
    filter.earliest = std::max(filter.earliest.value_or(k_first_sorted), k_first_sorted);
  }
  BL_TRY(const WholePage page, ports.runs.whole_results(filter));
  return encode_legacy_results(page, request.origin());
}

// History and comparison ---------------------------------------------------------------------

Body get_history(const Request& request, const Ports& ports) {
  const std::string& id = request.capture("benchmark_result_id");
  const auto fingerprint = ports.history.fingerprint_of(id);
  if (!fingerprint.ok()) {
    if (fingerprint.error().code == Code::not_found) return no_such_result(id);
    return fingerprint.error();
  }
  BL_TRY(const History history, ports.history.history(*fingerprint));
  BL_TRY(const HistoryDetails details, ports.history.details(*fingerprint));
  return encode_legacy_history(history, details);
}

Error units_differ(const StoredResult& baseline, const StoredResult& contender) {
  return {Code::malformed,
          fmt::format("Benchmark units do not match. Benchmark result with ID '{}' has unit '{}' "
                      "and benchmark result with ID '{}' has unit '{}'.",
                      baseline.id, baseline.stats.unit.value_or(""), contender.id,
                      contender.stats.unit.value_or(""))};
}

/// Any two results, also of different series: the contender is judged by its own series over the
/// ancestry of the baseline's commit.
Body compare_results(const Request& request, const Ports& ports) {
  BL_TRY(const IdPair pair, pair_of(request.capture("pair")));
  Thresholds thresholds;
  BL_TRY(thresholds.percent, number_of(request, "threshold", thresholds.percent));
  BL_TRY(thresholds.z, number_of(request, "threshold_z", thresholds.z));
  BL_TRY(const StoredResult baseline, find_result(ports, pair.baseline));
  BL_TRY(const StoredResult contender, find_result(ports, pair.contender));
  CompareInput input;
  input.baseline = side_of(baseline, ports.mode);
  input.contender = side_of(contender, ports.mode);
  if (!units_match(input.baseline, input.contender)) return units_differ(baseline, contender);
  BL_TRY(input.distribution,
         ports.compare.distribution(baseline.id, contender.history_fingerprint));
  const Comparison judged = compare(input, thresholds);
  return encode_legacy_comparison({&baseline, &contender, judged});
}

}  // namespace

void add_legacy_routes(net::Router& router, const Ports& ports) {
  const auto get = [&](std::string pattern, Body (*read)(const Request&, const Ports&)) {
    add_get(router, std::move(pattern),
            [read, ports](const Request& request) { return read(request, ports); });
  };
  for (const std::string list : {"/api/benchmark-results/", "/api/benchmarks/"}) {
    router.add({.method = Method::post,
                .pattern = list,
                .access = Access::write,
                .handler = [ports](Request& request) { return post_result(request, ports); }});
    get(list, list_results);
    get(list + "{id}/", get_result);
  }
  get("/api/history/{benchmark_result_id}/", get_history);
  get("/api/compare/benchmark-results/{pair}/", compare_results);
  router.add_error_shape(
      {.applies =
           [](std::string_view path) { return path.starts_with("/api/") && path.ends_with('/'); },
       .render = [](int status, const Error& error, std::string_view request_id,
                    std::string_view) { return error_answer(status, error, request_id); }});
}

}  // namespace bl::results
