#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/disk.h"
#include "base/json.h"

/// Facts about where a benchmark runs, found without asking: the machine from /proc and /sys, the
/// commit from git and from the CI system's environment. Every one may be overridden.
namespace bl::formats {

/// The 16 fields of machine_info (spec/results-conbench.md 2.4); what cannot be found is "" or 0.
/// `root` is "" or a folder with a copy of proc/ and sys/ (tests).
json::Value detect_machine(Disk& disk, const std::string& root = "");

/// Of the git checkout that holds `folder`; absent members when there is none. Runs the `git`
/// command.
struct GitFacts {
  std::optional<std::string> repository;  ///< `https://host/org/repo`, from the remote `origin`
  std::optional<std::string> commit;      ///< the full hash; absent when git does not know it
};
/// `commit` is any name that git understands; absent: what is checked out.
GitFacts detect_git(const std::string& folder, const std::optional<std::string>& commit = {});

/// The pull request that a CI job of GitHub or GitLab works for, from its environment.
std::optional<std::int64_t> detect_pull_request(
    const std::map<std::string, std::string>& environment);

}  // namespace bl::formats
