#include "events/delta/delta_event_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <shared_mutex>

namespace bl::events::delta {
namespace {

constexpr const char* k_limit_help = "Appends to a Delta event log that met a limit";

}  // namespace

DeltaLogMetrics::DeltaLogMetrics(Metrics& metrics)
    : flushes(
          metrics.counter("bl_events_delta_flushes_total", "Commits of events to a Delta table")),
      flush_failures(metrics.counter("bl_events_delta_flush_failures_total",
                                     "Flushes of events that failed and are tried again")),
      flushed_events(metrics.counter("bl_events_delta_flushed_events_total",
                                     "Events that this process brought into a Delta table")),
      read_events(metrics.counter("bl_events_delta_read_events_total",
                                  "Events that were read back from files of a Delta table")),
      taken_over(metrics.counter("bl_events_delta_taken_over_events_total",
                                 "Events that processes which are gone had left in journals")),
      rebuilds(metrics.counter("bl_events_delta_index_rebuilds_total",
                               "Indexes of a Delta event log that were built anew")),
      compactions(metrics.counter("bl_events_delta_compactions_total",
                                  "Runs of small files of events that became one")),
      compacted_files(metrics.counter("bl_events_delta_compacted_files_total",
                                      "Files of events that became part of a larger one")),
      tail_bytes_limit(metrics.counter("bl_events_delta_limit_hits_total", k_limit_help,
                                       {{"limit", "tail_bytes_max"}})),
      tail_age_limit(metrics.counter("bl_events_delta_limit_hits_total", k_limit_help,
                                     {{"limit", "tail_age_max"}})),
      tail_events(metrics.gauge("bl_events_delta_tail_events",
                                "Events that are durable here and not in the Delta table yet")),
      tail_bytes(
          metrics.gauge("bl_events_delta_tail_bytes", "Bytes of these events in the journal")),
      flush_seconds(metrics.histogram("bl_events_delta_flush_seconds",
                                      "Time from a flush's begin until its events are published",
                                      Metrics::latency_bounds())) {}

DeltaEventLog::DeltaEventLog(const LogUri& uri, const LogWorld& world, const DeltaLogLimits& limits)
    : uri_(uri),
      world_(world),
      limits_(limits),
      metrics_(world.metrics),
      flush_error_(world.log, "events do not get into the Delta table"),
      refresh_error_(world.log, "the event table cannot be read"),
      compact_error_(world.log, "the event table is not compacted"),
      take_over_error_(world.log, "journals of events are not taken over"),
      check_error_(world.log, "the index of the event table is damaged and not built anew") {}

Result<std::unique_ptr<DeltaEventLog>> DeltaEventLog::open(const LogUri& uri, const LogWorld& world,
                                                           TablePlace place,
                                                           const DeltaLogLimits& limits) {
  std::unique_ptr<DeltaEventLog> log(new DeltaEventLog(uri, world, limits));
  BL_RETURN_IF_ERROR(log->start(std::move(place)));
  return log;
}

Result<void> DeltaEventLog::start(TablePlace place) {
  const bool reads_only = uri_.mode == LogUri::Mode::read;
  BL_TRY(folder_, IndexFolder::take(world_.disk, place.local + "/index"));
  std::vector<std::string> others = {place.local + "/index"};
  if (!place.folder.empty()) others.push_back(place.folder + "/_bel/index");
  take_over_saved_index(world_.disk, folder_->path(), others);
  const std::string scratch = place.local + "/scratch/" + folder_->name();
  BL_TRY(table_,
         EventTable::open(std::move(place), scratch,
                          reads_only ? EventTable::Open::existing : EventTable::Open::or_create,
                          uri_.checkpoint_interval, world_,
                          [this](std::chrono::milliseconds time) { return pause(time); }));
  checked_index_at_ = steady_ms();  // every byte is looked at when it is opened
  const std::lock_guard publishing(publish_);
  BL_RETURN_IF_ERROR(start_index());
  const std::string why = table_->read_only(*snapshot_);
  if (!why.empty()) world_.log.warning("the event table is only read", {{"why", why}});
  if (uri_.mode == LogUri::Mode::normal && why.empty()) BL_RETURN_IF_ERROR(start_journals());
  if (reads_only || !why.empty()) return {};
  flusher_ = std::thread([this] { run(&DeltaEventLog::work); });
  compactor_ = std::thread([this] { run(&DeltaEventLog::work_at_files); });
  return {};
}

/// What the folder holds, if it is of this table and the table then was as it says; then what came
/// since.
Result<void> DeltaEventLog::start_index() {
  const auto snapshot = table_->log().snapshot();
  BL_TRY(index_,
         EventIndex::open(world_.disk, folder_->path(), snapshot->metadata->id, world_.metrics));
  snapshot_ = snapshot;
  published_ = index_->events();
  const auto owner = index_->owner();
  if (published_ > 0 && owner && owner->version <= snapshot->version) {
    auto then = owner->version == snapshot->version ? Result(snapshot)
                                                    : table_->log().at_version(owner->version);
    if (then.ok()) {
      BL_TRY(places_, table_->places(**then));
    } else if (then.error().code != Code::not_found) {
      return std::move(then).error();
    }
  }
  return advance(snapshot, nullptr);
}

Result<void> DeltaEventLog::start_journals() {
  const TablePlace& place = table_->place();
  if (place.folder.empty()) {
    BL_TRY(journals_,
           open_object_journals(*place.store, "_bel/wal", limits_.object_journal, world_,
                                [this](std::chrono::milliseconds time) { return pause(time); }));
  } else {
    BL_TRY(journals_, open_file_journals(place.folder + "/_bel/wal", world_));
  }
  tail_.begin(static_cast<lake::RecordNo>(flushed(*snapshot_)) + 1);
  BL_RETURN_IF_ERROR(find_missing());
  alive_at_ = took_over_at_ = steady_ms();
  return take_over();
}

DeltaEventLog::~DeltaEventLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = journals_ == nullptr;  // the last flush may pause
    wake_ = true;
  }
  changed_.notify_all();
  if (journals_ != nullptr && table_ != nullptr) {
    const auto flushed = publish();
    if (!flushed.ok()) {
      world_.log.warning("events stay in their journal until the log is opened again",
                         {{"table", uri_.shown}, {"error", flushed.error().message}});
    }
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (flusher_.joinable()) flusher_.join();
  if (compactor_.joinable()) compactor_.join();
  if (index_ == nullptr || !is_index_sound() || uri_.mode == LogUri::Mode::read) return;
  const auto saved = index_->save();
  if (!saved.ok()) {
    world_.log.warning("the index of the event table was not saved",
                       {{"table", uri_.shown}, {"error", saved.error().message}});
  }
}

