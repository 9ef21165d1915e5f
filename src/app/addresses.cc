#include "app/addresses.h"

#include <fmt/format.h>

#include "base/numbers.h"

namespace bl::app {

Result<HostPort> parse_host_port(std::string_view key, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::optional<std::int64_t> port;
  if (colon != std::string::npos) port = parse_int64(std::string_view(text).substr(colon + 1));
  if (!port || *port < 0 || *port > 65535 || colon == 0) {
    return Error{Code::invalid,
                 fmt::format("{} must be HOST:PORT, for example 127.0.0.1:8080: '{}'", key, text)};
  }
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return HostPort{std::move(host), static_cast<std::uint16_t>(*port)};
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<void> demand_decided_access(const Config& config, std::string_view key,
                                   std::string_view host) {
  if (is_loopback(host)) return {};
  if (config.origin("access.public_reads") != ConfigOrigin::built_in) return {};
  return Error{
      Code::invalid,
      fmt::format("listening beyond loopback needs a decision: set access.public_reads to true or "
                  "false; {} is {}",
                  key, config.text(key))};
}

}  // namespace bl::app
