#include "events/api/answers.h"
#include "events/api/names_in_paths.h"
#include "events/api/request_body.h"
#include "events/encode.h"
#include "events/partition_standing.h"

/// Partitions, jobs, job runs, and what goes on in all of them.
namespace bl::events {
namespace {

constexpr std::size_t k_jobs_page = 1'000;

Result<std::string> ref_of(const Call& call, net::QueryFields& fields,
                           Doubtful doubtful = Doubtful::as_text) {
  return name_in_path(call.request, "ref", fields, doubtful,
                      [&call](const std::string& ref) -> Result<bool> {
                        BL_TRY(const Events events, call.log.partition_events(ref, {.limit = 1}));
                        return !events.events.empty();
                      });
}

/// The label's summary. Of the labels that contain it, page by page.
Result<std::optional<JobSummary>> job_of(EventLog& log, const std::string& label) {
  for (Paging paging{.limit = k_jobs_page};; paging.offset += k_jobs_page) {
    BL_TRY(auto jobs, log.list_jobs(paging, label));
    for (JobSummary& job : jobs.items) {
      if (job.job_label == label) return std::optional(std::move(job));
    }
    if (jobs.items.size() < k_jobs_page) return std::optional<JobSummary>();
  }
}

Result<Response> list_partitions(const Call& call) {
  net::QueryFields fields(call.request);
  const Paging paging = paging_of(fields);
  std::optional<PartitionStatus> status;
  if (const auto name = fields.text("status")) {
    status = partition_status_named(*name);
    if (!status) fields.fault("status", "no status of a partition", *name);
  }
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const auto partitions, call.log.list_recent_partitions(paging, status));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("partitions").begin_array();
  for (const PartitionSummary& partition : partitions.items) encode(writer, partition);
  writer.end_array().member("total", partitions.total).end_object();
  return answer_json(200, std::move(body));
}

Result<Response> partition_status(const Call& call) {
  net::QueryFields fields(call.request);
  BL_TRY(const std::string ref, ref_of(call, fields));
  BL_TRY(const auto standing, partition_standing(call.log, ref));
  if (!standing) return Error{Code::not_found, "no event tells the partition's status: " + ref};
  std::string body;
  json::Writer writer(body);
  encode(writer, *standing);
  return answer_json(200, std::move(body));
}

Result<Response> partition_events(const Call& call) {
  net::QueryFields fields(call.request);
  const Slice slice = slice_of(fields);
  BL_TRY(const std::string ref, ref_of(call, fields));
  BL_TRY(const Events events, call.log.partition_events(ref, slice));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("partition_ref").begin_object().member("str", ref).end_object();
  write_events(writer, events);
  writer.end_object();
  return answer_json(200, std::move(body));
}

/// The build that an invalidation stands under: the one that made the partition.
Result<std::string> build_of_invalidation(const Call& call, const std::string& ref) {
  BL_TRY(const auto made_by, call.log.build_request_for_available_partition(ref));
  return made_by ? *made_by : new_uuid(call.ports);
}

Result<Response> invalidate(const Call& call) {
  net::QueryFields fields(call.request);
  BL_TRY(const std::string ref, ref_of(call, fields, Doubtful::refused));
  BL_TRY(RequestBody body, RequestBody::parse(call.request.body));
  const std::string reason = body.text("reason");
  std::string build = body.uuid("build_request_id");
  BL_RETURN_IF_ERROR(body.finish());
  if (build.empty()) {
    BL_TRY(build, build_of_invalidation(call, ref));
  }
  const BuildEvent event{
      .event_id = new_uuid(call.ports),
      .timestamp = now_after(call.ports, 0),
      .build_request_id = build,
      .payload = PartitionInvalidationEvent{.partition_ref = ref, .reason = reason}};
  BL_RETURN_IF_ERROR(append(call, {&event, 1}));
  return answer_json(201, event_json(event));
}

Result<Response> list_jobs(const Call& call) {
  net::QueryFields fields(call.request);
  const Paging paging = paging_of(fields);
  const std::string search = fields.text("search").value_or("");
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const auto jobs, call.log.list_jobs(paging, search));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("jobs").begin_array();
  for (const JobSummary& job : jobs.items) encode(writer, job);
  writer.end_array().member("total", jobs.total).end_object();
  return answer_json(200, std::move(body));
}

Result<Response> show_job(const Call& call) {
  net::QueryFields fields(call.request);
  BL_TRY(const std::string label, name_in_path(call.request, "label", fields, Doubtful::as_text,
                                               [&call](const std::string& name) -> Result<bool> {
                                                 BL_TRY(const auto job, job_of(call.log, name));
                                                 return job.has_value();
                                               }));
  BL_TRY(const auto job, job_of(call.log, label));
  if (!job) return Error{Code::not_found, "no event names the job: " + label};
  std::string body;
  json::Writer writer(body);
  encode(writer, *job);
  return answer_json(200, std::move(body));
}

Result<Response> job_run_events(const Call& call) {
  net::QueryFields fields(call.request);
  const Slice slice = slice_of(fields);
  BL_TRY(const std::string run, name_in_path(call.request, "id", fields, Doubtful::as_text,
                                             [&call](const std::string& name) -> Result<bool> {
                                               BL_TRY(const Events events,
                                                      call.log.job_run_events(name, {.limit = 1}));
                                               return !events.events.empty();
                                             }));
  BL_TRY(const Events events, call.log.job_run_events(run, slice));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("job_run_id", run);
  write_events(writer, events);
  writer.end_object();
  return answer_json(200, std::move(body));
}

Result<Response> activity(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  BL_TRY(const ActivitySummary summary, call.log.activity());
  std::string body;
  json::Writer writer(body);
  encode(writer, summary);
  return answer_json(200, std::move(body));
}

}  // namespace

void add_partition_routes(RouteSet& routes) {
  routes.read("/api/v1/partitions", list_partitions);
  routes.read("/api/v1/partitions/{ref}/status", partition_status);
  routes.read("/api/v1/partitions/{ref}/events", partition_events);
  routes.write(Method::post, "/api/v1/partitions/{ref}/invalidate", invalidate);
  routes.read("/api/v1/jobs", list_jobs);
  routes.read("/api/v1/jobs/{label}", show_job);
  routes.read("/api/v1/job-runs/{id}/events", job_run_events);
  routes.read("/api/v1/activity", activity);
}

}  // namespace bl::events
