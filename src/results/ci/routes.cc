#include "results/ci_routes.h"

#include "base/json.h"
#include "net/query_fields.h"
#include "results/ci_encode.h"
#include "results/contenders.h"
#include "results/cursor.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::QueryFields;
using net::Request;
using net::Response;

constexpr std::string_view k_list = "regressions";
constexpr std::size_t k_run_ids_bytes_max = 16u << 10;

std::vector<std::string> comma_list(const std::optional<std::string>& text) {
  std::vector<std::string> parts;
  if (!text) return parts;
  for (std::size_t at = 0; at <= text->size();) {
    const std::size_t end = std::min(text->find(',', at), text->size());
    if (end > at) parts.push_back(text->substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

Result<CiQuery> report_query(const Request& request) {
  QueryFields query(request);
  CiQuery asked;
  asked.repository = query.text("repository");
  asked.commit_sha = query.text("commit_sha");
  asked.run_ids = comma_list(query.text("run_ids", k_run_ids_bytes_max));
  asked.baseline_run_ids = comma_list(query.text("baseline_run_ids", k_run_ids_bytes_max));
  if (const auto choice =
          query.choice("baseline", {"fork_point", "parent", "latest_default", "auto"})) {
    asked.baseline = static_cast<BaselineChoice>(*choice);
  }
  asked.percent = query.positive("threshold");
  asked.z = query.positive("threshold_z");
  BL_RETURN_IF_ERROR(query.finish());
  return asked;
}

// The verdicts of the rows' series, and of what the runs measured, stand beside them; nothing of
// the report rests on them.
std::string with_verdicts(const CiReport& report, const CiRoutePorts& ports) {
  std::vector<std::string_view> fingerprints;
  for (const CiRun& run : report.runs) {
    for (const CiRow& row : run.rows) fingerprints.push_back(row.history_fingerprint);
  }
  std::vector<StoredVerdicts> contenders;
  for (const CiRun& run : report.runs) {
    contenders.push_back(shown_verdicts(ports.verdicts, contenders_of(run)));
  }
  return encode_ci_report(report, shown_verdicts(ports.verdicts, fingerprints), contenders);
}

Result<std::string> get_report(const Request& request, const CiRoutePorts& ports) {
  BL_TRY(const CiQuery asked, report_query(request));
  BL_TRY(const CiReport report, ports.reporter.report(asked));
  return with_verdicts(report, ports);
}

Result<std::string> keep_report(const Request& request, const CiRoutePorts& ports) {
  BL_TRY(const CiQuery asked, report_query(request));
  BL_TRY(const CiReport report, ports.reporter.report(asked));
  for (const CiRun& run : report.runs) {
    const std::string repository =
        run.commit ? run.commit->repository : report.repository.value_or("");
    BL_RETURN_IF_ERROR(request.principal.demand_repository(repository));
  }
  BL_RETURN_IF_ERROR(ports.snapshots.keep(report, change_of(request, ports.clock)));
  return with_verdicts(report, ports);
}

void write_snapshot(json::Writer& out, const Snapshot& snapshot) {
  out.begin_object()
      .member("id", snapshot.id)
      .member("run_id", snapshot.run_id)
      .member("repository", snapshot.repository)
      .member("commit_sha", snapshot.commit_sha)
      .member("baseline_run_id", snapshot.baseline_run_id)
      .member("made_at", to_rfc3339(snapshot.made_at))
      .member("made_by", snapshot.made_by)
      .member("status", snapshot.status);
  out.key("summary").raw(snapshot.summary_json);
  out.key("regressions").raw(snapshot.regressions_json);
  out.end_object();
}

Result<std::string> list_regressions(const Request& request, const CiRoutePorts& ports) {
  QueryFields query(request);
  SnapshotStore::Filter filter;
  filter.run_id = query.text("run_id");
  filter.repository = query.text("repository");
  filter.page_size = static_cast<int>(query.integer("page_size", 1, 1000).value_or(100));
  filter.before_id = cursor_of(query, k_list);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const auto snapshots, ports.snapshots.snapshots(filter));
  std::string text;
  json::Writer out(text);
  out.begin_object().key("regressions").begin_array();
  for (const Snapshot& snapshot : snapshots) write_snapshot(out, snapshot);
  out.end_array().key("next_page_cursor");
  if (snapshots.size() == static_cast<std::size_t>(filter.page_size)) {
    out.value(make_cursor(k_list, snapshots.back().id));
  } else {
    out.null();
  }
  out.end_object();
  return text;
}

}  // namespace

Change change_of(const Request& request, const Clock& clock) {
  return {request.principal.id, request.principal.name, clock.now()};
}

Response ci_answer(const Result<std::string>& body, const Request& request) {
  if (!body.ok()) return net::problem(body.error(), request.request_id);
  return Response::json(200, *body);
}

void add_ci_routes(net::Router& router, const CiRoutePorts& ports) {
  const auto add = [&](Method method, const char* pattern, Access access,
                       Result<std::string> (*work)(const Request&, const CiRoutePorts&)) {
    add_answer(router, ports, method, pattern, access, work);
  };
  add(Method::get, "/api/ci/report", Access::read, get_report);
  add(Method::post, "/api/ci/report", Access::write, keep_report);
  add(Method::get, "/api/v1/regressions", Access::read, list_regressions);
  add_ci_setting_routes(router, ports);
  add_project_routes(router, ports);
}

}  // namespace bl::results
