#include "net/credentials.h"

#include "base/json.h"

namespace bl::net {
namespace {

constexpr std::uint64_t k_file_bytes_max = 1u << 20;

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

const std::string* set_variable(const CommandIo& io, const char* name) {
  const std::string* value = io.variable(name);
  return value != nullptr && !value->empty() ? value : nullptr;
}

}  // namespace

Result<std::string> credentials_file(const CommandIo& io) {
  constexpr const char* k_name = "/benchlake/credentials.json";
  if (const std::string* folder = set_variable(io, "XDG_CONFIG_HOME")) return *folder + k_name;
  if (const std::string* home = set_variable(io, "HOME")) return *home + "/.config" + k_name;
  return Error{Code::not_found,
               "there is no place for credentials: neither XDG_CONFIG_HOME nor HOME is set"};
}

Result<Credentials> read_credentials(Disk& disk, const std::string& path) {
  auto text = read_file(disk, path, k_file_bytes_max);
  if (!text.ok() && text.error().code == Code::not_found) return Credentials();
  if (!text.ok()) return std::move(text).error();
  const auto document = json::parse(*text);
  const json::Value* servers = document.ok() ? document->find("servers") : nullptr;
  if (servers == nullptr || !servers->is_object()) {
    return Error{Code::corrupt, "this is not a file of credentials: " + path};
  }
  Credentials credentials;
  for (const auto& [url, entry] : servers->members()) {
    credentials[url] = {text_of(entry, "token"), text_of(entry, "token_id"),
                        text_of(entry, "name")};
  }
  return credentials;
}

Result<void> write_credentials(Disk& disk, const std::string& path,
                               const Credentials& credentials) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("servers").begin_object();
  for (const auto& [url, one] : credentials) {
    writer.key(url)
        .begin_object()
        .member("token", one.token)
        .member("token_id", one.token_id)
        .member("name", one.name)
        .end_object();
  }
  writer.end_object().end_object();
  BL_RETURN_IF_ERROR(disk.make_folder(path.substr(0, path.rfind('/'))));
  return write_file_atomically(disk, path, text + "\n", FileMode::secret);
}

}  // namespace bl::net
