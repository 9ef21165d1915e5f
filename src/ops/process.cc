#include "ops/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

extern char** environ;

namespace bl::ops {
namespace {

constexpr std::size_t k_kept_bytes = 1 << 20;
constexpr int k_look_ms = 100;

/// The reading end of a pipe whose other end the program has.
struct Pipe {
  Pipe() = default;
  ~Pipe() {
    if (ends[0] >= 0) close(ends[0]);
    close_writer();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  Result<void> open() {
    if (pipe2(ends.data(), O_CLOEXEC) == 0) return {};
    ends = {-1, -1};
    return Error(Code::io, std::string("cannot make a pipe: ") + strerror(errno));
  }
  void close_writer() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
  std::array<int, 2> ends = {-1, -1};
};

std::vector<std::string> environment_with(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (variables.count(text.substr(0, text.find('='))) == 0) environment.push_back(text);
  }
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> raw;
  for (const std::string& text : texts) raw.push_back(const_cast<char*>(text.c_str()));
  raw.push_back(nullptr);
  return raw;
}

/// The child's signals are as for any program: ours are blocked, for sigwait.
Result<pid_t> spawn(const ProgramCall& call, const Pipe& out, const Pipe& err) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err.ends[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t piped;
  sigemptyset(&piped);
  sigaddset(&piped, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &piped);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const auto environment = environment_with(call.variables);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, call.words[0].c_str(), &files, &attributes,
                                  pointers(call.words).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (failed == 0) return pid;
  return Error(failed == ENOENT ? Code::not_found : Code::io,
               std::string("cannot run (") + strerror(failed) + "): " + call.words[0]);
}

/// False at the end of the stream.
bool read_some(int file, std::string& kept) {
  char piece[4096];
  const ssize_t got = read(file, piece, sizeof piece);
  if (got <= 0) return got < 0 && errno == EINTR;
  kept.append(piece, static_cast<std::size_t>(got));
  if (kept.size() > 2 * k_kept_bytes) kept.erase(0, kept.size() - k_kept_bytes);
  return true;
}

/// False when it was cancelled.
bool follow(const ProgramCall& call, const Pipe& out, const Pipe& err, ProgramEnd& end) {
  std::array<pollfd, 2> streams = {pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}};
  const std::array<std::string*, 2> kept = {&end.out, &end.err};
  while (streams[0].fd >= 0 || streams[1].fd >= 0) {
    if (!call.go_on()) return false;
    poll(streams.data(), streams.size(), k_look_ms);
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (streams[i].fd >= 0 && streams[i].revents != 0 && !read_some(streams[i].fd, *kept[i]))
        streams[i].fd = -1;
      streams[i].revents = 0;
    }
  }
  return true;
}

}  // namespace

Result<ProgramEnd> run_program(const ProgramCall& call) {
  BL_CHECK(!call.words.empty());
  Pipe out, err;
  BL_RETURN_IF_ERROR(out.open());
  BL_RETURN_IF_ERROR(err.open());
  BL_TRY(const pid_t pid, spawn(call, out, err));
  out.close_writer();
  err.close_writer();
  ProgramEnd end;
  const bool is_over = follow(call, out, err, end);
  if (!is_over) kill(pid, SIGTERM);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!is_over) return Error(Code::cancelled, "cancelled: " + call.words[0]);
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return end;
}

}  // namespace bl::ops
