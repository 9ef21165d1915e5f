#include "bigquery/job_routes.h"

#include <fmt/format.h>

#include <atomic>
#include <charconv>

#include "bigquery/rest/job_answers.h"
#include "bigquery/rest/job_requests.h"
#include "bigquery/rest/upload_routes.h"

namespace bl::bigquery {
namespace {

using net::Access;
using net::Method;
using net::Request;
using net::Response;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds k_deadline{230'000};  // over wait_max

/// Requests that wait for jobs, bounded, so that some threads are always free.
class Waiting {
 public:
  Waiting(std::atomic<std::size_t>& all, std::size_t most)
      : all_(all), has_place_(all.fetch_add(1) < most) {}
  ~Waiting() { all_.fetch_sub(1); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  bool has_place() const { return has_place_; }

 private:
  std::atomic<std::size_t>& all_;
  const bool has_place_;
};

Result<std::optional<std::int64_t>> number_parameter(const Request& request,
                                                     std::string_view name) {
  const std::string* text = request.query_value(name);
  if (text == nullptr || text->empty()) return std::optional<std::int64_t>();
  std::int64_t number = -1;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (fault == std::errc() && end == text->data() + text->size() && number >= 0) {
    return std::optional(number);
  }
  return Error{Code::invalid, fmt::format("Invalid value for {}: {}", name, text->substr(0, 100))};
}

std::string parameter(const Request& request, std::string_view name) {
  const std::string* text = request.query_value(name);
  return text == nullptr ? "" : *text;
}

class JobRoutes {
 public:
  JobRoutes(JobPorts ports, const JobRouteOptions& options)
      : ports_(std::move(ports)), options_(options) {}

  Result<Response> query(Request& request) {
    BL_TRY(const JobPorts::Parts parts, ports_.parts());
    BL_TRY(const json::Value body, json::parse(request.body));
    BL_TRY(QueryBody wanted, query_body_of(body, request.capture("project")));
    put_caller(request, options_, wanted.job);
    PageRequest page;
    page.rows_max = wanted.rows_max;
    BL_TRY(page.form, timestamp_form(truth_member(wanted.format_options, "useInt64Timestamp"),
                                     text_member(wanted.format_options, "timestampOutputFormat")));
    if (wanted.is_dry_run) return dry_run(parts, wanted.job, dry_run_answer);
    BL_TRY(const JobView begun, parts.jobs->start(std::move(wanted.job)));
    BL_TRY(const JobView job, wait(parts, begun, milliseconds(wanted.timeout_ms), request));
    return answer(parts, job, page, QueryAnswer::of_query);
  }

  Result<Response> results(Request& request) {
    BL_TRY(const JobPorts::Parts parts, ports_.parts());
    PageRequest page;
    BL_TRY(page.rows_max, number_parameter(request, "maxResults"));
    BL_TRY(const auto start, number_parameter(request, "startIndex"));
    page.from = start.value_or(0);
    if (const std::string token = parameter(request, "pageToken"); !token.empty()) {
      BL_TRY(page.from, page_place(token));
    }
    BL_TRY(const auto timeout, number_parameter(request, "timeoutMs"));
    const std::string use_int64 = parameter(request, "formatOptions.useInt64Timestamp");
    BL_TRY(page.form, timestamp_form(use_int64 == "true" || use_int64 == "True",
                                     parameter(request, "formatOptions.timestampOutputFormat")));
    BL_TRY(const JobView begun,
           parts.jobs->get(request.capture("project"), request.capture("job")));
    BL_TRY(const JobView job, wait(parts, begun, milliseconds(timeout.value_or(10'000)), request));
    return answer(parts, job, page, QueryAnswer::of_results);
  }

  Result<Response> insert(Request& request) {
    BL_TRY(const JobPorts::Parts parts, ports_.parts());
    BL_TRY(const json::Value body, json::parse(request.body));
    BL_TRY(JobBody wanted, job_body_of(body, request.capture("project")));
    if (wanted.is_load) {
      return Error{Code::invalid, "A load job needs a file: send it with the job (upload)"};
    }
    put_caller(request, options_, wanted.job);
    if (wanted.is_dry_run) return dry_run(parts, wanted.job, dry_run_resource);
    BL_TRY(const JobView job, parts.jobs->start(std::move(wanted.job)));
    return Response::json(200, job_resource(job, request.origin()));
  }

  Result<Response> get(Request& request) {
    BL_TRY(const JobPorts::Parts parts, ports_.parts());
    BL_TRY(const JobView job, parts.jobs->get(request.capture("project"), request.capture("job")));
    return Response::json(200, job_resource(job, request.origin()));
  }

  Result<Response> cancel(Request& request) {
    BL_TRY(const JobPorts::Parts parts, ports_.parts());
    BL_TRY(const JobView job,
           parts.jobs->cancel(request.capture("project"), request.capture("job")));
    std::string text;
    json::Writer writer(text);
    writer.begin_object().member("kind", "bigquery#jobCancelResponse");
    writer.key("job").raw(job_resource(job, request.origin())).end_object();
    return Response::json(200, std::move(text));
  }

  Result<Response> remove(Request& request) {
    BL_TRY(const JobPorts::Parts parts, ports_.parts());
    BL_RETURN_IF_ERROR(parts.jobs->remove(request.capture("project"), request.capture("job")));
    return Response::json(200, "{}");
  }

  Result<Response> list(Request& request) {
    BL_TRY(const JobPorts::Parts parts, ports_.parts());
    JobFilter filter;
    filter.project = request.capture("project");
    for (const auto& [name, value] : request.query) {
      if (name != "stateFilter") continue;
      std::string word = value;
      for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      const auto state = job_state_named(word);
      if (!state) return Error{Code::invalid, "Invalid value for stateFilter: " + value};
      filter.states.push_back(*state);
    }
    BL_TRY(const auto from, number_parameter(request, "minCreationTime"));
    BL_TRY(const auto to, number_parameter(request, "maxCreationTime"));
    if (from) filter.created_min = Timestamp::from_millis(*from);
    if (to) filter.created_max = Timestamp::from_millis(*to + 1) - std::chrono::microseconds(1);
    BL_TRY(const auto most, number_parameter(request, "maxResults"));
    const auto count =
        static_cast<std::size_t>(std::clamp<std::int64_t>(most.value_or(50), 1, 1000));
    filter.count_max = count + 1;
    filter.before_id = parameter(request, "pageToken");
    auto jobs = parts.jobs->list(filter);
    if (!jobs.ok() && jobs.error().code == Code::not_found) {
      return Error{Code::invalid, "Invalid page token: " + filter.before_id};
    }
    if (!jobs.ok()) return std::move(jobs).error();
    const bool has_more = jobs->size() > count;
    if (has_more) jobs->resize(count);
    std::string text;
    json::Writer writer(text);
    writer.begin_object().member("kind", "bigquery#jobList").key("jobs").begin_array();
    for (const JobView& job : *jobs) writer.raw(listed(job, request.origin()));
    writer.end_array();
    if (has_more) writer.member("nextPageToken", jobs->back().id);
    writer.end_object();
    return Response::json(200, std::move(text));
  }

 private:
  using DryAnswer = std::string (*)(const QueryOutcome&, const JobRequest&);

  /// A job of a list has its state and its fault beside the resource.
  static std::string listed(const JobView& job, const std::string& origin) {
    std::string text = job_resource(job, origin);
    text.pop_back();
    text += fmt::format(",\"state\":\"{}\"", name_of(job.state));
    if (job.error) {
      json::Value error = json::Value::object();
      error.set("reason", json::Value::string(job.error->reason));
      error.set("message", json::Value::string(job.error->message));
      text += ",\"errorResult\":" + json::to_text(error);
    }
    return text + "}";
  }

  static Result<Response> dry_run(const JobPorts::Parts& parts, const JobRequest& job,
                                  DryAnswer make) {
    const auto* query = std::get_if<QueryRequest>(&job.work);
    if (query == nullptr) return Error{Code::invalid, "dryRun is for queries"};
    const auto outcome = parts.queries->plan(*query);
    if (!outcome.ok()) return error_answer(outcome.error(), "invalidQuery");
    return Response::json(200, make(*outcome, job));
  }

  Result<JobView> wait(const JobPorts::Parts& parts, const JobView& begun, milliseconds time,
                       const Request& request) {
    if (begun.state == JobState::done) return begun;
    const Waiting waiting(waiting_, options_.limits.waiting_max);
    const auto until =
        steady_clock::now() +
        (waiting.has_place() ? std::min(time, options_.limits.wait_max) : milliseconds(0));
    return parts.jobs->wait(begun.project, begun.id, until, request.client_is_there);
  }

  /// What a job gives; its failure is the request's.
  static Result<Response> answer(const JobPorts::Parts& parts, const JobView& job,
                                 const PageRequest& page, QueryAnswer kind) {
    if (job.error) return error_answer(*job.error);
    QueryResultHandle rows;
    if (job.state == JobState::done && job.has_answer) {
      BL_TRY(rows, parts.jobs->rows_of(job));
    }
    BL_TRY(std::string text, query_answer(job, rows, page, kind));
    Response response = Response::json(200, std::move(text));
    response.headers.set("Cache-Control", "no-store");
    return response;
  }

  const JobPorts ports_;
  const JobRouteOptions options_;
  std::atomic<std::size_t> waiting_{0};
};

}  // namespace

void put_caller(const Request& request, const JobRouteOptions& options, JobRequest& job) {
  job.user = request.principal.name.empty() ? "anonymous@localhost" : request.principal.name;
  const bool may_write =
      net::demand_access(request.principal, options.write, options.read == Access::read).ok();
  job.may_write = may_write;
  if (auto* query = std::get_if<QueryRequest>(&job.work)) {
    query->user = job.user;
    query->may_write = may_write;
  }
}

void add_job_routes(net::Router& router, JobPorts ports, const JobRouteOptions& options) {
  const auto routes = std::make_shared<JobRoutes>(ports, options);
  using Answer = Result<Response> (JobRoutes::*)(Request&);
  struct Entry {
    Method method;
    const char* path;
    Answer answer;
  };
  const Entry entries[] = {
      {Method::post, "/projects/{project}/queries", &JobRoutes::query},
      {Method::get, "/projects/{project}/queries/{job}", &JobRoutes::results},
      {Method::post, "/projects/{project}/jobs", &JobRoutes::insert},
      {Method::get, "/projects/{project}/jobs", &JobRoutes::list},
      {Method::get, "/projects/{project}/jobs/{job}", &JobRoutes::get},
      {Method::post, "/projects/{project}/jobs/{job}/cancel", &JobRoutes::cancel},
      {Method::del, "/projects/{project}/jobs/{job}/delete", &JobRoutes::remove},
      {Method::del, "/projects/{project}/jobs/{job}", &JobRoutes::remove},
  };
  for (const Entry& entry : entries) {
    for (const char* const prefix : {"/bigquery/v2", ""}) {
      router.add({.method = entry.method,
                  .pattern = std::string(prefix) + entry.path,
                  .access = entry.method == Method::del ? options.write : options.read,
                  .handler =
                      [routes, answer = entry.answer](Request& request) {
                        auto made = ((*routes).*answer)(request);
                        return made.ok() ? *std::move(made) : error_answer(made.error());
                      },
                  .options = {.body_bytes_max = options.limits.body_bytes_max,
                              .deadline = k_deadline,
                              .in_openapi = *prefix != '\0'}});
    }
  }
  add_upload_routes(router, std::move(ports), options);
}

}  // namespace bl::bigquery
