#include "traces/store/trace_segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/hash.h"

// A segment is: magic, counts, the records in the order of their ids, for each root the end of its
// service and of its name in the texts, the texts; then the sum of all that. Numbers are little
// endian, as everywhere where this runs.
namespace bl::traces {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view k_magic = "BLTRSEG1";
constexpr std::size_t k_head_bytes = 32;  // magic, records, roots, bytes of texts
constexpr std::size_t k_sum_bytes = 8;
constexpr std::uint32_t k_none = 0xFFFFFFFF, k_many = 0xFFFFFFFE;

struct Record {
  std::uint64_t high = 0, low = 0;
  std::int64_t start_ns = 0, end_ns = 0;
  std::uint32_t root = k_none;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(Record) == 40);

template <class T>
T load(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}
template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

Error damaged(const std::string& path, std::string_view what) {
  return {Code::corrupt,
          fmt::format("a file of the index of traces is damaged, {}: {}", what, path)};
}

}  // namespace

void TraceBounds::add(const TraceBounds& other) {
  start_ns = std::min(start_ns, other.start_ns);
  end_ns = std::max(end_ns, other.end_ns);
  if (other.root == Root::none) return;
  if (root == Root::none) {
    root = other.root;
    root_service = other.root_service;
    root_name = other.root_name;
    return;
  }
  const bool agree = root == Root::one && other.root == Root::one &&
                     root_service == other.root_service && root_name == other.root_name;
  if (agree) return;
  root = Root::many;
  root_service.clear();
  root_name.clear();
}

Result<std::shared_ptr<const TraceSegment>> TraceSegment::open(Disk& disk,
                                                               const std::string& path) {
  std::shared_ptr<TraceSegment> segment(new TraceSegment);
  segment->path_ = path;
  BL_TRY(segment->file_, map_file(disk, path));
  const std::string_view all = segment->file_->bytes();
  if (all.size() < k_head_bytes + k_sum_bytes || !all.starts_with(k_magic)) {
    return damaged(path, "it is none");
  }
  const std::string_view body = all.substr(0, all.size() - k_sum_bytes);
  if (xxh3_64(body) != load<std::uint64_t>(all, body.size())) return damaged(path, "its sum");
  const auto records = load<std::uint64_t>(body, 8), roots = load<std::uint64_t>(body, 16),
             texts = load<std::uint64_t>(body, 24);
  const std::uint64_t most = body.size();
  if (records > most || roots > most || texts > most ||
      k_head_bytes + records * sizeof(Record) + roots * 8 + texts != body.size()) {
    return damaged(path, "its size");
  }
  segment->count_ = records;
  segment->roots_ = roots;
  segment->records_ = body.substr(k_head_bytes, records * sizeof(Record));
  segment->offsets_ = body.substr(k_head_bytes + records * sizeof(Record), roots * 8);
  segment->texts_ = body.substr(body.size() - texts);
  segment->file_->release();
  return std::shared_ptr<const TraceSegment>(std::move(segment));
}

TraceId TraceSegment::id(std::size_t at) const {
  const std::size_t offset = at * sizeof(Record);
  return {load<std::uint64_t>(records_, offset), load<std::uint64_t>(records_, offset + 8)};
}

TraceBounds TraceSegment::bounds(std::size_t at) const {
  const auto record = load<Record>(records_, at * sizeof(Record));
  TraceBounds out;
  out.start_ns = record.start_ns;
  out.end_ns = record.end_ns;
  if (record.root == k_none) return out;
  out.root = TraceBounds::Root::many;
  if (record.root >= roots_) return out;
  const auto end_of = [&](std::uint64_t no) { return load<std::uint32_t>(offsets_, no * 4); };
  const std::uint32_t from = record.root == 0 ? 0 : end_of(2ull * record.root - 1);
  const std::uint32_t middle = end_of(2ull * record.root), to = end_of(2ull * record.root + 1);
  if (from > middle || middle > to || to > texts_.size()) return out;
  out.root = TraceBounds::Root::one;
  out.root_service = texts_.substr(from, middle - from);
  out.root_name = texts_.substr(middle, to - middle);
  return out;
}

