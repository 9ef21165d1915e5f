#include "store/testing/postgres_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "base/uri.h"

namespace bl::store::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string find_programs() {
  if (const char* named = getenv("BENCHLAKE_POSTGRES_BIN")) return named;
  for (const char* folder : {"/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin",
                             "/usr/lib/postgresql/17/bin", "/usr/local/bin", "/usr/bin"}) {
    if (fs::exists(fs::path(folder) / "postgres")) return folder;
  }
  return {};
}

int free_port() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  BL_CHECK(bind(socket_fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  BL_CHECK(getsockname(socket_fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(socket_fd);
  return ntohs(address.sin_port);
}

// The user that the server may run as; -1 where we are no root.
struct User {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
};
User server_user() {
  if (geteuid() != 0) return {};
  const passwd* entry = getpwnam("postgres");
  if (entry == nullptr) entry = getpwnam("nobody");
  return entry == nullptr ? User{} : User{entry->pw_uid, entry->pw_gid};
}

// The program's output goes to `log`. It ends with its parent.
pid_t spawn(const std::vector<std::string>& words, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const User user = server_user();
  const pid_t parent = getpid();
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const pid_t child = fork();
  if (child != 0) {
    close(output);
    return child;
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (user.uid != static_cast<uid_t>(-1)) {
    if (setgroups(0, nullptr) != 0 || setgid(user.gid) != 0 || setuid(user.uid) != 0) _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) _exit(126);
  setsid();
  if (chdir("/") != 0) _exit(126);
  execv(arguments[0], arguments.data());
  _exit(127);
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace

Result<std::unique_ptr<PostgresServer>> PostgresServer::start(const Options& options) {
  std::unique_ptr<PostgresServer> server(new PostgresServer);
  server->options_ = options;
  server->bin_ = find_programs();
  if (server->bin_.empty()) {
    return Error(Code::not_found,
                 "no PostgreSQL server programs here (Debian: postgresql-15; elsewhere: name their "
                 "folder in BENCHLAKE_POSTGRES_BIN)");
  }
  BL_RETURN_IF_ERROR(server->take_folder());
  BL_RETURN_IF_ERROR(server->initialize());
  BL_RETURN_IF_ERROR(server->launch());
  return server;
}

Result<std::unique_ptr<PostgresServer>> PostgresServer::start_standby_of(
    const PostgresServer& primary) {
  std::unique_ptr<PostgresServer> server(new PostgresServer);
  server->options_ = primary.options_;
  server->bin_ = primary.bin_;
  BL_RETURN_IF_ERROR(server->take_folder());
  const std::string log = server->folder_ + ".basebackup.log";
  const int status = wait_for(
      spawn({server->bin_ + "/pg_basebackup", "-h", primary.folder_, "-p",
             std::to_string(primary.port_), "-U", "postgres", "-D", server->folder_ + "/data", "-R",
             "-X", "stream", "--checkpoint=fast", "--no-sync"},
            log));
  const std::string said = text_of(log);
  unlink(log.c_str());
  if (status != 0) return Error(Code::io, "pg_basebackup failed: " + said);
  BL_RETURN_IF_ERROR(server->launch());
  return server;
}

PostgresServer& PostgresServer::shared() {
  static const std::unique_ptr<PostgresServer> k_server = [] {
    auto started = start();
    if (!started.ok()) std::fprintf(stderr, "%s\n", started.error().message.c_str());
    BL_CHECK(started.ok());
    return std::move(started).value();
  }();
  return *k_server;
}

PostgresServer::~PostgresServer() {
  if (pid_ > 0) stop(Stop::fast);
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
  if (!folder_.empty()) fs::remove(folder_ + ".log", ignored);
}

Result<void> PostgresServer::take_folder() {
  std::string folder = (fs::temp_directory_path() / "bl-postgres-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return Error(Code::io, "no temporary folder: " + folder);
  folder_ = folder;
  port_ = free_port();
  const User user = server_user();
  if (user.uid != static_cast<uid_t>(-1) && chown(folder_.c_str(), user.uid, user.gid) != 0) {
    return Error(Code::io, "cannot give away " + folder_);
  }
  return {};
}

Result<void> PostgresServer::initialize() {
  const std::string log = folder_ + ".initdb.log";
  const pid_t child = spawn({bin_ + "/initdb", "-D", folder_ + "/data", "-U", "postgres", "-A",
                             "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
                            log);
  const int status = wait_for(child);
  const std::string said = text_of(log);
  unlink(log.c_str());
  if (status == 0) return {};
  return Error(Code::io, "initdb failed: " + said);
}

Result<void> PostgresServer::launch() {
  const std::string log = folder_ + ".log";
  const std::string durable = options_.fsync ? "on" : "off";
  std::vector<std::string> words = {
      bin_ + "/postgres", "-D", folder_ + "/data", "-p", std::to_string(port_), "-k", folder_};
  for (const std::string& setting :
       {std::string("listen_addresses=127.0.0.1"), "fsync=" + durable,
        "full_page_writes=" + durable, std::string("max_connections=64"),
        std::string("shared_buffers=256MB"), std::string("max_wal_size=4GB")}) {
    words.push_back("-c");
    words.push_back(setting);
  }
  pid_ = spawn(words, log);
  const std::string where = "host=" + folder_ + " port=" + std::to_string(port_) +
                            " user=postgres dbname=postgres connect_timeout=5";
  for (int i = 0; i < 600; ++i) {
    if (PQping(where.c_str()) == PQPING_OK) return {};
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      break;
    }
    std::this_thread::sleep_for(50ms);
  }
  return Error(Code::io, "the PostgreSQL server did not start: " + text_of(log));
}

std::string PostgresServer::uri(const std::string& database) const {
  return "postgres://postgres@" + percent_encode(folder_) + ":" + std::to_string(port_) + "/" +
         database;
}

std::string PostgresServer::tcp_uri(const std::string& database, int port) const {
  return "postgres://postgres@127.0.0.1:" + std::to_string(port) + "/" + database;
}

std::string PostgresServer::run(const std::string& database, const std::string& sql) {
  const std::string where =
      "host=" + folder_ + " port=" + std::to_string(port_) + " user=postgres dbname=" + database;
  PGconn* connection = PQconnectdb(where.c_str());
  PGresult* result = PQexec(connection, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    std::fprintf(stderr, "%s: %s\n", sql.c_str(), PQerrorMessage(connection));
  }
  std::string answer = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  PQclear(result);
  PQfinish(connection);
  return answer;
}

std::string PostgresServer::create_database() {
  static std::atomic<int> number{0};
  const std::string name = "test_" + std::to_string(++number);
  run("postgres", "create database " + name);
  return name;
}

void PostgresServer::drop_database(const std::string& name) {
  run("postgres", "drop database if exists " + name + " with (force)");
}

void PostgresServer::stop(Stop how) {
  if (pid_ <= 0) return;
  if (how == Stop::kill) {
    // Its backends lead sessions of their own: they are killed by name, before they see it gone.
    const std::string pid = std::to_string(pid_);
    std::istringstream backends(text_of("/proc/" + pid + "/task/" + pid + "/children"));
    kill(pid_, SIGKILL);
    for (pid_t backend = 0; backends >> backend;) kill(backend, SIGKILL);
  } else {
    kill(pid_, SIGINT);
  }
  wait_for(pid_);
  pid_ = -1;
}

void PostgresServer::restart() {
  BL_CHECK(pid_ <= 0);
  auto launched = launch();
  // After a kill the last backend may hold the shared memory for a moment more.
  for (int i = 0; !launched.ok() && i < 100; ++i) {
    std::this_thread::sleep_for(50ms);
    launched = launch();
  }
  if (!launched.ok()) std::fprintf(stderr, "%s\n", launched.error().message.c_str());
  BL_CHECK(launched.ok());
}

}  // namespace bl::store::testing
