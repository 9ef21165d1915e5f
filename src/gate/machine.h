#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/json.h"

/// The machine that figures come from. Figures of two machines are compared, but aloud.
namespace bl::gate {

/// `linux-x86_64`, `linux-arm64`, `darwin-arm64`: the three that baselines exist for; another
/// machine gets the same form.
std::string architecture();
inline constexpr const char* k_canonical_architecture = "linux-x86_64";

/// Facts that decide whether times may be compared: processor, cores, memory, governor, kernel,
/// limits of the cgroup; of a virtual machine also its start, since others of its kind look alike.
/// What cannot be found is absent. The host's name is none of them.
struct Machine {
  std::map<std::string, std::string> facts;

  bool is_known() const { return !facts.empty(); }
  bool is_virtual() const { return facts.contains("virtual_machine"); }
  std::string fingerprint() const;  ///< 16 hex digits; empty when nothing is known
  /// `cpu: A, here B` of each fact that differs.
  std::vector<std::string> differences(const Machine& here) const;
  bool operator==(const Machine&) const = default;
};

/// `root` is "" or a folder with a copy of proc/ and sys/ (tests).
Machine detect_machine(Disk& disk, const std::string& root = "");

}  // namespace bl::gate
