#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "traces/store/lake_store.h"

// Spans expire by whole days (UTC) of their starts: a day's files go as they are, but for those of
// pinned traces, whose rows are written into new files. Every step may be cut off: a file is gone
// whole, or not at all, and the next call goes on. The bytes go when the lake removes files that no
// snapshot lists, not before readers had their time.
namespace bl::traces {
namespace {

constexpr std::int32_t k_day_hours = 24;
constexpr std::size_t k_pins_at_once = 10'000;
// Files that were put together meanwhile are looked for anew so often.
constexpr int k_tries_max = 10;

std::int32_t midnight_hour(std::int64_t ns) {
  const std::int32_t hour = hour_of(ns);
  return hour - ((hour % k_day_hours) + k_day_hours) % k_day_hours;
}

Result<std::vector<TraceId>> all_pinned(const PinnedTraces& pinned) {
  std::vector<TraceId> all;
  if (!pinned) return all;
  for (;;) {
    BL_TRY(const auto some, pinned(all.empty() ? TraceId{} : all.back(), k_pins_at_once));
    for (const TraceId& id : some) {
      if (!all.empty() && !(all.back() < id)) {
        return Error{Code::internal, "pinned traces do not come in order: " + id.hex()};
      }
      all.push_back(id);
    }
    if (some.size() < k_pins_at_once) return all;
  }
}

// Rows that stay although their day goes: SQL over the columns of spans.
std::string stays_sql(std::int32_t cut_hour, const std::vector<TraceId>& pinned) {
  std::string sql = fmt::format("(hour >= {}", cut_hour);
  if (!pinned.empty()) {
    sql += " OR EXISTS (SELECT 1 FROM (VALUES ";
    for (const TraceId& id : pinned) {
      sql += fmt::format("{}({}, {})", &id == &pinned.front() ? "" : ", ",
                         std::bit_cast<std::int64_t>(id.high), std::bit_cast<std::int64_t>(id.low));
    }
    sql += ") AS pin(high, low) WHERE pin.high = trace_high AND pin.low = trace_low)";
  }
  return sql + ")";
}

void add(const ExpiredSpans& one, ExpiredSpans& sum) {
  sum.spans += one.spans;
  sum.files += one.files;
  sum.kept += one.kept;
}

std::string folder_of(const std::string& key) {
  return key.substr(0, key.rfind('/'));
}

}  // namespace

struct LakeStore::Planned {
  Planned() {
    change.what = "expire";
    change.select = "";
  }
  lake::Change change;  // of no files: nothing goes
  ExpiredSpans sum;
};

// The files of one day, and the pinned traces of which they may have spans.
struct LakeStore::Day {
  Files files;
  std::vector<TraceId> pinned;
};

Result<std::vector<LakeStore::Day>> LakeStore::days_before(const Moment& moment,
                                                           std::int32_t cut_hour,
                                                           const std::vector<TraceId>& pinned) {
  std::map<std::string, Day> days;
  const Hours old{k_all_hours.first, cut_hour - 1};
  for (const lake::DataFile* file : files_within(moment, old)) {
    days[folder_of(file->key)].files.push_back(file);
  }
  std::vector<std::pair<TraceId, Hours>> extents;
  for (const TraceId& id : pinned) {
    if (const auto bounds = moment.index->find(id)) {
      extents.push_back({id, {hour_of(bounds->start_ns), hour_of(bounds->end_ns)}});
    }
  }
  std::vector<Day> out;
  ReadCost cost;  // of housekeeping, told to nobody
  for (auto& [folder, day] : days) {
    BL_TRY(const Hours hours, reads_->hours_in(day.files, cost));
    const bool is_known = std::ranges::all_of(day.files, [&](const lake::DataFile* file) {
      return moment.index->covered.contains(file->key);
    });
    if (!is_known) day.pinned = pinned;
    for (const auto& [id, extent] : extents) {
      const bool meets = extent.first <= hours.last && extent.last >= hours.first;
      if (is_known && meets) day.pinned.push_back(id);
    }
    out.push_back(std::move(day));
  }
  return out;
}

// What of the day goes; nothing: it is left alone.
Result<void> LakeStore::plan_day(const Moment& moment, const Day& day, std::int32_t cut_hour,
                                 Planned& planned) {
  std::int64_t rows = 0, staying = 0, kept = 0;
  for (const lake::DataFile* file : day.files) rows += file->rows;
  ReadCost cost;
  BL_TRY(const Hours hours, reads_->hours_in(day.files, cost));
  const std::string stays = stays_sql(cut_hour, day.pinned);
  if (!day.pinned.empty() || hours.last >= cut_hour) {
    SpanReads::Select select;
    select.with_tail = false;
    select.select = fmt::format("count(*), count(*) FILTER (hour < {})", cut_hour);
    select.where = stays;
    BL_RETURN_IF_ERROR(reads_->read(moment.snapshot, day.files, select,
                                    [&](const columns::Batch& batch) -> Result<void> {
                                      BL_TRY(const auto all, batch.column(0).as<std::int64_t>());
                                      BL_TRY(const auto old, batch.column(1).as<std::int64_t>());
                                      staying += all[0];
                                      kept += old[0];
                                      return {};
                                    }));
  }
  planned.sum.kept += kept;
  if (staying == rows) return {};
  planned.sum.spans += rows - staying;
  planned.sum.files += std::ssize(day.files);
  for (const lake::DataFile* file : day.files) planned.change.removed.push_back(file->key);
  if (staying > 0) {
    planned.change.select = fmt::format("(SELECT * FROM removed_rows WHERE {})", stays);
  }
  return {};
}

// Days that go whole in one commit, the first one; each other one in its own.
Result<std::vector<LakeStore::Planned>> LakeStore::plan(std::int32_t cut_hour) {
  BL_TRY(const auto pinned, all_pinned(parts_.pinned));
  const Moment moment = now();
  BL_TRY(const auto days, days_before(moment, cut_hour, pinned));
  std::vector<Planned> all(1);
  for (const Day& day : days) {
    Planned one;
    BL_RETURN_IF_ERROR(plan_day(moment, day, cut_hour, one));
    const bool is_whole = one.change.select.empty();
    if (!is_whole) {
      all.push_back(std::move(one));
      continue;
    }
    add(one.sum, all[0].sum);
    for (std::string& key : one.change.removed) all[0].change.removed.push_back(std::move(key));
  }
  return all;
}

Result<ExpiredSpans> LakeStore::expire(std::int64_t before_ns, Expiry mode) {
  const std::lock_guard expiring(expire_mutex_);
  const std::int32_t cut_hour = midnight_hour(before_ns);
  for (;;) {
    BL_TRY(const lake::Flushed flushed, table_->flush());
    if (flushed.rows == 0) break;
  }
  ExpiredSpans sum;
  sum.before_ns = cut_hour * k_hour_ns;
  for (int tries = 1;; ++tries) {
    BL_TRY(const auto all, plan(cut_hour));
    sum.kept = 0;
    Result<std::int64_t> done = 0;
    for (const Planned& one : all) {
      if (mode == Expiry::done && !one.change.removed.empty()) done = table_->replace(one.change);
      if (!done.ok()) break;
      add(one.sum, sum);
    }
    // Of earlier days' commits too, and of one whose outcome is not known.
    if (mode == Expiry::done) cache_.touch_all();
    if (done.ok()) break;
    // A file that was put together meanwhile: its rows lie in another one.
    if (done.error().code != Code::not_found || tries == k_tries_max) return done.error();
  }
  if (mode == Expiry::told) return sum;
  expired_.add(static_cast<double>(sum.spans));
  if (sum.spans > 0 || forgotten_hour_ != cut_hour) {
    BL_RETURN_IF_ERROR(forget(cut_hour));
    forgotten_hour_ = cut_hour;
  }
  return sum;
}

// Bounds of what expired go. Files with spans from before are covered anew, so that nothing that
// they have is missed.
Result<void> LakeStore::forget(std::int32_t cut_hour) {
  const std::lock_guard working(work_mutex_);
  const lake::Snapshot snapshot = table_->snapshot();
  const lake::ColumnRange old{"hour", std::nullopt, lake::Bound(std::int64_t{cut_hour - 1})};
  std::set<std::string, std::less<>> stay;
  for (const lake::DataFile& file : snapshot.files().files()) stay.insert(file.key);
  for (const lake::DataFile* file : snapshot.files().may_hold({&old, 1})) stay.erase(file->key);
  return index_->forget(
      cut_hour * k_hour_ns, [&](const std::string& key) { return stay.contains(key); }, names_);
}

void LakeStore::expire_in_time() {
  if (limits_.retention.count() == 0) return;
  const auto now = parts_.clock.steady_now();
  if (expired_at_ && now - *expired_at_ < k_expire_every) return;
  expired_at_ = now;
  const Timestamp before = parts_.clock.now() - limits_.retention;
  const auto done = expire(before.micros * 1'000, Expiry::done);
  if (!done.ok()) {
    parts_.log.warning("spans do not expire; the next hour tries again",
                       {{"why", done.error().message}});
  } else if (done->spans > 0) {
    parts_.log.info("spans expired", {{"before", to_rfc3339_seconds(before)},
                                      {"spans", std::to_string(done->spans)},
                                      {"files", std::to_string(done->files)}});
  }
}

}  // namespace bl::traces
