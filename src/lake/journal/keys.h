#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/time.h"
#include "lake/journal/format.h"

/// The idempotency keys that a journal still knows. One thread at a time.
namespace bl::lake {

class JournalKeys {
 public:
  struct Known {
    RecordNo no = 0;
    std::uint64_t payload_sum = 0;  ///< XXH3 of the payload
  };

  const Known* find(std::string_view key) const;
  /// In the order of the numbers; one that does not come behind the last is known already.
  void add(std::string_view key, Timestamp at, const Known& known);
  /// Forgets from the oldest on, while there are more than `count_min` and it is older than
  /// `before`.
  void forget(std::size_t count_min, Timestamp before);
  std::size_t size() const { return order_.size(); }
  /// The number of the oldest; 0 when there is none.
  RecordNo oldest() const { return order_.empty() ? 0 : order_.front().known.no; }

  /// Those of the records [first, next), for a file of their own.
  std::string encode(const JournalId& id, RecordNo first, RecordNo next) const;
  /// Adds what encode() wrote. Errors: corrupt, unsupported.
  Result<void> decode(std::string_view bytes, const JournalId& id);

 private:
  // 128 bits of the key's SHA-256: nobody finds two keys that share them.
  using Digest = std::array<std::uint64_t, 2>;
  struct HashDigest {
    std::size_t operator()(const Digest& digest) const { return digest[0]; }
  };
  struct Entry {
    Digest digest;
    Timestamp at;
    Known known;
  };
  static Digest digest_of(std::string_view key);
  void add(const Entry& entry);

  std::deque<Entry> order_;
  std::unordered_map<Digest, Known, HashDigest> by_digest_;
};

}  // namespace bl::lake
