#include "access/sessions.h"

namespace bl::access {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string cookie(std::string_view name, std::string_view value, std::string_view lifetime,
                   bool secure) {
  std::string text(name);
  text.append("=").append(value).append("; Path=/; HttpOnly; SameSite=Lax; ").append(lifetime);
  if (secure) text.append("; Secure");
  return text;
}

}  // namespace

std::string session_cookie(std::string_view name, std::string_view secret, bool secure) {
  return cookie(name, secret, "Max-Age=31536000", secure);
}

std::string ended_cookie(std::string_view name, bool secure) {
  return cookie(name, "", "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT", secure);
}

void set_session_cookies(net::Response& response, std::string_view secret, bool secure) {
  for (const std::string_view name : {k_session_cookie, k_legacy_session_cookie})
    response.headers.add("Set-Cookie", session_cookie(name, secret, secure));
}

void end_session_cookies(net::Response& response, bool secure) {
  for (const std::string_view name : {k_session_cookie, k_legacy_session_cookie, k_remember_cookie})
    response.headers.add("Set-Cookie", ended_cookie(name, secure));
}

std::string_view cookie_of(const net::Request& request, std::string_view name) {
  for (std::string_view header : request.headers.all("Cookie")) {
    while (!header.empty()) {
      const std::size_t end = std::min(header.find(';'), header.size());
      const std::string_view pair = trimmed(header.substr(0, end));
      header.remove_prefix(std::min(end + 1, header.size()));
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) continue;
      std::string_view value = trimmed(pair.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      if (!value.empty()) return value;
    }
  }
  return {};
}

}  // namespace bl::access
