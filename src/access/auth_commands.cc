#include "access/auth_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "access/cli_listener.h"
#include "access/command_parts.h"
#include "base/hash.h"
#include "base/program.h"
#include "base/uri.h"
#include "net/credentials.h"
#include "net/server_address.h"

namespace bl::access {
namespace {

constexpr std::int64_t k_wait_s_max = 3'600;

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

void print_json(CommandIo& io, const std::string& text) {
  fmt::print(io.out, "{}\n", text);
}

/// What the token will be known by: the machine's name tells people where it lies.
std::string default_token_name() {
  std::array<char, 256> name{};
  const bool known = gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0';
  return std::string("benchlake on ") + (known ? name.data() : "a machine");
}

/// Opens the person's browser where there is one; the address is printed in any case.
void try_to_open(const std::string& url, const CommandIo& io) {
#ifdef __APPLE__
  constexpr const char* k_opener = "open";
#else
  constexpr const char* k_opener = "xdg-open";
  const bool has_display =
      io.variable("DISPLAY") != nullptr || io.variable("WAYLAND_DISPLAY") != nullptr;
  if (!has_display) return;
#endif
  (void)run_program({.words = {k_opener, url}, .time_max = std::chrono::milliseconds(5'000)});
}

Result<std::string> wait_for_code(const Arguments& arguments, CommandIo& io,
                                  const net::ServerAddress& server) {
  BL_TRY(const std::int64_t wait_s, arguments.integer("--timeout", 1, k_wait_s_max));
  const SystemClock clock;
  SystemRandom random;
  std::array<std::byte, 32> bytes;
  random.fill(bytes);
  const std::string state = base64url(bytes);
  BL_TRY(const auto listener, CliListener::listen(state, clock, random));
  const std::string url =
      server.url + "/api/auth/cli-start?redirect_uri=" + percent_encode(listener->redirect_uri()) +
      "&state=" + state;
  fmt::print(io.err, "Sign in by this address, in a browser of this machine:\n{}\n", url);
  std::fflush(io.err);
  if (!arguments.flag("--no-browser")) try_to_open(url, io);
  const auto code = listener->wait(std::chrono::seconds(wait_s));
  if (code) return *code;
  return Error{Code::timeout, fmt::format("nobody signed in within the seconds that --timeout "
                                          "gives: {}",
                                          wait_s)};
}

/// Adds one entry, or takes it away. Errors: those of the credentials file.
Result<std::string> keep(const CommandIo& io, const std::string& url,
                         const std::optional<net::Credential>& credential) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  BL_TRY(const std::string path, net::credentials_file(io));
  BL_TRY(net::Credentials all, net::read_credentials(*disk, path));
  if (credential) {
    all[url] = *credential;
  } else {
    all.erase(url);
  }
  BL_RETURN_IF_ERROR(net::write_credentials(*disk, path, all));
  return path;
}

/// The server that is meant, asked as whoever signed in there, if anybody.
struct Login {
  net::ServerAddress server;
  std::optional<net::Credential> credential;
};
Result<Login> find_login(const Arguments& arguments, const CommandIo& io) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  Login login;
  BL_TRY(login.server, net::find_server(arguments, io, *disk));
  BL_TRY(const std::string path, net::credentials_file(io));
  BL_TRY(const net::Credentials all, net::read_credentials(*disk, path));
  if (const auto found = all.find(login.server.url); found != all.end()) {
    login.credential = found->second;
  }
  return login;
}

Result<void> log_in(const Arguments& arguments, CommandIo& io) {
  const std::unique_ptr<Disk> disk = make_real_disk();
  BL_TRY(net::ServerAddress server, net::find_server(arguments, io, *disk));
  server.token.clear();  // the code says who it is
  BL_TRY(const std::string code, wait_for_code(arguments, io, server));
  std::string body;
  const std::string name = arguments.text_or_null("--name").value_or(default_token_name());
  json::Writer(body).begin_object().member("code", code).member("name", name).end_object();
  net::ApiClient client(server);
  BL_TRY(const json::Value token, client.post("/api/auth/cli-exchange", body));
  const net::Credential credential{text_of(token, "token"), text_of(token, "id"),
                                   text_of(token, "name")};
  if (credential.token.empty()) {
    return Error{Code::malformed, "the server's answer has no token: " + server.url};
  }
  BL_TRY(const std::string path, keep(io, server.url, credential));
  if (arguments.flag("--json")) {
    std::string out;
    json::Writer(out)
        .begin_object()
        .member("server", server.url)
        .member("id", credential.token_id)
        .member("name", credential.name)
        .member("file", path)
        .end_object();
    print_json(io, out);
  } else {
    fmt::print(io.err, "signed in to {}; the token is in {}\n", server.url, path);
  }
  return {};
}

Result<void> log_out(const Arguments& arguments, CommandIo& io) {
  BL_TRY(Login login, find_login(arguments, io));
  if (!login.credential) {
    return Error{Code::not_found, "nobody is signed in by this machine to: " + login.server.url};
  }
  login.server.token = login.credential->token;
  net::ApiClient client(login.server);
  const auto revoked = client.remove("/api/tokens/" + percent_encode(login.credential->token_id));
  // A token that works no longer is what is wanted.
  const bool is_gone = revoked.ok() || revoked.error().code == Code::unauthenticated ||
                       revoked.error().code == Code::not_found;
  if (!is_gone) return revoked.error();
  BL_RETURN_IF_ERROR(keep(io, login.server.url, std::nullopt));
  if (arguments.flag("--json")) {
    std::string out;
    json::Writer(out)
        .begin_object()
        .member("server", login.server.url)
        .member("signed_in", false)
        .end_object();
    print_json(io, out);
  } else {
    fmt::print(io.err, "signed out of {}\n", login.server.url);
  }
  return {};
}

Result<void> show_status(const Arguments& arguments, CommandIo& io) {
  BL_TRY(const Login login, find_login(arguments, io));
  net::ApiClient client(login.server);
  BL_TRY(const json::Value may, client.get("/api/auth/capabilities"));
  const auto me = client.get("/api/users/me");
  const std::string who = me.ok() ? text_of(*me, "email") : std::string();
  const std::string role = text_of(may, "role");
  if (arguments.flag("--json")) {
    std::string out;
    json::Writer writer(out);
    writer.begin_object()
        .member("server", login.server.url)
        .member("signed_in", role != "anonymous")
        .member("role", role);
    if (!who.empty()) writer.member("email", who);
    writer.end_object();
    print_json(io, out);
  } else if (role == "anonymous") {
    fmt::print(io.out, "{}: not signed in; benchlake auth login --server {}\n", login.server.url,
               login.server.url);
  } else {
    fmt::print(io.out, "{}: {}role {}\n", login.server.url, who.empty() ? "" : who + ", ", role);
  }
  return {};
}

std::vector<CommandOption> login_options() {
  return with_server_options(
      {{.name = "--name",
        .value_name = "NAME",
        .help = "what people will know the token by; default: this machine's name"},
       {.name = "--timeout",
        .value_name = "SECONDS",
        .help = "wait so long for the browser",
        .default_text = "300"},
       {.name = "--no-browser", .value_name = "", .help = "only print the address"}});
}

}  // namespace

std::vector<Command> auth_commands() {
  return {{.path = "auth login",
           .help = "signs this machine in by a browser, and keeps the token",
           .example = "benchlake auth login --server https://perf.example.org",
           .options = login_options(),
           .arguments = {},
           .run = runner(log_in)},
          {.path = "auth logout",
           .help = "revokes the token of auth login and forgets it",
           .example = "benchlake auth logout --server https://perf.example.org",
           .options = net::server_options(),
           .arguments = {},
           .run = runner(log_out)},
          {.path = "auth status",
           .help = "says who this machine is to the server",
           .example = "benchlake auth status --server https://perf.example.org",
           .options = net::server_options(),
           .arguments = {},
           .run = runner(show_status)}};
}

}  // namespace bl::access
