#include "inference/ingest_routes.h"

#include <atomic>
#include <memory>
#include <set>

#include "inference/ingest/metrics.h"
#include "inference/ingest_encode.h"
#include "net/query_fields.h"

namespace bl::inference {
namespace {

using net::Request;
using net::Response;

constexpr std::chrono::hours k_deadline{1};
constexpr std::size_t k_text_bytes_max = 500;  // of a parameter

/// A file that goes with its last user.
class TemporaryFile {
 public:
  TemporaryFile(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  ~TemporaryFile() { (void)disk_.remove(path_).ok(); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  Disk& disk_;
  const std::string path_;
};

/// One of the ingests that may run at once.
class Place {
 public:
  Place(std::atomic<int>& running, int running_max)
      : running_(running), is_free_(running.fetch_add(1) < running_max) {}
  ~Place() { running_.fetch_sub(1); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  bool is_free() const { return is_free_; }

 private:
  std::atomic<int>& running_;
  const bool is_free_;
};

/// What the query says of the run.
Result<RunFacts> facts_of(const Request& request, std::string& name) {
  constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
  net::QueryFields fields(request);
  RunFacts facts;
  facts.run_id = fields.integer("run_id", 0, k_most);
  facts.attempt = fields.integer("attempt", 0, INT32_MAX);
  facts.name = fields.text("run_name", k_text_bytes_max);
  facts.date = fields.text("date", k_text_bytes_max);
  facts.status = fields.text("status", k_text_bytes_max);
  facts.conclusion = fields.text("conclusion", k_text_bytes_max);
  facts.head_branch = fields.text("head_branch", k_text_bytes_max);
  facts.head_sha = fields.text("head_sha", k_text_bytes_max);
  facts.html_url = fields.text("html_url", k_text_bytes_max);
  facts.created_at = fields.time("created_at");
  facts.started_at = fields.time("started_at");
  name = fields.text("name", k_text_bytes_max).value_or("upload.zip");
  if (name.find('/') != std::string::npos || name.starts_with('.') || !name.ends_with(".zip")) {
    fields.fault("name", "is no name of a zip", name);
  }
  BL_RETURN_IF_ERROR(fields.finish());
  return facts;
}

Result<void> receive(const Request& request, File& file) {
  std::string piece;
  while (true) {
    piece.clear();
    BL_TRY(const bool more, request.body_reader->read(piece));
    BL_RETURN_IF_ERROR(file.append(piece));
    if (!more) return {};
  }
}

class IngestRoute {
 public:
  explicit IngestRoute(const IngestRoutePorts& ports) : ports_(ports), metrics_(ports.metrics) {
    // What a server that was killed left there.
    const auto left = ports_.disk.list(ports_.folder);
    for (const std::string& name : left.ok() ? *left : std::vector<std::string>()) {
      (void)ports_.disk.remove(ports_.folder + "/" + name).ok();
    }
  }

  Response answer(const Request& request) {
    const auto report = ingest(request);
    if (report.ok()) return Response::json(200, *report);
    metrics_.failed();
    return net::problem(report.error(), request.request_id);
  }

 private:
  Result<std::string> ingest(const Request& request) {
    std::string name;
    BL_TRY(const RunFacts facts, facts_of(request, name));
    // A sweep belongs to no repository of results.
    BL_RETURN_IF_ERROR(request.principal.demand_repository(""));
    const std::string_view type = request.headers.get("Content-Type");
    if (!type.empty() && !net::equal_without_case(type, "application/zip") &&
        !net::equal_without_case(type, "application/octet-stream")) {
      return Error{Code::unsupported_media,
                   "an upload is application/zip, not: " + std::string(type)};
    }
    const Place place(running_, ports_.running_max);
    if (!place.is_free()) {
      metrics_.turned_away();
      return Error{Code::overloaded, "other ingests are running"};
    }
    BL_RETURN_IF_ERROR(ports_.disk.make_folder(ports_.folder));
    const std::string id = ports_.ids.next();
    // Which artifact it is, or which run, its name may say; the id keeps uploads apart.
    const TemporaryFile upload(ports_.disk, ports_.folder + "/" + id + ".zip");
    {
      BL_TRY(const auto file, ports_.disk.create(upload.path(), FileMode::secret));
      BL_RETURN_IF_ERROR(receive(request, *file));
    }
    IngestLimits limits = ports_.limits;
    limits.artifacts.archive_bytes_max = ports_.upload_bytes_max;
    Ingest ingest(ports_.disk, ports_.registry, ports_.writer, ports_.clock, ports_.ids, limits,
                  ports_.overrides);
    BL_TRY(const IngestOutcome outcome, ingest.run({.path = upload.path(),
                                                    .name = name,
                                                    .label = name,
                                                    .submitter = request.principal.name,
                                                    .facts = facts,
                                                    .spool = ports_.folder + "/" + id + ".spool"}));
    metrics_.count(outcome.report);
    return report_json(outcome.report);
  }

  IngestRoutePorts ports_;
  IngestMetrics metrics_;
  std::atomic<int> running_{0};
};

}  // namespace

void add_ingest_routes(net::Router& router, const IngestRoutePorts& ports) {
  auto route = std::make_shared<IngestRoute>(ports);
  router.add({.method = net::Method::post,
              .pattern = "/api/v1/inference/ingest",
              .access = net::Access::write,
              .handler = [route](Request& request) { return route->answer(request); },
              .options = {.body_bytes_max = static_cast<std::size_t>(ports.upload_bytes_max),
                          .deadline = k_deadline,
                          .stream_body = true}});
}

}  // namespace bl::inference
