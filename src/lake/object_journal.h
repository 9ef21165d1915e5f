#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "lake/journal.h"
#include "objects/object_store.h"
#include "objects/world.h"

/// Journals in an object store, for lakes on S3: one object per group commit, made by *put if
/// absent* and never changed. A journal is a chain of objects, numbered 1, 2, 3, ..., under
/// `PREFIX/ID/`; docs/formats/journal.md has names and bytes.
///
/// Every process that appends has a chain of its own, made when it opens its journal, and goes on
/// with nobody else's. Who takes over what an earlier process left, does so in this order:
/// 1. list the chains, and seal each: from then on none of them grows, whatever its writer does;
/// 2. open a journal of its own: it knows the keys of all chains;
/// 3. read the sealed chains, bring their records into files, and trim them.
/// Opened without sealing, a journal may miss the key of a put that is still on its way.
namespace bl::lake {

struct ObjectJournalLimits {
  ObjectJournalLimits() { journal.group_bytes_max = 16 << 20; }
  JournalLimits journal;  ///< segment_bytes does not matter: each group is an object
  /// Of one put whose outcome is not known. Then those who wait are told so, and nothing else is
  /// taken until it is known: each later group tries twice more.
  int put_attempts_max = 5;
  std::chrono::milliseconds first_wait{100};  ///< between them; doubles
  std::chrono::milliseconds wait_max{2'000};
  std::size_t list_objects_max = 1'000'000;    ///< of all chains under a prefix
  std::size_t open_objects_max = 100'000;      ///< read for their keys at open
  std::uint64_t open_bytes_max = 4ULL << 30;   ///< of these
  int open_attempts_max = 5;                   ///< while others trim what is read
  std::size_t keys_per_object_max = 100'000;   ///< more go into another object of keys
  std::int64_t clock_skew_seconds_max = 3600;  ///< between the store's clock and ours
  int seal_jumps_max = 16;                     ///< each twice as far ahead of a busy writer
};

/// All of it outlives the journal.
struct ObjectJournalWorld {
  const Clock& clock;
  Random& random;
  Log& log;
  Metrics& metrics;
  objects::Wait wait;
};

/// Begins a chain; its first object comes with its first group. Cost: lists all chains, and reads
/// them for their keys. One put is in flight at a time, so that a chain has no gaps.
///
/// A put with a lost answer is sent again, and the key read back, until it is known whose the
/// object is. While it is not, append() answers `outcome_unknown` to those whose put it is and
/// `unavailable` to those behind; keys that are known are still answered.
/// Errors of append() besides: conflict, for which is_sealed() holds, when somebody has sealed the
/// chain: nothing was stored, nothing ever will be; open another journal. unavailable, timeout,
/// forbidden: as the store said; nothing was stored.
/// Errors: too_large (over open_objects_max, open_bytes_max or list_objects_max: take over and trim
/// what earlier processes left), corrupt (names the object), and those of the store.
Result<std::unique_ptr<Journal>> open_object_journal(objects::ObjectStore& store,
                                                     const std::string& prefix,
                                                     const ObjectJournalLimits& limits,
                                                     ObjectJournalWorld world);

/// Of an error of append(): the chain was sealed.
bool is_sealed(const Error& error);

/// The ids of all chains, sorted. A journal that never stored anything has none. One request each.
Result<std::vector<std::string>> list_object_journals(objects::ObjectStore& store,
                                                      const std::string& prefix);

/// How far a chain goes.
struct ChainEnd {
  enum class Kind : unsigned char {
    open,    ///< its writer may be at work
    sealed,  ///< nothing comes behind it
    torn,    ///< an object that is not whole stands behind it: nobody was told that it is stored,
             ///< and nothing comes behind it
  };
  RecordNo next = 1;  ///< the number behind the last record
  Kind kind = Kind::open;
};

/// The records of a chain from `first` on, in order, until `each` returns false. Cost: reads all
/// objects that are not trimmed. Errors: not_found (no such chain, or trimmed), corrupt (names the
/// object: not whole although others are behind it, or missing), too_large (list_objects_max), and
/// those of the store.
Result<ChainEnd> read_object_journal(objects::ObjectStore& store, const std::string& prefix,
                                     const std::string& id, RecordNo first,
                                     const std::function<bool(const JournalRecord&)>& each,
                                     const ObjectJournalLimits& limits = {});

/// Ends a chain, for good: its writer's next put, also one that is on its way, finds the key taken.
/// Again, or by two at once, is fine: both get the same end. Errors: not_found (no such chain),
/// overloaded (the writer is faster than seal_jumps_max), corrupt, outcome_unknown and other errors
/// of the store: nobody knows; seal it again.
Result<ChainEnd> seal_object_journal(objects::ObjectStore& store, const std::string& prefix,
                                     const std::string& id, const ObjectJournalLimits& limits,
                                     const ObjectJournalWorld& world);

/// As Journal::trim() for a chain that was sealed. When nothing is left of it but its end, and its
/// keys have been forgotten, all of it goes. Errors: not_found, conflict (it is not sealed), and
/// those of read_object_journal().
Result<void> trim_object_journal(objects::ObjectStore& store, const std::string& prefix,
                                 const std::string& id, RecordNo no,
                                 const ObjectJournalLimits& limits,
                                 const ObjectJournalWorld& world);

}  // namespace bl::lake