std::int64_t DeltaEventLog::steady_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             world_.clock.steady_now().time_since_epoch())
      .count();
}

bool DeltaEventLog::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [&] { return stopping_; });
}

// -- the thread ----------------------------------------------------------------------------------

void DeltaEventLog::run(void (DeltaEventLog::*work)()) {
  const bool flushes = work == &DeltaEventLog::work;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, uri_.flush_every, [&] { return stopping_ || (flushes && wake_); });
      if (stopping_) return;
      if (flushes) wake_ = false;
    }
    (this->*work)();
  }
}

void DeltaEventLog::work() {
  const auto told = [](RecurringError& error, const Result<void>& done) {
    done.ok() ? error.passed() : error.failed(done.error().message);
  };
  const std::lock_guard publishing(publish_);
  if (journals_ != nullptr) told(flush_error_, flush_all());
  told(refresh_error_, refresh());
  if (journals_ != nullptr) work_at_journals();
}

void DeltaEventLog::work_at_files() {
  const auto checked = check_index_if_due();
  checked.ok() ? check_error_.passed() : check_error_.failed(checked.error().message);
  const auto compacted = compact_if_due();
  compacted.ok() ? compact_error_.passed() : compact_error_.failed(compacted.error().message);
}

Result<void> DeltaEventLog::check_index_if_due() {
  const std::int64_t now = steady_ms();
  if (now - checked_index_at_ < std::chrono::milliseconds(limits_.check_index_every).count()) {
    return {};
  }
  checked_index_at_ = now;
  std::function<Result<void>()> check;
  {
    const std::shared_lock reading(gate_);
    if (index_ != nullptr) check = index_->check();
  }
  if (!check || check().ok()) return {};
  return mend();
}

void DeltaEventLog::work_at_journals() {
  const std::int64_t now = steady_ms();
  const auto is_due = [&](std::int64_t& at, std::chrono::milliseconds every) {
    if (now - at < every.count()) return false;
    at = now;
    return true;
  };
  Result<void> done;
  if (journal_is_lost_) done = renew_journal();
  if (done.ok() && is_due(alive_at_, k_alive_time / 4)) done = journals_->stay_alive();
  if (done.ok() && is_due(took_over_at_, limits_.take_over_every)) done = take_over();
  done.ok() ? take_over_error_.passed() : take_over_error_.failed(done.error().message);
}

}  // namespace bl::events::delta
