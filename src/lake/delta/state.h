#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lake/delta/actions.h"
#include "lake/delta/schema.h"
#include "lake/delta_model.h"

/// A table's state while commits are applied to it, the oldest first. One thread.
namespace bl::lake::delta {

class State {
 public:
  State(std::string table, std::size_t files_max)
      : table_(std::move(table)), files_max_(files_max) {}

  /// Takes over the rows of a checkpoint; any order. Errors: corrupt, too_large.
  Result<void> add_from_checkpoint(Action action);
  /// The next commit. Errors: corrupt, unsupported, too_large; then the state is of no use.
  Result<void> apply(DeltaVersion version, std::vector<Action> actions);
  /// Errors: corrupt (no protocol, no metadata): a checkpoint has both.
  Result<void> check_complete() const;
  /// After a load, and after the commits of an update: may we read it? Looks at the files that came
  /// in since. Errors: corrupt (also a path that no file has), unsupported (a feature, a file
  /// outside the table).
  Result<void> check();

  DeltaVersion version() const { return version_; }
  void set_version(DeltaVersion version) { version_ = version; }
  const DeltaProtocol& protocol() const { return *protocol_; }
  const DeltaMetadata& metadata() const { return *metadata_; }
  const std::vector<Column>& columns() const { return *columns_; }
  /// The versions that changed them last; 0 when a checkpoint brought them.
  DeltaVersion described_at() const { return described_at_; }
  std::optional<std::int64_t> transaction(const std::string& app_id) const;
  /// Of an active file; null when there is none. With deletions: any of that path.
  std::shared_ptr<const DeltaFile> file(const std::string& path) const;

  std::shared_ptr<const DeltaSnapshot> snapshot() const;
  std::size_t active() const { return by_key_.size(); }
  const std::unordered_map<std::string, DeltaTombstone>& tombstones() const { return removed_; }
  /// Forgets what was removed before.
  void forget_removed(Timestamp before);
  /// Every action that a checkpoint holds, as lines.
  std::vector<std::string> checkpoint_lines(Timestamp removed_since) const;

 private:
  Result<void> put(Action action);
  Result<void> put_add(DeltaFile file);
  Result<void> put_remove(DeltaTombstone remove);
  Result<void> put_metadata(DeltaMetadata metadata);
  void compact();

  std::vector<std::shared_ptr<const DeltaFile>> unchecked_;
  std::size_t with_deletions_ = 0;  // active files
  std::string table_;
  std::size_t files_max_;
  DeltaVersion version_ = -1;
  DeltaVersion described_at_ = 0;
  std::optional<DeltaProtocol> protocol_;
  std::shared_ptr<const DeltaMetadata> metadata_;
  std::shared_ptr<const std::vector<Column>> columns_;
  std::unordered_map<std::string, std::size_t> by_key_;  // key_of() -> place in files_
  std::vector<std::shared_ptr<const DeltaFile>> files_;  // in order of arrival, with holes
  std::unordered_map<std::string, DeltaTombstone> removed_;
  std::map<std::string, SetTransaction> transactions_;
  std::map<std::string, DomainMetadata> domains_;
};

}  // namespace bl::lake::delta
