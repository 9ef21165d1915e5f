#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/journal/format.h"
#include "lake/journal/keys.h"
#include "lake/object_journal.h"
#include "objects/object_store.h"

/// A chain as its names tell, and what stands in it (object_journal.h). Any thread.
namespace bl::lake {

/// A group, or a seal. `key` is PREFIX/ID/ and twenty digits.
struct ChainObject {
  std::uint64_t ordinal = 0;
  std::string key;
  std::uint64_t bytes = 0;
  Timestamp modified;
  bool is_seal() const { return bytes == k_seal_bytes; }
};

/// The keys of the records [first, next). The objects before `ordinal` may be gone, or come back
/// when an answer was lost: nobody reads them. `key` is PREFIX/ID/keys-FIRST-NEXT-ORDINAL-CHANCE.
struct KeysObject {
  RecordNo first = 0, next = 0;
  std::uint64_t ordinal = 1;
  std::string key;
  std::uint64_t bytes = 0;
  Timestamp modified;
};

struct Chain {
  std::string id;  ///< 32 hex digits
  JournalId bytes_of_id{};
  std::vector<ChainObject> objects;  ///< by ordinal
  std::vector<ChainObject> trimmed;  ///< those that nobody reads
  std::vector<KeysObject> keys;      ///< by their ends
  /// The first record and object that are not trimmed.
  RecordNo first_record() const { return keys.empty() ? 1 : keys.back().next; }
  std::uint64_t first_ordinal() const { return keys.empty() ? 1 : keys.back().ordinal; }
  /// No place is free before its first seal.
  bool is_sealed() const;
};

std::string object_key(const std::string& prefix, const std::string& id, std::uint64_t ordinal);
/// `keys`: first, next and ordinal of it.
std::string keys_object_key(const std::string& prefix, const std::string& id,
                            const KeysObject& keys, std::uint64_t chance);
/// 32 lower-case hex digits; nothing for other texts.
std::optional<JournalId> parse_journal_id(std::string_view text);

/// One chain; not_found when there is none. Other names are passed over. Errors besides: invalid
/// (not an id), too_large (more than objects_max), and those of the store.
Result<Chain> list_chain(objects::ObjectStore& store, const std::string& prefix,
                         const std::string& id, std::size_t objects_max);
/// All of them, by their ids.
Result<std::vector<Chain>> list_chains(objects::ObjectStore& store, const std::string& prefix,
                                       std::size_t objects_max);

/// An object's bytes and what they say. Errors: not_found, corrupt and unsupported (with its key).
struct ReadObject {
  std::string bytes;
  ObjectGroup group;  ///< in `bytes`
};
Result<std::unique_ptr<ReadObject>> read_object(objects::ObjectStore& store, const JournalId& id,
                                                std::uint64_t ordinal, const std::string& key);

/// The groups of a chain in order, until `each` returns false, which `next` tells of then. Errors:
/// as read_object_journal().
Result<ChainEnd> read_chain(objects::ObjectStore& store, const Chain& chain, RecordNo first,
                            const std::function<bool(const ObjectGroup&)>& each);

/// Whether an object that is not whole ends the chain: its place is taken, and so no writer goes
/// on.
Result<bool> is_torn(objects::ObjectStore& store, const Chain& chain);

/// All keys of a chain's records, also of those that are gone.
Result<JournalKeys> read_chain_keys(objects::ObjectStore& store, const Chain& chain);

/// Removes objects of keys that all journals may forget, what is left of trimmed ones, and chains
/// of which nothing else is left. Cost: lists all chains.
Result<void> sweep_chains(objects::ObjectStore& store, const std::string& prefix,
                          const ObjectJournalLimits& limits, const Clock& clock);

}  // namespace bl::lake
