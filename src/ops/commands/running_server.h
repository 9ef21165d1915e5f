#pragma once

#include <optional>
#include <string>

#include "base/disk.h"
#include "net/server_address.h"
#include "ops/commands/declarations.h"

/// How a command of this machine asks the server on the data folder. Private to ops.
namespace bl::ops {

/// A server that answers on the data folder, asked with the operator's token; nullopt when there is
/// none.
std::optional<net::ApiClient> running_server(const std::string& data_folder, Disk& disk);

/// Begins an operation by POST, shows how far it is until it ends, and gives its result. Errors:
/// those of the server; io, with its sentence, when the operation failed.
Result<json::Value> run_operation(net::ApiClient& server, const std::string& path,
                                  const std::string& body, PhaseBars& bars);

}  // namespace bl::ops
