#include "bigquery/write/waiting_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/protobuf.h"
#include "columns/ipc.h"
#include "lake/file_journal.h"

namespace bl::bigquery::write {
namespace {

constexpr const char* k_limit_hits = "bl_bigquery_write_limit_hits_total";
constexpr const char* k_limit_help = "Times that a limit of write streams was reached";

/// A record: a message of stream 1, offset 2, rows 3 (an IPC stream of one batch).
Result<std::string> record_of(const std::string& stream, std::int64_t offset,
                              const columns::Batch& batch) {
  BL_TRY(const std::string rows,
         columns::to_ipc(batch.schema(), {&batch, 1}, columns::IpcCompression::none));
  std::string out;
  protobuf::put_text(out, 1, stream);
  protobuf::put_int(out, 2, offset);
  protobuf::put_element(out, 3, rows);
  return out;
}

struct Record {
  std::string stream;
  std::int64_t offset = 0;
  std::optional<columns::Batch> batch;
};

Result<Record> read_record(std::string_view payload) {
  Record out;
  std::string_view rows;
  protobuf::Reader reader(payload);
  protobuf::Field field;
  while (reader.next(field)) {
    if (field.number == 1) out.stream = field.bytes;
    if (field.number == 2) out.offset = static_cast<std::int64_t>(field.value);
    if (field.number == 3) rows = field.bytes;
  }
  BL_TRY(const auto ipc, columns::IpcReader::open(std::string(rows), {}));
  BL_TRY(out.batch, ipc->next());
  if (reader.fault() != nullptr || out.stream.empty() || !out.batch) {
    return Error{Code::corrupt, "no rows of a write stream"};
  }
  return out;
}

}  // namespace

WaitingRows::WaitingRows(const WaitingLimits& limits, Log& log, Metrics& metrics)
    : limits_(limits),
      log_(log),
      bytes_shown_(
          metrics.gauge("bl_bigquery_write_waiting_bytes",
                        "Rows of buffered and pending streams that are not in their table")),
      stream_limit_(metrics.counter(k_limit_hits, k_limit_help, {{"limit", "stream_bytes_max"}})),
      all_limit_(metrics.counter(k_limit_hits, k_limit_help, {{"limit", "waiting_bytes_max"}})) {}

Result<std::unique_ptr<WaitingRows>> WaitingRows::open(Disk& disk, const std::string& folder,
                                                       const WaitingLimits& limits,
                                                       const Clock& clock, Random& random, Log& log,
                                                       Metrics& metrics) {
  std::unique_ptr<WaitingRows> rows(new WaitingRows(limits, log, metrics));
  BL_TRY(rows->journal_, lake::open_file_journal(disk, folder, {}, clock, random, log, metrics));
  BL_RETURN_IF_ERROR(rows->recover());
  return rows;
}

Result<void> WaitingRows::recover() {
  std::optional<Error> error;
  BL_RETURN_IF_ERROR(journal_->read(journal_->first(), [&](const lake::JournalRecord& one) {
    auto record = read_record(one.payload);
    if (!record.ok()) {
      error = Error{Code::corrupt, fmt::format("record {} of the journal of write streams: {}",
                                               one.no, record.error().message)};
      return false;
    }
    const std::lock_guard lock(mutex_);
    add(record->stream, record->offset, {one.no, *std::move(record->batch), one.payload.size()});
    return true;
  }));
  if (error) return *std::move(error);
  return {};
}

// With the mutex. A record that was moved to the journal's end is there twice: the later counts.
void WaitingRows::add(const std::string& name, std::int64_t offset, Part part) {
  Stream& stream = streams_[name];
  if (const auto before = stream.parts.find(offset); before != stream.parts.end()) {
    remove(stream, before);
  }
  stream.bytes += part.bytes;
  bytes_ += part.bytes;
  by_record_.emplace(part.no, Place{name, offset});
  stream.parts.emplace(offset, std::move(part));
  show();
}

// With the mutex.
void WaitingRows::remove(Stream& stream, std::map<std::int64_t, Part>::iterator part) {
  stream.bytes -= part->second.bytes;
  bytes_ -= part->second.bytes;
  dead_bytes_ += part->second.bytes;
  by_record_.erase(part->second.no);
  stream.parts.erase(part);
}

// With the mutex.
void WaitingRows::show() {
  bytes_shown_.set(static_cast<double>(bytes_));
}

Result<void> WaitingRows::reserve(const std::string& name, std::uint64_t bytes,
                                  lake::RecordNo& from) {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(name);
  const std::uint64_t of_stream = found == streams_.end() ? 0 : found->second.bytes;
  if (of_stream + bytes > limits_.stream_bytes_max) {
    stream_limit_.add();
    return Error{Code::too_many,
                 fmt::format("too many rows wait in the stream, bytes: {}", of_stream)};
  }
  if (bytes_ + reserved_ + bytes > limits_.bytes_max) {
    all_limit_.add();
    return Error{Code::too_many,
                 fmt::format("too many rows wait in write streams, bytes: {}", bytes_)};
  }
  reserved_ += bytes;
  from = journal_->next();
  under_way_.insert(from);
  return {};
}

Result<void> WaitingRows::append(const std::string& name, std::int64_t offset,
                                 const columns::Batch& batch) {
  BL_TRY(const std::string payload, record_of(name, offset, batch));
  lake::RecordNo from = 0;
  BL_RETURN_IF_ERROR(reserve(name, payload.size(), from));
  const std::string key = fmt::format("{}/{}/{}", name, offset, batch.rows());
  const auto ack = journal_->append(payload, key);
  const std::lock_guard lock(mutex_);
  reserved_ -= payload.size();
  under_way_.erase(under_way_.find(from));
  if (!ack.ok()) return ack.error();
  add(name, offset, {ack->no, batch, payload.size()});
  return {};
}

Result<std::vector<columns::Batch>> WaitingRows::rows(const std::string& name, std::int64_t from,
                                                      std::int64_t to) const {
  const std::lock_guard lock(mutex_);
  std::vector<columns::Batch> out;
  std::int64_t next = from;
  if (const auto found = streams_.find(name); found != streams_.end()) {
    for (const auto& [offset, part] : found->second.parts) {
      const std::int64_t end = offset + part.batch.rows();
      if (end <= next) continue;
      if (offset > next || next >= to) break;
      out.push_back(part.batch.slice(next - offset, std::min(end, to) - next));
      next = std::min(end, to);
    }
  }
  if (next < to) {
    return Error{Code::corrupt,
                 fmt::format("rows of the write stream {} are gone, from: {}", name, next)};
  }
  return out;
}

std::int64_t WaitingRows::end(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = streams_.find(name);
  if (found == streams_.end() || found->second.parts.empty()) return 0;
  const auto& [offset, part] = *found->second.parts.rbegin();
  return offset + part.batch.rows();
}

void WaitingRows::drop(const std::string& name, std::int64_t to) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(name);
    if (found == streams_.end()) return;
    auto& parts = found->second.parts;
    while (!parts.empty() && parts.begin()->first + parts.begin()->second.batch.rows() <= to) {
      remove(found->second, parts.begin());
    }
    if (parts.empty()) streams_.erase(found);
    show();
  }
  tidy();
}

