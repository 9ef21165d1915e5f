#include "lake/file_journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/hash.h"
#include "lake/journal/format.h"
#include "lake/journal/group_commit.h"
#include "lake/journal/keys.h"
#include "lake/journal/segment.h"

namespace bl::lake {
namespace {

constexpr std::string_view k_keys_suffix = ".keys";
constexpr std::uint64_t k_keys_file_bytes_max = 1ULL << 30;

Error in_segment(Error error, const std::string& path, std::uint64_t offset) {
  error.message = fmt::format("{}, in {} at byte {}", error.message, path, offset);
  return error;
}

// A journal as it stands on the disk, after recovery.
struct Recovered {
  JournalId id{};
  std::vector<Segment> segments;  // the last one takes the next group
  JournalKeys keys;
  std::uint64_t torn_bytes = 0;
};

/// Reads the folder and cuts off what no one was told is there.
class Recovery {
 public:
  Recovery(Disk& disk, const std::string& folder) : disk_(disk), folder_(folder) {}

  Result<Recovered> run() {
    BL_TRY(const auto names, disk_.list(folder_));
    std::vector<std::string> key_files;
    std::vector<RecordNo> firsts;  // the names are sorted, and so are their numbers
    for (const std::string& name : names) {
      if (name.ends_with(k_keys_suffix)) key_files.push_back(name);
      if (const auto first = first_of_segment_name(name)) firsts.push_back(*first);
    }
    for (std::size_t i = 0; i < firsts.size(); ++i) {
      const bool is_last = i + 1 == firsts.size();
      if (i == 0) BL_RETURN_IF_ERROR(take_id(firsts[0], is_last));
      if (has_id_ && i == 0) BL_RETURN_IF_ERROR(read_keys(key_files));
      BL_RETURN_IF_ERROR(take_segment(firsts[i], is_last));
    }
    return std::move(found_);
  }

 private:
  std::string path_of(const std::string& name) const { return folder_ + "/" + name; }

  // A segment that was being made when the power went has no whole header, and no group.
  Result<void> remove_unborn(const std::string& path, std::uint64_t size) {
    found_.torn_bytes += size;
    BL_RETURN_IF_ERROR(disk_.remove(path));
    return disk_.sync_folder(folder_);
  }

  Result<void> take_id(RecordNo first, bool is_last) {
    const std::string path = path_of(segment_name(first));
    BL_TRY(auto file, disk_.open_read(path));
    BL_TRY(const auto header, header_of(*file, path, is_last));
    if (!header) return {};
    found_.id = header->id;
    has_id_ = true;
    return {};
  }

  Result<std::optional<SegmentHeader>> header_of(File& file, const std::string& path,
                                                 bool is_last) {
    BL_TRY(const std::uint64_t size, file.size());
    FileWindow window(file);
    BL_TRY(const std::string_view bytes, window.bytes(0, k_segment_header_bytes));
    auto header = decode_segment_header(bytes);
    if (header.ok()) return std::optional(*header);
    const bool is_unborn =
        is_last && size <= k_segment_header_bytes && header.error().code == Code::corrupt;
    if (is_unborn) return std::optional<SegmentHeader>();
    return in_segment(std::move(header).error(), path, 0);
  }

  Result<void> read_keys(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      BL_TRY(const std::string bytes, read_file(disk_, path_of(name), k_keys_file_bytes_max));
      if (auto read = found_.keys.decode(bytes, found_.id); !read.ok()) {
        return in_segment(std::move(read).error(), path_of(name), 0);
      }
    }
    return {};
  }

  Result<void> take_segment(RecordNo first, bool is_last) {
    Segment segment{path_of(segment_name(first)), first, first, k_segment_header_bytes, {}};
    BL_TRY(auto file, disk_.open_append(segment.path));
    BL_TRY(const std::uint64_t size, file->size());
    BL_TRY(const auto header, header_of(*file, segment.path, is_last));
    if (!header) {
      file.reset();
      return remove_unborn(segment.path, size);
    }
    BL_RETURN_IF_ERROR(check_place(*header, segment));
    FileWindow window(*file);
    BL_TRY(const GroupsRead groups,
           read_groups(window, found_.id, k_segment_header_bytes, size, first,
                       [&](std::uint64_t offset, std::span<const JournalRecord> records) {
                         take_group(segment, offset, records);
                         return true;
                       }));
    segment.bytes = groups.end;
    if (!groups.is_whole) {
      BL_RETURN_IF_ERROR(cut_torn(*file, window, segment, size, is_last));
    }
    found_.segments.push_back(std::move(segment));
    return {};
  }

