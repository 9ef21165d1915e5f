// Trimming a chain that its writer has left. Its keys are written down before its records go.

#include "base/hash.h"
#include "lake/journal/chain.h"

namespace bl::lake {
namespace {

struct Trimmed {
  std::vector<std::string> objects;  // to be removed, in order
  KeysObject named;                  // their records, and the first object behind them
  JournalKeys keys;
};

Result<Trimmed> read_what_goes(objects::ObjectStore& store, const Chain& chain, RecordNo no) {
  Trimmed gone;
  for (const ChainObject& object : chain.objects) {
    if (object.is_seal()) break;
    const auto read = read_object(store, chain.bytes_of_id, object.ordinal, object.key);
    if (!read.ok()) {
      // Somebody else trims too.
      if (read.error().code == Code::not_found && gone.objects.empty()) continue;
      const bool is_torn_end =
          read.error().code == Code::corrupt && &object == &chain.objects.back();
      if (is_torn_end) break;
      return read.error();
    }
    const ObjectGroup& group = (*read)->group;
    if (group.first + group.records.size() > no) break;
    if (gone.objects.empty()) gone.named.first = group.first;
    gone.named.next = group.first + group.records.size();
    gone.named.ordinal = object.ordinal + 1;
    gone.objects.push_back(object.key);
    for (const JournalRecord& record : group.records) {
      if (record.key.empty()) continue;
      gone.keys.add(record.key, record.at, {record.no, xxh3_64(record.payload)});
    }
  }
  return gone;
}

}  // namespace

Result<void> trim_object_journal(objects::ObjectStore& store, const std::string& prefix,
                                 const std::string& id, RecordNo no,
                                 const ObjectJournalLimits& limits,
                                 const ObjectJournalWorld& world) {
  BL_TRY(const Chain chain, list_chain(store, prefix, id, limits.list_objects_max));
  BL_TRY(const bool is_torn_at_end, is_torn(store, chain));
  if (!chain.is_sealed() && !is_torn_at_end) {
    return Error{Code::conflict, "who trims the journal of another seals it first: " + id};
  }
  BL_TRY(const Trimmed gone, read_what_goes(store, chain, no));
  if (!gone.objects.empty()) {
    const auto& [first, next, ordinal, key, bytes, modified] = gone.named;
    BL_RETURN_IF_ERROR(
        store.put_if_absent(keys_object_key(prefix, id, gone.named, world.random.next_u64()),
                            gone.keys.encode(chain.bytes_of_id, first, next)));
    for (const std::string& object : gone.objects) BL_RETURN_IF_ERROR(store.remove(object));
  }
  return sweep_chains(store, prefix, limits, world.clock);
}

}  // namespace bl::lake
