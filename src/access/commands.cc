#include "access/commands.h"

#include <fmt/format.h>

#include <array>

#include "access/auth_commands.h"
#include "access/command_parts.h"
#include "access/user_commands.h"
#include "base/terminal.h"
#include "base/uri.h"
#include "net/server_address.h"

namespace bl::access {
namespace {

std::string text_of(const json::Value& token, std::string_view key) {
  const json::Value* value = token.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

Result<net::ApiClient> connect(const Arguments& arguments, const CommandIo& io) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  BL_TRY(net::ServerAddress address, net::find_server(arguments, io, *disk));
  return net::ApiClient(std::move(address));
}

/// stdout has the token alone, so that a script can take it.
Result<void> create(const Arguments& arguments, CommandIo& io) {
  BL_TRY(net::ApiClient client, connect(arguments, io));
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("name", arguments.text("NAME"));
  // What is not said is the server's to decide: a reader's token reads.
  constexpr std::array<std::pair<const char*, const char*>, 5> k_members = {
      {{"--role", "role"},
       {"--user", "user_id"},
       {"--email", "email"},
       {"--user-name", "user_name"},
       {"--repository", "repository"}}};
  for (const auto& [option, member] : k_members) {
    if (arguments.has(option)) writer.member(member, arguments.text(option));
  }
  writer.end_object();
  BL_TRY(const json::Value token, client.post("/api/tokens", body));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(token));
    return {};
  }
  fmt::print(io.err,
             "This is the only time that the token is shown. Keep it where programs find secrets,\n"
             "for example as BENCHLAKE_TOKEN of a CI job. To take it back: benchlake token revoke "
             "{}\n",
             text_of(token, "id"));
  fmt::print(io.out, "{}\n", text_of(token, "token"));
  return {};
}

Result<void> list(const Arguments& arguments, CommandIo& io) {
  BL_TRY(net::ApiClient client, connect(arguments, io));
  BL_TRY(const json::Value answer,
         client.get(arguments.flag("--all") ? "/api/tokens?all=true" : "/api/tokens"));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(answer));
    return {};
  }
  const json::Value* tokens = answer.find("tokens");
  if (tokens == nullptr || !tokens->is_array()) {
    return Error{Code::malformed, "the server's answer has no tokens: " + client.address().url};
  }
  Table table({{"id"},
               {"name"},
               {"role"},
               {"starts with"},
               {"repository"},
               {"created"},
               {"last used"},
               {"revoked"}});
  for (const json::Value& token : tokens->items()) {
    table.add_row({text_of(token, "id"), text_of(token, "name"), text_of(token, "role"),
                   text_of(token, "prefix"), text_of(token, "repository"),
                   text_of(token, "created_at"), text_of(token, "last_used_at"),
                   text_of(token, "revoked_at")});
  }
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  return {};
}

Result<void> revoke(const Arguments& arguments, CommandIo& io) {
  BL_TRY(net::ApiClient client, connect(arguments, io));
  const std::string& id = arguments.text("ID");
  BL_RETURN_IF_ERROR(client.remove("/api/tokens/" + percent_encode(id)));
  if (arguments.flag("--json")) {
    std::string out;
    json::Writer(out).begin_object().member("id", id).member("revoked", true).end_object();
    fmt::print(io.out, "{}\n", out);
  } else {
    fmt::print(io.err, "revoked: {}\n", id);
  }
  return {};
}

std::vector<CommandOption> create_options() {
  return with_server_options(
      {{.name = "--role",
        .value_name = "ROLE",
        .help = "reader, writer or admin; default: writer, or "
                "as much as the owner may"},
       {.name = "--user",
        .value_name = "ID",
        .help = "whose it will be; default: yours, or nobody's"},
       {.name = "--email", .value_name = "ADDRESS", .help = "the same, by address"},
       {.name = "--user-name",
        .value_name = "TEXT",
        .help = "with --email: a user of this name is made if "
                "there is none"},
       {.name = "--repository", .value_name = "URL", .help = "the only one that it may write to"}});
}

std::vector<CommandOption> list_options() {
  return with_server_options(
      {{.name = "--all", .value_name = "", .help = "those of everybody; needs role admin"}});
}

std::vector<Command> token_commands() {
  return {{.path = "token create",
           .help = "makes a token and prints it, once",
           .example = "benchlake token create ci --role writer",
           .options = create_options(),
           .arguments = {{.name = "NAME", .help = "what people know it by"}},
           .run = runner(create)},
          {.path = "token list",
           .help = "lists tokens, without their secrets",
           .example = "benchlake token list",
           .options = list_options(),
           .arguments = {},
           .run = runner(list)},
          {.path = "token revoke",
           .help = "takes a token back at once",
           .example = "benchlake token revoke 06a1b2c3d4e57f00800012ab34cd56ef",
           .options = net::server_options(),
           .arguments = {{.name = "ID", .help = "as token list shows it"}},
           .run = runner(revoke)}};
}

}  // namespace

std::vector<Command> commands() {
  std::vector<Command> all = token_commands();
  for (Command& command : user_commands()) all.push_back(std::move(command));
  for (Command& command : auth_commands()) all.push_back(std::move(command));
  return all;
}

}  // namespace bl::access
