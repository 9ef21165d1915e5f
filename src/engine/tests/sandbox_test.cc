// What the kernel holds a worker to, tried by a process that is locked in.
#include "engine/worker/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "base/random.h"
#include "engine/worker/system_calls.h"

namespace bl::engine {
namespace {

namespace fs = std::filesystem;

class Sandbox : public ::testing::Test {
 protected:
  Sandbox() {
    fs::create_directories(folder + "/lake");
    fs::create_directories(folder + "/own");
    std::ofstream(folder + "/lake/file") << "rows";
    std::ofstream(folder + "/secret") << "secret";
  }
  ~Sandbox() override { fs::remove_all(folder); }

  static bool opens(const std::string& path, int how) {
    const int file = open(path.c_str(), how, 0600);
    if (file >= 0) close(file);
    return file >= 0;
  }
  static bool connects() {
    const int file = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool failed = connect(file, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0;
    const bool is_refused_by_kernel = failed && errno == EACCES;
    close(file);
    return !is_refused_by_kernel;
  }
  /// The exit code of a process that is locked in and does that on a thread it starts then;
  /// 99: this kernel has no Landlock.
  int in_sandbox(const std::function<int()>& work) {
    const pid_t child = fork();
    if (child == 0) {
      const auto entered = enter_landlock({folder + "/lake"}, folder + "/own");
      if (!entered.ok()) _exit(98);
      if (*entered == 0) _exit(99);
      int code = 0;
      std::thread([&] { code = work(); }).join();
      _exit(code);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::string folder =
      fs::temp_directory_path() / ("bl-sandbox-" + std::to_string(SystemRandom().next_u64()));
};

TEST_F(Sandbox, a_thread_of_a_locked_process_reads_the_lake_and_writes_its_own_folder_only) {
  const int code = in_sandbox([this] {
    if (!opens(folder + "/lake/file", O_RDONLY)) return 1;
    if (opens(folder + "/lake/file", O_WRONLY)) return 2;
    if (opens(folder + "/lake/more", O_CREAT | O_WRONLY)) return 3;
    if (opens(folder + "/secret", O_RDONLY)) return 4;
    if (opens("/etc/passwd", O_RDONLY)) return 5;
    if (!opens(folder + "/own/spill", O_CREAT | O_RDWR)) return 6;
    if (unlink((folder + "/lake/file").c_str()) == 0) return 7;
    if (rename((folder + "/own/spill").c_str(), (folder + "/lake/spill").c_str()) == 0) return 8;
    if (execl("/bin/true", "true", nullptr) == 0) return 9;
    return 0;
  });
  if (code == 99) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(code, 0);
}

TEST_F(Sandbox, a_process_with_threads_is_refused_because_they_would_stay_free) {
  if (k_is_sanitized) GTEST_SKIP() << "a sanitizer has threads of its own";
  const pid_t child = fork();
  if (child == 0) {
    std::thread([] { pause(); }).detach();
    const auto entered = enter_landlock({folder + "/lake"}, "");
    const bool has_none = entered.ok() && *entered == 0;
    _exit(has_none || (!entered.ok() && entered.error().code == Code::internal) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(Sandbox, it_reaches_no_tcp_port) {
  const int code = in_sandbox([] { return connects() ? 1 : 0; });
  if (code == 99) GTEST_SKIP() << "this kernel has no Landlock";
  EXPECT_EQ(code, 0) << "or a kernel before 6.7";
}

TEST_F(Sandbox, system_calls_that_reach_out_are_denied) {
  if (k_is_sanitized) GTEST_SKIP() << "a sanitizer needs some of them";
  const pid_t child = fork();
  if (child == 0) {
    const int before = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (!tie_to_parent(getppid()).ok()) _exit(90);
    const auto filtered = deny_system_calls();
    if (!filtered.ok()) _exit(91);
    if (!*filtered) _exit(99);
    int code = 0;
    std::thread([&] {  // threads are still made
      const auto denied = [](long outcome) { return outcome == -1 && errno == EPERM; };
      for (const int family : {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK}) {
        for (const int kind : {SOCK_STREAM, SOCK_DGRAM}) {
          if (!denied(socket(family, kind, 0))) code = 1;
        }
      }
      sockaddr_in to{};
      to.sin_family = AF_INET;
      if (!denied(connect(before, reinterpret_cast<sockaddr*>(&to), sizeof to))) code = 2;
      if (!denied(execl("/bin/true", "true", nullptr))) code = 3;
      if (!denied(fork())) code = 4;
      if (!denied(kill(getppid(), 0))) code = 5;
      if (!denied(syscall(SYS_tgkill, getppid(), getppid(), 0))) code = 6;
      if (!denied(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr))) code = 7;
      if (!denied(unshare(CLONE_NEWUSER))) code = 8;
      if (!denied(syscall(SYS_bpf, 0, nullptr, 0))) code = 9;
      if (syscall(SYS_tgkill, getpid(), gettid(), 0) != 0) code = 10;
    })
        .join();
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 99) GTEST_SKIP() << "this kernel has no seccomp";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Sandbox, a_folder_that_is_not_there_is_an_error_that_names_it) {
  const pid_t child = fork();
  if (child == 0) {
    const auto entered = enter_landlock({folder + "/nothing"}, "");
    const bool names =
        !entered.ok() && entered.error().message.find("/nothing") != std::string::npos;
    _exit(names || (entered.ok() && *entered == 0) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(Sandbox, limits_hold_for_files_and_memory) {
  const pid_t child = fork();
  if (child == 0) {
    const ProcessCounts counts;
    const auto data = static_cast<std::uint64_t>(counts.data_bytes());
    if (!tie_to_parent(getppid()).ok()) _exit(1);
    if (!limit_process({.cpu_s = 100, .data_bytes = data + (32u << 20), .file_bytes = 10}).ok()) {
      _exit(2);
    }
    const int file = open((folder + "/own/long").c_str(), O_CREAT | O_WRONLY, 0600);
    if (write(file, "0123456789abc", 13) != 10) _exit(3);
    if (write(file, "d", 1) == 1) _exit(4);
    _exit(counts.cpu_us() >= 0 && counts.peak_memory_bytes() > 0 ? 0 : 5);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace bl::engine
