#include "formats/machine.h"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <functional>
#include <set>

#include "base/numbers.h"

namespace bl::formats {
namespace {

constexpr std::uint64_t k_file_bytes_max = 8 << 20;
constexpr std::size_t k_command_bytes_max = 64 << 10;

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

/// The file without surrounding blanks; "" when it is not there.
std::string read_trimmed(Disk& disk, const std::string& path) {
  const Result<std::string> bytes = read_file(disk, path, k_file_bytes_max);
  return bytes.ok() ? trimmed(*bytes) : "";
}

/// Calls `each(key, value)` for lines such as `model name : Intel ...`.
void each_line(const std::string& text, char separator,
               const std::function<void(std::string, std::string)>& each) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = std::string_view(text).substr(start, end - start);
    const std::size_t cut = line.find(separator);
    if (cut != std::string_view::npos)
      each(trimmed(line.substr(0, cut)), trimmed(line.substr(cut + 1)));
    start = end + 1;
  }
}

struct Processor {
  std::string model;
  std::int64_t threads = 0;
  std::set<std::string> cores;  // "physical id/core id"
};

Processor processor_of(Disk& disk, const std::string& root) {
  Processor processor;
  std::string package;
  each_line(read_trimmed(disk, root + "/proc/cpuinfo"), ':',
            [&](const std::string& key, const std::string& value) {
              if (key == "processor") ++processor.threads;
              if (key == "model name" && processor.model.empty()) processor.model = value;
              if (key == "physical id") package = value;
              if (key == "core id") processor.cores.insert(package + "/" + value);
            });
  return processor;
}

/// Whole GiB, as Conbench's client rounds it: kernels reserve differing parts of the same memory,
/// and the number decides which results are comparable.
std::int64_t memory_bytes_of(Disk& disk, const std::string& root) {
  std::int64_t kibibytes = 0;
  each_line(read_trimmed(disk, root + "/proc/meminfo"), ':',
            [&](const std::string& key, const std::string& value) {
              if (key == "MemTotal")
                kibibytes = parse_int64(value.substr(0, value.find(' '))).value_or(0);
            });
  constexpr std::int64_t k_gibibyte = std::int64_t{1} << 30;
  return (kibibytes * 1024 + k_gibibyte / 2) / k_gibibyte * k_gibibyte;
}

/// `32K`, `1M` as the kernel prints cache sizes.
std::int64_t size_of(const std::string& text) {
  if (text.empty()) return 0;
  const std::int64_t unit = text.back() == 'K' ? 1 << 10 : text.back() == 'M' ? 1 << 20 : 1;
  return parse_int64(unit == 1 ? text : text.substr(0, text.size() - 1)).value_or(0) * unit;
}

/// Bytes of the first processor's cache of that level and type; 0 when unknown.
std::int64_t cache_bytes_of(Disk& disk, const std::string& root, const std::string& level,
                            const std::string& type) {
  const std::string folder = root + "/sys/devices/system/cpu/cpu0/cache";
  const Result<std::vector<std::string>> entries = disk.list(folder);
  if (!entries.ok()) return 0;
  for (const std::string& entry : *entries) {
    const std::string index = folder + "/" + entry;
    if (read_trimmed(disk, index + "/level") != level) continue;
    const std::string its_type = read_trimmed(disk, index + "/type");
    if (its_type == type || its_type == "Unified")
      return size_of(read_trimmed(disk, index + "/size"));
  }
  return 0;
}

std::int64_t frequency_max_of(Disk& disk, const std::string& root) {
  const std::string khz =
      read_trimmed(disk, root + "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
  return parse_int64(khz).value_or(0) * 1000;
}

struct Gpus {
  std::vector<std::string> names;
};

/// NVIDIA's driver lists its devices below /proc.
Gpus gpus_of(Disk& disk, const std::string& root) {
  Gpus gpus;
  const std::string folder = root + "/proc/driver/nvidia/gpus";
  const Result<std::vector<std::string>> entries = disk.list(folder);
  if (!entries.ok()) return gpus;
  for (const std::string& entry : *entries) {
    each_line(read_trimmed(disk, folder + "/" + entry + "/information"), ':',
              [&](const std::string& key, const std::string& value) {
                if (key == "Model") gpus.names.push_back(value);
              });
  }
  return gpus;
}

/// As one word for the shell.
std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

/// What git prints, trimmed; nullopt when it fails or prints nothing. Text from outside comes into
/// `arguments` through quoted().
std::optional<std::string> run_git(const std::string& folder, const std::string& arguments) {
  const std::string command = fmt::format("git -C {} {} 2>/dev/null", quoted(folder), arguments);
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string output;
  std::array<char, 4096> piece;
  while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), pipe)) {
    if (output.size() < k_command_bytes_max) output.append(piece.data(), count);
  }
  if (pclose(pipe) != 0) return std::nullopt;
  output = trimmed(output);
  if (output.empty()) return std::nullopt;
  return output;
}

