// Any bytes as a segment of a journal, and as its file of keys: an answer or an error, and what was
// read can be appended to.
#include <cstdint>

#include "base/check.h"
#include "base/testing/memory_disk.h"
#include "lake/file_journal.h"
#include "lake/journal/format.h"

namespace {

using namespace bl;
using namespace bl::lake;

// The fuzzer cannot make checksums: it gets a whole segment whose tail it writes, or changes.
void open(const std::string& segment, std::string_view keys) {
  MemoryDisk disk;
  BL_CHECK(disk.make_folder("j").ok());
  const auto normal = FileMode::normal;
  const std::string path = "j/00000000000000000001.journal";
  BL_CHECK(write_file_atomically(disk, path, segment, normal).ok());
  if (!keys.empty()) BL_CHECK(write_file_atomically(disk, path + ".keys", keys, normal).ok());
  static ManualClock clock(Timestamp{});
  static SeededRandom random(1);
  static Metrics metrics;
  static Log log(clock, LogLevel::error, [](std::string_view) {});
  auto journal = open_file_journal(disk, "j", {}, clock, random, log, metrics);
  if (!journal.ok()) return;
  const RecordNo next = (*journal)->next();
  const auto ack = (*journal)->append("payload");
  BL_CHECK(ack.ok() && ack->no == next);
  RecordNo seen = 0;
  BL_CHECK((*journal)
               ->read(1,
                      [&](const JournalRecord& record) {
                        BL_CHECK(record.no == ++seen);
                        return true;
                      })
               .ok());
  BL_CHECK(seen == next);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const JournalId id{};
  std::string segment = encode(SegmentHeader{id, 1, {}});
  GroupWriter group(id, 1);
  group.add("key", "payload");
  segment += group.finish({});
  open(std::string(bytes), {});
  open(segment + std::string(bytes), {});
  open(segment, bytes);
  if (size >= 2) {
    const std::size_t at = (data[0] | static_cast<std::size_t>(data[1]) << 8) % segment.size();
    std::string changed = segment;
    changed.replace(at, std::min(bytes.size() - 2, changed.size() - at), bytes.substr(2));
    open(changed, {});
  }
  // A body whose checksums hold.
  if (const auto header = decode_group_header(bytes, id)) {
    (void)decode_group_body(*header, bytes.substr(std::min(bytes.size(), k_group_header_bytes)));
  }
  return 0;
}
