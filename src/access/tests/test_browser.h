#pragma once

#include <map>
#include <string>

#include "base/check.h"
#include "base/uri.h"
#include "net/client.h"
#include "net/router.h"

/// A browser that follows one link at a time and keeps cookies, over a route table without a server
/// around it.
namespace bl::access::testing {

/// What a browser sends when the only form of a page is answered: its hidden fields. The pages of
/// these tests quote nothing in them.
inline std::string form_of(const std::string& html) {
  const auto between = [&](std::string_view before, std::size_t& at) {
    at = html.find(before, at);
    if (at == std::string::npos) return std::string();
    at += before.size();
    return html.substr(at, html.find('"', at) - at);
  };
  std::string form;
  for (std::size_t at = 0;;) {
    const std::string name = between("type=\"hidden\" name=\"", at);
    if (at == std::string::npos) return form;
    const std::string value = between("value=\"", at);
    if (!form.empty()) form += '&';
    form.append(name).append("=").append(percent_encode(value));
  }
}

class TestBrowser {
 public:
  explicit TestBrowser(const net::Router& router) : router_(router) {}

  net::Response get(const std::string& target) { return ask(net::Method::get, target, ""); }
  net::Response ask(net::Method method, const std::string& target, std::string body) {
    const std::size_t mark = target.find('?');
    const std::string path = target.substr(0, mark);
    const auto match = router_.find(method, path);
    BL_CHECK(match.route != nullptr);
    net::Request request;
    request.method = method;
    request.path = path;
    request.captures = match.captures;
    if (mark != std::string::npos) request.query = parse_query(target.substr(mark + 1)).value();
    request.body = std::move(body);
    request.request_id = "r1";
    std::string cookie;
    for (const auto& [name, value] : cookies) {
      if (!cookie.empty()) cookie += "; ";
      cookie.append(name).append("=").append(value);
    }
    if (!cookie.empty()) request.headers.add("Cookie", cookie);
    net::Response response = match.route->handler(request);
    for (const std::string_view field : response.headers.all("Set-Cookie")) keep(field);
    return response;
  }
  /// From our redirect to the issuer, and back from there: the target of the callback.
  std::string callback_of(const net::Response& redirect, const std::string& base_url) {
    BL_CHECK(redirect.status == 302);
    net::Client client;
    auto answer =
        client.send(net::Method::get, std::string(redirect.headers.get("Location")), {}, "");
    BL_CHECK(answer.ok() && answer->status == 302);
    std::string location(answer->headers.get("Location"));
    BL_CHECK(location.starts_with(base_url));
    return location.substr(base_url.size());
  }

  std::map<std::string, std::string> cookies;

 private:
  void keep(std::string_view field) {
    const std::size_t equals = field.find('=');
    const std::string name(field.substr(0, equals));
    const std::string value(field.substr(equals + 1, field.find(';') - equals - 1));
    if (value.empty()) {
      cookies.erase(name);
    } else {
      cookies[name] = value;
    }
  }
  const net::Router& router_;
};

}  // namespace bl::access::testing
