#include "advice/routes.h"

#include "advice/markdown.h"
#include "net/query_fields.h"

namespace bl::advice {
namespace {

using net::Request;
using net::Response;

constexpr std::size_t k_repository_bytes_max = 300;
constexpr std::size_t k_sha_bytes_max = 100;

struct Asked {
  Question question;
  bool wants_markdown = false;
};

Result<Asked> asked_of(const Request& request, bool has_format) {
  net::QueryFields query(request);
  Asked asked;
  const auto required = [&](const char* name, std::size_t bytes_max) {
    auto text = query.text(name, bytes_max);
    if (!text) query.fault(name, "required, but missing");
    return text.value_or("");
  };
  asked.question.repository = required("repository", k_repository_bytes_max);
  asked.question.sha = required("sha", k_sha_bytes_max);
  asked.question.base = query.text("base", k_sha_bytes_max);
  if (has_format) {
    const auto format = query.choice("format", {"json", "markdown"});
    const std::string accept(request.headers.get("Accept"));
    asked.wants_markdown =
        format ? *format == 1 : accept.find("text/markdown") != std::string::npos;
  }
  BL_RETURN_IF_ERROR(query.finish());
  return asked;
}

Response get_comment(const Request& request, const RoutePorts& ports) {
  const auto asked = asked_of(request, true);
  if (!asked.ok()) return net::problem(asked.error(), request.request_id);
  const auto comment = ports.adviser.comment(asked->question);
  if (!comment.ok()) return net::problem(comment.error(), request.request_id);
  if (!asked->wants_markdown) return Response::json(200, encode_comment(*comment));
  return Response::text(200, "text/markdown; charset=utf-8",
                        to_markdown(*comment, {.base_url = ports.base_url}));
}

Response post_comment(const Request& request, const RoutePorts& ports) {
  const auto asked = asked_of(request, false);
  if (!asked.ok()) return net::problem(asked.error(), request.request_id);
  const auto may = request.principal.demand_repository(asked->question.repository);
  if (!may.ok()) return net::problem(may.error(), request.request_id);
  auto posted = ports.post ? ports.post(asked->question)
                           : Result<PostedComment>(Error{
                                 Code::conflict, "no forge is configured for the repository: " +
                                                     asked->question.repository});
  if (!posted.ok()) return net::problem(posted.error(), request.request_id);
  return Response::json(200, encode_posted(*posted));
}

}  // namespace

void add_routes(net::Router& router, const RoutePorts& ports) {
  router.add({.method = net::Method::get,
              .pattern = "/api/v1/advice/comment",
              .access = net::Access::read,
              .handler = [ports](Request& request) { return get_comment(request, ports); }});
  router.add({.method = net::Method::post,
              .pattern = "/api/v1/advice/comment",
              .access = net::Access::write,
              .handler = [ports](Request& request) { return post_comment(request, ports); }});
}

}  // namespace bl::advice
