#include "net/operation.h"

#include <thread>

namespace bl::net {
namespace {

constexpr std::chrono::milliseconds k_poll_pause{100};

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

Result<json::Value> run_operation(ApiClient& server, const std::string& path,
                                  std::string_view json_body, const OperationProgress& progress) {
  BL_TRY(json::Value operation, server.post(path, json_body));
  const std::string watch = "/api/v1/operations/" + text_at(operation, "id");
  while (text_at(operation, "state") == "running") {
    progress(text_at(operation, "phase"), number_at(operation, "done"),
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

}  // namespace bl::net
