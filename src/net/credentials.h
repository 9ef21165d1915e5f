#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/command_line.h"
#include "base/disk.h"
#include "base/result.h"

/// The tokens that `benchlake auth login` got, by server: one JSON file of the person's (mode 0600)
/// in their folder of settings.
namespace bl::net {

struct Credential {
  std::string token;
  std::string token_id;  ///< to revoke it by
  std::string name;      ///< as the server lists it
};
using Credentials = std::map<std::string, Credential>;  ///< by ServerAddress::url

/// `$XDG_CONFIG_HOME/benchlake/credentials.json`, else `$HOME/.config/benchlake/credentials.json`.
/// Errors: not_found (neither variable is set).
Result<std::string> credentials_file(const CommandIo& io);

/// Nothing when there is no file. Errors: corrupt (names the file, never a token), io, forbidden.
Result<Credentials> read_credentials(Disk& disk, const std::string& path);

/// Durable on return; makes the folders that are missing. Errors: those of the disk.
Result<void> write_credentials(Disk& disk, const std::string& path, const Credentials& credentials);

}  // namespace bl::net