/// The full hash of a commit by any of its names.
std::optional<std::string> commit_named(const std::string& folder, const std::string& name) {
  if (name.empty() || name.front() == '-') return std::nullopt;
  return run_git(folder, "rev-parse --verify --quiet " + quoted(name + "^{commit}"));
}

/// `git@github.com:org/repo.git` and URLs with credentials become `https://host/org/repo`; nullopt
/// for folders of this machine.
std::optional<std::string> web_address_of(std::string remote) {
  if (remote.starts_with("git@")) {
    const std::size_t colon = remote.find(':');
    if (colon == std::string::npos) return std::nullopt;
    remote = "https://" + remote.substr(4, colon - 4) + "/" + remote.substr(colon + 1);
  }
  const std::size_t end = remote.find("://");
  if (end == std::string::npos) return std::nullopt;
  const std::string scheme = remote.substr(0, end);
  if (scheme != "https" && scheme != "http" && scheme != "ssh" && scheme != "git")
    return std::nullopt;
  std::string rest = remote.substr(end + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string host = rest.substr(0, slash);
  if (const std::size_t at = host.rfind('@'); at != std::string::npos) host.erase(0, at + 1);
  if (scheme == "ssh") host = host.substr(0, host.find(':'));  // its port is not the web's
  rest.erase(0, slash);
  while (rest.ends_with('/')) rest.pop_back();
  if (rest.ends_with(".git")) rest.resize(rest.size() - 4);
  if (host.empty() || rest.empty()) return std::nullopt;
  return "https://" + host + rest;
}

}  // namespace

json::Value detect_machine(Disk& disk, const std::string& root) {
  const auto text = [](std::string value) { return json::Value::string(std::move(value)); };
  const auto number = [](std::int64_t value) { return json::Value::number(value); };
  utsname system{};
  uname(&system);
  const Processor processor = processor_of(disk, root);
  const std::string host =
      root.empty() ? system.nodename : read_trimmed(disk, root + "/proc/sys/kernel/hostname");
  const auto cores = static_cast<std::int64_t>(processor.cores.size());

  json::Value machine = json::Value::object();
  machine.set("name", text(host));
  machine.set("architecture_name", text(system.machine));
  machine.set("kernel_name", text(read_trimmed(disk, root + "/proc/sys/kernel/osrelease")));
  machine.set("os_name", text(system.sysname));
  machine.set("os_version", text(read_trimmed(disk, root + "/proc/sys/kernel/version")));
  machine.set("cpu_model_name", text(processor.model));
  machine.set("cpu_l1d_cache_bytes", number(cache_bytes_of(disk, root, "1", "Data")));
  machine.set("cpu_l1i_cache_bytes", number(cache_bytes_of(disk, root, "1", "Instruction")));
  machine.set("cpu_l2_cache_bytes", number(cache_bytes_of(disk, root, "2", "Unified")));
  machine.set("cpu_l3_cache_bytes", number(cache_bytes_of(disk, root, "3", "Unified")));
  machine.set("cpu_core_count", number(cores == 0 ? processor.threads : cores));
  machine.set("cpu_thread_count", number(processor.threads));
  machine.set("cpu_frequency_max_hz", number(frequency_max_of(disk, root)));
  machine.set("memory_bytes", number(memory_bytes_of(disk, root)));
  const Gpus gpus = gpus_of(disk, root);
  machine.set("gpu_count", number(static_cast<std::int64_t>(gpus.names.size())));
  json::Array names;
  for (const std::string& name : gpus.names) names.push_back(text(name));
  machine.set("gpu_product_names", json::Value::array(std::move(names)));
  return machine;
}

GitFacts detect_git(const std::string& folder, const std::optional<std::string>& commit) {
  GitFacts facts;
  if (auto remote = run_git(folder, "config --get remote.origin.url"))
    facts.repository = web_address_of(*remote);
  facts.commit = commit_named(folder, commit.value_or("HEAD"));
  return facts;
}

std::optional<std::int64_t> detect_pull_request(
    const std::map<std::string, std::string>& environment) {
  const auto value_of = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  std::string number = value_of("CI_MERGE_REQUEST_IID");
  constexpr std::string_view k_prefix = "refs/pull/";
  if (const std::string reference = value_of("GITHUB_REF"); reference.starts_with(k_prefix)) {
    const std::string rest = reference.substr(k_prefix.size());
    number = rest.substr(0, rest.find('/'));
  }
  const std::optional<std::int64_t> parsed = parse_int64(number);
  return parsed && *parsed > 0 ? parsed : std::nullopt;
}

}  // namespace bl::formats