std::int64_t TraceSegment::end_ns(std::size_t at) const {
  return load<Record>(records_, at * sizeof(Record)).end_ns;
}

std::optional<std::size_t> TraceSegment::place_of(const TraceId& id_wanted) const {
  std::size_t low = 0, high = count_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (id(middle) < id_wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == count_ || id(low) != id_wanted) return std::nullopt;
  return low;
}

std::optional<TraceBounds> TraceSegment::find(const TraceId& id_wanted) const {
  const auto place = place_of(id_wanted);
  if (!place) return std::nullopt;
  return bounds(*place);
}

std::uint32_t SegmentWriter::root_of(const TraceBounds& bounds) {
  if (bounds.root == TraceBounds::Root::none) return k_none;
  if (bounds.root == TraceBounds::Root::many) return k_many;
  // What does not fit is not known; so is a service with the byte that parts the two.
  const bool fits = texts_.size() + bounds.root_service.size() + bounds.root_name.size() < k_many &&
                    bounds.root_service.find('\0') == std::string::npos;
  if (!fits) return k_many;
  std::string key = bounds.root_service;
  key += '\0';
  key += bounds.root_name;
  const auto [it, is_new] = known_.emplace(std::move(key), roots_);
  if (!is_new) return it->second;
  texts_ += bounds.root_service;
  append(offsets_, static_cast<std::uint32_t>(texts_.size()));
  texts_ += bounds.root_name;
  append(offsets_, static_cast<std::uint32_t>(texts_.size()));
  return roots_++;
}

void SegmentWriter::add(const TraceId& id, const TraceBounds& bounds) {
  append(records_, Record{id.high, id.low, bounds.start_ns, bounds.end_ns, root_of(bounds), 0});
}

Result<void> SegmentWriter::write(Disk& disk, const std::string& path) const {
  std::string all(k_magic);
  all.reserve(k_head_bytes + records_.size() + offsets_.size() + texts_.size() + k_sum_bytes);
  append(all, static_cast<std::uint64_t>(records_.size() / sizeof(Record)));
  append(all, static_cast<std::uint64_t>(roots_));
  append(all, static_cast<std::uint64_t>(texts_.size()));
  all += records_;
  all += offsets_;
  all += texts_;
  append(all, xxh3_64(all));
  return write_file_atomically(disk, path, all, FileMode::normal);
}

std::optional<TraceId> SegmentWalk::next(
    const std::function<void(const TraceSegment&, std::size_t)>& each) {
  std::optional<TraceId> least;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (at_[i] == segments_[i]->traces()) continue;
    const TraceId id = segments_[i]->id(at_[i]);
    if (!least || id < *least) least = id;
  }
  if (!least) return std::nullopt;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const TraceSegment& segment = *segments_[i];
    if (at_[i] == segment.traces() || segment.id(at_[i]) != *least) continue;
    if (each) each(segment, at_[i]);
    ++at_[i];
  }
  return least;
}

Result<void> merge_segments(Disk& disk, const Segments& segments, const std::string& path,
                            const std::function<bool(const TraceBounds&)>& stays) {
  SegmentWriter writer;
  SegmentWalk walk(segments);
  for (;;) {
    std::optional<TraceBounds> bounds;
    const auto id = walk.next([&](const TraceSegment& segment, std::size_t at) {
      const TraceBounds one = segment.bounds(at);
      if (bounds) {
        bounds->add(one);
      } else {
        bounds = one;
      }
    });
    if (!id) break;
    if (!stays || stays(*bounds)) writer.add(*id, *bounds);
  }
  return writer.write(disk, path);
}

}  // namespace bl::traces
