#include "advice/commands.h"

#include <fmt/format.h>

#include "base/uri.h"
#include "net/server_address.h"

namespace bl::advice {
namespace {

std::string text_at(const json::Value& object, const char* key) {
  const json::Value* value = object.is_object() ? object.find(key) : nullptr;
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::string path_of(const Arguments& arguments) {
  std::string path =
      "/api/v1/advice/comment?repository=" + percent_encode(arguments.text("--repository")) +
      "&sha=" + percent_encode(arguments.text("--sha"));
  if (const std::string& base = arguments.text("--base"); !base.empty())
    path += "&base=" + percent_encode(base);
  return path;
}

/// The server's own text: what would stand under the pull request.
Result<std::string> markdown_of(const net::ServerAddress& address, const std::string& path) {
  net::Client client({}, address.trust);
  net::Headers headers;
  if (!address.token.empty()) headers.add("Authorization", "Bearer " + address.token);
  const std::string url = address.url + path + "&format=markdown";
  BL_TRY(const net::ClientResponse answer, client.send(net::Method::get, url, headers, ""));
  if (answer.status == 200) return answer.body;
  const auto problem = json::parse(answer.body);
  return net::problem_error(problem.ok() ? *problem : json::Value(), answer.status, url);
}

ExitCode exit_code_of(const std::string& status) {
  if (status == "slower" || status == "failed") return ExitCode::regression;
  if (status == "unsure") return ExitCode::undecided;
  return status == "unknown" ? ExitCode::no_baseline : ExitCode::ok;
}

Result<ExitCode> comment(const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json") && arguments.flag("--markdown"))
    return Error{Code::invalid, "--json and --markdown exclude each other"};
  const auto disk = make_real_disk();
  BL_TRY(const net::ServerAddress address, net::find_server(arguments, io, *disk));
  net::ApiClient server(address);
  const std::string path = path_of(arguments);
  BL_TRY(const json::Value found, server.get(path));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(found));
  } else if (arguments.flag("--markdown")) {
    BL_TRY(const std::string text, markdown_of(address, path));
    fmt::print(io.out, "{}", text);
  } else {
    fmt::print(io.out, "{}\n", text_at(found, "headline"));
    for (const char* list : {"findings", "groups", "repeats", "unknown"}) {
      const json::Value* items = found.find(list);
      if (items == nullptr || !items->is_array()) continue;
      for (const json::Value& item : items->items())
        fmt::print(io.out, "  {}\n", text_at(item, "sentence"));
    }
    const json::Value* command = found.find("reproduce");
    if (command != nullptr && !text_at(*command, "command").empty())
      fmt::print(io.out, "reproduce: {}\n", text_at(*command, "command"));
  }
  if (arguments.flag("--post")) {
    BL_TRY(const json::Value posted, server.post(path, ""));
    fmt::print(io.err, "comment: {} {}\n", text_at(posted, "outcome"), text_at(posted, "url"));
  }
  return exit_code_of(text_at(found, "status"));
}

}  // namespace

std::vector<Command> comment_commands() {
  Command command{
      .path = "comment",
      .help = "what is to be told of a commit: what changed, since when, how sure, what to do next",
      .example =
          "benchlake comment --repository https://github.com/org/repo --sha "
          "4beb514d071c9beec69b8917b5265e77ade22fb3 --markdown",
      .options = {{.name = "--repository",
                   .value_name = "URL",
                   .help = "or org/repo of GitHub",
                   .required = true},
                  {.name = "--sha", .value_name = "SHA", .help = "the commit", .required = true},
                  {.name = "--base",
                   .value_name = "SHA",
                   .help = "compare with this commit; else where the branch began"},
                  {.name = "--markdown", .help = "as it stands under a pull request"},
                  {.name = "--post", .help = "also write it under the pull request now"}},
      .run = [](const Arguments& arguments, CommandIo& io) {
        const auto code = comment(arguments, io);
        return code.ok() ? *code : print_error(io, code.error());
      }};
  for (CommandOption& option : net::server_options()) command.options.push_back(std::move(option));
  return {std::move(command)};
}

}  // namespace bl::advice
