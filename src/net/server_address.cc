#include "net/server_address.h"

#include <array>

#include "base/uri.h"
#include "net/credentials.h"
#include "net/http.h"

namespace bl::net {
namespace {

constexpr std::string_view k_default_folder = "data";
constexpr std::uint64_t k_file_bytes_max = 64u << 10;

std::string file_of(const std::string& data_folder) {
  return data_folder + "/server.json";
}

/// The server on a data folder: the one that runs there, else this process.
Result<ServerAddress> server_on(const std::string& folder, const CommandIo& io, Disk& disk) {
  const Result<void> served =
      io.serve_folder ? io.serve_folder(folder) : Error{Code::not_found, "nobody serves here"};
  auto running = read_server_file(disk, folder);
  if (served.ok()) return running;
  const bool is_taken = served.error().code == Code::conflict;  // its server writes the file
  if (!is_taken && served.error().code != Code::not_found) return served.error();
  if (running.ok() || running.error().code != Code::not_found) return running;
  if (is_taken) return served.error();
  return Error{Code::not_found, "no server: start one with `benchlake serve --data " + folder +
                                    "`, or name one with --server URL; there is no store in " +
                                    folder};
}

/// Without trailing slashes; `HOST:PORT` is http. Errors: invalid.
Result<std::string> normal_url(std::string url) {
  if (url.find("://") == std::string::npos) url.insert(0, "http://");
  while (url.ends_with('/')) url.pop_back();
  BL_TRY(const Uri uri, parse_uri(url));
  const bool is_web = (uri.scheme == "http" || uri.scheme == "https") && !uri.host.empty();
  if (!is_web || !uri.user.empty() || !uri.query.empty()) {
    return Error{Code::invalid,
                 "a server's URL is http://HOST:PORT or https://HOST, not: " + uri.redacted()};
  }
  return url;
}

std::optional<std::string> set_variable(const CommandIo& io, const std::string& name) {
  const std::string* text = io.variable(name);
  if (text == nullptr || text->empty()) return std::nullopt;
  return *text;
}

/// Option, else variable; empty counts as not given.
std::optional<std::string> given(const Arguments& arguments, const CommandIo& io,
                                 std::string_view option, const std::string& variable) {
  if (auto text = arguments.text_or_null(option); text && !text->empty()) return text;
  return set_variable(io, variable);
}

/// The token of `auth login`, for a server that was named: whoever signed in there means to be
/// that.
Result<void> add_login(ServerAddress& address, const CommandIo& io, Disk& disk) {
  const auto path = credentials_file(io);
  if (!path.ok()) return {};
  BL_TRY(const Credentials credentials, read_credentials(disk, *path));
  const auto found = credentials.find(address.url);
  if (found != credentials.end()) address.token = found->second.token;
  return {};
}

std::optional<Code> code_named(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Code::outcome_unknown); ++i) {
    const auto code = static_cast<Code>(i);
    if (name == name_of(code)) return code;
  }
  return std::nullopt;
}

/// For answers that do not say a code, such as those of a proxy.
Code code_of_status(int status) {
  constexpr std::array k_candidates = {
      Code::malformed,   Code::unauthenticated,   Code::forbidden, Code::not_found,
      Code::conflict,    Code::too_large,         Code::invalid,   Code::method_not_allowed,
      Code::unsupported, Code::unsupported_media, Code::too_many,  Code::unavailable,
      Code::timeout,     Code::disk_full};
  for (Code code : k_candidates) {
    if (http_status(code) == status) return code;
  }
  return status >= 500 ? Code::unavailable : Code::invalid;
}

std::string text_member(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

Error error_of(const ClientResponse& response, const std::string& url) {
  const auto document = json::parse(response.body);
  return problem_error(document.ok() ? *document : json::Value(), response.status, url);
}

Result<json::Value> document_of(const ClientResponse& response, const std::string& url) {
  if (response.body.empty()) return json::Value();
  auto document = json::parse(response.body);
  if (document.ok()) return document;
  return Error{Code::malformed, "the server's answer is no JSON: " + url};
}

}  // namespace

Error problem_error(const json::Value& problem, int status, const std::string& url) {
  const std::string detail = text_member(problem, "detail");
  const auto code = code_named(text_member(problem, "code"));
  Error error{code.value_or(code_of_status(status)),
              detail.empty()
                  ? "the server answered with status " + std::to_string(status) + ": " + url
                  : detail};
  const json::Value* faults = problem.find("errors");
  if (faults == nullptr || !faults->is_array()) return error;
  for (const json::Value& fault : faults->items()) {
    const json::Value* value = fault.find("value");
    error.faults.push_back({text_member(fault, "location"), text_member(fault, "message"),
                            value != nullptr ? json::to_text(*value) : std::string()});
  }
  return error;
}

