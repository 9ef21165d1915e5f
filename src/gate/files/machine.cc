#include "gate/machine.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "base/hash.h"
#include "formats/machine.h"

namespace bl::gate {
namespace {

constexpr std::uint64_t k_fact_bytes_max = 64 << 10, k_processors_bytes_max = 16 << 20;

void add_file(Machine& machine, Disk& disk, const std::string& path, const char* fact) {
  const auto bytes = read_file(disk, path, k_fact_bytes_max);
  if (!bytes.ok()) return;
  std::string text = bytes->substr(0, bytes->find('\n'));
  if (!text.empty()) machine.facts[fact] = std::move(text);
}

/// Two virtual machines of one kind look alike, but not their hosts and neighbours: such a machine
/// is itself only until it is started again.
void add_virtual_machine(Machine& machine, Disk& disk, const std::string& root) {
  const auto processors = read_file(disk, root + "/proc/cpuinfo", k_processors_bytes_max);
  if (!processors.ok() || processors->find(" hypervisor") == std::string::npos) return;
  const auto boot = read_file(disk, root + "/proc/sys/kernel/random/boot_id", k_fact_bytes_max);
  if (boot.ok() && !boot->empty())
    machine.facts["virtual_machine"] = sha256_hex(*boot).substr(0, 16);
}

}  // namespace

std::string architecture() {
  utsname system{};
  uname(&system);
  std::string name = system.sysname;
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  const std::string processor = system.machine;
  return name + "-" + (processor == "aarch64" ? "arm64" : processor);
}

std::string Machine::fingerprint() const {
  if (!is_known()) return "";
  std::string text;
  for (const auto& [fact, value] : facts) text += fact + "=" + value + "\n";
  return sha256_hex(text).substr(0, 16);
}

std::vector<std::string> Machine::differences(const Machine& here) const {
  const auto value_of = [](const Machine& machine, const std::string& fact) {
    const auto found = machine.facts.find(fact);
    return found == machine.facts.end() ? std::string("unknown") : found->second;
  };
  std::map<std::string, std::string> both = facts;
  both.insert(here.facts.begin(), here.facts.end());
  std::vector<std::string> found;
  for (const auto& [fact, value] : both) {
    const std::string theirs = value_of(*this, fact), ours = value_of(here, fact);
    if (theirs != ours) found.push_back(fmt::format("{}: {}, here {}", fact, theirs, ours));
  }
  return found;
}

Machine detect_machine(Disk& disk, const std::string& root) {
  const json::Value detected = formats::detect_machine(disk, root);
  Machine machine;
  const auto copy = [&](const char* from, const char* fact) {
    const json::Value* value = detected.find(from);
    if (value == nullptr) return;
    std::string text = value->is_string() ? value->as_string() : json::to_text(*value);
    if (!text.empty() && text != "0") machine.facts[fact] = std::move(text);
  };
  copy("architecture_name", "architecture");
  copy("os_name", "system");
  copy("kernel_name", "kernel");
  copy("cpu_model_name", "cpu");
  copy("cpu_core_count", "cores");
  copy("cpu_thread_count", "threads");
  copy("memory_bytes", "memory_bytes");
  add_file(machine, disk, root + "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
           "governor");
  add_file(machine, disk, root + "/sys/fs/cgroup/cpu.max", "cgroup_cpu_max");
  add_file(machine, disk, root + "/sys/fs/cgroup/memory.max", "cgroup_memory_max");
  add_virtual_machine(machine, disk, root);
  return machine;
}

}  // namespace bl::gate
