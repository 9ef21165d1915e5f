#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/disk.h"
#include "base/log.h"
#include "base/metrics.h"
#include "lake/file_set.h"
#include "objects/object_store.h"
#include "traces/store/footers.h"
#include "traces/store/group_facts.h"

namespace bl::traces {

/// The facts of files of spans, one file each in the folder of the index: made in the background,
/// mapped when a search asks, at most `bytes_max` at a time. What is missing or damaged makes a
/// search read more, and is made anew. Threads: any, but for make() and keep(): one at a time.
class FactsFolder {
 public:
  FactsFolder(Disk& disk, std::string folder, std::size_t bytes_max, Metrics& metrics, Log& log);

  /// Null: there are none, or they do not fit the file; its row groups may hold anything.
  std::shared_ptr<const GroupFacts> of(const lake::DataFile& file, const FileLayout& layout);

  /// Are they there, or given up? Looks at the folder once for each file.
  bool has(const std::string& file_key);
  /// Reads the file, row group by row group. What fails is told in the log once and not tried again
  /// by this process.
  void make(objects::ObjectStore& store, const lake::DataFile& file, const FileLayout& layout);
  /// Removes facts of files that are in no snapshot any more.
  void keep(const lake::FileSet& files);
  /// Of how many files they are there, or given up.
  std::size_t files() const;
  std::size_t bytes() const;  ///< that are mapped

 private:
  std::string path_of(std::string_view file_key) const;
  Result<void> write(objects::ObjectStore& store, const lake::DataFile& file,
                     const FileLayout& layout);
  void add(const std::string& file_key, std::shared_ptr<const GroupFacts> facts);

  Disk& disk_;
  const std::string folder_;
  const std::size_t bytes_max_;
  Log& log_;
  Counter missing_;
  struct Entry {
    std::shared_ptr<const GroupFacts> facts;
    std::uint64_t used = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> open_;    // guarded by mutex_
  std::set<std::string, std::less<>> made_, absent_;  // guarded by mutex_; the latter: given up
  std::uint64_t uses_ = 0;                            // guarded by mutex_
  std::size_t bytes_ = 0;                             // guarded by mutex_
};

}  // namespace bl::traces
