#include "engine/worker/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/numbers.h"

namespace bl::engine {
namespace {

Error failure(const std::string& what) {
  return Error{Code::io, what + ": " + std::strerror(errno)};
}

// Headers of an older kernel know less than the kernel that runs: what Landlock has by version.
constexpr std::uint64_t k_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t k_files_1 = (1ull << 13) - 1;
constexpr std::uint64_t k_refer = 1ull << 13;     // version 2
constexpr std::uint64_t k_truncate = 1ull << 14;  // version 3
constexpr std::uint64_t k_ioctl = 1ull << 15;     // version 5
constexpr std::uint64_t k_tcp = 3;                // bind, connect: version 4
constexpr std::uint64_t k_scopes = 3;             // abstract sockets, signals: version 6
constexpr std::uint64_t k_cpu_spare_s = 5;

struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};

Ruleset ruleset_of(long version) {
  Ruleset rules;
  rules.files = k_files_1;
  if (version >= 2) rules.files |= k_refer;
  if (version >= 3) rules.files |= k_truncate;
  if (version >= 5) rules.files |= k_ioctl;
  if (version >= 4) rules.network = k_tcp;
  if (version >= 6) rules.scopes = k_scopes;
  return rules;
}

/// A file descriptor, closed at the end.
struct Descriptor {
  explicit Descriptor(long opened) : number(static_cast<int>(opened)) {}
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

Result<void> allow(const Descriptor& ruleset, const std::string& folder, std::uint64_t rights) {
  const Descriptor place(open(folder.c_str(), O_PATH | O_CLOEXEC));
  if (place.number < 0) return failure("cannot open the folder " + folder);
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = place.number;
  if (syscall(SYS_landlock_add_rule, ruleset.number, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return failure("the kernel refuses a rule for " + folder);
  }
  return {};
}

/// `spare`: how far the hard limit is behind it.
Result<void> set_limit(__rlimit_resource_t what, std::uint64_t most, const char* name,
                       std::uint64_t spare = 0) {
  rlimit limit{};
  if (getrlimit(what, &limit) != 0) return failure(name);
  limit.rlim_cur = std::min<rlim_t>(most, limit.rlim_max);
  limit.rlim_max = std::min<rlim_t>(most + spare, limit.rlim_max);
  if (setrlimit(what, &limit) != 0) return failure(name);
  return {};
}

/// The number behind `name` in a file of /proc.
std::int64_t number_in(int file, std::string_view name) {
  std::array<char, 4096> bytes;
  const ssize_t got = pread(file, bytes.data(), bytes.size(), 0);
  if (got <= 0) return 0;
  const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  const auto at = text.find(name);
  if (at == std::string_view::npos) return 0;
  const auto begin = text.find_first_of("0123456789", at + name.size());
  if (begin == std::string_view::npos) return 0;
  const auto end = text.find_first_not_of("0123456789", begin);
  return parse_int64(text.substr(begin, end - begin)).value_or(0);
}

/// Threads that are there already would stay free.
Result<void> demand_one_thread() {
  if (k_is_sanitized) return {};
  std::error_code failed;
  const std::filesystem::directory_iterator tasks("/proc/self/task", failed);
  if (failed || std::distance(begin(tasks), end(tasks)) != 1) {
    return Error{Code::internal, "a process that is to be locked in has other threads"};
  }
  return {};
}

}  // namespace

Result<void> tie_to_parent(std::int64_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return failure("PR_SET_PDEATHSIG");
  if (getppid() != parent) return Error{Code::cancelled, "the server is gone"};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("PR_SET_NO_NEW_PRIVS");
  BL_RETURN_IF_ERROR(set_limit(RLIMIT_CORE, 0, "RLIMIT_CORE"));
  signal(SIGXFSZ, SIG_IGN);  // a file that is too large is an error of the write
  return {};
}

Result<std::int64_t> enter_landlock(const std::vector<std::string>& readable,
                                    const std::string& temp_folder) {
  const long version =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version <= 0) return std::int64_t{0};
  BL_RETURN_IF_ERROR(demand_one_thread());
  const Ruleset rules = ruleset_of(version);
  // An older kernel refuses what it does not know, unless it is zero.
  const Descriptor ruleset(syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0));
  if (ruleset.number < 0) return failure("the kernel refuses a Landlock ruleset");
  for (const std::string& folder : readable) BL_RETURN_IF_ERROR(allow(ruleset, folder, k_read));
  if (!temp_folder.empty()) {
    const std::uint64_t own =
        rules.files & ~std::uint64_t{LANDLOCK_ACCESS_FS_EXECUTE} & ~k_refer & ~k_ioctl;
    BL_RETURN_IF_ERROR(allow(ruleset, temp_folder, own));
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.number, 0) != 0) {
    return failure("the kernel refuses to restrict the process");
  }
  return static_cast<std::int64_t>(version);
}

Result<void> limit_process(const ProcessLimits& limits) {
  // At the hard limit the kernel sends SIGKILL, which would tell nothing.
  BL_RETURN_IF_ERROR(
      set_limit(RLIMIT_CPU, static_cast<std::uint64_t>(limits.cpu_s), "RLIMIT_CPU", k_cpu_spare_s));
  BL_RETURN_IF_ERROR(set_limit(RLIMIT_FSIZE, limits.file_bytes, "RLIMIT_FSIZE"));
  BL_RETURN_IF_ERROR(set_limit(RLIMIT_NPROC, 0, "RLIMIT_NPROC"));
  if (k_is_sanitized) return {};
  BL_RETURN_IF_ERROR(set_limit(RLIMIT_DATA, limits.data_bytes, "RLIMIT_DATA"));
  return {};
}

ProcessCounts::ProcessCounts()
    : io_(open("/proc/self/io", O_RDONLY | O_CLOEXEC)),
      status_(open("/proc/self/status", O_RDONLY | O_CLOEXEC)) {}

ProcessCounts::~ProcessCounts() {
  if (io_ >= 0) close(io_);
  if (status_ >= 0) close(status_);
}

std::int64_t ProcessCounts::cpu_us() const {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec;
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

std::int64_t ProcessCounts::bytes_read() const {
  return number_in(io_, "rchar:");
}

std::int64_t ProcessCounts::peak_memory_bytes() const {
  return number_in(status_, "VmHWM:") * 1024;
}

std::int64_t ProcessCounts::data_bytes() const {
  return number_in(status_, "VmData:") * 1024;
}

}  // namespace bl::engine
