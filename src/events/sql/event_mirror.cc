#include "events/sql/event_mirror.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/numbers.h"
#include "duck/parquet.h"
#include "events/columns.h"

namespace bl::events {
namespace {

constexpr std::string_view k_before = "events-", k_after = ".parquet";

struct Range {
  Sequence first = 0, last = 0;
};

// `events-000000000001-000000200000.parquet`
std::optional<Range> range_of(std::string_view name) {
  if (!name.starts_with(k_before) || !name.ends_with(k_after)) return std::nullopt;
  name.remove_prefix(k_before.size());
  name.remove_suffix(k_after.size());
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_int64(name.substr(0, dash));
  const auto last = parse_int64(name.substr(dash + 1));
  if (!first || !last || *first < 1 || *last < *first) return std::nullopt;
  return Range{*first, *last};
}

lake::DataFile data_file(const duck::ParquetFile& written) {
  return {.key = written.path.substr(1),
          .rows = written.rows,
          .bytes = written.bytes,
          .footer_bytes = written.footer_bytes,
          .columns = written.columns};
}

}  // namespace

EventMirror::EventMirror(std::string folder, Pull pull, const LogWorld& world,
                         const EventMirrorLimits& limits)
    : folder_(std::filesystem::absolute(folder).lexically_normal().string()),
      pull_(std::move(pull)),
      world_(world),
      limits_(limits) {}

EventMirror::~EventMirror() = default;

std::string EventMirror::path_of(Sequence first, Sequence last) const {
  return fmt::format("{}/{}{:012}-{:012}{}", folder_, k_before, first, last, k_after);
}

Result<lake::Snapshot> EventMirror::snapshot() {
  const std::lock_guard lock(mutex_);
  BL_RETURN_IF_ERROR(open());
  BL_RETURN_IF_ERROR(pull());
  BL_RETURN_IF_ERROR(put_together());
  if (file_set_ == nullptr) {
    lake::CatalogSnapshot all;
    all.id = newest_;
    all.at = world_.clock.now();
    all.schema = event_schema();
    all.files = files_;
    file_set_ = std::make_shared<const lake::FileSet>(std::move(all));
  }
  return lake::Snapshot(file_set_, tail_);
}

Result<void> EventMirror::open() {
  if (is_open_) return {};
  BL_RETURN_IF_ERROR(world_.disk.make_folder(folder_));
  duck::DatabaseOptions options;
  options.limits.memory_bytes_max = limits_.engine_memory_bytes_max;
  options.limits.threads = 1;
  options.counts_progress = false;
  BL_TRY(engine_, duck::Database::open(std::move(options)));
  BL_RETURN_IF_ERROR(adopt_files());
  is_open_ = true;
  return {};
}

// What an earlier process wrote: the files that follow each other from 1 on, each with as many rows
// as its name says. Whatever else lies there goes.
Result<void> EventMirror::adopt_files() {
  BL_TRY(const auto names, world_.disk.list(folder_));
  std::vector<std::pair<Range, std::string>> found;
  for (const std::string& name : names) {
    if (const auto range = range_of(name)) found.emplace_back(*range, name);
  }
  std::ranges::sort(found, {}, [](const auto& one) { return one.first.first; });
  BL_TRY(const auto connection, engine_->connect());
  files_.clear();
  in_files_ = 0;
  std::vector<std::string> kept;
  for (const auto& [range, name] : found) {
    if (range.first != in_files_ + 1) continue;
    const auto footer = duck::read_footer(*connection, path_of(range.first, range.last));
    if (!footer.ok() || footer->rows != range.last - range.first + 1) continue;
    files_.push_back(data_file(*footer));
    in_files_ = range.last;
    kept.push_back(name);
  }
  for (const std::string& name : names) {
    if (std::ranges::find(kept, name) != kept.end()) continue;
    BL_RETURN_IF_ERROR(world_.disk.remove(folder_ + "/" + name));
  }
  newest_ = in_files_;
  return {};
}

Result<void> EventMirror::pull() {
  std::size_t page_events = limits_.page_events;
  for (;;) {
    const auto pulled = pull_(newest_, page_events);
    // Large events come in smaller pages.
    if (!pulled.ok() && pulled.error().code == Code::too_large && page_events > 1) {
      page_events /= 2;
      continue;
    }
    if (!pulled.ok()) return pulled.error();
    const EventPage& page = *pulled;
    if (!page.events.empty()) {
      std::vector<BuildEvent> events;
      events.reserve(page.events.size());
      for (const StoredEvent& stored : page.events) events.push_back(stored.event);
      tail_.push_back(batch_of(events));
      tail_events_ += tail_.back().rows();
      tail_bytes_ += tail_.back().bytes();
      newest_ = page.events.back().sequence;
      file_set_.reset();
    }
    if (tail_events_ >= limits_.file_events || tail_bytes_ >= limits_.file_bytes) {
      BL_RETURN_IF_ERROR(write_file());
    }
    if (!page.has_more) return {};
  }
}

Result<void> EventMirror::write_file() {
  BL_TRY(const auto connection, engine_->connect());
  const std::string path = path_of(in_files_ + 1, newest_);
  const std::string partial = path + ".tmp";
  // What an earlier try left; there is nothing else under that name.
  BL_TRY(const bool is_there, world_.disk.exists(partial));
  if (is_there) BL_RETURN_IF_ERROR(world_.disk.remove(partial));
  BL_TRY(const auto offered, connection->offer("tail", event_schema(), tail_));
  BL_TRY(auto written, duck::write_parquet(*connection, world_.disk, "SELECT * FROM tail", {},
                                           partial, {.row_group_rows = 122'880}));
  BL_RETURN_IF_ERROR(world_.disk.rename(partial, path));
  BL_RETURN_IF_ERROR(world_.disk.sync_folder(folder_));
  written.path = path;
  files_.push_back(data_file(written));
  in_files_ = newest_;
  tail_.clear();
  tail_events_ = 0;
  tail_bytes_ = 0;
  file_set_.reset();
  return {};
}

Result<void> EventMirror::put_together() {
  if (tail_.size() <= limits_.batches_max) return {};
  BL_TRY(auto all, columns::concatenate(tail_));
  tail_.assign(1, std::move(all));
  return {};
}

}  // namespace bl::events
