#include "access/cross_site.h"

#include <string>

namespace bl::access {
namespace {

constexpr std::string_view k_https = "https://";
constexpr std::string_view k_http = "http://";

/// `host[:port]` of an origin or URL, without the port that its scheme implies; empty when it is
/// none, such as `null`.
std::string_view authority_of(std::string_view url) {
  const bool https = url.starts_with(k_https);
  if (!https && !url.starts_with(k_http)) return {};
  url.remove_prefix(https ? k_https.size() : k_http.size());
  url = url.substr(0, url.find_first_of("/?#"));
  const std::string_view port = https ? ":443" : ":80";
  if (url.ends_with(port)) url.remove_suffix(port.size());
  return url;
}

Error from_another_site(std::string_view header, std::string_view value) {
  return {Code::forbidden, std::string("this request comes from another site: ")
                               .append(header)
                               .append(" is ")
                               .append(value.substr(0, 200))};
}

}  // namespace

Result<void> refuse_cross_site(const net::Request& request, std::string_view base_url) {
  const std::string_view site = request.headers.get("Sec-Fetch-Site");
  if (!site.empty()) {
    if (site == "same-origin" || site == "none") return {};
    return from_another_site("Sec-Fetch-Site", site);
  }
  const std::string* origin = request.headers.find("Origin");
  if (origin == nullptr) return {};
  const std::string_view from = authority_of(*origin);
  // Behind a proxy the scheme of the two may differ.
  std::string asked(origin->starts_with(k_https) ? k_https : k_http);
  asked.append(request.headers.get("Host"));
  const bool same = !from.empty() && (net::equal_without_case(from, authority_of(asked)) ||
                                      net::equal_without_case(from, authority_of(base_url)));
  if (same) return {};
  return from_another_site("Origin", *origin);
}

bool is_secure_client(const net::Request& request, std::string_view base_url) {
  return request.secure || base_url.starts_with(k_https) ||
         net::equal_without_case(request.headers.get("X-Forwarded-Proto"), "https");
}

bool is_loopback_host(std::string_view host) {
  if (host == "[::1]" || host.starts_with("[::1]:")) return true;
  host = host.substr(0, host.find(':'));
  if (net::equal_without_case(host, "localhost")) return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace bl::access
