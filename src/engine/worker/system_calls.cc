#include "engine/worker/system_calls.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "engine/worker/sandbox.h"

namespace bl::engine {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t k_machine = AUDIT_ARCH_X86_64;
constexpr std::uint32_t k_other_calls = 0x4000'0000;  // those of x32
#elif defined(__aarch64__)
constexpr std::uint32_t k_machine = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t k_other_calls = 0;
#else
constexpr std::uint32_t k_machine = 0;
constexpr std::uint32_t k_other_calls = 0;
#endif

constexpr std::uint32_t k_allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t k_deny = SECCOMP_RET_ERRNO | EPERM;
/// The C library knows what to do then.
constexpr std::uint32_t k_absent = SECCOMP_RET_ERRNO | ENOSYS;

constexpr std::array k_denied = {
    // Whatever could reach out.
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    // Another program, another process.
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    SYS_pidfd_getfd,
    SYS_kcmp,
    SYS_shmget,
    SYS_msgget,
    SYS_semget,
    // The machine.
    SYS_mount,
    SYS_umount2,
    SYS_chroot,
    SYS_pivot_root,
    SYS_unshare,
    SYS_setns,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsmount,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_acct,
    SYS_quotactl,
    SYS_open_by_handle_at,
#if defined(__x86_64__)
    SYS_fork,
    SYS_vfork,
    SYS_iopl,
    SYS_ioperm,
    SYS_modify_ldt,
#endif
};
constexpr std::array k_absences = {SYS_clone3, SYS_io_uring_setup, SYS_io_uring_enter,
                                   SYS_io_uring_register};

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter give(std::uint32_t verdict) {
  return BPF_STMT(BPF_RET | BPF_K, verdict);
}
/// `yes` and `no`: how many instructions are passed over then.
sock_filter jump(std::uint16_t how, std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | BPF_K | how), value, yes, no);
}
/// The lower half of an argument; both machines keep it first.
std::size_t argument(std::size_t number) {
  return offsetof(seccomp_data, args) + number * sizeof(std::uint64_t);
}

std::vector<sock_filter> program() {
  std::vector<sock_filter> text = {
      load(offsetof(seccomp_data, arch)),
      jump(BPF_JEQ, k_machine, 1, 0),
      give(SECCOMP_RET_KILL_PROCESS),
      load(offsetof(seccomp_data, nr)),
  };
  if (k_other_calls != 0) {
    text.push_back(jump(BPF_JGE, k_other_calls, 0, 1));
    text.push_back(give(k_deny));
  }
  const auto answer = [&](long call, std::uint32_t verdict) {
    text.push_back(jump(BPF_JEQ, static_cast<std::uint32_t>(call), 0, 1));
    text.push_back(give(verdict));
  };
  for (const long call : k_denied) answer(call, k_deny);
  for (const long call : k_absences) answer(call, k_absent);
  // Threads are made, processes are not.
  text.insert(text.end(), {jump(BPF_JEQ, SYS_clone, 0, 4), load(argument(0)),
                           jump(BPF_JSET, CLONE_THREAD, 0, 1), give(k_allow), give(k_deny)});
  // A signal to its own threads is how a program aborts.
  text.insert(text.end(), {jump(BPF_JEQ, SYS_tgkill, 0, 4), load(argument(0)),
                           jump(BPF_JEQ, static_cast<std::uint32_t>(getpid()), 0, 1), give(k_allow),
                           give(k_deny)});
  text.push_back(give(k_allow));
  return text;
}

}  // namespace

Result<bool> deny_system_calls() {
  if (k_is_sanitized || k_machine == 0) return false;
  std::vector<sock_filter> text = program();
  const sock_fprog filter{static_cast<unsigned short>(text.size()), text.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    if (errno == EINVAL) return false;  // a kernel without it
    return Error{Code::io, std::string("the kernel refuses to filter the system calls: ") +
                               std::strerror(errno)};
  }
  return true;
}

}  // namespace bl::engine
