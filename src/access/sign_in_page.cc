#include "access/sign_in_page.h"

#include "base/html.h"
#include "base/uri.h"

namespace bl::access {
namespace {

int status_of(Code code) {
  switch (code) {
    case Code::invalid:
      return 400;
    case Code::timeout:  // of the issuer: nothing that this server does too slowly
      return 503;
    default:
      return net::http_status(code);
  }
}

/// Nobody keeps these answers, and nobody learns by them where a browser came from.
void keep_private(net::Response& response) {
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Referrer-Policy", "no-referrer");
}

}  // namespace

std::string html_head(std::string_view title) {
  std::string html =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>";
  html.append(title);
  html.append(
      "</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:38rem;margin:4rem auto;"
      "padding:0 1rem}</style><main>");
  return html;
}

net::Response html_page(int status, std::string html) {
  net::Response response = net::Response::text(status, "text/html; charset=utf-8", std::move(html));
  response.headers.set("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
                       "base-uri 'none'; form-action 'none'");
  keep_private(response);
  return response;
}

net::Response redirect(std::string location) {
  net::Response response;
  response.status = 302;
  response.headers.set("Location", std::move(location));
  keep_private(response);
  return response;
}

net::Response sign_in_failed(const Error& error, std::string_view target) {
  const std::string again = "/api/auth/login?target=" + percent_encode(target);
  std::string html = html_head("Not signed in");
  html.append("<h1>Not signed in</h1><p>").append(html_escaped(error.message));
  html.append(".</p><p><a href=\"").append(html_escaped(again));
  html.append("\">Sign in again</a> or <a href=\"/\">go on without</a></p></main></html>\n");
  const int status = status_of(error.code);
  net::Response response = html_page(status, std::move(html));
  if (status == 503) response.headers.set("Retry-After", "5");
  return response;
}

}  // namespace bl::access
