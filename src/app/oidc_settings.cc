#include "app/oidc_settings.h"

#include <algorithm>
#include <array>

#include "base/uri.h"

namespace bl::app {
namespace {

std::vector<std::string> domains_of(std::string_view list) {
  std::vector<std::string> domains;
  std::string domain;
  for (const char c : std::string(list) + ",") {
    if (c == ',') {
      if (!domain.empty()) domains.push_back(std::move(domain));
      domain.clear();
    } else if (c != ' ' && c != '@') {
      domain += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
  }
  return domains;
}

}  // namespace

Result<std::string> base_url_from(const Config& config) {
  std::string url = config.text("server.base_url");
  if (url.empty()) return url;
  while (url.ends_with('/')) url.pop_back();
  const auto uri = parse_uri(url);
  const bool is_web = uri.ok() && (uri->scheme == "http" || uri->scheme == "https");
  if (is_web && !uri->host.empty() && uri->user.empty() && uri->path.empty() &&
      uri->query.empty()) {
    return url;
  }
  return Error{
      Code::invalid,
      "server.base_url must be the URL of a host, for example https://perf.example.org: '" +
          config.text("server.base_url") + "'"};
}

Result<std::optional<access::OidcSettings>> oidc_settings_from(const Config& config) {
  constexpr std::array k_keys = {"access.oidc_issuer", "access.oidc_client_id",
                                 "access.oidc_client_secret"};
  const auto is_set = [&](const char* key) { return !config.text(key).empty(); };
  if (std::none_of(k_keys.begin(), k_keys.end(), is_set)) {
    return std::optional<access::OidcSettings>();
  }
  for (const char* key : {k_keys[0], k_keys[1], k_keys[2], "server.base_url"}) {
    if (is_set(key)) continue;
    return Error{Code::invalid, std::string("sign-in through an issuer needs access.oidc_issuer, "
                                            "access.oidc_client_id, access.oidc_client_secret and "
                                            "server.base_url together; missing: ") +
                                    key};
  }
  access::OidcSettings settings{.issuer = config.text("access.oidc_issuer"),
                                .client_id = config.text("access.oidc_client_id"),
                                .client_secret = config.text("access.oidc_client_secret"),
                                .ca_file = config.text("access.oidc_ca"),
                                .email_domains = domains_of(config.text("access.oidc_domains"))};
  if (access::is_issuer_url(settings.issuer)) return std::optional(std::move(settings));
  return Error{Code::invalid,
               "access.oidc_issuer must be an https URL (http: on a loopback address only): '" +
                   settings.issuer + "'"};
}

}  // namespace bl::app
