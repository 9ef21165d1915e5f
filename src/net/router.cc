#include "net/router.h"

#include "base/uri.h"
#include "net/status.h"

namespace bl::net {
namespace {

// "/a//b/" -> "a", "", "b", "": a trailing slash is an empty last segment, so it makes a route of
// its own. The path begins with '/'.
std::vector<std::string_view> split_segments(std::string_view path) {
  std::vector<std::string_view> segments;
  path.remove_prefix(1);
  for (;;) {
    std::size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_capture(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool is_rest(std::string_view segment) {
  return is_capture(segment) && segment.size() > 5 && segment.ends_with("...}");
}

// The names in a pattern's braces, in order.
std::vector<std::string> capture_names(std::string_view pattern) {
  std::vector<std::string> names;
  if (pattern.find('{') == std::string_view::npos) return names;
  for (std::string_view segment : split_segments(pattern)) {
    if (is_rest(segment)) {
      names.emplace_back(segment.substr(1, segment.size() - 5));
    } else if (is_capture(segment)) {
      names.emplace_back(segment.substr(1, segment.size() - 2));
    }
  }
  return names;
}

}  // namespace

const char* name_of(Access access) {
  switch (access) {
    case Access::open:
      return "open";
    case Access::read:
      return "read";
    case Access::signed_in:
      return "signed_in";
    case Access::write:
      return "write";
    case Access::admin:
      return "admin";
  }
  return "";
}

// One search: a depth-first walk that tries the literal child before the capture, and remembers
// the methods of every pattern that fits the path (for 405). A {rest...} fits whatever nobody
// knows: it does not make a path known, and takes none that is.
class RouterSearch {
 public:
  RouterSearch(Method method, std::vector<std::string_view> segments)
      : method_(method), segments_(std::move(segments)) {}

  const Route* walk(const Router::Node& node, std::size_t depth) {
    if (depth == segments_.size()) {
      const Route* route = pick(node.here);
      if (!route) see_all(node.here);
      return route;
    }
    auto literal = node.literal.find(segments_[depth]);
    if (literal != node.literal.end()) {
      const std::size_t seen_before = seen_.size();
      if (const Route* route = walk(*literal->second, depth + 1)) return route;
      // The path is a resource of its own: what a capture allows is not allowed on it.
      if (seen_.size() > seen_before) return nullptr;
    }
    // An empty segment never fills a capture: /api/runs/ is not /api/runs/{id}.
    if (node.capture && !segments_[depth].empty()) {
      captured_.push_back(segments_[depth]);
      if (const Route* route = walk(*node.capture, depth + 1)) return route;
      captured_.pop_back();
    }
    const Route* route = seen_.empty() ? pick(node.rest) : nullptr;
    if (route) {
      std::string_view first = segments_[depth];
      std::string_view last = segments_.back();
      captured_.emplace_back(first.data(), last.data() + last.size() - first.data());
      return route;
    }
    return nullptr;
  }

  const std::vector<std::string_view>& captured() const { return captured_; }
  const std::vector<Method>& seen() const { return seen_; }

 private:
  const Route* pick(const std::map<Method, const Route*>& routes) const {
    auto found = routes.find(method_);
    if (found == routes.end() && method_ == Method::head) found = routes.find(Method::get);
    return found == routes.end() ? nullptr : found->second;
  }

  void see_all(const std::map<Method, const Route*>& routes) {
    for (const auto& [method, route] : routes) see(method);
    if (routes.contains(Method::get)) see(Method::head);
  }

  void see(Method method) {
    if (std::find(seen_.begin(), seen_.end(), method) == seen_.end()) seen_.push_back(method);
  }

  Method method_;
  std::vector<std::string_view> segments_;
  std::vector<std::string_view> captured_;
  std::vector<Method> seen_;
};

void Router::add(Route route) {
  BL_CHECK(route.pattern.starts_with('/'));
  BL_CHECK(route.handler != nullptr);
  auto owned = std::make_unique<Route>(std::move(route));
  std::vector<std::string_view> segments = split_segments(owned->pattern);
  Node* node = &root_;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    std::string_view segment = segments[i];
    if (is_rest(segment)) {
      BL_CHECK(i + 1 == segments.size());
      BL_CHECK(node->rest.emplace(owned->method, owned.get()).second);
      routes_.push_back(std::move(owned));
      return;
    }
    std::unique_ptr<Node>& next =
        is_capture(segment) ? node->capture : node->literal[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  BL_CHECK(node->here.emplace(owned->method, owned.get()).second);
  routes_.push_back(std::move(owned));
}

Router::Match Router::find(Method method, std::string_view raw_path) const {
  Match match;
  if (!raw_path.starts_with('/')) return match;
  RouterSearch search(method, split_segments(raw_path));
  const Route* route = search.walk(root_, 0);
  if (!route) {
    match.allowed = search.seen();
    std::sort(match.allowed.begin(), match.allowed.end());
    return match;
  }
  std::vector<std::string> names = capture_names(route->pattern);
  BL_CHECK(names.size() == search.captured().size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    Result<std::string> value = percent_decode(search.captured()[i]);
    if (!value) return Match{};
    match.captures.emplace_back(std::move(names[i]), std::move(value).value());
  }
  match.route = route;
  return match;
}

Response Router::error_answer(std::string_view path, int status, const Error& error,
                              std::string_view request_id, std::string_view content_type) const {
  for (const ErrorShape& shape : error_shapes_) {
    if (shape.applies(path)) return shape.render(status, error, request_id, content_type);
  }
  return problem(status, error, request_id);
}

Result<void> demand_access(const Principal& principal, Access access, bool public_reads) {
  Role wanted = Role::admin;
  if (access == Access::open) wanted = Role::anonymous;
  if (access == Access::read) wanted = public_reads ? Role::anonymous : Role::reader;
  if (access == Access::signed_in) wanted = Role::reader;
  if (access == Access::write) wanted = Role::writer;
  if (principal.role >= wanted) return {};
  if (principal.role == Role::anonymous) {
    return Error(Code::unauthenticated,
                 "this needs a sign-in, or a token: Authorization: Bearer TOKEN");
  }
  return Error(Code::forbidden, std::string("this needs the role ") + name_of(wanted) + ", not " +
                                    name_of(principal.role));
}

}  // namespace bl::net
