#include "app/grpc_settings.h"

#include <fmt/format.h>

#include "app/addresses.h"

namespace bl::app {
namespace {

constexpr std::int64_t k_workers_max = 1'000;
constexpr std::int64_t k_message_max = 1 << 30;

}  // namespace

std::vector<ConfigKey> grpc_config_keys() {
  using enum ConfigType;
  return {
      {"server.grpc", text, "",
       "address of the gRPC server, HOST:PORT, or off; empty: 127.0.0.1:4317, or any free port "
       "where that of server.http is 0"},
      {"grpc.workers", integer, "32", "gRPC calls that are handled at once"},
      {"grpc.message_max", bytes, "64MiB", "a message of a gRPC call"},
  };
}

Result<GrpcSettings> grpc_settings_from(const Config& config, bool is_any_port) {
  GrpcSettings settings;
  net::GrpcOptions host;
  const std::string address = config.text("server.grpc");
  if (address == "off") return settings;
  settings.is_built_in = address.empty();
  if (settings.is_built_in) {
    if (is_any_port) host.port = 0;
  } else {
    BL_TRY(const HostPort named, parse_host_port("server.grpc", address));
    host.address = named.host;
    host.port = named.port;
  }
  BL_RETURN_IF_ERROR(demand_decided_access(config, "server.grpc", host.address));
  host.public_reads = config.boolean("access.public_reads");
  const std::int64_t workers = config.integer("grpc.workers");
  if (workers < 1 || workers > k_workers_max) {
    return Error{Code::invalid,
                 fmt::format("grpc.workers must be 1 to {}: {}", k_workers_max, workers)};
  }
  host.limits.workers = static_cast<std::size_t>(workers);
  const std::int64_t message = config.integer("grpc.message_max");
  if (message < 1024 || message > k_message_max) {
    return Error{Code::invalid, fmt::format("grpc.message_max must be 1KiB to 1GiB: {}", message)};
  }
  host.limits.message_bytes_max = static_cast<std::size_t>(message);
  settings.host = std::move(host);
  return settings;
}

}  // namespace bl::app