  Result<void> check_place(const SegmentHeader& header, const Segment& segment) {
    const auto fault = [&](std::string_view what) {
      return in_segment(Error{Code::corrupt, std::string(what)}, segment.path, 0);
    };
    if (header.id != found_.id) return fault("a segment of another journal");
    if (header.first != segment.first) {
      return fault("a segment whose name is not its first record's number");
    }
    if (!found_.segments.empty() && found_.segments.back().next != segment.first) {
      return fault(fmt::format("a segment is missing: records {} to {} are in none",
                               found_.segments.back().next, segment.first - 1));
    }
    return {};
  }

  void take_group(Segment& segment, std::uint64_t offset, std::span<const JournalRecord> records) {
    segment.groups.push_back({segment.next, offset});
    segment.next += records.size();
    for (const JournalRecord& record : records) {
      if (record.key.empty()) continue;
      found_.keys.add(record.key, record.at, {record.no, xxh3_64(record.payload)});
    }
  }

  Result<void> cut_torn(File& file, FileWindow& window, const Segment& segment, std::uint64_t size,
                        bool is_last) {
    bool was_acknowledged = !is_last;
    if (is_last) {
      BL_TRY(was_acknowledged,
             has_group_behind(window, found_.id, segment.bytes, size, segment.next));
    }
    if (was_acknowledged) {
      return in_segment(
          Error{Code::corrupt, fmt::format("the group of record {} is not whole", segment.next)},
          segment.path, segment.bytes);
    }
    found_.torn_bytes += size - segment.bytes;
    BL_RETURN_IF_ERROR(file.truncate(segment.bytes));
    return file.sync();
  }

  Disk& disk_;
  const std::string& folder_;
  Recovered found_;
  bool has_id_ = false;
};

class FileJournal final : public Journal, private GroupTarget {
 public:
  FileJournal(Disk& disk, std::string folder, const JournalLimits& limits, const Clock& clock,
              Log& log, Metrics& metrics, std::unique_ptr<DiskLock> lock)
      : disk_(disk),
        folder_(std::move(folder)),
        limits_(limits),
        clock_(clock),
        log_(log),
        metrics_(metrics),
        lock_(std::move(lock)),
        commit_(*this, limits_, clock_, metrics_) {}

  Result<void> start(Random& random);
  Result<Ack> append(std::string_view payload, std::string_view key) override {
    return commit_.append(id_, payload, key);
  }
  Result<void> read(RecordNo first, const std::function<bool(const JournalRecord&)>& each) override;
  Result<void> trim(RecordNo no) override;
  RecordNo first() const override {
    const std::lock_guard lock(mutex_);
    return segments_.front().first;
  }
  RecordNo next() const override {
    const std::lock_guard lock(mutex_);
    return segments_.back().next;
  }
  const std::string& id() const override { return id_text_; }

 private:
  Result<RecordNo> prepare(Timestamp at) override;
  std::optional<KnownRecord> find(std::string_view key) const override;
  Result<void> write(const NewGroup& group) override;
  Result<void> be_ready();
  Result<void> begin_segment(RecordNo first);
  Result<void> take_back();
  Result<void> remove_segment(const Segment& segment);
  Result<void> remove_forgotten_key_files();
  void show_sizes();

  Disk& disk_;
  const std::string folder_;
  const JournalLimits limits_;
  const Clock& clock_;
  Log& log_;
  JournalMetrics metrics_;
  const std::unique_ptr<DiskLock> lock_;
  JournalId id_{};
  std::string id_text_;

  GroupCommit commit_;            // its writing() is held by who writes: a leader, or trim()
  std::unique_ptr<File> active_;  // guarded by writing(); the last segment; null: to be opened
  JournalKeys keys_;              // guarded by writing()

