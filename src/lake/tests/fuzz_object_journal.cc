// Any bytes as objects of a chain, and as its object of keys: an answer or an error, and what was
// read can be sealed, trimmed, and followed by another journal.
#include <cstdint>

#include "base/check.h"
#include "base/testing/memory_disk.h"
#include "lake/journal/chain.h"
#include "lake/object_journal.h"
#include "objects/testing/memory_store.h"

namespace {

using namespace bl;
using namespace bl::lake;

const std::string k_prefix = "j";

struct World {
  ManualClock clock{Timestamp{}};
  SeededRandom random{1};
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  ObjectJournalLimits limits;
  ObjectJournalWorld world() {
    return {clock, random, log, metrics, [](std::chrono::milliseconds) { return true; }};
  }
};

std::string group_object(const JournalId& id, std::uint64_t ordinal, RecordNo first) {
  GroupWriter group(id, first);
  group.add("key", "payload");
  return encode_object_header(id, ordinal, {}).append(group.finish({}));
}

// Objects 1, 2, ... of a chain.
void read(const std::vector<std::string>& objects, std::string_view keys) {
  static World world;
  MemoryDisk disk;
  objects::testing::MemoryStore store(world.clock, disk);
  const std::string text(32, '0');
  std::uint64_t ordinal = 0;
  for (const std::string& object : objects) {
    BL_CHECK(store.put_if_absent(object_key(k_prefix, text, ++ordinal), object).ok());
  }
  if (!keys.empty()) {
    const KeysObject named{1, 2, 2, {}, 0, {}};
    BL_CHECK(store.put_if_absent(keys_object_key(k_prefix, text, named, 1), keys).ok());
  }
  RecordNo next = keys.empty() ? 1 : 2;
  const auto end =
      read_object_journal(store, k_prefix, text, next, [&](const JournalRecord& record) {
        BL_CHECK(record.no == next++);
        return true;
      });
  BL_CHECK(!end.ok() || end->next == next);
  const auto journal = open_object_journal(store, k_prefix, world.limits, world.world());
  BL_CHECK(!journal.ok() || (*journal)->append("payload").ok());
  const auto sealed = seal_object_journal(store, k_prefix, text, world.limits, world.world());
  if (!end.ok() || !sealed.ok()) return;
  BL_CHECK(sealed->next == next);
  const auto trimmed =
      trim_object_journal(store, k_prefix, text, next, world.limits, world.world());
  BL_CHECK(trimmed.ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const JournalId id{};
  const std::string first = group_object(id, 1, 1);
  const std::string second = group_object(id, 2, 2);
  read({bytes}, {});
  read({first, bytes}, {});
  read({first, bytes, group_object(id, 3, 3)}, {});
  read({first, second}, bytes);
  if (size < 2) return 0;
  // The fuzzer cannot make checksums: it changes a whole object.
  const std::size_t at = (data[0] | static_cast<std::size_t>(data[1]) << 8) % second.size();
  std::string changed = second;
  changed.replace(at, std::min(size - 2, changed.size() - at), bytes.substr(2));
  read({first, changed}, {});
  read({first, changed, encode_seal(id, 3, {})}, {});
  // And a body whose checksums hold.
  GroupWriter group(id, 2);
  const std::size_t key_bytes = std::min<std::size_t>(data[0], size - 1);
  group.add(std::string_view(bytes).substr(1, key_bytes), bytes);
  read({first, encode_object_header(id, 2, {}).append(group.finish({}))}, {});
  return 0;
}
