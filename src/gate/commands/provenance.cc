#include "gate/commands/provenance.h"

#include <fmt/format.h>

#include <array>

#include "base/hash.h"

namespace bl::gate {
namespace {

constexpr std::chrono::seconds k_command_time_max{60};
constexpr std::size_t k_piece_bytes = 1 << 20;

std::string below(const std::string& folder, const std::string& path) {
  return folder.empty() || path.starts_with('/') ? path : folder + "/" + path;
}

/// Piece by piece: a program with its symbols may be larger than memory should hold.
Result<std::string> hash_of(Disk& disk, const std::string& path) {
  BL_TRY(const auto file, disk.open_read(path));
  BL_TRY(const std::uint64_t size, file->size());
  Sha256 hash;
  std::vector<std::byte> piece(k_piece_bytes);
  for (std::uint64_t at = 0; at < size;) {
    BL_TRY(const std::size_t read, file->read_at(at, piece));
    if (read == 0) return Error{Code::io, "became shorter while it was read: " + path};
    hash.add({reinterpret_cast<const char*>(piece.data()), read});
    at += read;
  }
  return hash.finish_hex();
}

/// One line: what is compared and shown has no newlines.
std::string one_line(std::string text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

Result<std::string> said_by(Runner& runner, const std::vector<std::string>& command,
                            const std::string& folder, const std::function<bool()>& go_on) {
  BL_TRY(const ProgramEnd end, runner.run({.words = command,
                                           .folder = folder,
                                           .time_max = k_command_time_max,
                                           .go_on = go_on,
                                           .own_group = true}));
  if (end.exit_code != 0)
    return Error{Code::invalid, fmt::format("exit code {}: {}", end.exit_code, one_line(end.err))};
  std::string text = one_line(end.out);
  if (text.empty()) return Error{Code::invalid, "printed nothing"};
  if (text.size() > k_provenance_bytes_max)
    return Error{Code::too_large,
                 fmt::format("printed {} bytes, at most {}", text.size(), k_provenance_bytes_max)};
  return text;
}

}  // namespace

Provenance find_provenance(Disk& disk, Runner& runner, const GateConfig& config,
                           const std::string& folder, const std::function<bool()>& go_on) {
  Provenance found;
  const auto keep = [&](const std::string& name, Result<std::string> value) {
    if (value.ok()) {
      found.facts[name] = std::move(value).value();
    } else {
      found.unknown.push_back(fmt::format("{} is not known: {}", name, value.error().message));
    }
  };
  for (const std::string& binary : config.binaries)
    keep("sha256 of " + binary, hash_of(disk, below(folder, binary)));
  for (const auto& [name, command] : config.provenance)
    keep(name, said_by(runner, command, folder, go_on));
  return found;
}

std::vector<std::string> differences(const Baseline& baseline, const GateConfig& config,
                                     const Provenance& here) {
  std::vector<std::string> told;
  for (const auto& [name, command] : config.provenance) {
    const auto theirs = baseline.provenance.find(name);
    const auto ours = here.facts.find(name);
    if (theirs == baseline.provenance.end() || ours == here.facts.end()) continue;
    if (theirs->second != ours->second)
      told.push_back(fmt::format("{}: {}, here {}", name, theirs->second, ours->second));
  }
  return told;
}

}  // namespace bl::gate
