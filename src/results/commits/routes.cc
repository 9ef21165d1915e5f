#include "results/commit_routes.h"

#include "base/json.h"
#include "net/query_fields.h"
#include "results/cursor.h"

namespace bl::results {
namespace {

using net::Access;
using net::Method;
using net::QueryFields;
using net::Request;
using net::Response;

constexpr std::string_view k_list = "commits";
constexpr std::size_t k_body_bytes_max = 16u << 10;
constexpr std::int64_t k_repair_count_max = 100;
// A source's budget may begin just before the repair's own time is over.
constexpr std::chrono::milliseconds k_repair_deadline{90'000};

Response answer(const Request& request, const Result<std::string>& body) {
  if (!body.ok()) return net::problem(body.error(), request.request_id);
  return Response::json(200, *body);
}

void write_commit(json::Writer& writer, const StoredCommit& commit) {
  writer.member("id", commit.id).member("sha", commit.sha).member("repository", commit.repository);
  if (commit.branch) writer.member("branch", *commit.branch);
  if (commit.timestamp) writer.member("timestamp", to_rfc3339(*commit.timestamp));
  if (commit.fork_point_sha) writer.member("fork_point_sha", *commit.fork_point_sha);
}

void write_next(json::Writer& writer, const std::optional<std::string>& before_id) {
  writer.key("next_page_cursor");
  if (before_id) {
    writer.value(make_cursor(k_list, *before_id));
  } else {
    writer.null();
  }
}

std::string why(const IncompleteCommit& one, const CommitPorts& ports) {
  if (!one.reason.empty()) return one.reason;
  if (!ports.enricher.source().covers(one.commit.repository)) {
    return "no commit source is configured for this repository (commits.source, commits.git)";
  }
  return one.state == "new" ? "nobody has been asked yet" : "it is being asked for";
}

// Incomplete commits --------------------------------------------------------------------------

Result<std::string> list_incomplete(const Request& request, const CommitPorts& ports) {
  QueryFields query(request);
  IncompleteFilter filter;
  filter.repository = query.text("repository");
  filter.count_max = static_cast<std::size_t>(query.integer("page_size", 1, 1000).value_or(100));
  filter.before_id = cursor_of(query, k_list);
  BL_RETURN_IF_ERROR(query.finish());
  BL_TRY(const auto commits, ports.commits.incomplete(filter));
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("sources", ports.sources).key("commits").begin_array();
  for (const IncompleteCommit& one : commits) {
    writer.begin_object();
    write_commit(writer, one.commit);
    writer.member("state", one.state).member("reason", why(one, ports));
    writer.member("attempts", one.attempts);
    if (one.next_try_at) writer.member("next_try_at", to_rfc3339(*one.next_try_at));
    writer.end_object();
  }
  writer.end_array();
  std::optional<std::string> next;
  if (commits.size() == filter.count_max) next = commits.back().commit.id;
  write_next(writer, next);
  writer.end_object();
  return out;
}

// Repair --------------------------------------------------------------------------------------

bool read_flag(const json::Value& value, const std::string& path, json::Faults& faults) {
  if (value.is_bool()) return value.as_bool();
  faults.add(path, "must be true or false", &value);
  return false;
}

void read_repair_member(const std::string& key, const json::Value& value, RepairRequest& repair,
                        json::Faults& faults) {
  const std::string path = json::pointer_append("", key);
  if (value.is_null()) return;
  if (key == "repository" || key == "cursor") {
    if (!value.is_string()) return faults.add(path, "must be a string", &value);
    if (value.as_string().find('\0') != std::string::npos) {  // what PostgreSQL cannot look up
      return faults.add(path, "must not contain U+0000", &value);
    }
    if (key == "repository") {
      repair.repository = value.as_string();
      return;
    }
    auto before = read_cursor(k_list, value.as_string());
    if (!before.ok()) return faults.add(path, "not a cursor of this list", &value);
    repair.before_id = *std::move(before);
  } else if (key == "limit") {
    const auto count = value.is_number() ? value.as_int64() : std::nullopt;
    if (!count || *count < 1 || *count > k_repair_count_max) {
      return faults.add(path, "must be a whole number from 1 to 100", &value);
    }
    repair.count_max = static_cast<std::size_t>(*count);
  } else if (key == "dry_run") {
    repair.dry_run = read_flag(value, path, faults);
  } else if (key == "backfill") {
    repair.backfill = read_flag(value, path, faults);
  } else {
    faults.add(path, "unknown field", &value);
  }
}

Result<RepairRequest> read_repair(const Request& request) {
  BL_RETURN_IF_ERROR(QueryFields(request).finish());
  RepairRequest repair;
  if (request.body.empty()) return repair;
  BL_TRY(const json::Value document, json::parse(request.body));
  json::Faults faults;
  if (!document.is_object()) {
    faults.add("", "must be an object", &document);
    return faults.to_error("the repair");
  }
  for (const auto& [key, value] : document.members()) {
    read_repair_member(key, value, repair, faults);
  }
  if (!faults.ok()) return faults.to_error("the repair");
  return repair;
}

Result<std::string> repair_commits(const Request& request, const CommitPorts& ports) {
  BL_TRY(RepairRequest repair, read_repair(request));
  BL_RETURN_IF_ERROR(
      request.principal.demand_repository(repair.repository.value_or("every repository")));
  repair.deadline = ports.clock.steady_now() + ports.repair_time;
  BL_TRY(const RepairReport report, ports.enricher.repair(repair));
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("sources", ports.sources).member("dry_run", repair.dry_run);
  writer.key("commits").begin_array();
  for (const RepairedCommit& one : report.commits) {
    writer.begin_object();
    write_commit(writer, one.commit);
    writer.member("outcome", name_of(one.outcome));
    if (!one.reason.empty()) writer.member("reason", one.reason);
    if (repair.backfill) writer.member("backfilled", static_cast<std::uint64_t>(one.backfilled));
    writer.end_object();
  }
  writer.end_array();
  write_next(writer, report.next_before);
  writer.end_object();
  return out;
}

}  // namespace

void add_commit_routes(net::Router& router, const CommitPorts& ports) {
  // Reasons may name folders of the server.
  router.add({.method = Method::get,
              .pattern = "/api/v1/commits/incomplete",
              .access = Access::write,
              .handler = [ports](Request& request) {
                return answer(request, list_incomplete(request, ports));
              }});
  router.add(
      {.method = Method::post,
       .pattern = "/api/v1/commits/repair",
       .access = Access::admin,
       .handler =
           [ports](Request& request) { return answer(request, repair_commits(request, ports)); },
       .options = {.body_bytes_max = k_body_bytes_max, .deadline = k_repair_deadline}});
}

}  // namespace bl::results
