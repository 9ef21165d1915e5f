#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "results/hardware_keys.h"
#include "results/model.h"
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

/// Finds or creates the four rows of each; in the order of `prepared`.
Result<std::vector<DimensionIds>> find_or_create_dimensions(
    store::Connection& connection, IdSource& ids,
    std::span<const PreparedDimensions* const> prepared);

struct CommitPlace {
  std::string id;
  Commit stored;          ///< the row as it is now
  bool repaired = false;  ///< it was unknown, and this submission knows it
};

/// Finds or creates the commits' rows; no `sha` is empty. An unknown row (no timestamp) takes what
/// a later submission knows; a known one is never changed. In the order of `commits`; of several
/// that name the same row, one is told that it was repaired.
Result<std::vector<CommitPlace>> find_or_create_commits(store::Connection& connection,
                                                        IdSource& ids,
                                                        std::span<const Commit* const> commits);
/// The same for one.
Result<CommitPlace> find_or_create_commit(store::Connection& connection, IdSource& ids,
                                          const Commit& commit);
/// Writes into the change log that more is known of a commit, or that it is new and no result says
/// so: its results, and the branch below them, are read otherwise from now on. A submission's
/// repair says it by itself. The entry is as old as the one before it: there is no newer result.
Result<void> log_known_commit(store::Connection& connection, std::string_view commit_id);

}  // namespace bl::results
