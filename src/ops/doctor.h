#pragma once

#include <span>
#include <vector>

#include "base/disk.h"
#include "ops/ports.h"

/// What is wrong with an installation, and what to do. Looks only: it changes nothing, and works
/// beside a running server and without one.
namespace bl::ops {

struct DoctorRequest {
  ServerSetting setting;
  std::span<const store::Migration> migrations;
  const StoredFacts& facts;
  std::string version;  ///< of this program
};

/// Everything that was looked at, in a fixed order; what could not be looked at is a finding
/// itself. Cost: SQLite is read once (quick_check), the lake's files are listed. Takes a key of the
/// lake's store and gives it back.
std::vector<Finding> diagnose(const DoctorRequest& request, Disk& disk, const Clock& clock);

/// `fine` when there is none.
Finding::Severity worst_of(const std::vector<Finding>& findings);

}  // namespace bl::ops
