#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "events/event_index.h"
#include "events/index/keys_file.h"
#include "events/index/rows_file.h"

namespace bl::events::index {

/// What is on the disk; never changed, only replaced by another.
struct DiskState {
  IndexOwner owner;
  std::vector<std::shared_ptr<const KeysFile>> keys;  ///< adjacent, from place 0 on
  Rows rows;
};

/// The files of an index: each is written once, under a new number, and synced; then a manifest
/// that names those that count replaces the one before; then what it does not name goes. A power
/// cut leaves the old or the new manifest with all of its files. One thread at a time.
class IndexFolder {
 public:
  IndexFolder(Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  /// What the manifest names, every byte checked. Errors: not_found (no manifest), corrupt, io.
  Result<std::shared_ptr<const DiskState>> load();
  /// Takes what another index has saved in its folder, by links, or copies where a link cannot be;
  /// this folder has none. False: that one was saved anew meanwhile, and some of its files may be
  /// gone. What is taken is checked by load(). Errors: not_found (it has none), io, disk_full.
  Result<bool> take_over(const std::string& other);
  /// Removes what is there of an index, the manifest first. Errors: io.
  Result<void> clear();
  /// When it was saved; nullopt: nothing is.
  std::optional<Timestamp> saved_at() const;
  /// So that the next load() finds nothing. Threads: any.
  void disown();
  /// Adds the part's events behind those of the state; `part` is null: only the owner is new.
  Result<std::shared_ptr<const DiskState>> write(const DiskState& state, const MemoryPart* part,
                                                 const AllChanges& changes,
                                                 const IndexOwner& owner);
  /// Merges some adjacent files of keys, the smallest there are, into one; and rows with them,
  /// while a file of rows stays below `rows_bytes_max`.
  Result<std::shared_ptr<const DiskState>> merge(const DiskState& state, std::size_t files,
                                                 std::uint64_t rows_bytes_max);

 private:
  std::string new_name(std::string_view suffix);
  Result<std::shared_ptr<const KeysFile>> merge_keys_of(const DiskState& state, std::size_t from,
                                                        std::size_t to);
  Result<Rows> merge_rows_of(const Rows& rows, std::int64_t first, std::int64_t end,
                             std::uint64_t bytes_max);
  Result<void> commit(const DiskState& state);
  void sweep(const DiskState& state);

  Disk& disk_;
  std::string folder_;
  std::uint64_t next_number_ = 1;
};

}  // namespace bl::events::index
