#pragma once

#include "base/result.h"

namespace bl::engine {

/// seccomp, for the calling thread and those that it starts later: no socket of any kind, no new
/// process or program, no look into or signal to another process, no mount, namespace, key, BPF or
/// io_uring; each such call fails with EPERM, as if there were no right to it. Never in a sanitized
/// program: a sanitizer needs some of them. Gives false, and does nothing, on a machine whose calls
/// it does not know (not x86-64, not aarch64) and on a kernel without seccomp. Wants
/// PR_SET_NO_NEW_PRIVS (tie_to_parent). Errors: io (the kernel refuses).
Result<bool> deny_system_calls();

}  // namespace bl::engine
