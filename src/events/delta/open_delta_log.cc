#include <fmt/format.h>
#include <unistd.h>

#include <map>
#include <string>

#include "base/hash.h"
#include "events/delta/delta_event_log.h"
#include "events/delta/open_table.h"
#include "objects/open.h"

extern char** environ;

namespace bl::events {
namespace delta {
namespace {

/// Credentials come from the environment alone.
std::map<std::string, std::string> variables() {
  std::map<std::string, std::string> variables;
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) {
    const std::string_view text = *line;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = text.substr(0, equals);
    if (name == "HOME" || name.starts_with("AWS_")) {
      variables.emplace(name, text.substr(equals + 1));
    }
  }
  return variables;
}

std::string bucket_of(const LogUri& uri) {
  std::string place = "s3://" + uri.bucket + (uri.path.empty() ? "" : "/") + uri.path;
  char mark = '?';
  const auto add = [&](const std::string& text) {
    place += mark + text;
    mark = '&';
  };
  if (!uri.endpoint.empty()) add("endpoint=" + uri.endpoint);
  if (!uri.region.empty()) add("region=" + uri.region);
  if (uri.path_style) add("path_style=1");
  if (uri.allow_http) add("allow_http=1");
  return place;
}

}  // namespace

Result<TablePlace> place_of(const LogUri& uri, const LogWorld& world) {
  if (uri.backend != LogUri::Backend::delta) {
    return Error{Code::invalid, "not the address of a Delta table: " + uri.shown};
  }
  const objects::World stores{world.clock, world.random, world.disk, world.metrics,
                              [](std::chrono::milliseconds time) {
                                ::usleep(static_cast<useconds_t>(time.count()) * 1'000);
                                return true;
                              }};
  const bool reads_only = uri.mode == LogUri::Mode::read;
  objects::OpenOptions options;
  if (reads_only) options.use = objects::StoreUse::read;
  TablePlace place;
  place.shown = uri.shown;
  place.local = fmt::format("{}/delta-{:016x}", world.scratch, xxh3_64(uri.shown));
  if (!uri.bucket.empty()) {
    BL_TRY(place.store, objects::open_store(bucket_of(uri), variables(), stores, options));
    return place;
  }
  if (reads_only) {
    BL_TRY(const bool is_there, world.disk.exists(uri.path + "/_delta_log"));
    if (!is_there) return Error{Code::not_found, "no Delta table is there: " + uri.shown};
  }
  BL_TRY(place.store, objects::open_store(uri.path, {}, stores, options));
  place.folder = uri.path;
  // Beside the table, so that a file gets its place in it by a second name; but a log that is only
  // read leaves nothing there.
  if (!reads_only) place.local = uri.path + "/_bel";
  return place;
}

}  // namespace delta

Result<std::unique_ptr<EventLog>> open_delta_log(const LogUri& uri, const LogWorld& world) {
  BL_TRY(delta::TablePlace place, delta::place_of(uri, world));
  BL_TRY(auto log, delta::DeltaEventLog::open(uri, world, std::move(place)));
  return std::unique_ptr<EventLog>(std::move(log));
}

}  // namespace bl::events
