#include "app/search.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/numbers.h"

namespace bl::app {
namespace {

constexpr int k_hits_max = 50;
constexpr int k_hits_default = 8;
constexpr std::size_t k_text_bytes_max = 200;

struct Query {
  std::string text;
  int limit = k_hits_default;
};

Result<Query> decode_query(const net::Request& request) {
  Query query;
  json::Faults faults;
  for (const auto& [name, value] : request.query) {
    if (name == "q") {
      query.text = value;
      if (value.size() > k_text_bytes_max) {
        faults.add_text("?q", fmt::format("longer than {} bytes", k_text_bytes_max), "");
      }
    } else if (name == "limit") {
      const auto limit = parse_int64(value);
      if (!limit || *limit < 1 || *limit > k_hits_max) {
        faults.add_text("?limit", fmt::format("not an integer from 1 to {}", k_hits_max), value);
      } else {
        query.limit = static_cast<int>(*limit);
      }
    } else {
      faults.add_text("?" + name, "unknown parameter", value);
    }
  }
  if (!faults.ok()) return faults.to_error("the query");
  return query;
}

net::Response search(const net::Request& request, const std::vector<SearchSource>& sources) {
  const Result<Query> query = decode_query(request);
  if (!query.ok()) return net::problem(query.error(), request.request_id);
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("results").begin_array();
  for (const SearchSource& source : sources) {
    const auto hits = source(query->text, query->limit);
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
