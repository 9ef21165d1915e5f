#pragma once

#include <string>
#include <string_view>

namespace bl::net {

/// `127.0.0.1:8080`; of a literal IPv6 address `[::1]:8080`.
inline std::string host_port(std::string_view host, std::string_view port) {
  const bool is_v6 = host.find(':') != std::string_view::npos;
  std::string text(is_v6 ? "[" : "");
  text += host;
  if (is_v6) text += ']';
  text += ':';
  text += port;
  return text;
}

}  // namespace bl::net