void WaitingRows::drop(const std::string& name) {
  drop(name, std::numeric_limits<std::int64_t>::max());
}

std::set<std::string> WaitingRows::streams() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> out;
  for (const auto& [name, stream] : streams_) out.insert(name);
  return out;
}

std::uint64_t WaitingRows::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

// The journal goes up to the oldest record that is wanted. Where one that waits for long keeps much
// that is not, it is appended anew.
void WaitingRows::tidy() {
  const std::unique_lock one(tidying_, std::try_to_lock);
  if (!one.owns_lock()) return;
  while (true) {
    lake::RecordNo oldest = journal_->next();
    bool is_long = false;
    {
      const std::lock_guard lock(mutex_);
      if (by_record_.empty()) dead_bytes_ = 0;
      if (!by_record_.empty()) oldest = std::min(oldest, by_record_.begin()->first);
      if (!under_way_.empty()) oldest = std::min(oldest, *under_way_.begin());
      is_long = dead_bytes_ > limits_.dead_bytes_max + 2 * bytes_;
      if (!is_long && oldest == journal_->first()) return;
    }
    if (const auto trimmed = journal_->trim(oldest); !trimmed.ok()) {
      log_.warning("the journal of write streams was not trimmed; the next flush or commit tries",
                   {{"error", trimmed.error().message}});
      return;
    }
    if (!is_long || !move_oldest()) return;
  }
}

// With tidying_. All that waits goes to the end. False: there is nothing more to do.
bool WaitingRows::move_oldest() {
  std::vector<std::pair<lake::RecordNo, Place>> places;
  {
    const std::lock_guard lock(mutex_);
    dead_bytes_ = 0;
    places.assign(by_record_.begin(), by_record_.end());
  }
  for (const auto& [no, place] : places) {
    std::optional<columns::Batch> batch;
    {
      const std::lock_guard lock(mutex_);
      if (!by_record_.contains(no)) continue;
      batch = streams_.at(place.stream).parts.at(place.offset).batch;
    }
    const auto payload = record_of(place.stream, place.offset, *batch);
    if (!payload.ok()) return false;
    const auto ack = journal_->append(*payload);
    if (!ack.ok()) return false;
    const std::lock_guard lock(mutex_);
    const auto old = by_record_.extract(no);
    if (old.empty()) continue;
    streams_.at(place.stream).parts.at(place.offset).no = ack->no;
    by_record_.emplace(ack->no, place);
  }
  return !places.empty();
}

}  // namespace bl::bigquery::write
