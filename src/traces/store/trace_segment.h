#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/disk.h"
#include "base/mapped_file.h"
#include "base/trace_id.h"

/// Where the spans of each trace lie in time: sorted records in files that never change
/// (docs/formats/traces.md). Everything in a record is a least, a greatest, or a name that all
/// agree on, so that records of one trace are put together in any order, and again.
namespace bl::traces {

struct TraceBounds {
  std::int64_t start_ns = 0, end_ns = 0;  ///< end: the greatest end of a span
  /// Service and name of all spans without parent, when they agree; a hint, since a span that came
  /// twice may have said something else.
  enum class Root : unsigned char { none, one, many };
  Root root = Root::none;
  std::string root_service, root_name;  ///< of Root::one

  void add(const TraceBounds& other);
  bool operator==(const TraceBounds&) const = default;
};

/// Threads: any.
class TraceSegment {
 public:
  /// Errors: corrupt (a sum, a size; names the file), not_found, io.
  static Result<std::shared_ptr<const TraceSegment>> open(Disk& disk, const std::string& path);

  std::optional<TraceBounds> find(const TraceId& id) const;
  bool has(const TraceId& id) const { return place_of(id).has_value(); }
  std::size_t traces() const { return count_; }
  std::size_t bytes() const { return file_->bytes().size(); }
  TraceId id(std::size_t at) const;
  TraceBounds bounds(std::size_t at) const;
  std::int64_t end_ns(std::size_t at) const;
  const std::string& path() const { return path_; }

 private:
  TraceSegment() = default;
  std::optional<std::size_t> place_of(const TraceId& id) const;
  std::string path_;
  std::unique_ptr<MappedFile> file_;
  std::size_t count_ = 0;
  std::string_view records_, offsets_, texts_;
  std::uint64_t roots_ = 0;
};

using Segments = std::vector<std::shared_ptr<const TraceSegment>>;

/// Walks the records of several segments by id: for each id, which segments have it, and where. One
/// thread.
class SegmentWalk {
 public:
  explicit SegmentWalk(const Segments& segments) : segments_(segments), at_(segments.size(), 0) {}
  /// The next id; nullopt: that was all. `each` gets the segment and the place of each of its
  /// records.
  std::optional<TraceId> next(
      const std::function<void(const TraceSegment&, std::size_t)>& each = {});

 private:
  const Segments& segments_;
  std::vector<std::size_t> at_;
};

/// Takes records in the order of ids. One thread.
class SegmentWriter {
 public:
  void add(const TraceId& id, const TraceBounds& bounds);
  bool empty() const { return records_.empty(); }
  /// Whole and durable, or not there. Errors: io, disk_full.
  Result<void> write(Disk& disk, const std::string& path) const;

 private:
  std::uint32_t root_of(const TraceBounds& bounds);
  std::string records_, texts_, offsets_;
  std::uint32_t roots_ = 0;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> known_;
};

/// All records of some segments as one file: those of one trace put together, but for those that
/// `stays` denies then.
Result<void> merge_segments(Disk& disk, const Segments& segments, const std::string& path,
                            const std::function<bool(const TraceBounds&)>& stays = {});

}  // namespace bl::traces
