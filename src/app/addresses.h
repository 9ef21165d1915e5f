#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/config.h"

/// Where a server listens. Private to the settings.
namespace bl::app {

struct HostPort {
  std::string host;  ///< without brackets
  std::uint16_t port = 0;
};
/// `127.0.0.1:8080`, `[::1]:0`. Errors: invalid, naming the key.
Result<HostPort> parse_host_port(std::string_view key, const std::string& text);
bool is_loopback(std::string_view host);
/// Who listens beyond loopback has said whether anybody may read. Errors: invalid.
Result<void> demand_decided_access(const Config& config, std::string_view key,
                                   std::string_view host);

}  // namespace bl::app
