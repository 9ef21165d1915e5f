#include "results/commits/git_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bl::results {
namespace {

using Time = std::chrono::steady_clock::time_point;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error{Code::io, std::string("no pipe: ") + std::strerror(errno)};
  }
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// A caller inside of a git hook has variables that would lead git elsewhere.
std::vector<std::string> git_environment() {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (variable.starts_with("GIT_") || variable.starts_with("LC_ALL=")) continue;
    variables.emplace_back(variable);
  }
  for (const char* variable : {"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0",
                               "GIT_NO_LAZY_FETCH=1", "GIT_PAGER=cat"}) {
    variables.emplace_back(variable);
  }
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// posix_spawn's two settings objects, freed at the end.
struct SpawnSettings {
  SpawnSettings() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
};

Result<pid_t> spawn(std::vector<std::string> words, int out, int err) {
  SpawnSettings settings;
  posix_spawn_file_actions_addopen(&settings.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&settings.files, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&settings.files, err, STDERR_FILENO);
  // A group of its own, so that what git starts ends with it; no signal stays blocked in it.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setpgroup(&settings.attributes, 0);
  posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  std::vector<std::string> environment = git_environment();
  pid_t child = -1;
  const int failed = posix_spawnp(&child, "git", &settings.files, &settings.attributes,
                                  pointers_to(words).data(), pointers_to(environment).data());
  if (failed != 0) {
    return Error{Code::unavailable,
                 std::string("the git command cannot be run: ") + std::strerror(failed)};
  }
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Reads both pipes until both are closed. Errors: timeout, io.
Result<void> drain(Pipe& out, Pipe& err, Time deadline,
                   const std::function<void(std::string_view)>& on_output,
                   const std::function<void(std::string_view)>& on_message) {
  std::array<char, 16 << 10> piece;
  while (out.read.get() >= 0 || err.read.get() >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Error{Code::timeout, "git took too long"};
    std::array<pollfd, 2> waits{{{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}}};
    const int ready = poll(waits.data(), waits.size(), static_cast<int>(left.count()) + 1);
    if (ready < 0 && errno != EINTR) {
      return Error{Code::io, std::string("cannot read from git: ") + std::strerror(errno)};
    }
    for (std::size_t i = 0; ready > 0 && i < waits.size(); ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      const ssize_t count = ::read(waits[i].fd, piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        (i == 0 ? out : err).read.close();
        continue;
      }
      (i == 0 ? on_output : on_message)({piece.data(), static_cast<std::size_t>(count)});
    }
  }
  return {};
}

}  // namespace

Result<GitOutput> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                          const GitProcessLimits& limits,
                          const std::function<void(std::string_view)>& on_output) {
  std::vector<std::string> words = {"git", "-C", folder, "-c", "log.showSignature=false"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  BL_TRY(Pipe out, make_pipe());
  BL_TRY(Pipe err, make_pipe());
  BL_TRY(const pid_t child, spawn(std::move(words), out.write.get(), err.write.get()));
  out.write.close();
  err.write.close();
  std::string messages;
  const Time deadline = std::chrono::steady_clock::now() + limits.time_max;
  const auto read = drain(out, err, deadline, on_output, [&](std::string_view piece) {
    messages.append(piece.substr(0, limits.message_bytes_max - messages.size()));
  });
  if (!read.ok()) kill(-child, SIGKILL);
  GitOutput output;
  output.exit_code = wait_for(child);
  output.err = messages.substr(0, messages.find('\n'));
  if (!read.ok()) return Error(read.error()).with_context(folder);
  return output;
}

Result<GitOutput> run_git(const std::string& folder, const std::vector<std::string>& arguments,
                          const GitProcessLimits& limits) {
  std::string collected;
  bool too_large = false;
  BL_TRY(GitOutput output, run_git(folder, arguments, limits, [&](std::string_view piece) {
           too_large = too_large || collected.size() + piece.size() > limits.output_bytes_max;
           if (!too_large) collected.append(piece);
         }));
  if (too_large) {
    return Error{Code::too_large, "git printed too much, the most bytes are " +
                                      std::to_string(limits.output_bytes_max)};
  }
  output.out = std::move(collected);
  return output;
}

}  // namespace bl::results
