#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/disk.h"
#include "gate/baseline.h"
#include "gate/config.h"
#include "gate/measure.h"

/// Private: what gate.toml wants to be known of what is measured.
namespace bl::gate {

inline constexpr std::size_t k_provenance_bytes_max = 4096;  ///< of what a command says

struct Provenance {
  std::map<std::string, std::string> facts;  ///< `sha256 of FILE`, and by the names of gate.toml
  std::vector<std::string> unknown;          ///< sentences: what could not be found out
};

/// Hashes the files of `binaries`, runs the commands of `provenance`; relative paths begin at
/// `folder`. What a command prints beyond k_provenance_bytes_max is not known.
Provenance find_provenance(Disk& disk, Runner& runner, const GateConfig& config,
                           const std::string& folder, const std::function<bool()>& go_on);

/// `NAME: THEIRS, here OURS` of each command whose output is another one than the baseline's.
std::vector<std::string> differences(const Baseline& baseline, const GateConfig& config,
                                     const Provenance& here);

}  // namespace bl::gate
