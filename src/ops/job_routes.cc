#include "ops/job_routes.h"

#include "base/json.h"
#include "base/optional_time.h"
#include "net/query_fields.h"

namespace bl::ops {
namespace {

Result<std::string> list(const net::Request& request, store::Jobs& jobs) {
  BL_RETURN_IF_ERROR(net::QueryFields(request).finish());
  BL_TRY(const auto found, jobs.list());
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("jobs").begin_array();
  for (const store::JobState& job : found) {
    writer.begin_object()
        .member("name", job.name)
        .member("running", job.lease_until.has_value())
        .member("abandoned", job.abandoned)
        .member("owner", job.owner)
        .member("lease_until", to_rfc3339(job.lease_until))
        .member("started_at", to_rfc3339(job.started_at))
        .member("ended_at", to_rfc3339(job.ended_at))
        .member("outcome", job.outcome.empty() ? std::nullopt : std::optional(job.outcome))
        .member("detail", job.detail)
        .member("runs", job.runs)
        .member("failures", job.failures)
        .end_object();
  }
  writer.end_array().end_object();
  return text;
}

}  // namespace

void add_job_routes(net::Router& router, store::Jobs& jobs) {
  router.add({.method = net::Method::get,
              .pattern = "/api/v1/background-jobs",
              .access = net::Access::write,
              .handler = [&jobs](net::Request& request) {
                const auto body = list(request, jobs);
                if (!body.ok()) return net::problem(body.error(), request.request_id);
                return net::Response::json(200, *body);
              }});
}

}  // namespace bl::ops