  mutable std::mutex mutex_;       // taken after writing()
  std::vector<Segment> segments_;  // changed under both mutexes, read under either
};

Result<void> FileJournal::start(Random& random) {
  BL_TRY(Recovered found, Recovery(disk_, folder_).run());
  id_ = found.id;
  if (found.segments.empty()) random.fill(id_);
  id_text_ = to_hex(id_);
  segments_ = std::move(found.segments);
  keys_ = std::move(found.keys);
  metrics_.torn_bytes.add(static_cast<double>(found.torn_bytes));
  if (found.torn_bytes > 0) {
    log_.warning("a journal ended in bytes that were never acknowledged",
                 {{"folder", folder_}, {"bytes", std::to_string(found.torn_bytes)}});
  }
  if (segments_.empty()) BL_RETURN_IF_ERROR(begin_segment(1));
  show_sizes();
  return {};
}

// Appending ----------------------------------------------------------------------------------

Result<RecordNo> FileJournal::prepare(Timestamp at) {
  keys_.forget(limits_.keys_min, at - std::chrono::seconds(limits_.keys_seconds_min));
  BL_RETURN_IF_ERROR(be_ready());
  return segments_.back().next;
}

std::optional<KnownRecord> FileJournal::find(std::string_view key) const {
  const JournalKeys::Known* known = keys_.find(key);
  if (known == nullptr) return std::nullopt;
  return KnownRecord{known->no, known->payload_sum, {}};
}

Result<void> FileJournal::write(const NewGroup& group) {
  auto written = active_->append(group.bytes);
  if (written.ok()) written = active_->sync();
  if (!written.ok()) {
    if (const auto taken = take_back(); !taken.ok()) {
      return Error{Code::outcome_unknown,
                   written.error().message + "; and taking it back: " + taken.error().message};
    }
    return written;
  }
  {
    const std::lock_guard lock(mutex_);
    Segment& segment = segments_.back();
    segment.groups.push_back({segment.next, segment.bytes});
    segment.bytes += group.bytes.size();
    segment.next += group.records;
  }
  for (const auto& [key, record] : group.keys) {
    keys_.add(key, group.at, {record.no, record.payload_sum});
  }
  metrics_.keys.set(static_cast<double>(keys_.size()));
  return {};
}

// Segments -----------------------------------------------------------------------------------

// An open last segment that has room, and nothing behind its last group.
Result<void> FileJournal::be_ready() {
  if (active_ == nullptr) {
    if (auto taken = take_back(); !taken.ok()) return std::move(taken).error();
  }
  const Segment& last = segments_.back();
  if (last.bytes < limits_.segment_bytes || last.next == last.first) return {};
  return begin_segment(last.next);
}

// The file may end anywhere behind what is durable.
Result<void> FileJournal::take_back() {
  active_.reset();
  const Segment& last = segments_.back();
  BL_TRY(auto file, disk_.open_append(last.path));
  BL_RETURN_IF_ERROR(file->truncate(last.bytes));
  BL_RETURN_IF_ERROR(file->sync());
  active_ = std::move(file);
  return {};
}

Result<void> FileJournal::begin_segment(RecordNo first) {
  Segment segment{folder_ + "/" + segment_name(first), first, first, k_segment_header_bytes, {}};
  auto file = disk_.create(segment.path, FileMode::normal);
  if (!file.ok() && file.error().code == Code::conflict) {
    // From an attempt that failed: it has no group.
    BL_RETURN_IF_ERROR(disk_.remove(segment.path));
    file = disk_.create(segment.path, FileMode::normal);
  }
  if (!file.ok()) return std::move(file).error();
  BL_RETURN_IF_ERROR((*file)->append(encode(SegmentHeader{id_, first, clock_.now()})));
  BL_RETURN_IF_ERROR((*file)->sync());
  BL_RETURN_IF_ERROR(disk_.sync_folder(folder_));
  active_ = std::move(*file);
  const std::lock_guard lock(mutex_);
  segments_.push_back(std::move(segment));
  metrics_.segments.set(static_cast<double>(segments_.size()));
  return {};
}

Result<void> FileJournal::trim(RecordNo no) {
  const std::lock_guard writing(commit_.writing());
  keys_.forget(limits_.keys_min, clock_.now() - std::chrono::seconds(limits_.keys_seconds_min));
  while (segments_.size() > 1 && segments_.front().next <= no) {
    BL_RETURN_IF_ERROR(remove_segment(segments_.front()));
    const std::lock_guard lock(mutex_);
    segments_.erase(segments_.begin());
  }
  BL_RETURN_IF_ERROR(remove_forgotten_key_files());
  show_sizes();
  return {};
}

Result<void> FileJournal::remove_segment(const Segment& segment) {
  const RecordNo oldest = keys_.oldest();
  if (oldest != 0 && oldest < segment.next) {
    const std::string path = segment.path + std::string(k_keys_suffix);
    BL_RETURN_IF_ERROR(write_file_atomically(
        disk_, path, keys_.encode(id_, segment.first, segment.next), FileMode::normal));
  }
  if (auto removed = disk_.remove(segment.path);
      !removed.ok() && removed.error().code != Code::not_found) {
    return removed;
  }
  return disk_.sync_folder(folder_);
}

// A file of keys goes when a later segment, or file of keys, begins at or before the oldest key.
Result<void> FileJournal::remove_forgotten_key_files() {
  BL_TRY(const auto names, disk_.list(folder_));
  std::vector<std::pair<RecordNo, std::string>> files;
  for (const std::string& name : names) {
    if (!name.ends_with(k_keys_suffix)) continue;
    const std::string_view segment(name.data(), name.size() - k_keys_suffix.size());
    if (const auto first = first_of_segment_name(segment)) files.emplace_back(*first, name);
  }
  const RecordNo oldest = keys_.oldest();
  for (std::size_t i = 0; i < files.size(); ++i) {
    const RecordNo end = i + 1 < files.size() ? files[i + 1].first : segments_.front().first;
    if (oldest != 0 && oldest < end) break;
    BL_RETURN_IF_ERROR(disk_.remove(folder_ + "/" + files[i].second));
  }
  return {};
}

void FileJournal::show_sizes() {
  metrics_.segments.set(static_cast<double>(segments_.size()));
  metrics_.keys.set(static_cast<double>(keys_.size()));
}

// Reading ------------------------------------------------------------------------------------

Result<void> FileJournal::read(RecordNo first,
                               const std::function<bool(const JournalRecord&)>& each) {
  struct Piece {
    std::string path;
    std::uint64_t offset, bytes;
    RecordNo next;
  };
  std::vector<Piece> pieces;
  {
    const std::lock_guard lock(mutex_);
    if (first < segments_.front().first) {
      return Error{Code::not_found, fmt::format("the journal begins at record {}, behind {}",
                                                segments_.front().first, first)};
    }
    for (const Segment& segment : segments_) {
      if (segment.next <= first || segment.groups.empty()) continue;
      const auto behind =
          std::ranges::upper_bound(segment.groups, first, {}, &Segment::Place::first);
      const Segment::Place& place =
          behind == segment.groups.begin() ? segment.groups.front() : *(behind - 1);
      pieces.push_back({segment.path, place.offset, segment.bytes, place.first});
    }
  }
  for (const Piece& piece : pieces) {
    auto file = disk_.open_read(piece.path);
    if (!file.ok()) return std::move(file).error();
    FileWindow window(**file);
    bool goes_on = true;
    BL_TRY(const GroupsRead groups,
           read_groups(window, id_, piece.offset, piece.bytes, piece.next,
                       [&](std::uint64_t, std::span<const JournalRecord> records) {
                         for (const JournalRecord& record : records) {
                           if (goes_on && record.no >= first) goes_on = each(record);
                         }
                         return goes_on;
                       }));
    if (!groups.is_whole) {
      return in_segment(Error{Code::corrupt, "a group of a journal is not whole"}, piece.path,
                        groups.end);
    }
    if (!goes_on) return {};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Journal>> open_file_journal(Disk& disk, const std::string& folder,
                                                   const JournalLimits& limits, const Clock& clock,
                                                   Random& random, Log& log, Metrics& metrics) {
  BL_RETURN_IF_ERROR(disk.make_folder(folder));
  BL_TRY(auto lock, disk.lock(folder + "/lock", "a journal of benchlake"));
  auto journal =
      std::make_unique<FileJournal>(disk, folder, limits, clock, log, metrics, std::move(lock));
  BL_RETURN_IF_ERROR(journal->start(random));
  return std::unique_ptr<Journal>(std::move(journal));
}

}  // namespace bl::lake
