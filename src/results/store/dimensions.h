#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "results/hardware_keys.h"
#include "results/model.h"
#include "results/store/rows.h"
#include "store/database.h"

/// The dimension rows that results share: case, context, info, hardware, commit. Each is found or
/// created inside the transaction that stores the results, without a scan: documents by the SHA-256
/// of their canonical text in dimension_key, commits by (sha, repository). Many are found in one
/// go: rows are asked for once however many results share them, in the order of their keys, so that
/// two transactions never wait for each other in a circle.
namespace bl::results {

/// A row to find or create: its texts and its key are made before the transaction begins.
struct DimensionKey {
  enum class Kind : unsigned char { case_ = 1, context = 2, info = 3, hardware = 4 };
  Kind kind;
  std::array<std::byte, 32> sha256;
  auto operator<=>(const DimensionKey&) const = default;
};

/// The dimensions of one submission, as they will be stored. Refers to the result.
struct PreparedDimensions {
  PreparedDimensions(const BenchmarkResult& of, const HardwareKeys& keys);

  const BenchmarkResult& result;
  DimensionKey case_key, context_key, info_key, hardware_key;
  std::string case_tags, context, info;  ///< JSON
  std::string hardware_info, hardware_optional_info, gpu_product_names;
  std::string hardware_hash;  ///< by the keys; that of the row, if this submission makes it
};

struct DimensionIds {
  std::string case_id, context_id, info_id, hardware_id;
  /// Of the row, which keeps the one it was made with. The submission's may differ: other hardware
  /// keys were set then, or a cluster's 1 and 1.0, which are one document with two texts.
  std::string hardware_hash;
};

/// A row: empty until it is found or made.
struct DimensionRow {
  std::string id, hash;  ///< hash: of hardware
};
using DimensionRows = std::map<DimensionKey, DimensionRow>;

/// The rows that submissions need, none found yet.
DimensionRows rows_of(std::span<const PreparedDimensions* const> prepared);

/// Finds or creates the four rows of each; in the order of `prepared`. `rows` are those of
/// rows_of(); what has an id is believed, and all have one afterwards.
Result<std::vector<DimensionIds>> find_or_create_dimensions(
    store::Connection& connection, IdSource& ids,
    std::span<const PreparedDimensions* const> prepared, DimensionRows& rows);

struct CommitPlace {
  std::string id;
  Commit stored;          ///< the row as it is now
  bool repaired = false;  ///< it was unknown, and this submission knows it
};

/// The commits of some submissions; no `sha` is empty. An unknown row (no timestamp) takes what a
/// later submission knows; a known one is never changed. Borrows the commits.
class CommitRows {
 public:
  explicit CommitRows(std::span<const Commit* const> commits);
  /// Asks which are there, by Connection::query_many_later.
  Result<void> find_later(store::Connection& connection);
  /// After find_later() and Connection::wait(): creates and repairs what is to be. In the order of
  /// the commits; of several that name the same row, one is told that it was repaired.
  Result<std::vector<CommitPlace>> place(store::Connection& connection, IdSource& ids);

 private:
  // A row that some submissions name.
  struct Wanted {
    const Commit* from = nullptr;  // the first that knows the commit, else the first
    std::optional<StoredCommit> found;
    CommitPlace place;
  };
  using Name = std::pair<std::string_view, std::string_view>;  // repository, sha
  using Rows = std::map<Name, Wanted>;
  using Missing = std::vector<Rows::value_type*>;

  static Result<void> find_later(store::Connection& connection, const Missing& rows);
  static Result<void> create(store::Connection& connection, IdSource& ids, const Missing& rows);
  static Result<void> repair(store::Connection& connection, const Missing& rows);

  const std::vector<const Commit*> commits_;
  Rows rows_;
};
/// One of them, found or created.
Result<CommitPlace> find_or_create_commit(store::Connection& connection, IdSource& ids,
                                          const Commit& commit);
/// Writes into the change log that more is known of a commit, or that it is new and no result says
/// so: its results, and the branch below them, are read otherwise from now on. A submission's
/// repair says it by itself. The entry is as old as the one before it: there is no newer result.
Result<void> log_known_commit(store::Connection& connection, std::string_view commit_id);

}  // namespace bl::results
