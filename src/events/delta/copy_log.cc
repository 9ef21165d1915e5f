#include "events/copy_log.h"

#include <fmt/format.h>

#include <limits>

#include "base/file_copy.h"
#include "events/delta/delta_event_log.h"
#include "events/delta/open_table.h"
#include "events/move_log.h"

namespace bl::events {
namespace {

constexpr std::size_t k_batch_events = 50'000;  // each is a file of the copy

LogUri uri_of(const std::string& folder, LogUri::Mode mode) {
  LogUri uri;
  uri.backend = LogUri::Backend::delta;
  uri.mode = mode;
  uri.path = folder;
  uri.shown = "delta://" + folder;
  return uri;
}

Result<std::unique_ptr<delta::DeltaEventLog>> open_copy(const std::string& folder,
                                                        LogUri::Mode mode, const LogWorld& world) {
  const LogUri uri = uri_of(folder, mode);
  BL_TRY(delta::TablePlace place, delta::place_of(uri, world));
  delta::DeltaLogLimits limits;
  limits.compact_files_min = std::numeric_limits<std::size_t>::max();  // no file goes again
  return delta::DeltaEventLog::open(uri, world, std::move(place), limits);
}

MoveOptions options_for(Sequence until, std::int64_t total, const CopyLogProgress& progress) {
  MoveOptions options;
  options.until = until;
  options.batch_events = k_batch_events;
  options.progress = [&progress, total](const MoveProgress& moved) {
    return progress(std::min(moved.read, total), total);
  };
  return options;
}

}  // namespace

Result<std::int64_t> copy_log(EventLog& from, const std::string& folder, const LogWorld& world,
                              const CopyLogProgress& progress) {
  BL_RETURN_IF_ERROR(from.list(0, {}, 1));  // what waits is published
  BL_TRY(const LogStatus status, from.status());
  Moved moved;
  {
    BL_TRY(const auto copy, open_copy(folder, LogUri::Mode::direct, world));
    if (status.newest > 0) {
      BL_TRY(moved, move_log(from, *copy, options_for(status.newest, status.events, progress)));
    }
  }
  // Its index and what else a writer keeps: nothing of it is the log's.
  BL_RETURN_IF_ERROR(remove_tree(world.disk, folder + "/_bel"));
  BL_RETURN_IF_ERROR(remove_tree(world.disk, folder + "/.benchlake-staging"));
  BL_RETURN_IF_ERROR(world.disk.sync_folder(folder));
  return moved.added;
}

Result<void> load_log(const std::string& folder, std::int64_t events, EventLog& to,
                      const LogWorld& world, const CopyLogProgress& progress) {
  BL_TRY(const auto copy, open_copy(folder, LogUri::Mode::read, world));
  BL_TRY(const LogStatus status, copy->status());
  if (status.events != events) {
    return Error{Code::corrupt, fmt::format("the copy of the event log has {} events, not {}: {}",
                                            status.events, events, folder)};
  }
  if (events == 0) return {};
  BL_TRY(const Moved moved, move_log(*copy, to, options_for(status.newest, events, progress)));
  if (moved.read == events) return {};
  return Error{Code::corrupt, fmt::format("of {} events of the copy {} were read: {}", events,
                                          moved.read, folder)};
}

}  // namespace bl::events
