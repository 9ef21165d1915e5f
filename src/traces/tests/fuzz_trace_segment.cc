// Any bytes as a file of the index of traces: refused, or what its records say is one thing however
// it is asked, and stays so when it is put together with others.
#include <unistd.h>

#include <cstdlib>

#include "base/hash.h"
#include "base/testing/temporary_folder.h"
#include "traces/store/trace_segment.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Most inputs would only ever meet the sum: it is put right.
std::string with_sum(std::string_view bytes) {
  std::string all(bytes);
  const std::uint64_t sum = bl::xxh3_64(all);
  all.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::traces;
  static const bl::TemporaryFolder folder(bl::TemporaryFolder::Place::memory);
  static const std::unique_ptr<bl::Disk> disk = bl::make_real_disk();
  if (size == 0) return 0;
  const std::string path = folder.at("one.segment"), merged = folder.at("two.segment");
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) bytes = with_sum(bytes);
  require(bl::write_file_atomically(*disk, path, bytes, bl::FileMode::normal).ok());
  const auto opened = TraceSegment::open(*disk, path);
  if (!opened.ok()) {
    require(opened.error().code == bl::Code::corrupt);
    return 0;
  }
  const TraceSegment& segment = **opened;
  bool is_sorted = true;
  for (std::size_t i = 0; i < segment.traces(); ++i) {
    const TraceBounds bounds = segment.bounds(i);
    require(bounds.end_ns == segment.end_ns(i));
    require(bounds.root == TraceBounds::Root::one || bounds.root_name.empty());
    if (i > 0 && !(segment.id(i - 1) < segment.id(i))) is_sorted = false;
    (void)segment.find(segment.id(i));
  }
  if (!is_sorted) return 0;
  // Every record is found; with itself put together it is the same one.
  require(merge_segments(*disk, {*opened, *opened}, merged).ok());
  const auto again = TraceSegment::open(*disk, merged);
  require(again.ok() && (*again)->traces() == segment.traces());
  for (std::size_t i = 0; i < segment.traces(); ++i) {
    require(segment.has(segment.id(i)) && segment.find(segment.id(i)) == segment.bounds(i));
    require((*again)->id(i) == segment.id(i));
    const TraceBounds other = (*again)->bounds(i);
    require(other.start_ns == segment.bounds(i).start_ns && other.end_ns == segment.end_ns(i));
  }
  return 0;
}
