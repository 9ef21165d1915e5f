#include "access/user_commands.h"

#include <fmt/format.h>

#include <array>

#include "access/command_parts.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/terminal.h"
#include "base/uri.h"
#include "net/server_address.h"

namespace bl::access {
namespace {

constexpr std::size_t k_password_bytes_max = 1'000;

std::string text_of(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

Result<net::ApiClient> connect(const Arguments& arguments, const CommandIo& io) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  BL_TRY(net::ServerAddress address, net::find_server(arguments, io, *disk));
  return net::ApiClient(std::move(address));
}

/// The first line of standard input.
Result<std::string> read_password(const CommandIo& io) {
  std::string line;
  for (int c = std::fgetc(io.in); c != EOF && c != '\n'; c = std::fgetc(io.in)) {
    if (line.size() > k_password_bytes_max) break;
    line += static_cast<char>(c);
  }
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return Error{Code::invalid, "standard input has no password"};
  return line;
}

struct Password {
  std::string text;
  bool made = false;  ///< by us, so that it must be shown
};

Result<Password> password_from(const Arguments& arguments, const CommandIo& io) {
  if (arguments.flag("--password-stdin")) {
    BL_TRY(std::string text, read_password(io));
    return Password{std::move(text), false};
  }
  SystemRandom random;
  std::array<std::byte, 15> bytes;
  random.fill(bytes);
  return Password{base64url(bytes), true};
}

/// stdout has the password alone, so that a script can take it.
void show_password(CommandIo& io, const Password& password) {
  if (!password.made) return;
  fmt::print(io.err, "This is the only time that the password is shown.\n");
  fmt::print(io.out, "{}\n", password.text);
}

/// The path of the user with that address.
Result<std::string> path_of(net::ApiClient& client, const std::string& email) {
  BL_TRY(const json::Value answer, client.get("/api/v1/users?email=" + percent_encode(email)));
  const json::Value* users = answer.find("users");
  if (users == nullptr || !users->is_array() || users->items().empty())
    return Error{Code::not_found, "no user has the e-mail address: " + email};
  return "/api/v1/users/" + percent_encode(text_of(users->items().front(), "id"));
}

void print_json(CommandIo& io, const json::Value& value) {
  fmt::print(io.out, "{}\n", json::to_text(value));
}

Result<void> create(const Arguments& arguments, CommandIo& io) {
  BL_TRY(net::ApiClient client, connect(arguments, io));
  const std::string& email = arguments.text("EMAIL");
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("email", email);
  writer.member("name", arguments.text_or_null("--name").value_or(email));
  if (const auto role = arguments.text_or_null("--role")) writer.member("role", *role);
  BL_TRY(const Password password, password_from(arguments, io));
  writer.member("password", password.text).end_object();
  BL_TRY(const json::Value user, client.post("/api/v1/users", body));
  if (arguments.flag("--json")) {
    json::Value shown = user;
    if (password.made) shown.set("password", json::Value::string(password.text));
    print_json(io, shown);
    return {};
  }
  fmt::print(io.err, "made the {} {}\n", text_of(user, "role"), email);
  show_password(io, password);
  return {};
}

Result<void> list(const Arguments& arguments, CommandIo& io) {
  BL_TRY(net::ApiClient client, connect(arguments, io));
  Table table({{"e-mail"}, {"name"}, {"role"}, {"id"}});
  json::Value all = json::Value::array();
  std::string cursor;
  do {
    BL_TRY(const json::Value page,
           client.get("/api/v1/users?page_size=1000&cursor=" + percent_encode(cursor)));
    const json::Value* users = page.find("users");
    if (users == nullptr || !users->is_array())
      return Error{Code::malformed, "the server's answer has no users: " + client.address().url};
    for (const json::Value& user : users->items()) {
      table.add_row({text_of(user, "email"), text_of(user, "name"), text_of(user, "role"),
                     text_of(user, "id")});
      all.items().push_back(user);
    }
    cursor = text_of(page, "next_page_cursor");
  } while (!cursor.empty());
  if (arguments.flag("--json")) {
    json::Value shown = json::Value::object();
    shown.set("users", std::move(all));
    print_json(io, shown);
  } else {
    fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  }
  return {};
}

/// One member of the user is set.
Result<json::Value> change(net::ApiClient& client, const std::string& email, std::string_view key,
                           const std::string& value) {
  BL_TRY(const std::string path, path_of(client, email));
  std::string body;
  json::Writer(body).begin_object().member(key, value).end_object();
  return client.patch(path, body);
}

Result<void> set_role(const Arguments& arguments, CommandIo& io) {
  BL_TRY(net::ApiClient client, connect(arguments, io));
  const std::string& email = arguments.text("EMAIL");
  BL_TRY(const json::Value user, change(client, email, "role", arguments.text("ROLE")));
  if (arguments.flag("--json")) {
    print_json(io, user);
  } else {
    fmt::print(io.err, "{} is now {}\n", email, text_of(user, "role"));
  }
  return {};
}

Result<void> set_password(const Arguments& arguments, CommandIo& io) {
  BL_TRY(net::ApiClient client, connect(arguments, io));
  BL_TRY(const Password password, password_from(arguments, io));
  BL_TRY(json::Value user, change(client, arguments.text("EMAIL"), "password", password.text));
  if (arguments.flag("--json")) {
    if (password.made) user.set("password", json::Value::string(password.text));
    print_json(io, user);
  } else {
    fmt::print(io.err, "the password is new; sessions with the old one are over\n");
    show_password(io, password);
  }
  return {};
}

Result<void> remove(const Arguments& arguments, CommandIo& io) {
  BL_TRY(net::ApiClient client, connect(arguments, io));
  const std::string& email = arguments.text("EMAIL");
  BL_TRY(const std::string path, path_of(client, email));
  BL_RETURN_IF_ERROR(client.remove(path));
  if (arguments.flag("--json")) {
    std::string out;
    json::Writer(out).begin_object().member("email", email).member("removed", true).end_object();
    fmt::print(io.out, "{}\n", out);
  } else {
    fmt::print(io.err, "removed: {}\n", email);
  }
  return {};
}

Result<void> audit(const Arguments& arguments, CommandIo& io) {
  BL_TRY(net::ApiClient client, connect(arguments, io));
  std::string path = "/api/v1/audit?page_size=" + percent_encode(arguments.text("--limit"));
  if (const auto object = arguments.text_or_null("--object"))
    path.append("&object=").append(percent_encode(*object));
  BL_TRY(const json::Value page, client.get(path));
  if (arguments.flag("--json")) {
    print_json(io, page);
    return {};
  }
  const json::Value* entries = page.find("entries");
  if (entries == nullptr || !entries->is_array())
    return Error{Code::malformed, "the server's answer has no entries: " + client.address().url};
  Table table({{"when"}, {"who"}, {"what"}, {"of"}, {"detail"}});
  for (const json::Value& entry : entries->items()) {
    const json::Value* detail = entry.find("detail");
    table.add_row({text_of(entry, "at"), text_of(entry, "actor_name"), text_of(entry, "action"),
                   text_of(entry, "object"), detail != nullptr ? json::to_text(*detail) : ""});
  }
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  return {};
}

const CommandOption k_password_option{
    .name = "--password-stdin",
    .help = "the password is the first line of standard input; else one is made and printed"};
const CommandArgument k_email{.name = "EMAIL", .help = "the user's e-mail address"};

}  // namespace

std::vector<Command> user_commands() {
  return {{.path = "user create",
           .help = "makes a user with a password",
           .example = "benchlake user create ada@example.org --role admin",
           .options = with_server_options(
               {{.name = "--name", .value_name = "NAME", .help = "full name"},
                {.name = "--role", .value_name = "ROLE", .help = "reader, writer or admin"},
                k_password_option}),
           .arguments = {k_email},
           .run = runner(create)},
          {.path = "user list",
           .help = "lists users and their roles",
           .example = "benchlake user list",
           .options = net::server_options(),
           .arguments = {},
           .run = runner(list)},
          {.path = "user role",
           .help = "gives a user another role, at once",
           .example = "benchlake user role ada@example.org reader",
           .options = net::server_options(),
           .arguments = {k_email, {.name = "ROLE", .help = "reader, writer or admin"}},
           .run = runner(set_role)},
          {.path = "user password",
           .help = "gives a user a new password and ends their sessions",
           .example = "benchlake user password ada@example.org",
           .options = with_server_options({k_password_option}),
           .arguments = {k_email},
           .run = runner(set_password)},
          {.path = "user remove",
           .help = "removes a user with their sessions and tokens",
           .example = "benchlake user remove ada@example.org",
           .options = net::server_options(),
           .arguments = {k_email},
           .run = runner(remove)},
          {.path = "audit",
           .help = "shows who changed or removed what, newest first",
           .example = "benchlake audit --limit 20",
           .options = with_server_options(
               {{.name = "--limit",
                 .value_name = "N",
                 .help = "entries, at most 1000",
                 .default_text = "100"},
                {.name = "--object", .value_name = "ID", .help = "of what was changed; else all"}}),
           .arguments = {},
           .run = runner(audit)}};
}

}  // namespace bl::access
