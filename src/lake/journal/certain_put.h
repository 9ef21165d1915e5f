#pragma once

#include <string>

#include "lake/object_journal.h"

/// Making an object until it is known whose the key is. Any thread.
namespace bl::lake {

struct PutOutcome {
  enum class Kind : unsigned char {
    made,     ///< our bytes have the key
    taken,    ///< others have it, for good: ours will never be there
    failed,   ///< nothing was done, and will be
    unknown,  ///< ours may be there, or come
  };
  Kind kind = Kind::made;
  std::string others;               ///< of taken: the bytes; empty: they are gone
  Error error{Code::internal, ""};  ///< of failed and unknown
};

/// Sends the same bytes again while their outcome is not known, `attempts_max` times, with pauses;
/// a key that is taken is read. `in_doubt`: an earlier call came to `unknown`.
PutOutcome put_certainly(objects::ObjectStore& store, const std::string& key,
                         const std::string& bytes, bool in_doubt, int attempts_max,
                         const ObjectJournalLimits& limits, const objects::Wait& wait);

}  // namespace bl::lake
