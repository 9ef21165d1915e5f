#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/command_line.h"
#include "base/time.h"
#include "net/server_address.h"

namespace bl::results {

/// What `demo --full` asks for. Other domains have their part in it, so that `app` binds it.
struct FullDemoRequest {
  net::ServerAddress address;
  std::uint64_t seed = 1;
  Timestamp until;  ///< of the newest that is made
};
using FullDemo =
    std::function<Result<ExitCode>(const FullDemoRequest&, const Arguments&, CommandIo&)>;

/// `submit`, `demo`, `series`, `history`, `compare`, `commits list`, `commits repair`,
/// `alerts list`, `alerts evaluate`, `alerts deliver`. Without `full_demo`, `demo --full` is
/// unsupported.
std::vector<Command> commands(FullDemo full_demo = {});

}  // namespace bl::results
