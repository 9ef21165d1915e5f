#include "net/router.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace bl::net {
namespace {

Router router_of(const std::vector<std::pair<Method, std::string>>& routes) {
  Router router;
  for (const auto& [method, pattern] : routes) {
    Route route;
    route.method = method;
    route.pattern = pattern;
    route.handler = [](Request&) { return Response(); };
    router.add(std::move(route));
  }
  return router;
}

// "pattern name=value ..." of what was found, or "405 GET ..." or "404".
std::string found(const Router& router, Method method, std::string_view path) {
  Router::Match match = router.find(method, path);
  if (!match.route) {
    std::string text = match.allowed.empty() ? "404" : "405";
    for (Method allowed : match.allowed) text += std::string(" ") + name_of(allowed);
    return text;
  }
  std::string text = match.route->pattern;
  for (const auto& [name, value] : match.captures) text += " " + name + "=" + value;
  return text;
}

TEST(Router, a_trailing_slash_is_another_route) {
  Router router = router_of({{Method::get, "/api/runs"}, {Method::get, "/api/runs/"}});
  EXPECT_EQ(found(router, Method::get, "/api/runs"), "/api/runs");
  EXPECT_EQ(found(router, Method::get, "/api/runs/"), "/api/runs/");
  EXPECT_EQ(found(router, Method::get, "/api/runs//"), "404");
  EXPECT_EQ(found(router, Method::get, "//api/runs"), "404");
}

TEST(Router, an_empty_segment_is_no_capture) {
  Router router = router_of({{Method::get, "/api/runs/{id}"}});
  EXPECT_EQ(found(router, Method::get, "/api/runs/"), "404");
  EXPECT_EQ(found(router, Method::get, "/api/runs/7"), "/api/runs/{id} id=7");
}

TEST(Router, a_literal_path_has_its_own_methods_alone) {
  Router router = router_of({{Method::get, "/users/me"}, {Method::put, "/users/{id}"}});
  EXPECT_EQ(found(router, Method::put, "/users/7"), "/users/{id} id=7");
  EXPECT_EQ(found(router, Method::put, "/users/me"), "405 GET HEAD");
}

TEST(Router, a_literal_wins_over_a_capture_and_a_capture_over_the_rest) {
  Router router = router_of({{Method::get, "/{rest...}"},
                             {Method::get, "/a/{id}"},
                             {Method::get, "/a/b"},
                             {Method::get, "/a/{id}/c"}});
  EXPECT_EQ(found(router, Method::get, "/a/b"), "/a/b");
  EXPECT_EQ(found(router, Method::get, "/a/x"), "/a/{id} id=x");
  EXPECT_EQ(found(router, Method::get, "/a/b/c"), "/a/{id}/c id=b");
  EXPECT_EQ(found(router, Method::get, "/a/b/d"), "/{rest...} rest=a/b/d");
  EXPECT_EQ(found(router, Method::get, "/"), "/{rest...} rest=");
}

TEST(Router, decodes_captures_after_splitting) {
  Router router = router_of({{Method::get, "/h/{id}"}, {Method::get, "/f/{rest...}"}});
  EXPECT_EQ(found(router, Method::get, "/h/a%2Fb%20c"), "/h/{id} id=a/b c");
  EXPECT_EQ(found(router, Method::get, "/f/a%2Fb/c"), "/f/{rest...} rest=a/b/c");
  EXPECT_EQ(found(router, Method::get, "/h/%zz"), "404");
}

TEST(Router, names_the_methods_that_a_path_has) {
  Router router = router_of({{Method::get, "/a"}, {Method::post, "/a"}, {Method::del, "/{x}"}});
  EXPECT_EQ(found(router, Method::put, "/a"), "405 GET HEAD POST");
  EXPECT_EQ(found(router, Method::del, "/a"), "405 GET HEAD POST");
  EXPECT_EQ(found(router, Method::get, "/b"), "405 DELETE");
}

TEST(Router, the_rest_makes_no_path_known) {
  Router router = router_of({{Method::get, "/{rest...}"}, {Method::get, "/a"}});
  EXPECT_EQ(found(router, Method::post, "/a"), "405 GET HEAD");
  EXPECT_EQ(found(router, Method::post, "/b"), "404");
}

TEST(Router, the_rest_does_not_take_a_path_that_has_other_methods) {
  Router router = router_of({{Method::get, "/{rest...}"}, {Method::post, "/a"}});
  EXPECT_EQ(found(router, Method::get, "/a"), "405 POST");
  EXPECT_EQ(found(router, Method::get, "/b"), "/{rest...} rest=b");
}

TEST(Router, head_falls_back_to_get) {
  Router router = router_of({{Method::get, "/a"}, {Method::get, "/b"}, {Method::head, "/b"}});
  EXPECT_EQ(router.find(Method::head, "/a").route->method, Method::get);
  EXPECT_EQ(router.find(Method::head, "/b").route->method, Method::head);
}

// A slow twin: every pattern is compared with the path, segment by segment; the best one is the
// one with the earliest literal, then capture, then rest.
std::string slow_find(const std::vector<std::string>& patterns, const std::string& path) {
  auto split = [](const std::string& text) {
    std::vector<std::string> segments{""};
    for (char c : text.substr(1)) {
      if (c == '/') {
        segments.emplace_back();
      } else {
        segments.back() += c;
      }
    }
    return segments;
  };
  std::vector<std::string> wanted = split(path);
  std::string best;
  std::string best_kinds;
  for (const std::string& pattern : patterns) {
    std::vector<std::string> parts = split(pattern);
    std::string kinds;
    bool fits = true;
    std::size_t i = 0;
    for (; i < parts.size() && fits; ++i) {
      if (parts[i] == "{r...}" && i < wanted.size()) {
        kinds += '2';
        i = wanted.size();
        break;
      }
      bool capture = parts[i] == "{c}";
      fits = i < wanted.size() && (capture ? !wanted[i].empty() : parts[i] == wanted[i]);
      kinds += capture ? '1' : '0';
    }
    fits = fits && i == wanted.size();
    if (fits && (best.empty() || kinds < best_kinds)) {
      best = pattern;
      best_kinds = kinds;
    }
  }
  return best;
}

RC_GTEST_PROP(RouterProperty, finds_what_a_comparison_of_all_patterns_finds, ()) {
  auto gen_path = [](std::vector<std::string> words, std::string last) {
    return rc::gen::map(
        rc::gen::pair(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(words)),
                      rc::gen::arbitrary<bool>()),
        [last](const std::pair<std::vector<std::string>, bool>& drawn) {
          std::string path;
          for (std::size_t i = 0; i < drawn.first.size() && i < 4; ++i)
            path += "/" + drawn.first[i];
          if (drawn.second || path.empty()) path += "/" + last;
          return path;
        });
  };
  auto patterns = *rc::gen::unique<std::vector<std::string>>(gen_path({"a", "b", "{c}"}, "{r...}"));
  auto path = *gen_path({"a", "b", "x", ""}, "");
  std::vector<std::pair<Method, std::string>> routes;
  for (const std::string& pattern : patterns) routes.emplace_back(Method::get, pattern);
  Router router = router_of(routes);
  const Route* route = router.find(Method::get, path).route;
  RC_ASSERT((route ? route->pattern : "") == slow_find(patterns, path));
}

TEST(Router, a_part_of_the_paths_may_have_its_own_shape_of_errors) {
  Router router;
  router.add_error_shape(
      {.applies = [](std::string_view path) { return path.ends_with('/'); },
       .render =
           [](int status, const Error& error, std::string_view, std::string_view content_type) {
             return Response::text(status, "text/plain", error.message + std::string(content_type));
           }});
  const Error error(Code::not_found, "no such path: x");
  EXPECT_EQ(router.error_answer("/a/", 404, error, "id").body, "no such path: x");
  EXPECT_EQ(router.error_answer("/a/", 404, error, "id", "a/b").body, "no such path: xa/b");
  EXPECT_EQ(router.error_answer("/a", 404, error, "id").headers.get("Content-Type"),
            "application/problem+json");
}

}  // namespace
}  // namespace bl::net
