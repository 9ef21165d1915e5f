#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

/// The route table is data: method, pattern, who may call it, its limits, its handler. OpenAPI, the
/// table of roles and the metrics' labels are compared with it by tests.
namespace bl::net {

/// Who may call a route.
enum class Access : unsigned char {
  open,       ///< anybody, always (health, page, docs)
  read,       ///< anybody while reads are public (the default), else role reader
  signed_in,  ///< anybody with credentials: role reader, also while reads are public
  write,      ///< role writer
  admin,      ///< role admin
};
const char* name_of(Access access);
/// Errors: unauthenticated (nobody in particular asks, and somebody must), forbidden, naming both
/// roles.
Result<void> demand_access(const Principal& principal, Access access, bool public_reads);

struct RouteOptions {
  std::size_t body_bytes_max = 16u << 20;      ///< decoded
  std::chrono::milliseconds deadline{30'000};  ///< of the handler
  bool stream_body = false;                    ///< the handler reads Request::body_reader itself
  /// The handler gets the body as it came, and undoes its Content-Encoding itself; then
  /// body_bytes_max is what it may be before that.
  bool coded_body = false;
  bool in_openapi = true;  ///< false for the page's assets and wildcards
};

struct Route {
  Method method = Method::get;
  /// `/api/series`, `/api/history/{id}`; a last segment `{rest...}` takes everything. A trailing
  /// slash makes another route: `/api/runs/` is not `/api/runs`.
  std::string pattern;
  Access access = Access::read;
  Handler handler;
  RouteOptions options;
};

/// How errors look on some of the paths: a dialect with a shape of its own.
struct ErrorShape {
  std::function<bool(std::string_view path)> applies;  ///< the decoded path
  /// `status` is the answer's; headers such as Retry-After are those of problem(). `content_type`:
  /// the request's, for dialects that answer in kind; may be empty.
  std::function<Response(int status, const Error& error, std::string_view request_id,
                         std::string_view content_type)>
      render;
};

/// Finds the route of a request. Filled once at start; then any thread. Cost: one pass over the
/// path's segments.
class Router {
 public:
  /// BL_CHECKs that method and pattern are new.
  void add(Route route);
  struct Match {
    const Route* route = nullptr;                               ///< nullptr: see `allowed`
    std::vector<std::pair<std::string, std::string>> captures;  ///< decoded
    /// Methods that the path has, when the wanted one is not among them (405). A `{rest...}` makes
    /// no path known (404), and does not take one that others know under other methods.
    std::vector<Method> allowed;
  };
  /// A literal segment wins over a capture, also with fewer methods; a capture over `{rest...}`.
  /// HEAD falls back to GET.
  /// The path is the raw one: segments are decoded after splitting, so that %2F never makes a
  /// segment; literals are compared as they came. A capture is never empty, a rest may be.
  Match find(Method method, std::string_view raw_path) const;
  /// Puts something around each handler that is here already. Before any request.
  void wrap(const std::function<Handler(Handler)>& around) {
    for (const auto& route : routes_) route->handler = around(std::move(route->handler));
  }
  void add_error_shape(ErrorShape shape) { error_shapes_.push_back(std::move(shape)); }
  /// What answers an error on that path before or instead of a handler: the first shape that
  /// applies, else a problem.
  Response error_answer(std::string_view path, int status, const Error& error,
                        std::string_view request_id, std::string_view content_type = "") const;
  /// All routes in order of addition.
  const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
  friend class RouterSearch;
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
    std::unique_ptr<Node> capture;
    std::map<Method, const Route*> here;
    std::map<Method, const Route*> rest;  // routes that end in {rest...}
  };
  Node root_;
  std::vector<std::unique_ptr<Route>> routes_;
  std::vector<ErrorShape> error_shapes_;
};

}  // namespace bl::net
