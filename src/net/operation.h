#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "net/server_address.h"

/// A call of a server that takes long: begun by one request, asked after by others (DESIGN 7).
namespace bl::net {

/// How far it is, each time that it was asked after. `total` 0: unknown.
using OperationProgress =
    std::function<void(std::string_view phase, std::uint64_t done, std::uint64_t total)>;

/// Begins an operation by POST, asks after it until it ends, and gives its result. Blocks. Errors:
/// those of the server; io, with its sentence, when the operation failed.
Result<json::Value> run_operation(ApiClient& server, const std::string& path,
                                  std::string_view json_body, const OperationProgress& progress);

}  // namespace bl::net
