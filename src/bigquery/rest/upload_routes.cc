#include "bigquery/rest/upload_routes.h"

#include <fmt/format.h>

#include "bigquery/rest/job_answers.h"
#include "bigquery/rest/job_requests.h"
#include "bigquery/rest/uploads.h"

namespace bl::bigquery {
namespace {

using net::Method;
using net::Request;
using net::Response;

constexpr std::uint64_t k_chunk_unit = 256u << 10;
constexpr std::chrono::hours k_deadline{1};
constexpr const char* k_pattern = "/upload/bigquery/v2/projects/{project}/jobs";

Error too_large(std::uint64_t most) {
  return {Code::too_large, fmt::format("the file is too large, the most bytes are {}", most)};
}

class UploadRoutes {
 public:
  UploadRoutes(JobPorts ports, const JobRouteOptions& options)
      : ports_(std::move(ports)), options_(options), uploads_(options.limits) {}

  Result<Response> post(Request& request) {
    BL_TRY(const JobPorts::Parts parts, ports_.parts());
    const std::string* type = request.query_value("uploadType");
    if (type != nullptr && *type == "resumable") return begin(request, parts);
    if (type != nullptr && *type == "multipart") return whole(request, parts);
    return Error{Code::invalid,
                 fmt::format("Invalid value for uploadType: {}", type == nullptr ? "" : *type)};
  }

  Result<Response> put(Request& request) {
    BL_TRY(const JobPorts::Parts parts, ports_.parts());
    BL_TRY(const auto upload, find(request));
    const std::lock_guard busy(upload->busy);
    upload->touched = parts.clock->now();
    if (upload->job) return finished(request, parts, *upload);
    const std::string* header = request.headers.find("Content-Range");
    ContentRange range;
    if (header != nullptr) {
      BL_TRY(range, content_range_of(*header));
      if (range.first && !range.total && (*range.last + 1 - *range.first) % k_chunk_unit != 0) {
        return Error{Code::invalid, fmt::format("a chunk's size is no multiple of {} bytes: {}",
                                                k_chunk_unit, *header)};
      }
      if (range.first && *range.first > upload->file->bytes()) {
        return Error{Code::invalid, fmt::format("a chunk begins behind the {} bytes that came: {}",
                                                upload->file->bytes(), *header)};
      }
    }
    const bool has_bytes = header == nullptr || range.first;
    if (has_bytes) BL_RETURN_IF_ERROR(take(request, *upload, range));
    const std::uint64_t came = upload->file->bytes();
    if (header == nullptr || (range.total && *range.total == came)) {
      return finish(request, parts, *upload);
    }
    return incomplete(came);
  }

  Result<Response> remove(Request& request) {
    BL_TRY(const auto upload, find(request));
    uploads_.remove(upload->id);
    return Response::no_content();
  }

 private:
  Result<std::shared_ptr<Upload>> find(const Request& request) {
    const std::string* id = request.query_value("upload_id");
    if (id == nullptr) return Error{Code::invalid, "Required parameter is missing: upload_id"};
    return uploads_.find(request.capture("project"), *id);
  }

  Result<Response> begin(Request& request, const JobPorts::Parts& parts) {
    BL_TRY(json::Value body, json::parse(request.body.empty() ? "{}" : request.body));
    BL_TRY(const JobBody wanted, job_body_of(body, request.capture("project")));
    if (!wanted.is_load) return Error{Code::invalid, "an upload is for load jobs"};
    BL_TRY(const auto upload, uploads_.begin(parts, request.capture("project"), std::move(body)));
    Response response = Response::text(200, "application/json", "");
    response.headers.set("Location", fmt::format("{}{}?uploadType=resumable&upload_id={}",
                                                 request.origin(), request.path, upload->id));
    response.headers.set("X-GUploader-UploadID", upload->id);
    return response;
  }

