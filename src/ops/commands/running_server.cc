#include "ops/commands/running_server.h"

#include "net/operation.h"

namespace bl::ops {
namespace {

constexpr std::chrono::milliseconds k_answer_timeout{10'000};

}  // namespace

std::optional<net::ApiClient> running_server(const std::string& data_folder, Disk& disk) {
  const auto address = net::read_server_file(disk, data_folder);
  if (!address.ok()) return std::nullopt;
  net::ClientLimits limits;
  limits.timeout = k_answer_timeout;
  net::ApiClient client(*address, limits);
  if (!client.get("/healthz").ok()) return std::nullopt;
  return client;
}

Result<json::Value> run_operation(net::ApiClient& server, const std::string& path,
                                  const std::string& body, PhaseBars& bars) {
  return net::run_operation(server, path, body,
                            [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
                              bars.show(phase, done, total);
                            });
}

}  // namespace bl::ops