std::vector<CommandOption> server_options() {
  return {
      {.name = "--server",
       .value_name = "URL",
       .help =
           "else BENCHLAKE_SERVER, else the server on the data folder, else the command itself"},
      {.name = "--token",
       .value_name = "TOKEN",
       .help = "else BENCHLAKE_TOKEN, CONBENCH_TOKEN, that of auth login or of the running server"},
      {.name = "--ca",
       .value_name = "FILE",
       .help = "whom to trust over https (PEM), else BENCHLAKE_CA, else the system's authorities"},
      {.name = "--data", .value_name = "DIR", .help = "the server's data folder; default: data"}};
}

Result<ServerAddress> find_server(const Arguments& arguments, const CommandIo& io, Disk& disk) {
  const auto server = given(arguments, io, "--server", "BENCHLAKE_SERVER");
  auto token = given(arguments, io, "--token", "BENCHLAKE_TOKEN");
  if (!token) token = set_variable(io, "CONBENCH_TOKEN");
  const auto ca_file = given(arguments, io, "--ca", "BENCHLAKE_CA");
  const std::string folder = given(arguments, io, "--data", "BENCHLAKE_SERVER_DATA")
                                 .value_or(std::string(k_default_folder));
  ServerAddress address;
  if (!server) {
    BL_TRY(address, server_on(folder, io, disk));
  } else {
    BL_TRY(address.url, normal_url(*server));
    // The operator's token goes to the server that wrote it, and to no other.
    auto running = read_server_file(disk, folder);
    if (running.ok() && running->url == address.url) address = std::move(running).value();
    if (!token) BL_RETURN_IF_ERROR(add_login(address, io, disk));
  }
  if (token) address.token = *token;
  if (ca_file) address.trust = {.ca_file = *ca_file, .public_key_sha256 = {}};
  return address;
}

Result<void> write_server_file(Disk& disk, const std::string& data_folder,
                               const ServerAddress& address) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("url", address.url).member("token", address.token);
  if (!address.trust.public_key_sha256.empty()) {
    writer.member("public_key_sha256", address.trust.public_key_sha256);
  }
  writer.end_object();
  return write_file_atomically(disk, file_of(data_folder), text + "\n", FileMode::secret);
}

Result<ServerAddress> read_server_file(Disk& disk, const std::string& data_folder) {
  const std::string path = file_of(data_folder);
  BL_TRY(const std::string text, read_file(disk, path, k_file_bytes_max));
  const auto document = json::parse(text);
  const json::Value* url = document.ok() ? document->find("url") : nullptr;
  const json::Value* token = document.ok() ? document->find("token") : nullptr;
  if (url == nullptr || !url->is_string() || token == nullptr || !token->is_string()) {
    return Error{Code::corrupt, "this is not a server's address file: " + path};
  }
  ServerAddress address{url->as_string(), token->as_string(), {}};
  const json::Value* key = document->find("public_key_sha256");
  if (key != nullptr && key->is_string()) address.trust.public_key_sha256 = key->as_string();
  return address;
}

Result<void> remove_server_file(Disk& disk, const std::string& data_folder) {
  auto removed = disk.remove(file_of(data_folder));
  if (!removed.ok() && removed.error().code != Code::not_found) return removed;
  return {};
}

ApiClient::ApiClient(ServerAddress address, ClientLimits limits)
    : address_(std::move(address)), client_(limits, address_.trust) {}

Result<ClientResponse> ApiClient::send(Method method, const std::string& path,
                                       std::string_view json_body) {
  Headers headers;
  headers.set("Accept", "application/json");
  if (!address_.token.empty()) headers.set("Authorization", "Bearer " + address_.token);
  if (!json_body.empty()) headers.set("Content-Type", "application/json");
  BL_TRY(ClientResponse response, client_.send(method, address_.url + path, headers, json_body));
  if (response.status < 200 || response.status > 299) {
    return error_of(response, address_.url + path);
  }
  return response;
}

Result<json::Value> ApiClient::get(const std::string& path) {
  BL_TRY(const ClientResponse response, send(Method::get, path, ""));
  return document_of(response, address_.url + path);
}

Result<json::Value> ApiClient::post(const std::string& path, std::string_view json_body) {
  BL_TRY(const ClientResponse response, send(Method::post, path, json_body));
  return document_of(response, address_.url + path);
}

Result<json::Value> ApiClient::put(const std::string& path, std::string_view json_body) {
  BL_TRY(const ClientResponse response, send(Method::put, path, json_body));
  return document_of(response, address_.url + path);
}

Result<json::Value> ApiClient::patch(const std::string& path, std::string_view json_body) {
  BL_TRY(const ClientResponse response, send(Method::patch, path, json_body));
  return document_of(response, address_.url + path);
}

Result<void> ApiClient::remove(const std::string& path) {
  BL_RETURN_IF_ERROR(send(Method::del, path, ""));
  return {};
}

}  // namespace bl::net
