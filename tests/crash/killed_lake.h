#pragma once

#include "lake/tests/lake_world.h"

namespace bl::lake {

/// The lake that a process is killed over: what writer and test agree on. The folder stays.
struct KilledLake {
  KilledLake(std::string folder, JournalKind journal) {
    std::filesystem::remove_all(lake.folder);
    lake.folder = std::move(folder);
    lake.journal = journal;
    lake.limits.keep_snapshots = std::chrono::seconds(0);
    lake.limits.catalog.expire_age_min = std::chrono::milliseconds(0);
    // One thread does everything: no commit is under way when it sweeps.
    lake.limits.orphan_age = std::chrono::seconds(0);
    lake.limits.table.compact_files_min = 3;
  }
  LakeOnDisk lake;
};

}  // namespace bl::lake
