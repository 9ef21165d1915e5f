#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

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

  // 128 bits of the key's SHA-256: nobody finds two keys that share them.
  using Digest = std::array<std::uint64_t, 2>;
  struct HashDigest {
    std::size_t operator()(const Digest& digest) const { return digest[0]; }
  };
  static Digest digest_of(std::string_view key);
  struct Entry {
    Digest digest;
    Timestamp at;
    Known known;
  };

  const Known* find(std::string_view key) const;
  /// In the order of the numbers.
  const std::deque<Entry>& entries() const { return order_; }
  /// In the order of the numbers; one that does not come behind the last is known already.
  void add(std::string_view key, Timestamp at, const Known& known);
  /// Forgets from the oldest on, while there are more than `count_min` and it is older than
  /// `before`.
  void forget(std::size_t count_min, Timestamp before);
  std::size_t size() const { return order_.size(); }
  /// The number of the oldest; 0 when there is none.
  RecordNo oldest() const { return order_.empty() ? 0 : order_.front().known.no; }

  /// How many are of the records [first, next).
  std::size_t count(RecordNo first, RecordNo next) const;
  /// Those of the records [first, next), for a file of their own.
  std::string encode(const JournalId& id, RecordNo first, RecordNo next) const;
  /// Adds what encode() wrote. Errors: corrupt, unsupported.
  Result<void> decode(std::string_view bytes, const JournalId& id);

 private:
  void add(const Entry& entry);

  std::deque<Entry> order_;
  std::unordered_map<Digest, Known, HashDigest> by_digest_;
};

/// Bytes of such a file, and how many keys so many bytes hold.
inline constexpr std::size_t k_keys_head_bytes = 8 + 16 + 8;
inline constexpr std::size_t k_keys_entry_bytes = 16 + 8 + 8 + 8;
std::uint64_t keys_in_file_of(std::uint64_t bytes);

/// The keys of earlier journals, which another one still knows. One thread at a time.
class EarlierKeys {
 public:
  struct Known {
    JournalKeys::Known record;
    const std::string* journal;  ///< its id; lives as long as this
  };

  EarlierKeys() = default;
  /// By the journals' ids.
  explicit EarlierKeys(std::vector<std::pair<std::string, JournalKeys>> journals);
  std::optional<Known> find(std::string_view key) const;
  /// As JournalKeys::forget().
  void forget(std::size_t count_min, Timestamp before);
  std::size_t size() const { return order_.size() - forgotten_; }

 private:
  struct Place {
    std::uint32_t journal;
    Timestamp at;
    JournalKeys::Known record;
  };
  std::vector<std::string> journals_;
  std::vector<std::pair<Timestamp, JournalKeys::Digest>> order_;
  std::size_t forgotten_ = 0;  // from the front of order_
  std::unordered_map<JournalKeys::Digest, Place, JournalKeys::HashDigest> by_digest_;
};

}  // namespace bl::lake
