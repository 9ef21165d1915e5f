// How the index follows the table, and how the tail comes into the table.
#include <fmt/format.h>

#include <algorithm>
#include <shared_mutex>

#include "events/delta/delta_event_log.h"

namespace bl::events::delta {
namespace {

using SnapshotPtr = std::shared_ptr<const lake::DeltaSnapshot>;

std::string application_of(const std::string& journal) {
  return "bel:" + journal;
}

}  // namespace

std::string DeltaEventLog::application() const {
  return application_of(journals_->own().id());
}

std::int64_t DeltaEventLog::flushed(const lake::DeltaSnapshot& snapshot) const {
  if (journals_ == nullptr) return 0;
  return snapshot.transaction(application()).value_or(0);
}

// -- the index follows ---------------------------------------------------------------------------

Result<void> DeltaEventLog::refresh_if_due() {
  const std::int64_t at = refreshed_at_;
  if (at != 0 && steady_ms() - at < limits_.refresh_every.count()) return {};
  std::unique_lock publishing(publish_, std::try_to_lock);
  if (!publishing) return {};  // somebody is at it
  return refresh();
}

Result<void> DeltaEventLog::refresh() {
  BL_TRY(const SnapshotPtr snapshot, table_->log().update());
  refreshed_at_ = steady_ms();
  bool is_known = false;
  {
    const std::shared_lock reading(gate_);
    is_known = is_index_sound() && snapshot_->version == snapshot->version;
  }
  if (is_known) return {};
  BL_RETURN_IF_ERROR(table_->check(*snapshot));
  return advance(snapshot, nullptr);
}

Result<void> DeltaEventLog::advance(SnapshotPtr snapshot, const Flush* flush) {
  auto done = follow(snapshot, flush);
  if (done.ok() || index_error_ || !index_->is_damaged()) return done;
  BL_TRY(Places places, table_->places(*snapshot));
  return rebuild(std::move(snapshot), std::move(places));
}

Result<void> DeltaEventLog::follow(SnapshotPtr snapshot, const Flush* flush) {
  BL_TRY(Places after, table_->places(*snapshot));
  if (!is_index_sound() || !continues(places_, after, published_)) {
    return rebuild(std::move(snapshot), std::move(after));
  }
  places_ = std::move(after);
  std::vector<const PlacedFile*> fresh;
  for (const PlacedFile& file : places_.files) {
    if (file.end() > published_) fresh.push_back(&file);
  }
  const bool is_front = flush != nullptr && flush->is_front && flush->file && fresh.size() == 1 &&
                        fresh[0]->file->path == flush->file->path;
  if (is_front) {
    BL_RETURN_IF_ERROR(show(snapshot, fresh[0]->rows));
  } else {
    for (const PlacedFile* file : fresh) BL_RETURN_IF_ERROR(add_file(*snapshot, *file, flush));
    BL_RETURN_IF_ERROR(show(snapshot, 0));
  }
  table_->sweep_copies(*snapshot);
  return settle(*snapshot);
}

Result<void> DeltaEventLog::add_file(const lake::DeltaSnapshot& snapshot, const PlacedFile& file,
                                     const Flush* flush) {
  const std::int64_t from = std::max<std::int64_t>(published_ - file.place, 0);
  KnownEvents known;
  if (flush != nullptr && flush->file && flush->file->path == file.file->path) {
    known = flush->events;
  } else {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(file.file->path);
    if (found != known_.end()) known = found->second;
  }
  if (known != nullptr) return add_published(std::span(*known).subspan(from));
  metrics_.read_events.add(static_cast<double>(file.rows - from));
  return table_->read(snapshot, file, from,
                      [&](std::span<const BuildEvent> events) -> Result<void> {
                        BL_RETURN_IF_ERROR(add_published(events));
                        return settle(snapshot);
                      });
}

Result<void> DeltaEventLog::add_published(std::span<const BuildEvent> events) {
  const std::lock_guard writing(gate_);
  const std::lock_guard lock(mutex_);
  BL_RETURN_IF_ERROR(kept(index_->truncate_to(published_)));
  BL_RETURN_IF_ERROR(kept(index_->add(events)));
  published_ += static_cast<std::int64_t>(events.size());
  return put_tail();
}

Result<void> DeltaEventLog::put_tail() {
  for (const TailRecord& record : tail_.records()) {
    BL_RETURN_IF_ERROR(kept(index_->add(*record.events)));
  }
  return {};
}

Result<void> DeltaEventLog::mend() {
  const std::lock_guard publishing(publish_);
  {
    const std::shared_lock reading(gate_);
    if (is_index_sound()) return {};
    // Not once for everybody who asks.
    const bool is_due =
        !mend_failed_at_ || steady_ms() - *mend_failed_at_ >= limits_.refresh_every.count();
    if (index_error_ && !is_due) return *index_error_;
  }
  auto mended = refresh();
  mend_failed_at_ = mended.ok() ? std::nullopt : std::optional(steady_ms());
  return mended;
}

/// What the index could not do makes it one that has to be built anew.
Result<void> DeltaEventLog::kept(Result<void> done) {
  if (!done.ok()) index_failed_ = true;
  return done;
}

Result<void> DeltaEventLog::show(SnapshotPtr snapshot, std::int64_t moved) {
  const std::lock_guard writing(gate_);
  const std::lock_guard lock(mutex_);
  const auto next = static_cast<lake::RecordNo>(flushed(*snapshot)) + 1;
  const bool drops =
      !tail_.empty() && std::any_of(tail_.records().begin(), tail_.records().end(),
                                    [&](const TailRecord& record) { return record.no < next; });
  snapshot_ = std::move(snapshot);
  published_ += moved;
  tail_.drop_before(next);
  metrics_.tail_events.set(static_cast<double>(tail_.events()));
  metrics_.tail_bytes.set(static_cast<double>(tail_.bytes()));
  if (moved > 0 || !drops) return {};
  BL_RETURN_IF_ERROR(kept(index_->truncate_to(published_)));
  return put_tail();
}

Result<void> DeltaEventLog::settle(const lake::DeltaSnapshot& snapshot) {
  const std::shared_lock reading(gate_);
  const std::lock_guard lock(mutex_);
  return kept(index_->settle({snapshot.metadata->id, snapshot.version, published_}));
}

Result<void> DeltaEventLog::rebuild(SnapshotPtr snapshot, Places places) {
  metrics_.rebuilds.add();
  world_.log.warning("the index of the event table is built anew",
                     {{"table", table_->place().shown}, {"version", snapshot->version}});
  {
    const std::lock_guard writing(gate_);
    const std::lock_guard lock(mutex_);
    index_error_ = Error{Code::unavailable, "the index of the event table is being built"};
    index_.reset();
    BL_RETURN_IF_ERROR(folder_->clear(world_.disk));
    BL_TRY(index_,
           EventIndex::open(world_.disk, folder_->path(), snapshot->metadata->id, world_.metrics));
    published_ = 0;
    for (const PlacedFile& file : places.files) {
      BL_RETURN_IF_ERROR(
          table_->read(*snapshot, file, 0, [&](std::span<const BuildEvent> events) -> Result<void> {
            published_ += static_cast<std::int64_t>(events.size());
            BL_RETURN_IF_ERROR(index_->add(events));
            return index_->settle({snapshot->metadata->id, snapshot->version, published_});
          }));
    }
    snapshot_ = snapshot;
    places_ = std::move(places);
    tail_.drop_before(static_cast<lake::RecordNo>(flushed(*snapshot)) + 1);
    index_failed_ = false;
    BL_RETURN_IF_ERROR(put_tail());
    index_error_.reset();
  }
  return settle(*snapshot);
}

// -- the tail comes into the table ---------------------------------------------------------------

Result<void> DeltaEventLog::publish() {
  const std::lock_guard publishing(publish_);
  if (journals_ != nullptr) BL_RETURN_IF_ERROR(flush_all());
  return refresh();
}

Result<void> DeltaEventLog::flush_all() {
  BL_RETURN_IF_ERROR(find_missing());
  lake::RecordNo until = 0;
  {
    const std::lock_guard lock(mutex_);
    until = tail_.next();
  }
  for (;;) {
    if (static_cast<lake::RecordNo>(flushed(*snapshot_)) + 1 >= until && !flush_) return {};
    BL_RETURN_IF_ERROR(flush_some());
  }
}

Result<void> DeltaEventLog::flush_some() {
  const auto began = world_.clock.steady_now();
  auto done = [&]() -> Result<void> {
    if (!flush_) {
      BL_RETURN_IF_ERROR(refresh());
      BL_TRY(Flush flush, make_flush());
      if (static_cast<std::int64_t>(flush.end) - 1 <= flushed(*snapshot_)) return {};
      if (!flush.events->empty()) {
        BL_TRY(flush.file, table_->write(*flush.events));
      }
      flush_ = std::move(flush);
    }
    return commit_flush();
  }();
  if (!done.ok()) {
    metrics_.flush_failures.add();
    return done;
  }
  metrics_.flush_seconds.observe(
      std::chrono::duration<double>(world_.clock.steady_now() - began).count());
  return {};
}

Result<DeltaEventLog::Flush> DeltaEventLog::make_flush() {
  Flush flush;
  std::vector<KnownEvents> records;
  {
    const std::lock_guard lock(mutex_);
    flush.end = tail_.end_of(limits_.file_events_max);
    flush.is_front = true;
    bool is_behind = false;
    for (const TailRecord& record : tail_.records()) {
      if (record.no >= flush.end) {
        is_behind = true;
        continue;
      }
      if (is_behind) flush.is_front = false;
      records.push_back(record.events);
    }
  }
  std::vector<BuildEvent> events;
  for (const auto& record : records) events.insert(events.end(), record->begin(), record->end());
  const std::size_t all = events.size();
  events = not_published(std::move(events));
  if (events.size() != all) flush.is_front = false;
  flush.events = std::make_shared<const std::vector<BuildEvent>>(std::move(events));
  return flush;
}

/// Those that no other process has brought into the table.
std::vector<BuildEvent> DeltaEventLog::not_published(std::vector<BuildEvent> events) {
  const std::shared_lock reading(gate_);
  std::erase_if(events, [&](const BuildEvent& event) {
    const auto place = index_->place_of(event.event_id);
    return place && *place < published_;
  });
  return events;
}

Result<void> DeltaEventLog::commit_flush() {
  lake::DeltaAppend append;
  if (flush_->file) append.files.push_back(*flush_->file);
  append.transaction = {application(), static_cast<std::int64_t>(flush_->end) - 1};
  append.transaction_before = flushed(*snapshot_);
  append.note.metrics["numOutputRows"] = std::to_string(flush_->events->size());
  const auto committed = table_->log().append(std::move(append));
  if (!committed.ok() && committed.error().code == Code::outcome_unknown) return committed.error();
  const Flush flush = std::move(*flush_);
  flush_.reset();
  const auto is_ours = [&](const std::shared_ptr<const lake::DeltaFile>& file) {
    return flush.file && file->path == flush.file->path;
  };
  const SnapshotPtr snapshot = table_->log().snapshot();
  const bool is_in = std::any_of(snapshot->files.begin(), snapshot->files.end(), is_ours);
  if (flush.file && !is_in) table_->discard(flush.file->path);
  if (!committed.ok()) {
    // Somebody has brought our journal's records in: what is known of the table then says so.
    return committed.error().code == Code::conflict ? refresh() : committed.error();
  }
  metrics_.flushes.add();
  metrics_.flushed_events.add(static_cast<double>(flush.events->size()));
  BL_RETURN_IF_ERROR(advance(snapshot, &flush));
  const auto trimmed = journals_->own().trim(flush.end);
  if (!trimmed.ok()) {
    world_.log.warning("a journal of events was not trimmed", {{"error", trimmed.error().message}});
  }
  return {};
}

/// Records that are in our journal though their append was told that nobody knows.
Result<void> DeltaEventLog::find_missing() {
  const std::unique_lock appending(journal_, std::try_to_lock);
  if (!appending) return {};  // some are on their way
  lake::Journal& journal = journals_->own();
  lake::RecordNo next = 0;
  {
    const std::lock_guard lock(mutex_);
    next = tail_.next();
  }
  if (journal.next() <= next) return {};
  Result<void> parsed;
  BL_RETURN_IF_ERROR(journal.read(std::max(next, journal.first()), [&](const auto& record) {
    auto events = events_of_record(record.payload);
    if (!events.ok()) {
      parsed = std::move(events).error();
      return false;
    }
    take_record({record.no, std::make_shared<const std::vector<BuildEvent>>(*std::move(events)),
                 record.payload.size(), world_.clock.steady_now()});
    return true;
  }));
  return parsed;
}

// -- what others have left -----------------------------------------------------------------------

Result<void> DeltaEventLog::take_over() {
  BL_TRY(const auto left, journals_->left());
  for (const auto& journal : left) {
    auto taken = take_over(*journal);
    if (!taken.ok()) return std::move(taken).error().with_context("the journal " + journal->id());
  }
  return {};
}

Result<void> DeltaEventLog::take_over(LeftJournal& left) {
  const std::string app = application_of(left.id());
  for (bool goes_on = true; goes_on;) {
    BL_RETURN_IF_ERROR(refresh());
    const auto first = static_cast<lake::RecordNo>(snapshot_->transaction(app).value_or(0)) + 1;
    std::vector<BuildEvent> events;
    lake::RecordNo end = first;
    Result<void> parsed;
    goes_on = false;
    BL_RETURN_IF_ERROR(left.read(first, [&](const lake::JournalRecord& record) {
      if (static_cast<std::int64_t>(events.size()) >= limits_.file_events_max) {
        goes_on = true;
        return false;
      }
      auto more = events_of_record(record.payload);
      if (!more.ok()) {
        parsed = std::move(more).error();
        return false;
      }
      std::move(more->begin(), more->end(), std::back_inserter(events));
      end = record.no + 1;
      return true;
    }));
    BL_RETURN_IF_ERROR(parsed);
    if (end > first) {
      BL_RETURN_IF_ERROR(commit_left(app, end, std::move(events)));
      world_.log.info("took over what a process left in its journal of events",
                      {{"journal", left.id()}, {"records", end - first}});
    }
    BL_RETURN_IF_ERROR(left.trim(end));
  }
  return {};
}

Result<void> DeltaEventLog::commit_left(const std::string& app, lake::RecordNo end,
                                        std::vector<BuildEvent> events) {
  events = not_published(std::move(events));
  metrics_.taken_over.add(static_cast<double>(events.size()));
  lake::DeltaAppend append;
  append.transaction = {app, static_cast<std::int64_t>(end) - 1};
  append.transaction_before = snapshot_->transaction(app).value_or(0);
  append.note.metrics["numOutputRows"] = std::to_string(events.size());
  if (!events.empty()) {
    BL_TRY(lake::DeltaFile file, table_->write(events));
    append.files.push_back(std::move(file));
  }
  const auto files = append.files;
  const auto committed = table_->log().append(std::move(append));
  if (!committed.ok()) {
    // Where it is not known, vacuum finds the file should nobody list it.
    if (committed.error().code != Code::outcome_unknown && !files.empty()) {
      table_->discard(files[0].path);
    }
    return committed.error();
  }
  return refresh();
}

/// Our journal was taken over while we seemed gone: what it held is in the table, or will be.
Result<void> DeltaEventLog::renew_journal() {
  BL_RETURN_IF_ERROR(flush_all());
  const std::unique_lock appending(journal_);
  {
    const std::lock_guard lock(mutex_);
    if (!tail_.empty()) return {};  // came meanwhile; with the next call
  }
  BL_RETURN_IF_ERROR(journals_->renew());
  const std::lock_guard lock(mutex_);
  tail_ = Tail();
  tail_.begin(journals_->own().next());
  journal_is_lost_ = false;
  return {};
}

}  // namespace bl::events::delta
