#include "app/search.h"

#include "base/json.h"
#include "net/query_fields.h"

namespace bl::app {
namespace {

constexpr int k_hits_max = 50;
constexpr int k_hits_default = 8;
constexpr std::size_t k_text_bytes_max = 200;

net::Response search(const net::Request& request, const std::vector<SearchSource>& sources) {
  net::QueryFields fields(request);
  const std::string text = fields.text("q", k_text_bytes_max).value_or("");
  const auto limit =
      static_cast<int>(fields.integer("limit", 1, k_hits_max).value_or(k_hits_default));
  if (const auto read = fields.finish(); !read.ok())
    return net::problem(read.error(), request.request_id);
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("results").begin_array();
  for (const SearchSource& source : sources) {
    const auto hits = source(text, limit);
    if (!hits.ok()) return net::problem(hits.error(), request.request_id);
    for (const SearchHit& hit : *hits) {
      writer.begin_object()
          .member("kind", hit.kind)
          .member("title", hit.title)
          .member("detail", hit.detail)
          .member("href", hit.href)
          .end_object();
    }
  }
  writer.end_array().end_object();
  return net::Response::json(200, std::move(body));
}

}  // namespace

void add_search_routes(net::Router& router, std::vector<SearchSource> sources) {
  router.add({.method = net::Method::get,
              .pattern = "/api/v1/search",
              .access = net::Access::read,
              .handler = [sources = std::move(sources)](net::Request& request) {
                return search(request, sources);
              }});
}

}  // namespace bl::app
