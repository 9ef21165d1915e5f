#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "results/model.h"
#include "store/database.h"

/// The dimension rows that results share: case, context, info, hardware, commit. Each is found or
/// created inside the transaction that stores the result, without a scan: documents by the SHA-256
/// of their canonical text in dimension_key, commits by (sha, repository).
namespace bl::results {

/// A row to find or create: its texts and its key are made before the transaction begins.
struct DimensionKey {
  enum class Kind : unsigned char { case_ = 1, context = 2, info = 3, hardware = 4 };
  Kind kind;
  std::array<std::byte, 32> sha256;
};

/// The dimensions of one submission, as they will be stored.
struct PreparedDimensions {
  explicit PreparedDimensions(const BenchmarkResult& result);

  DimensionKey case_key, context_key, info_key, hardware_key;
  std::string case_tags, context, info;  ///< JSON
  std::string hardware_info, hardware_optional_info, gpu_product_names;
  std::string hardware_hash;
};

struct DimensionIds {
  std::string case_id, context_id, info_id, hardware_id;
  /// Of the row. A cluster's may differ from the submission's: 1 and 1.0 are one document with two
  /// texts, and the first one's hash holds.
  std::string hardware_hash;
};

/// Finds or creates the four rows.
Result<DimensionIds> find_or_create_dimensions(store::Connection& connection, IdSource& ids,
                                               const BenchmarkResult& result,
                                               const PreparedDimensions& prepared);

struct CommitPlace {
  std::string id;
  Commit stored;          ///< the row as it is now
  bool repaired = false;  ///< it was unknown, and this submission knows it
};

/// Finds or creates the commit's row; `commit.sha` is not empty. An unknown row (no timestamp)
/// takes what a later submission knows; a known one is never changed.
Result<CommitPlace> find_or_create_commit(store::Connection& connection, IdSource& ids,
                                          const Commit& commit);

}  // namespace bl::results