  Result<Response> whole(Request& request, const JobPorts::Parts& parts) {
    BL_TRY(const MultipartBody body,
           multipart_of(request.headers.get("Content-Type"), request.body));
    BL_TRY(const json::Value json, json::parse(body.json));
    BL_TRY(const auto file, uploads_.new_file(parts));
    BL_RETURN_IF_ERROR(file->append(body.media));
    BL_TRY(const JobView job, start(request, parts, json, file));
    return Response::json(200, job_resource(job, request.origin()));
  }

  Result<JobView> start(const Request& request, const JobPorts::Parts& parts,
                        const json::Value& body, std::shared_ptr<SentFile> file) {
    BL_TRY(JobBody wanted, job_body_of(body, request.capture("project")));
    auto* load = std::get_if<LoadRequest>(&wanted.job.work);
    if (load == nullptr) return Error{Code::invalid, "an upload is for load jobs"};
    load->file = std::move(file);
    put_caller(request, options_, wanted.job);
    return parts.jobs->start(std::move(wanted.job));
  }

  /// Adds what is new of the request's bytes. What came before the connection broke stays.
  Result<void> take(Request& request, Upload& upload, const ContentRange& range) {
    const std::uint64_t first = range.first.value_or(0);
    std::uint64_t skipped = upload.file->bytes() - std::min(first, upload.file->bytes());
    std::uint64_t left =
        range.first ? *range.last + 1 - first : std::numeric_limits<std::uint64_t>::max();
    std::string piece;
    while (left > 0) {
      piece.clear();
      BL_TRY(const bool is_there, request.body_reader->read(piece));
      if (!is_there) break;
      if (piece.size() > left) {
        return Error{Code::invalid, "a chunk has more bytes than its Content-Range says"};
      }
      left -= piece.size();
      const std::uint64_t known = std::min<std::uint64_t>(skipped, piece.size());
      skipped -= known;
      if (upload.file->bytes() + piece.size() - known > options_.limits.upload_bytes_max) {
        return too_large(options_.limits.upload_bytes_max);
      }
      if (known < piece.size()) {
        BL_RETURN_IF_ERROR(upload.file->append(std::string_view(piece).substr(known)));
      }
    }
    return {};
  }

  Result<Response> finish(const Request& request, const JobPorts::Parts& parts, Upload& upload) {
    BL_TRY(JobView job, start(request, parts, upload.body, upload.file));
    upload.job = std::move(job);
    upload.file.reset();
    return finished(request, parts, upload);
  }
  static Result<Response> finished(const Request& request, const JobPorts::Parts& parts,
                                   const Upload& upload) {
    BL_TRY(const JobView job, parts.jobs->get(upload.job->project, upload.job->id));
    return Response::json(200, job_resource(job, request.origin()));
  }

  static Response incomplete(std::uint64_t came) {
    Response response = Response::text(308, "text/plain", "");
    if (came > 0) response.headers.set("Range", fmt::format("bytes=0-{}", came - 1));
    return response;
  }

  const JobPorts ports_;
  const JobRouteOptions options_;
  Uploads uploads_;
};

}  // namespace

void add_upload_routes(net::Router& router, JobPorts ports, const JobRouteOptions& options) {
  const auto routes = std::make_shared<UploadRoutes>(std::move(ports), options);
  using Answer = Result<Response> (UploadRoutes::*)(Request&);
  const auto add = [&](Method method, Answer answer, net::RouteOptions with) {
    router.add({.method = method,
                .pattern = k_pattern,
                .access = options.write,
                .handler =
                    [routes, answer](Request& request) {
                      auto made = ((*routes).*answer)(request);
                      return made.ok() ? *std::move(made) : error_answer(made.error());
                    },
                .options = with});
  };
  add(Method::post, &UploadRoutes::post,
      {.body_bytes_max = options.limits.multipart_bytes_max, .deadline = k_deadline});
  add(Method::put, &UploadRoutes::put,
      {.body_bytes_max = options.limits.chunk_bytes_max,
       .deadline = k_deadline,
       .stream_body = true});
  add(Method::del, &UploadRoutes::remove, {});
}

}  // namespace bl::bigquery
