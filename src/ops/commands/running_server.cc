#include "ops/commands/running_server.h"

#include <thread>

namespace bl::ops {
namespace {

constexpr std::chrono::milliseconds k_poll_pause{100};
constexpr std::chrono::milliseconds k_answer_timeout{10'000};

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::uint64_t number_at(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  const auto number = value != nullptr && value->is_number() ? value->as_int64() : std::nullopt;
  return static_cast<std::uint64_t>(number.value_or(0));
}

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
  BL_TRY(json::Value operation, server.post(path, body));
  const std::string watch = "/api/v1/operations/" + text_at(operation, "id");
  while (text_at(operation, "state") == "running") {
    bars.show(text_at(operation, "phase"), number_at(operation, "done"),
              number_at(operation, "total"));
    std::this_thread::sleep_for(k_poll_pause);
    BL_TRY(operation, server.get(watch));
  }
  // Those who read the exit code need no finer code than that it failed.
  if (const json::Value* error = operation.find("error"))
    return Error(Code::io, text_at(*error, "detail"));
  const json::Value* result = operation.find("result");
  return result != nullptr ? *result : json::Value();
}

}  // namespace bl::ops
