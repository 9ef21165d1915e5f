#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "results/read_modes.h"
#include "store/audit.h"
#include "store/database.h"

/// What is known of whether the lake answers as the store does: proofs (replica_proof.h) and
/// comparisons of answers beside the service (read_router.h). Kept in the store, so that all
/// servers over it add to one account. The right to answer from the lake is earned by it.
namespace bl::results {

/// What a run of `benchlake prove replica` says of one port.
struct ReadProof {
  ReadPort port = ReadPort::history;
  bool passed = false;
  std::int64_t requests = 0;  ///< whose answers were compared
  Timestamp at;
  std::string version;  ///< of the program
};

/// How comparisons ended.
struct ReadTally {
  std::int64_t equal = 0;
  std::int64_t different = 0;
  std::int64_t moved = 0;   ///< the store's own answer changed meanwhile, or the lake lay too far
                            ///< behind: nothing is known
  std::int64_t failed = 0;  ///< the lake had no answer
  bool is_empty() const { return equal == 0 && different == 0 && moved == 0 && failed == 0; }
};

/// Two answers to one question that are not the same although they should be.
struct ReadMismatch {
  std::string id;
  ReadPort port = ReadPort::history;
  std::string question;  ///< JSON: can be asked again
  Timestamp at;
  std::int64_t place = 0;                 ///< of the change log, which the lake had
  std::string store_answer, lake_answer;  ///< JSON; only the beginning of a long one
  std::optional<std::string> explanation, explained_by;
  std::optional<Timestamp> replayed_at;
  std::optional<bool> is_equal_now;  ///< when it was asked again last
};

struct ReadStanding {
  ReadPort port = ReadPort::history;
  std::optional<ReadProof> proof;  ///< the newest
  ReadTally tally;
  std::optional<Timestamp> since;  ///< of the first comparison
  std::int64_t unexplained = 0;    ///< mismatches
  /// So many equal answers, at least, beside a passed proof and no unexplained mismatch.
  static constexpr std::int64_t k_equal_min = 10'000;
  /// What is missing before the lake may answer, as a sentence; empty: nothing.
  std::string missing() const;
};

struct ReadEvidenceLimits {
  std::int64_t mismatches_max = 1'000;      ///< kept of a port; the oldest explained ones go first
  std::size_t answer_bytes_max = 64 << 10;  ///< kept of one answer
  std::size_t explanation_bytes_max = 2'000;
};

/// Threads: any. Errors: those of the store, and those named.
class ReadEvidence {
 public:
  ReadEvidence(store::Database& database, IdSource& ids, const Clock& clock,
               ReadEvidenceLimits limits = {})
      : database_(database), ids_(ids), clock_(clock), limits_(limits) {}

  Result<void> record_proof(const ReadProof& proof);
  /// Adds.
  Result<void> count(ReadPort port, const ReadTally& tally);
  /// Gives its id; empty when there is no room.
  Result<std::string> keep(ReadMismatch mismatch);
  Result<ReadStanding> standing(ReadPort port);
  /// Newest first.
  Result<std::vector<ReadMismatch>> mismatches(std::optional<ReadPort> port, int count);
  /// Errors: not_found.
  Result<ReadMismatch> mismatch(std::string_view id);
  /// With a row of the audit. Errors: not_found, invalid (empty, too long).
  Result<void> explain(std::string_view id, std::string_view explanation, std::string_view actor_id,
                       std::string_view actor_name);
  Result<void> note_replay(std::string_view id, bool is_equal);

 private:
  store::Database& database_;
  IdSource& ids_;
  const Clock& clock_;
  const ReadEvidenceLimits limits_;
};

}  // namespace bl::results
