#pragma once

#include <optional>
#include <string>

#include "base/command_line.h"
#include "base/disk.h"
#include "base/json.h"
#include "base/result.h"
#include "net/client.h"

/// How commands find the server (DESIGN 3): `--server URL`, else BENCHLAKE_SERVER, else
/// DIR/server.json of a server that runs (mode 0600; address and operator token), else they serve
/// DIR themselves (CommandIo::serve_folder) when it holds a store.
namespace bl::net {

struct ServerAddress {
  std::string url;    ///< `http://127.0.0.1:8080`, no trailing slash
  std::string token;  ///< empty: anonymous
  ClientTrust trust;  ///< whom to believe over https
};

/// The options `--server URL`, `--token TOKEN`, `--ca FILE` and `--data DIR`, the same for every
/// command that talks to a server.
std::vector<CommandOption> server_options();
/// Token order: `--token`, BENCHLAKE_TOKEN, CONBENCH_TOKEN, then for a server that is named the one
/// that `auth login` got there (credentials.h), then server.json's; the last only for the server
/// that wrote it. Trust: `--ca`, BENCHLAKE_CA, the key that server.json names (again for that
/// server only), else the system's authorities. DIR: `--data`, BENCHLAKE_SERVER_DATA, `data`.
/// Errors: invalid (no http or https URL), not_found (no server named, none runs and DIR has no
/// store: says how to start one), corrupt, io, forbidden.
Result<ServerAddress> find_server(const Arguments& arguments, const CommandIo& io, Disk& disk);

/// DIR/server.json, mode 0600; of `trust` the key. Errors: those of write_file_atomically.
Result<void> write_server_file(Disk& disk, const std::string& data_folder,
                               const ServerAddress& address);
/// Of the server that runs on the folder, or was killed there. Errors: not_found, corrupt,
/// forbidden, io.
Result<ServerAddress> read_server_file(Disk& disk, const std::string& data_folder);
/// Fine when it is not there.
Result<void> remove_server_file(Disk& disk, const std::string& data_folder);

/// What a problem+json document says, as an error; `status` speaks where it does not.
Error problem_error(const json::Value& problem, int status, const std::string& url);

/// A client that knows the address: JSON in, JSON out, problem+json turned into Error (with its
/// faults). One object per thread.
class ApiClient {
 public:
  explicit ApiClient(ServerAddress address, ClientLimits limits = {});
  /// `path` with query. An answer without a body is null. Errors: those of Client, the server's own
  /// by their code, malformed (a good status without JSON).
  Result<json::Value> get(const std::string& path);
  Result<json::Value> post(const std::string& path, std::string_view json_body);
  Result<json::Value> put(const std::string& path, std::string_view json_body);
  Result<json::Value> patch(const std::string& path, std::string_view json_body);
  Result<void> remove(const std::string& path);
  const ServerAddress& address() const { return address_; }

 private:
  Result<ClientResponse> send(Method method, const std::string& path, std::string_view json_body);
  ServerAddress address_;
  Client client_;
};

}  // namespace bl::net
