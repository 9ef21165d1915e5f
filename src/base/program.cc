#include "base/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "base/check.h"
#include "base/spawn_settings.h"

extern char** environ;

namespace bl {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr int k_look_ms = 100;
constexpr std::chrono::milliseconds k_end_wait{2'000};
constexpr std::chrono::milliseconds k_end_look{5};

/// A pipe whose writing end the program has.
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
    return Error(Code::io, std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  void close_writer() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
  std::array<int, 2> ends = {-1, -1};
};

std::vector<std::string> environment_of(const ProgramCall& call) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string name(text.substr(0, text.find('=')));
    if (call.variables.contains(name) || (call.hides && call.hides(name))) continue;
    environment.emplace_back(text);
  }
  for (const auto& [name, value] : call.variables) environment.push_back(name + "=" + value);
  return environment;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const ProgramCall& call, const Pipe& out, const Pipe& err) {
  SpawnSettings settings;
  posix_spawn_file_actions_addopen(&settings.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&settings.files, out.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&settings.files, err.ends[1], STDERR_FILENO);
  if (!call.folder.empty())
    posix_spawn_file_actions_addchdir_np(&settings.files, call.folder.c_str());
  // Signals are as for any program: ours are blocked, for sigwait.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  sigset_t piped;
  sigemptyset(&piped);
  sigaddset(&piped, SIGPIPE);
  posix_spawnattr_setsigdefault(&settings.attributes, &piped);
  posix_spawnattr_setpgroup(&settings.attributes, 0);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (call.own_group) flags |= POSIX_SPAWN_SETPGROUP;
  posix_spawnattr_setflags(&settings.attributes, static_cast<short>(flags));
  std::vector<std::string> words = call.words;
  std::vector<std::string> environment = environment_of(call);
  pid_t child = -1;
  const int failed = posix_spawnp(&child, words[0].c_str(), &settings.files, &settings.attributes,
                                  pointers_to(words).data(), pointers_to(environment).data());
  if (failed == 0) return child;
  return Error(failed == ENOENT ? Code::not_found : Code::io,
               std::string("cannot run (") + std::strerror(failed) + "): " + call.words[0]);
}

/// What comes out of one end of the program.
class Stream {
 public:
  Stream(const Pipe& pipe, std::size_t kept_bytes, std::string& kept,
         const std::function<void(std::string_view)>& on_piece)
      : file_(pipe.ends[0]), kept_bytes_(kept_bytes), kept_(kept), on_piece_(on_piece) {}
  int file() const { return is_open_ ? file_ : -1; }
  void read_some() {
    std::array<char, 16 << 10> piece;
    const ssize_t got = read(file_, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) return;
    is_open_ = got > 0;
    if (got > 0) take({piece.data(), static_cast<std::size_t>(got)});
  }

 private:
  void take(std::string_view piece) {
    if (on_piece_) return on_piece_(piece);
    kept_.append(piece);
    if (kept_.size() > 2 * kept_bytes_) kept_.erase(0, kept_.size() - kept_bytes_);
  }

  int file_;
  std::size_t kept_bytes_;
  std::string& kept_;
  const std::function<void(std::string_view)>& on_piece_;
  bool is_open_ = true;
};

/// Why it should end now, if it should.
std::optional<Code> reason_to_end(const ProgramCall& call, SteadyTime start) {
  if (call.go_on && !call.go_on()) return Code::cancelled;
  if (call.time_max && std::chrono::steady_clock::now() - start >= *call.time_max)
    return Code::timeout;
  return std::nullopt;
}

int wait_ms(const ProgramCall& call, SteadyTime start) {
  if (!call.time_max) return k_look_ms;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      start + *call.time_max - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count() + 1, 0, k_look_ms));
}

/// Reads both until they are closed, or there is a reason to end.
std::optional<Code> follow(const ProgramCall& call, SteadyTime start, Stream& out, Stream& err) {
  while (out.file() >= 0 || err.file() >= 0) {
    if (const auto reason = reason_to_end(call, start)) return reason;
    std::array<pollfd, 2> waits{{{out.file(), POLLIN, 0}, {err.file(), POLLIN, 0}}};
    if (poll(waits.data(), waits.size(), wait_ms(call, start)) <= 0) continue;
    if (waits[0].revents != 0) out.read_some();
    if (waits[1].revents != 0) err.read_some();
  }
  return std::nullopt;
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// Until it has ended, which it may do long after it has closed its streams, or there is a reason
/// to end it. It is not reaped: its number stays its own.
std::optional<Code> follow_to_end(const ProgramCall& call, SteadyTime start, pid_t child) {
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, child, 0));  // -1: an old kernel
  std::optional<Code> reason;
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0 && !reason) {
    pollfd wait{handle, POLLIN, 0};
    poll(&wait, 1, handle < 0 ? 1 : wait_ms(call, start));
    reason = reason_to_end(call, start);
  }
  if (handle >= 0) close(handle);
  return info.si_pid == 0 ? reason : std::nullopt;
}

/// Asked, then killed.
void end_program(pid_t child, bool group) {
  const pid_t whom = group ? -child : child;
  kill(whom, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + k_end_wait;
  int status = 0;
  while (std::chrono::steady_clock::now() < deadline) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended != 0 && !(ended < 0 && errno == EINTR)) {
      if (group) kill(whom, SIGKILL);
      return;
    }
    std::this_thread::sleep_for(k_end_look);
  }
  kill(whom, SIGKILL);
  wait_for(child);
}

}  // namespace

Result<ProgramEnd> run_program(const ProgramCall& call) {
  BL_CHECK(!call.words.empty());
  Pipe out, err;
  BL_RETURN_IF_ERROR(out.open());
  BL_RETURN_IF_ERROR(err.open());
  const SteadyTime start = std::chrono::steady_clock::now();
  BL_TRY(const pid_t child, spawn(call, out, err));
  out.close_writer();
  err.close_writer();
  ProgramEnd end;
  Stream out_stream(out, call.kept_bytes, end.out, call.on_output);
  const std::function<void(std::string_view)> kept;
  Stream err_stream(err, call.kept_bytes, end.err, kept);
  auto reason = follow(call, start, out_stream, err_stream);
  if (!reason) reason = follow_to_end(call, start, child);
  if (reason) {
    end_program(child, call.own_group);
    return Error(*reason,
                 (*reason == Code::timeout ? "took too long: " : "cancelled: ") + call.words[0]);
  }
  if (call.own_group) kill(-child, SIGKILL);  // what it left behind
  end.exit_code = wait_for(child);
  return end;
}

}  // namespace bl
