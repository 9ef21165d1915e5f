#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/command_line.h"
#include "base/json.h"
#include "net/server_address.h"

/// What the reading commands share: finding the server, printing its JSON, walking pages.
namespace bl::results {

/// A command that asks the server; `body` prints and gives the exit code.
using ReadingBody = Result<ExitCode> (*)(net::ApiClient& server, const Arguments& arguments,
                                         CommandIo& io);

/// Declares a command with the server's options added, and runs `body` with a client.
Command reading_command(Command declaration, ReadingBody body);

/// Member texts and numbers of an answer; "" and nullopt when absent, null or of another kind.
std::string text_at(const json::Value& object, const char* key);
std::optional<double> number_at(const json::Value& object, const char* key);

/// `a=1&b=x`, encoded, from the pairs whose value is not empty.
std::string query_of(const std::vector<std::pair<const char*, std::string>>& pairs);

}  // namespace bl::results
